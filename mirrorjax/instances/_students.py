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
    """`W₂ σ(W₁ z + b₁) + b₂`, or without biases."""

    layers: tuple[eqx.nn.Linear, ...]
    activation: Callable[[Array], Array] = eqx.field(static=True, default=jnp.tanh)

    def __call__(self, z: Array) -> Array:
        for layer in self.layers[:-1]:
            z = self.activation(layer(z))
        return self.layers[-1](z)


def student(arrays: Sequence, sizes: Sequence[int], activation=jnp.tanh) -> Student:
    """The network of the arrays W₁, b₁, W₂, b₂, or W₁, W₂; under `jit` only its structure is compiled."""
    key, biased = jax.random.key(0), len(arrays) == 2 * (len(sizes) - 1)
    layers = tuple(eqx.nn.Linear(a, b, use_bias=biased, key=key) for a, b in itertools.pairwise(sizes))
    blank = Student(layers, activation)
    return eqx.tree_at(jax.tree.leaves, blank, [jnp.asarray(array) for array in arrays])


def random_arrays(rng: np.random.Generator, sizes: Sequence[int], bias: float = 0.0) -> list[np.ndarray]:
    """W₁, b₁, W₂, b₂ with weights of deviation 1/√(inputs)."""
    found = []
    for a, b in itertools.pairwise(sizes):
        found += [rng.standard_normal((b, a)) / np.sqrt(a), bias * rng.standard_normal(b)]
    return found


def squared_error(model, Z: Array, Y: Array) -> Array:
    """½ of the mean over samples of the squared error."""
    return jnp.sum((jax.vmap(model)(Z) - Y) ** 2) / (2 * len(Z))


def descended(model, loss, optimizer, steps: Int[Array, ""] | int, *batch):
    """The model after so many training steps; traced, so that their number is compiled once for all."""
    step = train_step(loss, optimizer)

    def body(_, carry):
        return step(*carry, *batch)[:2]

    return jax.lax.fori_loop(0, steps, body, (model, init(optimizer, model)))[0]
