"""Controls applied in opposite orders: does x depend on their integrals alone?"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from .._types import State
from ..geometry import ControlledFlow
from ..parameterizations import AbstractParameterization
from ._compare import FlowRoute, compare
from ._evidence import Evidence


def swapped_controls(
    param: AbstractParameterization,
    w0: State,
    seed: int,
    rungs: Sequence[float],
    *,
    decay: float = 1.0,
    parts: Sequence[slice] = (slice(None),),
) -> list[Evidence]:
    """Whether x(2) is the same under two random controls with equal integrals, applied in opposite orders.

    Where all fields ∇g_i, ∇h commute it is; `.differs()` is the claim that they do not.

    **Arguments:** `w0` the start; `decay` scales the part of the controls that acts through ∇h, 0 leaves the losses
    alone; `parts` of x to be compared apart, for parameterizations side by side.

    **Returns:** one `Evidence` for each part.

    **Reference:** `li` Theorem 4.10; `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import RUNGS, decide, swapped_controls
        >>> w0 = jnp.array([[0.5], [-1.0]])
        >>> mask_only = mj.parameterizations.Custom(lambda w: w[0] * w[1], lambda w: jnp.sum(w[0] ** 2))
        >>> [str(decide(swapped_controls(param, w0, 0, RUNGS)[0]).outcome)
        ...     for param in (mj.parameterizations.Hadamard(), mask_only)]
        ['holds', 'refuted']
    """
    n = jax.eval_shape(param.g, w0).shape[0]
    rng = np.random.default_rng([seed, 5])
    controls = [(jnp.asarray(0.4 * rng.standard_normal(n)), jnp.asarray(decay * b)) for b in (-0.4, 0.1)]
    ts = np.array([0.0, 1.0, 2.0])
    routes = [FlowRoute(ControlledFlow(param, *pair), w0, ts=ts) for pair in (controls, controls[::-1])]
    path = np.asarray(routes[0].path(rungs[-1]).x)

    def one(part: slice) -> Evidence:
        left, right = (route.observing(lambda path: path.x[-1:, part]) for route in routes)
        return compare(left, right, rungs, moved=float(np.max(np.abs(path[-1, part] - path[0, part]))))

    return [one(part) for part in parts]
