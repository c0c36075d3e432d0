"""A bounded range (low, high) of the dual variable, as tanh sees it."""

import jax
import jax.numpy as jnp

from .._types import Vector


def to_line(mu: Vector, low: Vector, high: Vector) -> Vector:
    """`ℓ = ½ log((μ − low)/(high − μ))`, from −∞ to ∞; NaN outside (low, high) and at its ends.

    By atanh in the middle half, where the difference of the logarithms would lose what is small,
    and by the distances to the ends elsewhere, where atanh would.
    """
    below, above = mu - low, high - mu
    inside = (below > 0) & (above > 0)
    middle = (2 * mu - (low + high)) / jnp.where(inside, high - low, 1.0)
    central = jnp.abs(middle) < 0.5
    near = jnp.arctanh(jnp.where(central, middle, 0.0))
    outer = inside & ~central
    far = 0.5 * (jnp.log(jnp.where(outer, below, 1.0)) - jnp.log(jnp.where(outer, above, 1.0)))
    return jnp.where(inside, jnp.where(central, near, far), jnp.nan)


def from_line(ell: Vector, low: Vector, high: Vector) -> Vector:
    """The inverse, `μ = (low + high)/2 + (high − low)/2 · tanh ℓ`; NaN for an empty range.

    Near an end measured from that end: from the middle, an end at 1e-3 of a range of 1e4 would be
    off by 1e-12 and not by 1e-19.
    """
    width = jnp.where(high > low, high - low, jnp.nan)
    middle = (low + high) / 2 + (width / 2) * jnp.tanh(ell)
    from_high = high - width * jax.nn.sigmoid(-2 * ell)
    from_low = low + width * jax.nn.sigmoid(2 * ell)
    return jnp.where(jnp.abs(ell) < 0.5, middle, jnp.where(ell > 0, from_high, from_low))


def line_unless_empty(low: Vector, high: Vector) -> tuple[Vector, Vector]:
    """The domain (−∞, ∞) of a potential whose range is not empty, else the empty (∞, −∞)."""
    end = jnp.where(high > low, jnp.inf, -jnp.inf)
    return -end, end
