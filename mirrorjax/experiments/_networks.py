"""Two small networks for pictures: fully connected, and convolutional."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._errors import InputError

HIDDEN, CHANNELS, KERNEL = (300, 100), (8, 16), 4


class Perceptron(eqx.Module):
    """Linear layers with ReLU between them, on an input of any shape."""

    layers: list[eqx.nn.Linear]

    def __call__(self, x: Array) -> Float[Array, " classes"]:
        x = x.ravel()
        for layer in self.layers[:-1]:
            x = jax.nn.relu(layer(x))
        return self.layers[-1](x)


def mlp(key: PRNGKeyArray, sizes: Sequence[int] = (784, *HIDDEN, 10)) -> Perceptron:
    """A multilayer perceptron in float32; by default 266,200 weights.

    **Arguments:** `key` of `jax.random`; `sizes` of input, hidden layers and output.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import experiments
        >>> experiments.mlp(jax.random.key(0), (4, 3, 2))(jnp.ones((2, 2), jnp.float32)).shape
        (2,)
    """
    if len(sizes) < 2 or any(size < 1 for size in sizes):
        raise InputError("sizes are two or more positive integers", f"{tuple(sizes)}", "(784, 300, 100, 10)")
    keys = jax.random.split(key, len(sizes) - 1)
    return Perceptron([eqx.nn.Linear(a, b, dtype=jnp.float32, key=k) for a, b, k in zip(sizes, sizes[1:], keys)])


class Convolution(eqx.Module):
    """Kernel 4, stride 2, padding 1, as a product with the matrix of patches; halves an even side.

    XLA's own convolution is compiled to a plain loop inside `scan` on a CPU: ten times as long, 1.6 s
    an epoch of `convnet` on 3,000 digits against 0.15 s (2 cores).
    """

    weight: Float[Array, "out patch"]
    bias: Float[Array, " out"]

    def __init__(self, channels: int, out: int, key: PRNGKeyArray):
        patch = channels * KERNEL**2
        spread = 1 / patch**0.5
        self.weight = jax.random.uniform(key, (out, patch), jnp.float32, minval=-spread, maxval=spread)
        self.bias = jnp.zeros(out, jnp.float32)

    def __call__(self, x: Float[Array, "h w c"]) -> Float[Array, "h2 w2 out"]:
        h, w, c = x.shape
        x = jnp.pad(x, ((1, 1), (1, 1), (0, 0)))
        blocks = x.reshape(h // 2 + 1, 2, w // 2 + 1, 2, c).transpose(0, 2, 1, 3, 4).reshape(h // 2 + 1, w // 2 + 1, -1)
        patches = [blocks[:-1, :-1], blocks[:-1, 1:], blocks[1:, :-1], blocks[1:, 1:]]
        return jnp.concatenate(patches, axis=-1) @ self.weight.T + self.bias


class Convnet(eqx.Module):
    """Two convolutions and a linear layer, with ReLU between them, on square pictures."""

    first: Convolution
    second: Convolution
    last: eqx.nn.Linear

    def __call__(self, x: Array) -> Float[Array, " classes"]:
        side = round(x.size**0.5)
        x = jax.nn.relu(self.first(x.reshape(side, side, 1)))
        return self.last(jax.nn.relu(self.second(x)).ravel())


def convnet(key: PRNGKeyArray, side: int = 28, classes: int = 10) -> Convnet:
    """Convolutions to 8 and 16 channels, kernel 4 and stride 2, and a linear layer, in float32.

    **Arguments:** `key` of `jax.random`; `side` of the pictures, a multiple of 4; `classes`.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import experiments
        >>> experiments.convnet(jax.random.key(0), side=8)(jnp.ones((8, 8), jnp.float32)).shape
        (10,)
    """
    if side < 4 or side % 4:
        raise InputError("the pictures of convnet have a side that is a multiple of 4", f"side {side}", "the mlp")
    keys = jax.random.split(key, 3)
    first, second = Convolution(1, CHANNELS[0], keys[0]), Convolution(*CHANNELS, keys[1])
    last = eqx.nn.Linear(CHANNELS[1] * (side // 4) ** 2, classes, dtype=jnp.float32, key=keys[2])
    return Convnet(first, second, last)


NETWORKS = ("mlp", "conv")


def network(name: str, key: PRNGKeyArray, shape: tuple[int, ...], classes: int) -> Perceptron | Convnet:
    """The network of that name for inputs of that shape.

    **Raises:** `InputError` for another name, and for a convnet on what are no square pictures.
    """
    size = math.prod(shape)
    if name == "mlp":
        return mlp(key, (size, *HIDDEN, classes))
    if name != "conv":
        raise InputError(f"there is no network {name!r}", "", " or ".join(NETWORKS))
    side = round(size**0.5)
    if side * side != size or (len(shape) > 1 and [n for n in shape if n > 1] != [side, side]):
        raise InputError("the convolutional network needs square pictures of one channel", f"shape {shape}", "mlp")
    return convnet(key, side, classes)
