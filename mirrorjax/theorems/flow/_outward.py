"""Flows in a clock of their own, for weights that reach a singularity at a finite μ or time.

Where a weight ends at 0 or ∞ its logarithm is what moves. With `w` moving at relative speed 1 the
variable that stops (μ or t) converges like e^{−2τ}: an end is read off a smooth ODE, to the
tolerance of the solver, and no solver has to stall on it.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._types import Scalar, as_array

CLOCK = 16.0
"""e^{−2·16} = 1e-14 of the way to the end is left."""


def pace(field: Array, w: Array) -> Array:
    """`1/‖field/w‖` per column: with it every column moves at relative speed 1.

    In the 8-norm: in the 2-norm two weights that end together would each have speed 1/√2, and
    e^{−√2·16} = 1.5e-10 of the way would be left.
    """
    rates = jnp.abs(field / w)
    fastest = jnp.max(rates, axis=0)
    return jnp.sum((rates / fastest) ** 8, axis=0) ** (-1 / 8) / fastest


class OutwardRay(mj.flows.AbstractFlow):
    """φ from (0, 0) to (m, a) for t in [0, 1], then along ±μ to the end of its existence.

    Columns are instances of their own: g acts column by column. The state is (w, μ (k,)), w a tuple of
    (2, ·) arrays with k columns in all.
    """

    param: mj.parameterizations.AbstractParameterization
    middle: Float[Array, " k"]
    a: Float[Array, " k"]
    sign: Float[Array, " k"]

    def __call__(self, t, state, args=None):
        w, _ = state
        columns = np.cumsum([part.shape[1] for part in w])[:-1]
        _, pull = jax.vjp(self.param.g, w)
        (inwards,), (outwards,) = pull(self.middle), pull(self.sign)
        speeds = tuple(pace(field, part) for field, part in zip(outwards, w))
        levels = tuple(jnp.split(self.a, columns))
        first = t < 1
        dw = jax.tree.map(
            lambda i, a, decay, o, v: jnp.where(first, i + a * decay, v * o),
            inwards, levels, jax.grad(self.param.h)(w), outwards, speeds,
        )  # fmt: skip
        return dw, jnp.where(first, self.middle, jnp.concatenate(speeds) * self.sign)

    def effective(self, t, state):
        return state[1]

    @property
    def breakpoints(self):
        return jnp.ones(1)


class Parabolas(mj.problems.AbstractProblem):
    """`f(x) = Σ slope·x + ½ curvature·x²`."""

    slope: Float[Array, " k"]
    curvature: Float[Array, " k"]

    @property
    def n(self) -> int:
        return self.slope.shape[0]

    def loss(self, x, t: Scalar | float = 0.0):
        return jnp.sum(self.slope * x + 0.5 * self.curvature * x**2)


class FirstExit(mj.flows.AbstractFlow):
    """Gradient flow at constant strength until its weights end; the state is (w (2, k), t (k,)), a time per column."""

    problem: Parabolas
    param: mj.parameterizations.AbstractParameterization
    strength: Scalar

    def __call__(self, t, state, args=None):
        w, _ = state
        field = mj.flows.GradientFlow(self.problem, self.param, mj.schedules.Constant(self.strength))(as_array(0.0), w)
        speed = pace(field, w)
        return speed * field, speed

    def effective(self, t, state):
        return state[1]

    @property
    def breakpoints(self):
        return jnp.zeros(0)


class Segments(mj.flows.AbstractFlow):
    """φ from (0, 0) straight to (μ, a), column by column, and Q as the line integral beside it.

    The state is (w, q (k,)), w a tuple of arrays whose last axis is the columns. x is `q` itself.
    """

    param: mj.parameterizations.SideBySide
    mu: Float[Array, " k"]
    a: Float[Array, " k"]

    def __call__(self, t, state, args=None):
        w, _ = state
        x, pull = jax.vjp(self.param.g, w)
        levels = tuple(jnp.split(self.a, np.cumsum([part.shape[-1] for part in w])[:-1]))
        dw = jax.tree.map(
            lambda p, a, q: p + a * q, pull(self.mu)[0], levels, jax.grad(self.param.h)(w)
        )  # fmt: skip
        h = [jax.vmap(lambda v, part=part: part.h(v[..., None]), -1)(v) for part, v in zip(self.param.parts, w)]
        return dw, x * self.mu + jnp.concatenate(h) * self.a

    def effective(self, t, state):
        return state[1]

    @property
    def breakpoints(self):
        return jnp.zeros(0)
