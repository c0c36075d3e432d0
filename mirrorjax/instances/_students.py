"""A small network in float64, and descent on it by the library's training step."""

import itertools
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from ..training import init, train_step


class Student(eqx.Module):
    """The network `W₂ σ(W₁ z + b₁) + b₂` of two layers or more, or without biases.

    **Arguments:**

    - `layers`: linear layers of equinox.
    - `activation`: σ.
    """

    layers: tuple[eqx.nn.Linear, ...]
    activation: Callable[[Array], Array] = eqx.field(static=True, default=jnp.tanh)

    def __call__(self, z: Array) -> Array:
        """The output for one sample.

        **Arguments:**

        - `z`: the sample, shape `(n,)`.

        **Returns:** shape `(o,)`.
        """
        for layer in self.layers[:-1]:
            z = self.activation(layer(z))
        return self.layers[-1](z)


def student(arrays: Sequence, sizes: Sequence[int], activation=jnp.tanh) -> Student:
    """The network of given arrays; under `jit` only its structure is compiled.

    **Arguments:**

    - `arrays`: W₁, b₁, W₂, b₂, …, or W₁, W₂, …; of layer a → b shapes `(b, a)` and `(b,)`.
    - `sizes`: of input, hidden layers and output.
    - `activation`: σ.

    **Returns:** the network.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.instances import student
        >>> model = student([jnp.ones((2, 3)), jnp.ones((1, 2))], (3, 2, 1))
        >>> round(float(model(jnp.ones(3))[0] / jnp.tanh(3.0)), 6)
        2.0
    """
    key, biased = jax.random.key(0), len(arrays) == 2 * (len(sizes) - 1)
    layers = tuple(eqx.nn.Linear(a, b, use_bias=biased, key=key) for a, b in itertools.pairwise(sizes))
    blank = Student(layers, activation)
    return eqx.tree_at(jax.tree.leaves, blank, [jnp.asarray(array) for array in arrays])


def random_arrays(rng: np.random.Generator, sizes: Sequence[int], bias: float = 0.0) -> list[np.ndarray]:
    """W₁, b₁, W₂, b₂, … at random, weights with deviation 1/√(inputs).

    **Arguments:**

    - `rng`: the generator of random numbers.
    - `sizes`: of input, hidden layers and output.
    - `bias`: the deviation of the biases.

    **Returns:** the arrays, of layer a → b with shapes `(b, a)` and `(b,)`.
    """
    found = []
    for a, b in itertools.pairwise(sizes):
        found += [rng.standard_normal((b, a)) / np.sqrt(a), bias * rng.standard_normal(b)]
    return found


def squared_error(model, Z: Array, Y: Array) -> Array:
    """½ of the mean over samples of the squared error.

    **Arguments:**

    - `model`: a function of one sample.
    - `Z`: inputs, shape `(d, n)`.
    - `Y`: targets, shape `(d, o)`.

    **Returns:** scalar.
    """
    return jnp.sum((jax.vmap(model)(Z) - Y) ** 2) / (2 * len(Z))


def descended(model, loss, optimizer, steps: Int[Array, ""] | int, *batch):
    """The model after some training steps; their number is traced, so that it is compiled once for all.

    **Arguments:**

    - `model`: plain or in factors, a pytree of arrays.
    - `loss`: of the model and the batch, to a scalar.
    - `optimizer`: of optax, complete.
    - `steps`: how many, an integer or a scalar array.
    - `*batch`: what the loss is given beside the model, the same at every step.

    **Returns:** the trained model.

    **Raises:** `InputError` as `training.init` and `training.train_step` do.

    !!! example
        >>> import jax.numpy as jnp
        >>> import optax
        >>> from mirrorjax.instances import descended
        >>> float(descended(jnp.array(1.0), lambda x: x**2, optax.sgd(0.25), 3))
        0.125
    """
    step = train_step(loss, optimizer)

    def body(_, carry):
        return step(*carry, *batch)[:2]

    return jax.lax.fori_loop(0, steps, body, (model, init(optimizer, model)))[0]
