"""Which of the equivalent flows computes x fastest."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._ode import Solver
from .._types import ArrayLike, State, Vector, as_array, is_traced
from ..parameterizations import AbstractParameterization, start_of
from ..potentials import AbstractPotential, potential_of
from ..problems import AbstractProblem, LinearRegression
from ..schedules import AbstractSchedule, as_schedule
from ._flows import AbstractFlow, GradientFlow, MirrorFlow
from ._reduced import ReducedMirrorFlow

TINY = 1e-6
"""Below this `Jg Jgᵀ` at the start w is no larger than the tolerances of a solve, and x comes out wrong."""
LONG, LONG_FROM_SMALL = 1e3, 1e4
"""Fastest rate times horizon from which on explicit steps, 4 units of it each, cost more than implicit ones. From a
small start x moves in jumps, and each takes some dozens of implicit steps."""
SMALL = 1e-2
"""`Jg Jgᵀ` at the start from which on x moves without jumps."""
FEW = 4
"""ν is taken instead of μ where Z has so many times as many columns as rows: below, its products cost what it saves."""


@dataclasses.dataclass(frozen=True)
class Route:
    """How to compute x: `integrate(route.flow, route.start, ts=ts, solver=route.solver)`.

    **Fields:**

    - `flow`: a `GradientFlow`, `MirrorFlow` or `ReducedMirrorFlow`.
    - `start`: its state at `ts[0]`, pytree.
    - `solver`: a name that `integrate` takes.
    - `reason`: why this one, a sentence.
    """

    flow: AbstractFlow
    start: State
    solver: Solver
    reason: str


def fastest(
    problem: AbstractProblem, param: AbstractParameterization, schedule: AbstractSchedule, w0: State, *, ts: ArrayLike
) -> Route:
    """The route to the x of gradient flow that takes the least time, by a rule measured on one core.

    1. In w: an evaluation is cheapest. So it is where no potential in closed form is known, and where numbers are
       traced, for then neither the scale nor the rates can be looked at.
    2. In μ, or in ν with μ = Zᵀν, where the start is tiny (`Jg Jgᵀ` below 1e-6): w is then below the tolerances of a
       solve, so that it comes out wrong, and from a scale of 1e-150 on its squares are 0.
    3. In ν by "kvaerno5" where the horizon is long against the fastest rate: explicit steps are bounded by that rate.

    For computing, as in a sweep. A verdict compares routes and must not choose among them.

    **Arguments:**

    - `problem`: the loss f.
    - `param`: g and h.
    - `schedule`: α; a schedule, a number or a function of t.
    - `w0`: the start, pytree.
    - `ts`: increasing times from 0 on, shape `(k,)`.

    **Returns:** the `Route`.

    **Raises:** `InputError` for parts that do not fit together.

    **Reference:** `flow` Theorem 3.1, by which the routes agree.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param, ts = mj.parameterizations.Hadamard(), [0.0, 1e5]
        >>> alpha = mj.schedules.Constant(0.0)
        >>> route = mj.flows.fastest(problem, param, alpha, param.lift(jnp.zeros(2), scale=1e-60), ts=ts)
        >>> type(route.flow).__name__, route.solver
        ('ReducedMirrorFlow', 'kvaerno5')
        >>> path = mj.integrate(route.flow, route.start, ts=ts, solver=route.solver)
        >>> [round(float(x), 6) for x in path.x[-1]]
        [0.5, 0.0]
    """
    schedule, w0 = as_schedule(schedule), start_of(param, w0)
    plain = GradientFlow(problem, param, schedule)
    plain.check_state(w0)
    if is_traced(problem, param, schedule, w0, ts):
        return Route(plain, w0, "dopri8", "in w: the numbers are traced, so neither scale nor rates can be looked at")
    span = np.asarray(ts, dtype=float)
    dual = _dual(problem, param, schedule, w0)
    if dual is None or span[0] != 0:
        why = "no potential in closed form is known" if dual is None else "the dual begins at t = 0"
        return Route(plain, w0, "dopri8", f"in w: {why}")
    scale = float(jnp.min(dual.potential.hessian_solve(param.g(w0), jnp.ones(problem.n), jnp.zeros(()))))
    tiny = not scale > TINY
    if isinstance(problem, LinearRegression) and problem.d < problem.n:
        reduced = ReducedMirrorFlow(problem, dual.potential, schedule)
        units = _fastest_rate(problem, dual.potential, schedule, span[-1]) * span[-1]
        if units > (LONG if scale > SMALL else LONG_FROM_SMALL):
            reason = f"in ν, implicit: explicit steps are bounded by the fastest rate, here {units:.1e} / horizon"
            return Route(reduced, reduced.default_start(), "kvaerno5", reason)
        if tiny and FEW * problem.d <= problem.n:
            return Route(reduced, reduced.default_start(), "dopri8", f"in ν: {_tiny(scale)}; d is much less than n")
    if tiny:
        return Route(dual, dual.default_start(), "dopri8", f"in μ: {_tiny(scale)}")
    return Route(plain, w0, "dopri8", "in w: the start is not tiny and the horizon not long, and a step costs least")


def _tiny(scale: float) -> str:
    return f"Jg Jgᵀ is {scale:.1e} at the start, so that w is below the tolerances"


def _dual(problem, param, schedule, w0) -> MirrorFlow | None:
    """The mirror flow, where one is known that costs no solves of its own."""
    try:
        potential = potential_of(param, w0)
        return MirrorFlow(problem, potential, schedule) if potential.closed else None
    except InputError:  # of a start or a decay that has none
        return None


def _fastest_rate(
    problem: LinearRegression, potential: AbstractPotential, schedule: AbstractSchedule, end: float
) -> float:
    """The largest rate at which the residual falls near an interpolator: of `∇²ℓ Z (∇²R)⁻¹ Zᵀ`.

    At the interpolator of least ℓ₂ norm, for the limit is not known; its size is near that of the limit.
    """
    dense = problem.as_dense()
    Z, y = np.asarray(dense.Z), np.asarray(dense.y)
    x: Vector = as_array(np.linalg.lstsq(Z, y)[0])
    a = schedule.a(as_array(end))
    moved = jax.vmap(lambda row: potential.hessian_solve(x, row, a))(as_array(Z))
    curvature = np.asarray(jax.hessian(problem.residual_loss)(jnp.zeros(problem.d)))
    rates = np.linalg.eigvals(curvature @ (Z @ np.asarray(moved).T))
    return float(np.max(np.abs(rates)))
