"""The rescaled mirror flow, and plain weight decay for any g."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import State, as_array
from ..flows._flows import AbstractFlow
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule


class PlainDecay(AbstractParameterization):
    """The g of `param` with `h = ‖w‖²`, whatever regularizer it came with."""

    param: AbstractParameterization

    def g(self, w: State):
        return self.param.g(w)

    def h(self, w: State):
        return jnp.sum(w**2)


class RescaledFlow(AbstractFlow):
    """`x = s^p g(φ(μ̃))`, `dμ̃ = −s^{p−2} ∇f dt`, `s = e^{−2A}`; the state is μ̃.

    `degree` and `clock`, p and p − 2 of every coordinate, are apart so that either can be wrong.
    `potentials`: one per block of coordinates, each taken at a = 0.
    """

    problem: AbstractProblem
    potentials: tuple[AbstractPotential, ...]
    schedule: AbstractSchedule
    degree: Float[Array, " n"]
    clock: Float[Array, " n"]

    def __call__(self, t, state, args=None):
        speed = jnp.exp(2 * self.clock * self.schedule.a(t))
        return -speed * self.problem.grad(self.effective(t, state), t)

    def effective(self, t, state):
        ends = np.cumsum([R.n for R in self.potentials])[:-1]
        blocks = [R.dual_grad(mu, as_array(0.0)) for R, mu in zip(self.potentials, jnp.split(state, ends))]
        return jnp.exp(2 * self.degree * self.schedule.a(t)) * jnp.concatenate(blocks)

    @property
    def breakpoints(self):
        return self.schedule.breakpoints

    def default_start(self):
        return jnp.zeros(sum(R.n for R in self.potentials))
