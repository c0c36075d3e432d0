"""Batch normalization without a state."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

EPSILON = 1e-5


class BatchNorm(eqx.Module):
    """Mean and variance of each channel over all rows of a batch and all their positions; then gain and bias.

    `eqx.nn.BatchNorm` keeps running means in a state, which every step and every `scan` would have to hand on, and
    which are those of the model before it was pruned. Here the rows from `first` on are the reference: their mean
    and variance normalize all rows. With `first = 0` they are the whole batch.
    """

    gain: Float[Array, " channels"]
    bias: Float[Array, " channels"]

    def __init__(self, channels: int):
        self.gain, self.bias = jnp.ones(channels, jnp.float32), jnp.zeros(channels, jnp.float32)

    def __call__(self, x: Float[Array, "rows *space channels"], first: int = 0) -> Float[Array, "rows *space channels"]:
        axes = tuple(range(x.ndim - 1))
        mean = jnp.mean(x[first:], axes)
        x = x - mean
        # The mean of squares less the square of the mean would cancel in float32.
        variance = jnp.mean(jnp.square(x[first:]), axes)
        return x * (self.gain * jax.lax.rsqrt(variance + EPSILON)) + self.bias
