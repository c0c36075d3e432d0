"""Inequalities: the excess over a bound against the numerical error behind it."""

from collections.abc import Sequence

import numpy as np

from .._types import ArrayLike
from . import _evidence
from ._compare import MAIN, Exact, FlowRoute, compare
from ._evidence import Evidence


def at_most(left: float, right: float, floor: float, scale: float | None = None) -> Evidence:
    """Whether `left ≤ right`: the excess `max(0, left − right)` against a floor.

    **Arguments:**

    - `left`, `right`: numbers.
    - `floor`: an excess that numerics may cause.
    - `scale`: the size of what is compared, by default the larger of both.

    **Returns:** the `Evidence`, for `decide`.

    !!! example
        >>> from mirrorjax.checks import at_most, decide
        >>> str(decide(at_most(1.0, 1.0 - 1e-15, floor=1e-15)).outcome), str(decide(at_most(2.0, 1.0, 1e-15)).outcome)
        ('holds', 'refuted')
    """
    size = np.maximum(abs(left), abs(right)) if scale is None else scale
    # Not Python's `max`, whose max(0, NaN) is 0: of a solve that failed nothing would exceed any bound.
    return _evidence.floor(np.maximum(0.0, left - right), floor, scale=size)


def never_rises(values: np.ndarray, evidence: Evidence) -> Evidence:
    """Whether no column of `values` (k, n) ever grows from row to row, to the budget of `evidence`.

    **Arguments:**

    - `values`: shape `(k, n)`.
    - `evidence`: of the solve that the values are from; its budget is what they may rise by numerics alone.

    **Returns:** the `Evidence`, for `decide`: the largest rise of one row to the next.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import decide, floor, never_rises
        >>> solved = floor(0.0, 1e-9)
        >>> [str(decide(never_rises(np.array([[2.0], [end]]), solved)).outcome) for end in (1.0, 3.0)]
        ['holds', 'refuted']
    """
    rise = float(np.max(np.diff(values, axis=0)))
    return at_most(rise, 0.0, evidence.budget, float(np.max(np.abs(values))))


def stays_below(route: FlowRoute, bound: ArrayLike, rungs: Sequence[float], scale: float) -> Evidence:
    """Whether what the route observes is at every time at most `bound`, relative to `scale`.

    **Arguments:**

    - `route`: the flow, with what it observes.
    - `bound`: one row for all times or one for each, shape `(n,)` or `(k, n)`; scalar where one number is observed.
    - `rungs`: relative tolerances, the finest last.
    - `scale`: the size of what is compared.

    **Returns:** the `Evidence`, for `decide`: the largest excess on the last rung, against the budget of the ladder.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import RUNGS, FlowRoute, decide, stays_below
        >>> idle = mj.problems.LinearRegression(jnp.zeros((1, 1)), jnp.zeros(1))
        >>> param, ts = mj.parameterizations.Hadamard(), jnp.linspace(0.0, 2.0, 5)
        >>> flow = mj.flows.GradientFlow(idle, param, mj.schedules.Constant(0.5))
        >>> decay = FlowRoute(flow, param.lift(jnp.ones(1)), ts=ts)  # x = e^{−2t}
        >>> [str(decide(stays_below(decay, bound, RUNGS, scale=1.0)).outcome) for bound in (1.1, 0.9)]
        ['holds', 'refuted']
    """
    limits = np.atleast_2d(np.asarray(bound))
    budget = compare(route, Exact(limits), rungs).budget
    return at_most(float(np.max(route(rungs[-1], MAIN).values - limits)), 0.0, budget, scale)
