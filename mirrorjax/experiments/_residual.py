"""A small residual network with batch normalization, for signals and pictures."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._errors import InputError
from ._batch_norm import BatchNorm
from ._convolutions import Convolution, SameConvolution, SignalConvolution

PICTURE, SIGNAL = (8, 16), (16, 24)
"""Channels of the first and the second block. A patch of a signal has three positions in place of nine."""


class Block(eqx.Module):
    """Two convolutions, each with a normalization, added to what came in; ReLU after the first and after the sum."""

    first: SameConvolution
    first_norm: BatchNorm
    second: SameConvolution
    second_norm: BatchNorm

    def __init__(self, axes: int, channels: int, key: PRNGKeyArray):
        one, two = jax.random.split(key)
        self.first, self.first_norm = SameConvolution(axes, channels, channels, one), BatchNorm(channels)
        self.second, self.second_norm = SameConvolution(axes, channels, channels, two), BatchNorm(channels)

    def __call__(self, x: Float[Array, "rows *space c"], first: int) -> Float[Array, "rows *space c"]:
        h = jax.nn.relu(self.first_norm(jax.vmap(self.first)(x), first))
        return jax.nn.relu(x + self.second_norm(jax.vmap(self.second)(h), first))


class Residual(eqx.Module):
    """Twice a convolution that halves the sides and a block; the mean over all positions; a linear layer."""

    patches: tuple[Convolution | SignalConvolution, ...]
    blocks: tuple[Block, ...]
    last: eqx.nn.Linear
    shape: tuple[int, ...] = eqx.field(static=True)

    def batch(self, x: Float[Array, "n ..."], reference: Float[Array, "m ..."] | None = None) -> Array:
        """Numbers for the classes, shape `(n, classes)`, of a whole batch of inputs.

        **Arguments:**

        - `x`: inputs, shape `(n, …)`.
        - `reference`: other inputs, shape `(m, …)`, whose statistics normalize; None for those of `x`. They pass
          through this model: one that was pruned has its own statistics.

        **Returns:** the numbers, shape `(n, classes)`.

        **Raises:** `InputError` for inputs of another size than the network was made for.
        """
        n, first = len(x), 0
        if reference is not None:
            x, first = jnp.concatenate([x, reference]), n
        if x[0].size != math.prod(self.shape):
            raise InputError("the inputs have another size than the network", f"{x.shape[1:]} for {self.shape[:-1]}")
        x = x.reshape(len(x), *self.shape)
        for patch, block in zip(self.patches, self.blocks):
            x = block(jax.nn.relu(jax.vmap(patch)(x)), first)
        return jax.vmap(self.last)(jnp.mean(x[:n], tuple(range(1, x.ndim - 1))))


def residual(key: PRNGKeyArray, shape: tuple[int, ...] = (28, 28), classes: int = 10) -> Residual:
    """A residual network in float32, of 8,096 weights for pictures and 6,832 for signals, with ten classes.

    A batch is normalized by its own mean and variance, or by those of a reference: it is called by `logits`.

    **Arguments:**

    - `key`: of `jax.random`.
    - `shape`: of the inputs: one axis for a signal, or a square picture of one channel. Sides are multiples of 4.
    - `classes`: how many numbers the network returns.

    **Returns:** the network, for whole batches of inputs.

    **Raises:** `InputError` for another shape.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import experiments
        >>> model = experiments.residual(jax.random.key(0), (40,))
        >>> experiments.logits(model, jnp.ones((5, 40), jnp.float32)).shape
        (5, 10)
    """
    sides = shape if len(shape) == 1 else tuple(n for n in shape if n > 1)
    if len(sides) not in (1, 2) or len(set(sides)) != 1 or sides[0] < 4 or sides[0] % 4:
        raise InputError(
            "the residual network needs signals or square pictures of one channel, of a side that is a multiple of 4",
            f"shape {shape}",
            "mlp",
        )
    keys, axes = jax.random.split(key, 5), len(sides)
    kind, (low, high) = (SignalConvolution, SIGNAL) if axes == 1 else (Convolution, PICTURE)
    patches = kind(1, low, keys[0]), kind(low, high, keys[1])
    blocks = Block(axes, low, keys[2]), Block(axes, high, keys[3])
    last = eqx.nn.Linear(high, classes, dtype=jnp.float32, key=keys[4])
    return Residual(patches, blocks, last, (*sides, 1))
