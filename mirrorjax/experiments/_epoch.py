"""One epoch, compiled as one scan."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PyTree

from .._types import Scalar
from ..training import keep_mask, merge
from ._datasets import Part
from ._methods import Method, Setting
from ._networks import logits

CLIP = 1.0


class Phase(NamedTuple):
    """What an epoch is trained with: a method, what it is set to, and the mask, None where nothing is pruned."""

    method: Method
    setting: Setting
    mask: PyTree


def cross_entropy(model: PyTree, x: Array, y: Array) -> Scalar:
    """Mean of −log p of the labels."""
    return optax.softmax_cross_entropy_with_integer_labels(logits(model, x), y).mean()


def optimizer_of(phase: Phase) -> optax.GradientTransformation:
    """The method's optimizer, with the gradient clipped first and the mask last.

    Unclipped, fast factors and HAM diverge in the first hundred steps, for some seeds and not for others.
    """
    parts = [optax.clip_by_global_norm(CLIP), phase.method.build(phase.setting)]
    return optax.chain(*parts, *([] if phase.mask is None else [keep_mask(phase.mask)]))


@eqx.filter_jit
def start(phase: Phase, model: PyTree) -> optax.OptState:
    """The optimizer's state before the first step."""
    return optimizer_of(phase).init(eqx.filter(model, eqx.is_inexact_array))


@eqx.filter_jit
def epoch(
    phase: Phase, model: PyTree, state: optax.OptState, data: tuple[Array, Array], order: Array
) -> tuple[PyTree, optax.OptState, Array, Array]:
    """A step on each row of `order` (steps, batch), the indices of samples.

    **Returns:** model, state, the loss at every step, and whether every weight is finite after them.
    """
    optimizer = optax.with_extra_args_support(optimizer_of(phase))
    x, y = data
    weights, rest = eqx.partition(model, eqx.is_inexact_array)

    def step(carry, rows):
        weights, state = carry
        model = eqx.combine(weights, rest)
        loss, gradient = eqx.filter_value_and_grad(cross_entropy)(model, x[rows], y[rows])
        updates, state = optimizer.update(gradient, state, weights, value=loss)
        return (eqx.apply_updates(weights, updates), state), loss

    (weights, state), losses = jax.lax.scan(step, (weights, state), order)
    finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(weights)]))
    return eqx.combine(weights, rest), state, losses, finite


@eqx.filter_jit
def _right(model: PyTree, x: Array, y: Array, reference: Array | None) -> Array:
    return jnp.sum(jnp.argmax(logits(model, x, reference), axis=1).astype(y.dtype) == y)


def accuracy(model: PyTree, part: Part, reference: np.ndarray | None = None) -> float:
    """The share of labels that the model finds, normalized by the statistics of `reference`, as in `logits`."""
    other = None if reference is None else jnp.asarray(reference)
    return int(_right(merge(model), jnp.asarray(part.x), jnp.asarray(part.y), other)) / len(part.y)
