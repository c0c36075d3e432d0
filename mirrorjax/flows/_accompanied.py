"""Gradient flow with its dual variable beside it, for potentials whose mirror map is itself an ODE."""

import equinox as eqx
import jax
import jax.numpy as jnp

from ..parameterizations import AbstractParameterization
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule, as_schedule
from ._flows import AbstractFlow, GradientFlow, require_vector


class AccompaniedFlow(AbstractFlow):
    """`dw = −(Jgᵀ∇f + α∇h) dt` and `dμ = −∇f(g(w)) dt`; the state is (w, μ).

    A mirror flow driven by a derived potential solves an ODE at every stage of an ODE. To compare gradient flow with
    `g(φ(μ_t, a_t))` at a few times, μ_t is enough. φ is taken along straight segments, not along the path of the flow,
    so the comparison can still fail.

    **Arguments:**

    - `problem`: the loss f.
    - `param`: g and h.
    - `schedule`: α; a schedule, a number or a function of t.

    **Raises:** `InputError` as `GradientFlow`.

    **Reference:** `flow` Theorem 3.1.
    """

    problem: AbstractProblem
    param: AbstractParameterization
    schedule: AbstractSchedule = eqx.field(converter=as_schedule)

    def __check_init__(self):
        GradientFlow(self.problem, self.param, self.schedule)  # refuses what has no gradient flow

    def check_state(self, state):
        w, mu = state
        GradientFlow(self.problem, self.param, self.schedule).check_state(w)
        require_vector("μ₀", mu, self.problem.n)

    def __call__(self, t, state, args=None):
        w, _ = state
        flow = GradientFlow(self.problem, self.param, self.schedule)
        return flow(t, w), -self.problem.grad(self.param.g(w), t)

    def effective(self, t, state):
        return self.param.g(state[0])

    @property
    def breakpoints(self):
        return self.schedule.breakpoints


def accompanied_start(param: AbstractParameterization, w0):
    """The start `(w₀, μ₀ = 0)` of an `AccompaniedFlow`.

    **Arguments:**

    - `param`: g and h.
    - `w0`: pytree, the start of g.

    **Returns:** the pair of `w0` and zeros of shape `(n,)`.
    """
    return w0, jnp.zeros(jax.eval_shape(param.g, w0).shape)
