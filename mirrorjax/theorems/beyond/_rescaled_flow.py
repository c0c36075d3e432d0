"""The rescaled mirror flow, and plain weight decay for any g."""

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._types import State


class PlainDecay(mj.parameterizations.AbstractParameterization):
    """The g of `param` with `h = ‖w‖²`, whatever regularizer it came with."""

    param: mj.parameterizations.AbstractParameterization

    def g(self, w: State):
        return self.param.g(w)

    def h(self, w: State):
        return jnp.sum(w**2)


class RescaledFlow(mj.flows.AbstractFlow):
    """`x = s^p g(φ(μ̃))`, `dμ̃ = −s^{p−2} ∇f dt`, `s = e^{−2A}`; the state is μ̃.

    One rescaled potential per block of coordinates maps μ̃ to x, another one gives the speed of μ̃; they are
    apart so that either can be wrong.
    """

    problem: mj.problems.AbstractProblem
    potentials: tuple[mj.potentials.RescaledPotential, ...]
    clocks: tuple[mj.potentials.RescaledPotential, ...]
    schedule: mj.schedules.AbstractSchedule

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
