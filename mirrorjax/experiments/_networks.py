"""Small networks by name, what they return for a batch, and another initialization."""

import math
from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from .._errors import InputError
from ..training import merge, weight_test
from ._convolutions import Convolution
from ._residual import Residual, residual

HIDDEN, CHANNELS = {"mlp": (300, 100), "small": (100, 50)}, (8, 16)


class Perceptron(eqx.Module):
    """Linear layers with ReLU between them, on an input of any shape."""

    layers: list[eqx.nn.Linear]

    def __call__(self, x: Array) -> Float[Array, " classes"]:
        x = x.ravel()
        for layer in self.layers[:-1]:
            x = jax.nn.relu(layer(x))
        return self.layers[-1](x)


def mlp(key: PRNGKeyArray, sizes: Sequence[int] = (784, 300, 100, 10)) -> Perceptron:
    """A multilayer perceptron in float32; by default 266,200 weights.

    **Arguments:**

    - `key`: of `jax.random`.
    - `sizes`: of input, hidden layers and output, two or more.

    **Returns:** the network, a function of one input of any shape.

    **Raises:** `InputError` for fewer than two sizes, or one below 1.

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

    **Arguments:**

    - `key`: of `jax.random`.
    - `side`: of the pictures, a multiple of 4.
    - `classes`: how many numbers the network returns.

    **Returns:** the network, a function of one picture of `side²` entries.

    **Raises:** `InputError` for another side.

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


NETWORKS = (*HIDDEN, "conv", "residual")


def network(name: str, key: PRNGKeyArray, shape: tuple[int, ...], classes: int) -> Perceptron | Convnet | Residual:
    """The network of that name for inputs of that shape.

    **Raises:** `InputError` for another name, and for a convolutional network on inputs that do not fit it.
    """
    size = math.prod(shape)
    if name in HIDDEN:
        return mlp(key, (size, *HIDDEN[name], classes))
    if name == "residual":
        return residual(key, shape, classes)
    if name != "conv":
        raise InputError(f"there is no network {name!r}", "", ", ".join(NETWORKS))
    side = round(size**0.5)
    if side * side != size or (len(shape) > 1 and [n for n in shape if n > 1] != [side, side]):
        raise InputError("the convolutional network needs square pictures of one channel", f"shape {shape}", "mlp")
    return convnet(key, side, classes)


def logits(model: PyTree, x: Array, reference: Array | None = None) -> Float[Array, "n classes"]:
    """What a network returns for each input of a batch.

    **Arguments:**

    - `model`: the network, a pytree; its weights may be in factors.
    - `x`: inputs, shape `(n, …)`.
    - `reference`: samples of the training part, shape `(m, …)`, whose mean and variance normalize in a network with
      batch normalization; None for those of `x`. Other networks do not use it.

    **Returns:** the numbers of the classes, shape `(n, classes)`.

    **Raises:** `InputError` where the inputs of a residual network have another size than it was made for.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import experiments
        >>> model, x = experiments.mlp(jax.random.key(0), (4, 3, 2)), jnp.ones((5, 4), jnp.float32)
        >>> experiments.logits(model, x).shape
        (5, 2)
    """
    model = merge(model)
    return model.batch(x, reference) if isinstance(model, Residual) else jax.vmap(model)(x)


def kaiming(model: PyTree, key: PRNGKeyArray) -> PyTree:
    """The plain model with weights drawn anew from N(0, 2 / fan_in) and biases 0; gains stay as they are.

    That keeps the variance from layer to layer under ReLU: He, Zhang, Ren and Sun (2015).

    fan_in is the size of a row, all axes of a weight but the first: an ensemble is drawn inside `eqx.filter_vmap`.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `key`: of `jax.random`.

    **Returns:** a plain model of the same structure, pytree.

    !!! example
        >>> import jax
        >>> from mirrorjax import experiments
        >>> model = experiments.kaiming(experiments.mlp(jax.random.key(0)), jax.random.key(1))
        >>> round(float((model.layers[0].weight ** 2).mean() * 784), 1), float(model.layers[0].bias.max())
        (2.0, 0.0)
    """
    model = merge(model)
    leaves, structure = jax.tree_util.tree_flatten_with_path(model)
    is_weight, keys = weight_test(model), jax.random.split(key, len(leaves))

    def draw(path, leaf, key):
        if is_weight(path, leaf):
            scale = (2 / math.prod(leaf.shape[1:])) ** 0.5
            return scale * jax.random.normal(key, leaf.shape, leaf.dtype)
        is_bias = eqx.is_inexact_array(leaf) and getattr(path[-1], "name", "") == "bias"
        return jnp.zeros_like(leaf) if is_bias else leaf

    drawn = [draw(path, leaf, key) for (path, leaf), key in zip(leaves, keys)]
    return jax.tree_util.tree_unflatten(structure, drawn)
