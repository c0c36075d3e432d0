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

    A mirror flow driven by a derived dual map solves an ODE at every stage of an ODE. Where only the
    agreement is asked, `g(φ(μ_t, a_t))` along straight segments at the compared times does it: φ never
    follows the path of the flow, so the comparison can still fail.
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
    """`(w₀, μ₀ = 0)`."""
    return w0, jnp.zeros(jax.eval_shape(param.g, w0).shape)
