"""Mirror flow of a regression in as many variables as it has equations."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .._errors import InputError
from ..potentials import AbstractPotential
from ..problems import LinearRegression
from ..schedules import AbstractSchedule, as_schedule
from ._flows import AbstractFlow, MirrorFlow, require_vector


class ReducedMirrorFlow(AbstractFlow):
    """`dν = −∇ℓ(Zx − y) dt` with `x = ∇_μQ(Zᵀν, a_t)`: the mirror flow of `f(x) = ℓ(Zx − y)`; the state is ν, shape
    `(d,)`.

    μ = Zᵀν never leaves the row space of Z. With d variables instead of n an implicit solver is cheap. It takes the
    long plateaus of a small scale c in a few steps; an explicit solver takes steps as short as the fastest rate asks.

    **Arguments:**

    - `problem`: the regression.
    - `potential`: R, of as many coordinates as Z has columns.
    - `schedule`: α; a schedule, a number or a function of t.

    **Raises:** `InputError` for another problem than `LinearRegression`, and as `MirrorFlow`.

    **Reference:** `mask` Theorem 3.3, whose certificate `∇R(x) ∈ range Zᵀ` it keeps by construction.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=1e-60))
        >>> flow = mj.flows.ReducedMirrorFlow(problem, R, mj.schedules.Constant(0.0))
        >>> path = mj.integrate(flow, ts=[0.0, 1e2, 1e4], solver="kvaerno5")
        >>> [round(float(x), 6) for x in path.x[-1]]
        [0.5, 0.0]
    """

    problem: LinearRegression
    potential: AbstractPotential
    schedule: AbstractSchedule = eqx.field(converter=as_schedule)

    def __check_init__(self):
        if not isinstance(self.problem, LinearRegression):
            raise InputError(
                "the reduced dual needs f(x) = ℓ(Zx − y)", type(self.problem).__name__, "MirrorFlow, which takes any f"
            )
        MirrorFlow(self.problem, self.potential, self.schedule)  # refuses what has no mirror flow

    def check_state(self, state):
        require_vector("ν₀", state, self.problem.d)

    def __call__(self, t, state, args=None):
        residual = self.problem.apply(self.effective(t, state)) - self.problem.y
        return -jax.grad(self.problem.residual_loss)(residual)

    def effective(self, t, state):
        return self.potential.dual_grad(self.problem.pull(state), self.schedule.a(t))

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def default_start(self):
        return jnp.zeros(self.problem.d)
