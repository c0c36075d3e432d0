"""`analyze(g, h, w0)`: is it a mirror flow, which, and what does decay do to it?

Brackets are probed against a measured round-off floor, with an order-swap experiment as a second opinion, along
random controls up to 32 ‖w₀‖ away; the region is stated, and beyond it nothing is known of the pair. The derived
mirror map follows the fields from (0, 0) straight to (μ, a), never along the path of the flow that it is compared
with. The dose moves the range of μ, and a flow that reaches its end stops: for `u^{2k} − v^{2k}` the range is
`(−c_v + a, c_u − a)` and the dose widens it; for `log u − log v` it is `(−c_u − a, c_v + a)` and the dose shrinks
it until it is empty at `A = (u₀² + v₀²)/4`.

!!! example
    >>> import jax.numpy as jnp
    >>> import mirrorjax as mj
    >>> def g(w):
    ...     return jnp.sinh(w[0]) - jnp.sinh(w[1])  # in no catalogue
    >>> def h(w):
    ...     return jnp.sum(jnp.sinh(w))
    >>> w0 = jnp.array([[0.5, 0.3, 0.4], [0.3, 0.6, 0.5]])
    >>> analysis = mj.analyze(g, h, w0)  # print it: kind, brackets, laws, dose at which decay ends the flow
    >>> problem = mj.problems.LinearRegression([[1.0, -0.5, 0.3], [0.2, 0.8, -0.6]], [0.4, -0.3])
    >>> schedule = mj.schedules.SwitchOff(0.1, at=1.0)
    >>> verdict = mj.checks.agreement(problem, analysis.param, schedule, w0, t1=10.0, potential=analysis.potential)
    >>> analysis.kind, str(verdict.outcome)
    ('mirror', 'holds')
    >>> def coupled(w):
    ...     return g(w) + 1e-4 * jnp.roll(w[0], 1) * w[1]
    >>> mj.analyze(coupled, h, w0).kind  # one part in ten thousand is seen
    'not-mirror'
"""

from ._analysis import Analysis as Analysis
from ._analyze import analyze as analyze, analyze_param as analyze_param
from ._doses import (
    HEAD as HEAD,
    effect_json as effect_json,
    effect_rows as effect_rows,
    effect_table as effect_table,
    measured_effects as measured_effects,
)
from ._effects import (
    Effects as Effects,
    Section as Section,
    dual_range as dual_range,
    effects as effects,
    horizon as horizon,
    section as section,
)
from ._load import load_function as load_function, load_weights as load_weights
