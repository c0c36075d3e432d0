"""The same motion written three ways: in w, in μ and in x."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import Scalar, State, Vector, as_array, is_traced
from ..parameterizations import AbstractParameterization, effective_shape
from ..potentials import AbstractPotential, RescaledPotential
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule, as_schedule

NEAR_THE_END = 1e-6
"""Relative distance to the end of a bounded range below which a stopped flow is said to have left it."""


MADE_OF = {
    "problem": (AbstractProblem, "LinearRegression(Z, y), or your own AbstractProblem with its n and loss(x, t)"),
    "param": (AbstractParameterization, "Hadamard(), or Custom(g, h) for two functions"),
    "potential": (AbstractPotential, "potential_of(param, w0)"),
}


def require_parts(**parts: object) -> None:
    """Raises `InputError` for a part of a flow that is something else, by name."""
    for name, value in parts.items():
        kind, hint = MADE_OF[name]
        if not isinstance(value, kind):
            raise InputError(f"{name} must be an {kind.__name__}, got {type(value).__name__}", "", hint)


def require_vector(name: str, state: State, size: int) -> None:
    """Raises `InputError` for a state that is not of shape (size,)."""
    if getattr(state, "shape", None) != (size,):
        got = getattr(state, "shape", type(state).__name__)
        raise InputError(f"{name} must have the shape ({size},), got {got}", "", "w₀ belongs to GradientFlow alone")


class AbstractFlow(eqx.Module):
    """An ODE whose state has an effective parameter x."""

    @abc.abstractmethod
    def __call__(self, t: Scalar, state: State, args: None = None) -> State:
        """The right-hand side, the state's derivative in t.

        **Arguments:**

        - `t`: the flow's time, scalar, dimensionless.
        - `state`: pytree; its meaning is the flow's own.
        - `args`: unused; ODE solvers pass it.

        **Returns:** a pytree like `state`.
        """

    @abc.abstractmethod
    def effective(self, t: Scalar, state: State) -> Vector:
        """x at this state and time.

        **Arguments:**

        - `t`: the flow's time, scalar.
        - `state`: pytree.

        **Returns:** x, shape `(n,)`.
        """

    @property
    @abc.abstractmethod
    def breakpoints(self) -> Float[Array, " j"]:
        """The times at which the right-hand side jumps, shape `(j,)`."""

    def check_state(self, state: State) -> None:
        """Refuses what is no state of the flow; it looks at shapes alone, so tracers pass too.

        **Arguments:**

        - `state`: pytree.

        **Raises:** `InputError` where the shapes are not those of a state.
        """

    def default_start(self) -> State | None:
        """The state to begin from, at dose 0, when none is given.

        **Returns:** a pytree, or None where the flow has no start of its own.
        """
        return None


class GradientFlow(AbstractFlow):
    """`dw = −(Jg(w)ᵀ ∇f(g(w)) + α_t ∇h(w)) dt`; the state is w.

    **Arguments:**

    - `problem`: the loss f.
    - `param`: g and h.
    - `schedule`: α; a schedule, a number or a function of t.

    **Raises:** `InputError` for a part of another kind.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.eye(2), jnp.ones(2))
        >>> param = mj.parameterizations.Hadamard()
        >>> flow = mj.flows.GradientFlow(problem, param, mj.schedules.Constant(0.0))
        >>> path = mj.integrate(flow, param.lift(jnp.zeros(2)), ts=jnp.array([0.0, 60.0]))
        >>> bool(jnp.allclose(path.x[-1], 1.0))
        True
    """

    problem: AbstractProblem
    param: AbstractParameterization
    schedule: AbstractSchedule = eqx.field(converter=as_schedule)

    def __check_init__(self):
        require_parts(problem=self.problem, param=self.param)

    def check_state(self, state):
        (n,) = effective_shape(self.param, state)
        if n != self.problem.n:
            raise InputError(
                f"the start has n = {n} effective parameters, the problem {self.problem.n}",
                type(self).__name__,
                "lift an x0 of the problem's n",
            )

    def __call__(self, t, state, args=None):
        x, pull = jax.vjp(self.param.g, state)
        (descent,) = pull(self.problem.grad(x, t))
        decay = jax.grad(self.param.h)(state)
        alpha = self.schedule.alpha(t)
        return jax.tree.map(lambda p, q: -(p + alpha * q), descent, decay)

    def effective(self, t, state):
        return self.param.g(state)

    @property
    def breakpoints(self):
        return self.schedule.breakpoints


class MirrorFlow(AbstractFlow):
    """`dμ = −∇f(∇_μQ(μ, a_t)) dt`, that is `d∇R_{a_t}(x_t) = −∇f(x_t) dt`; the state is μ, shape `(n,)`.

    It starts from μ = 0, which is x₀ = g(w₀) at dose 0 for a potential of w₀. A later start needs
    `SwitchOn(schedule, at=t₀)`, or its own μ.

    **Arguments:**

    - `problem`: the loss f.
    - `potential`: R, of as many coordinates as f.
    - `schedule`: α; a schedule, a number or a function of t.

    **Raises:** `InputError` for a part of another kind, for another n, and for a `RescaledPotential` under decay, which
    follows another equation.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.eye(2), jnp.ones(2))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.array([0.5, 2.0])))
        >>> flow = mj.flows.MirrorFlow(problem, R, mj.schedules.Constant(0.0))
        >>> [round(float(rate), 12) for rate in flow(jnp.array(0.0), flow.default_start())]
        [0.25, -0.5]
    """

    problem: AbstractProblem
    potential: AbstractPotential
    schedule: AbstractSchedule = eqx.field(converter=as_schedule)

    def __check_init__(self):
        R = self.potential
        require_parts(problem=self.problem, potential=R)
        if R.n != self.problem.n:
            raise InputError(f"the potential has n = {R.n}, the problem {self.problem.n}", "MirrorFlow")
        if not isinstance(R, RescaledPotential) or is_traced((R.degree, self.schedule)):
            return
        if R.degree != 2 and self.schedule.total != 0:
            raise InputError(
                f"a rescaled potential of degree {float(R.degree):g} under decay does not follow d∇R = −∇f dt",
                "MirrorFlow",
                "its limit with `limit`, or `GradientFlow`; d∇R_s = −(∇f − 2(p−2)α ∇R_s) dt holds instead",
            )

    def check_state(self, state):
        require_vector("μ₀", state, self.problem.n)

    def __call__(self, t, state, args=None):
        return -self.problem.grad(self.effective(t, state), t)

    def effective(self, t, state):
        return self.potential.dual_grad(state, self.schedule.a(t))

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def default_start(self):
        return as_array(np.zeros(self.potential.n))

    def explain(self, t: Scalar, state: Vector) -> str:
        """Which coordinate of μ stands at the end of the range of ∇R_a, if one does. On the host only.

        **Arguments:**

        - `t`: the time where the flow stopped, scalar.
        - `state`: μ there, shape `(n,)`.

        **Returns:** a sentence with the coordinate, μ, the range and the dose; empty where no μ_i is within 1e-6 of an
        end, relatively.
        """
        a = self.schedule.a(t)
        low, high = (np.asarray(end) for end in self.potential.dual_domain(a))
        mu = np.asarray(state)
        # Relative to the ends, not to the width: the width of a range that closes is 0.
        size = np.maximum(np.where(np.isfinite(low), np.abs(low), 1.0), np.where(np.isfinite(high), np.abs(high), 1.0))
        room = np.minimum(mu - low, high - mu) / size
        i = int(np.argmin(room))
        if not room[i] < NEAR_THE_END:
            return ""
        return (
            f"; μ leaves the range of ∇R_a at coordinate {i}: μ = {mu[i]:.6g}, "
            f"range ({low[i]:.6g}, {high[i]:.6g}), dose {-float(a):.6g}"
        )


class RiemannianFlow(AbstractFlow):
    """`dx = −(∇²R_a)⁻¹ (∇f + α_t ∇y_a) dt` with `∇y_a = −∂_a ∇R_a`; the state is x, shape `(n,)`.

    `y_a(x) = h(φ(∇R_a(x), a))` is the regularizer as a function of x.

    **Arguments:**

    - `problem`: the loss f.
    - `potential`: R, of as many coordinates as f.
    - `schedule`: α; a schedule, a number or a function of t.

    **Raises:** `InputError` for a part of another kind and for another n.

    **Reference:** `flow` Theorem 3.1.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.eye(2), jnp.zeros(2))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=0.5))
        >>> flow = mj.flows.RiemannianFlow(problem, R, mj.schedules.Constant(1.0))
        >>> rate = flow(jnp.array(0.0), jnp.array([0.0, 1.2]))  # −2√(x²+c²) x/2 − 4x at x = 1.2, c = ½
        >>> [round(float(r) + 0.0, 12) for r in rate]
        [0.0, -6.36]
    """

    problem: AbstractProblem
    potential: AbstractPotential
    schedule: AbstractSchedule = eqx.field(converter=as_schedule)

    def __check_init__(self):
        require_parts(problem=self.problem, potential=self.potential)
        if self.potential.n != self.problem.n:
            raise InputError(
                f"the potential has n = {self.potential.n}, the problem {self.problem.n}", "RiemannianFlow"
            )

    def check_state(self, state):
        require_vector("x₀", state, self.problem.n)

    def __call__(self, t, state, args=None):
        a = self.schedule.a(t)
        force = self.problem.grad(state, t) - self.schedule.alpha(t) * self.potential.grad_drift(state, a)
        return -self.potential.hessian_solve(state, force, a)

    def effective(self, t, state):
        return state

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def default_start(self):
        return self.potential.argmin(jnp.zeros(()))
