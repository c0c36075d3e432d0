"""Losses of the residual r = Zx − y. Any smooth function of r may stand in for them."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar


def half_mean_square(r: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = ½ mean(r²)`."""
    return 0.5 * jnp.mean(r**2)


def mean_log_cosh(r: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = mean log cosh r`, quadratic near 0 and linear far away."""
    return jnp.mean(jnp.logaddexp(r, -r)) - jnp.log(2.0)


def mean_logistic(margin: Float[Array, " d"]) -> Scalar:
    """`ℓ(r) = mean log(1 + e^{−r})`: no finite minimizer, so nothing interpolates."""
    return jnp.mean(jax.nn.softplus(-margin))
