"""What turns the trained weights w into the effective parameter x."""

import abc

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from .._errors import InputError
from .._types import Scalar, State, Vector, as_array, has_nonfinite, is_traced


class AbstractParameterization(eqx.Module):
    """`x = g(w)` with the regularizer `h(w)`."""

    @abc.abstractmethod
    def g(self, w: State) -> Vector:
        """The effective parameter, shape (n,)."""

    @abc.abstractmethod
    def h(self, w: State) -> Scalar:
        """The explicit regularizer."""


class AbstractLiftable(AbstractParameterization):
    """A parameterization that can put w₀ above a given x₀."""

    @abc.abstractmethod
    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Array:
        """A w₀ with `g(w₀) = x₀` and the given scale c₀ of its potential.

        **Raises:** `InputError` for a negative or non-finite scale or x₀.
        """


def checked_lift(x0: ArrayLike, scale: ArrayLike) -> tuple[Array, Array]:
    """x₀ and scale as arrays of one shape, refused where no real w₀ belongs to them."""
    x, c = jnp.broadcast_arrays(as_array(x0), as_array(scale))
    if has_nonfinite(x, c):
        raise InputError("x0 and scale must be finite", f"x0 {x0}, scale {scale}")
    if not is_traced(c) and bool(jnp.any(c < 0)):
        bad = int(np.argmin(np.ravel(c)))
        raise InputError(
            "scale must not be negative", f"coordinate {bad}, scale {float(np.ravel(c)[bad])}", "scale > 0"
        )
    return x, c


def hyperbolic_factors(x: Array, c: Array) -> tuple[Array, Array]:
    """`(u, v) ≥ 0` with `u² − v² = 2x` and `u v = c`.

    The smaller factor is c divided by the larger one: the root of √(x²+c²) − |x| loses all its
    digits once |x| ≫ c.
    """
    large = jnp.sqrt(jnp.hypot(x, c) + jnp.abs(x))
    small = jnp.where(large > 0, c / jnp.where(large > 0, large, 1.0), 0.0)
    return jnp.where(x >= 0, large, small), jnp.where(x >= 0, small, large)
