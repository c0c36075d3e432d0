"""The rescaled mirror flow, and plain weight decay for any g."""

import jax.numpy as jnp
import numpy as np

from ..._types import State
from ...flows import AbstractFlow
from ...parameterizations import AbstractParameterization
from ...potentials import RescaledPotential
from ...problems import AbstractProblem
from ...schedules import AbstractSchedule


class PlainDecay(AbstractParameterization):
    """The g of `param` with `h = ‖w‖²`, whatever regularizer it came with."""

    param: AbstractParameterization

    def g(self, w: State):
        return self.param.g(w)

    def h(self, w: State):
        return jnp.sum(w**2)


class RescaledFlow(AbstractFlow):
    """`x = s^p g(φ(μ̃))`, `dμ̃ = −s^{p−2} ∇f dt`, `s = e^{−2A}`; the state is μ̃.

    One rescaled potential per block of coordinates maps μ̃ to x, another one gives the speed of μ̃; they are
    apart so that either can be wrong.
    """

    problem: AbstractProblem
    potentials: tuple[RescaledPotential, ...]
    clocks: tuple[RescaledPotential, ...]
    schedule: AbstractSchedule

    def __call__(self, t, state, args=None):
        a = self.schedule.a(t)
        speed = jnp.concatenate([jnp.full(R.n, R.clock(a)) for R in self.clocks])
        return -speed * self.problem.grad(self.effective(t, state), t)

    def effective(self, t, state):
        ends = np.cumsum([R.n for R in self.potentials])[:-1]
        a = self.schedule.a(t)
        return jnp.concatenate([R.effective(mu, a) for R, mu in zip(self.potentials, jnp.split(state, ends))])

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def default_start(self):
        return jnp.zeros(sum(R.n for R in self.potentials))
