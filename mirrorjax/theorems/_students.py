"""A small network in float64, and descent on it by the library's training step."""

import itertools
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from ..checks import Evidence, Row, locate
from ..training import init, train_step

RICHARDSON_RUNGS = 4


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


def half_mean_square(model, Z: Array, Y: Array) -> Array:
    """½ of the mean over samples of the squared error."""
    return jnp.sum((jax.vmap(model)(Z) - Y) ** 2) / (2 * len(Z))


def descended(model, loss, optimizer, steps: Int[Array, ""] | int, *batch):
    """The model after so many training steps; traced, so that their number is compiled once for all."""
    step = train_step(loss, optimizer)

    def body(_, carry):
        return step(*carry, *batch)[:2]

    return jax.lax.fori_loop(0, steps, body, (model, init(optimizer, model)))[0]


def extrapolated(values: np.ndarray) -> np.ndarray:
    """Richardson's limits η → 0 from the first 1, 2, … runs (axis 0), each of half the step of the one before."""
    found, column = [values[0]], values
    for k in range(1, len(values)):
        column = column[1:] + (column[1:] - column[:-1]) / (2**k - 1)
        found.append(column[0])
    return np.stack(found)


def tends_to(limits: np.ndarray, end: np.ndarray, error: float, start: np.ndarray, coarsest: float) -> Evidence:
    """Whether Richardson's limits reach `end`, known to `error`; the rungs are the four finest steps.

    The budget of a limit is how far it moved from the one before.
    """
    gaps, moves = np.abs(limits - end), np.abs(np.diff(limits, axis=0))
    rows = tuple(
        Row(coarsest / 2**k, float(np.max(gaps[k])), max(float(np.max(moves[k - 1])), error), 0)
        for k in range(len(limits) - RICHARDSON_RUNGS, len(limits))
    )
    moved = float(np.max(np.abs(end - start)))
    return Evidence(rows, float(np.max(np.abs(end))), moved, locate(gaps[-1:]))
