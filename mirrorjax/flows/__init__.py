"""Gradient, mirror and Riemannian flow, their integration and their limit.

To t = 1e5 and beyond: `ReducedMirrorFlow(problem, potential, schedule)` with `solver="kvaerno5"`. A flow that
begins at w₀ at a time t₀ > 0 counts its dose from there: `schedules.SwitchOn(schedule, at=t0)`; otherwise
`integrate` refuses a late start. Forward mode passes `integrate` as it is; `integrate(…, differentiable=True)` lets
`jax.grad` through, and `limit` has its implicit derivative in Z, y, a and the potential.
"""

from ._accompanied import AccompaniedFlow as AccompaniedFlow, accompanied_start as accompanied_start
from ._certificate import Limit as Limit
from ._ensemble import ensemble as ensemble
from ._fastest import Route as Route, fastest as fastest
from ._flows import (
    AbstractFlow as AbstractFlow,
    GradientFlow as GradientFlow,
    MirrorFlow as MirrorFlow,
    RiemannianFlow as RiemannianFlow,
)
from ._integrate import Trajectory as Trajectory, integrate as integrate
from ._limit import limit as limit, limit_path as limit_path
from ._reduced import ReducedMirrorFlow as ReducedMirrorFlow
