"""Flows in a clock of their own, for weights that reach a singularity at a finite μ or time.

Where a weight ends at 0 or ∞ its logarithm is what moves. With `w` moving at relative speed 1 the
variable that stops (μ or t) converges like e^{−2τ}: an end is read off a smooth ODE, to the
tolerance of the solver, and no solver has to stall on it.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, as_array
from ..flows import GradientFlow
from ..flows._flows import AbstractFlow
from ..parameterizations import AbstractParameterization
from ..problems import AbstractProblem
from ..schedules import Constant

CLOCK = 16.0
"""e^{−2·16} = 1e-14 of the way to the end is left."""


def pace(field: Array, w: Array) -> Array:
    """`1/‖field/w‖` per column: with it every column moves at relative speed 1."""
    return 1 / jnp.sqrt(jnp.sum((field / w) ** 2, axis=0))


class OutwardRay(AbstractFlow):
    """φ from (0, 0) to (m, a) for t in [0, 1], then along ±μ to the end of its existence.

    Columns are instances of their own: g acts column by column. The state is (w (2, k), μ (k,)).
    """

    param: AbstractParameterization
    middle: Float[Array, " k"]
    a: Float[Array, " k"]
    sign: Float[Array, " k"]

    def __call__(self, t, state, args=None):
        w, _ = state
        _, pull = jax.vjp(self.param.g, w)
        inwards = pull(self.middle)[0] + self.a * jax.grad(self.param.h)(w)
        outwards = pull(self.sign)[0]
        speed = pace(outwards, w)
        first = t < 1
        dw = jnp.where(first, inwards, speed * outwards)
        return dw, jnp.where(first, self.middle, speed * self.sign)

    def effective(self, t, state):
        return state[1]

    @property
    def breakpoints(self):
        return jnp.ones(1)


class Parabolas(AbstractProblem):
    """`f(x) = Σ slope·x + ½ curvature·x²`."""

    slope: Float[Array, " k"]
    curvature: Float[Array, " k"]

    @property
    def n(self) -> int:
        return self.slope.shape[0]

    def loss(self, x, t: Scalar | float = 0.0):
        return jnp.sum(self.slope * x + 0.5 * self.curvature * x**2)


class FirstExit(AbstractFlow):
    """Gradient flow at constant strength until its weights end; the state is (w (2, k), t (k,)), a time per column."""

    problem: Parabolas
    param: AbstractParameterization
    strength: Scalar

    def __call__(self, t, state, args=None):
        w, _ = state
        field = GradientFlow(self.problem, self.param, Constant(self.strength))(as_array(0.0), w)
        speed = pace(field, w)
        return speed * field, speed

    def effective(self, t, state):
        return state[1]

    @property
    def breakpoints(self):
        return jnp.zeros(0)
