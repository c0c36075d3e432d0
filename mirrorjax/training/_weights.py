"""Which arrays of a model are meant by its weights."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.tree_util as jtu
import numpy as np
from jaxtyping import PyTree

from .._errors import InputError
from ._factors import merge

Where = Callable[[Any], PyTree]
"""A function from the model to one array, or to a sequence of arrays, as for `eqx.tree_at`."""


GAINS = (eqx.nn.LayerNorm, eqx.nn.RMSNorm, eqx.nn.GroupNorm, eqx.nn.BatchNorm, eqx.nn.PReLU)
"""Layers whose arrays scale what passes through: that they have two axes, as in pictures, makes no weights of them."""


def weight_test(tree: PyTree) -> Callable[[tuple, Any], bool]:
    """Whether the leaf at a path of that tree is a weight: no bias, and no gain of a normalization.

    A weight is inexact, has at least two axes, is not empty and not called `bias` or `gain`. The axes alone do not
    tell: the bias of `eqx.nn.Conv2d` has shape (channels, 1, 1), the g of `eqx.nn.WeightNorm` (rows, 1), and
    `eqx.filter_vmap` gives every array of an ensemble an axis more.

    **Arguments:**

    - `tree`: the model, or a tree of its structure.

    **Returns:** a function of path and leaf, for `jax.tree_util.tree_map_with_path`.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import training
        >>> layer = {"weight": jnp.ones((2, 3)), "bias": jnp.ones((2, 1))}
        >>> jax.tree_util.tree_map_with_path(training.weight_test(layer), layer)
        {'bias': False, 'weight': True}
    """
    gains = _gains(tree, ())
    return lambda path, leaf: _is_weight(path, leaf) and not any(path[: len(gain)] == gain for gain in gains)


def _gains(tree: PyTree, above: tuple) -> list[tuple]:
    kinds = (*GAINS, eqx.nn.WeightNorm)
    found = []
    for path, node in jtu.tree_flatten_with_path(tree, is_leaf=lambda node: isinstance(node, kinds))[0]:
        if isinstance(node, eqx.nn.WeightNorm):
            found += [(*above, *path, jtu.GetAttrKey("g"))]
            found += _gains(node.layer, (*above, *path, jtu.GetAttrKey("layer")))
        elif isinstance(node, GAINS):
            found += [(*above, *path)]
    return found


def _is_weight(path: tuple, leaf: Any) -> bool:
    name = getattr(path[-1], "name", getattr(path[-1], "key", "")) if path else ""
    return eqx.is_inexact_array(leaf) and leaf.ndim >= 2 and leaf.size > 0 and name not in ("bias", "gain")


def weights_of(model: PyTree, where: Where | None = None) -> list[np.ndarray]:
    """The weights of the merged model, in float64.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `where`: as for `reparameterize`, on the merged model.

    **Returns:** arrays of float64, in the order of the model.

    **Raises:** `InputError` where nothing is chosen, or what is no array of the model.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.MLP(2, 1, 8, 1, key=jax.random.key(0)))
        >>> [weight.shape for weight in training.weights_of(model)]
        [(8, 2), (1, 8)]
    """
    return [np.asarray(leaf, np.float64) for _, leaf, weight in chosen(merge(model), where)[0] if weight]


def chosen(model: PyTree, where: Where | None) -> tuple[list[tuple[str, Any, bool]], Any]:
    """(path, leaf, whether it is chosen) of every leaf, and the structure of the model.

    **Raises:** `InputError` where nothing is chosen, or what is no array of the model.
    """
    leaves, structure = jtu.tree_flatten_with_path(model)
    if where is None:
        is_weight = weight_test(model)
        found = [(jtu.keystr(path), leaf, is_weight(path, leaf)) for path, leaf in leaves]
        if not any(weight for _, _, weight in found):
            raise InputError(
                "the model has no weights: inexact arrays with two axes or more, no biases, no gains",
                type(model).__name__,
                "where=lambda model: (its arrays)",
            )
        return found, structure
    wanted = {id(leaf) for leaf in _targets(model, where)}
    here = {id(leaf) for _, leaf in leaves}
    if wanted - here:
        raise InputError(
            "where returns an array that is not one of the model's own",
            f"{len(wanted - here)} of {len(wanted)}",
            "where=lambda model: model.layers[0].weight, without computing anything",
        )
    return [(jtu.keystr(path), leaf, id(leaf) in wanted) for path, leaf in leaves], structure


def _targets(model: PyTree, where: Where) -> list[Any]:
    targets = jax.tree.leaves(where(model))
    if not targets:
        raise InputError("where matches nothing", type(model).__name__, "where=lambda model: model.layers[0].weight")
    for target in targets:
        if not eqx.is_array(target):
            raise InputError(
                "where matches what is no array",
                type(target).__name__,
                "the weight itself",
            )
    return targets
