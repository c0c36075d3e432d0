"""Order-swap experiments: does x depend on the integrals of the controls alone?"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ..checks import Evidence, FlowRoute, compare
from ..geometry import ControlledFlow
from ..parameterizations import AbstractParameterization


def swap_evidence(
    param: AbstractParameterization, w0, n: int, seed: int, rungs: Sequence[float], decay: float = 1.0
) -> Evidence:
    """Compares x(2) under two controls with equal integrals, applied in opposite orders.

    `decay` scales the part of the controls that acts through ∇h; 0 leaves the losses alone.
    """
    rng = np.random.default_rng([seed, 5])
    controls = [(jnp.asarray(0.4 * rng.standard_normal(n)), jnp.asarray(decay * b)) for b in (-0.4, 0.1)]
    ts = np.array([0.0, 1.0, 2.0])
    first, second = (
        FlowRoute(ControlledFlow(param, *pair), w0, ts=ts, observe=lambda path: path.x[-1:])
        for pair in (controls, controls[::-1])
    )
    moved = np.max(np.abs(np.asarray(first.path(rungs[-1]).x[-1]) - np.asarray(param.g(w0))))
    return compare(first, second, rungs, moved=float(moved))
