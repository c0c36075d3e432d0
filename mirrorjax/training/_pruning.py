"""Masks at a density, and what is left under them."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, PRNGKeyArray, PyTree

from .._errors import InputError
from ._factors import is_factors, map_nodes, merge
from ._weights import Where, chosen, weights_of

Allocation = Literal["global", "uniform", "balanced"]
"""One count over all layers; the same density in each; the same number in each, as far as it has them."""


def magnitude_mask(
    model: PyTree, density: float, *, where: Where | None = None, allocation: Allocation = "global"
) -> PyTree:
    """Keeps the largest |θ|: exactly `round(density · N)` weights, at least one, ties in the order of storage.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `density`: the share that is kept, in (0, 1].
    - `where`: as for `reparameterize`, on the merged model.
    - `allocation`: "global" (one threshold), "uniform" (each layer its own, same density) or "balanced" (the same
      number in each).

    **Returns:** a mask: the structure of the merged model, True where a weight is kept, None where
    nothing is pruned.

    **Raises:** `InputError` for a density outside (0, 1], an unknown allocation, weights that are not real or not
    finite, a layer under `eqx.nn.WeightNorm`, or nothing to prune.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax import training
        >>> training.magnitude_mask(jnp.array([[3.0, -1.0], [0.5, -2.0]]), 0.5).tolist()
        [[True, False], [False, True]]
    """

    def scores(weights):
        return [np.abs(np.asarray(weight, np.float64)) for weight in weights]

    return _mask(model, density, where, allocation, scores)


def random_mask(
    model: PyTree,
    density: float,
    key: PRNGKeyArray,
    *,
    where: Where | None = None,
    allocation: Allocation = "global",
) -> PyTree:
    """Keeps `round(density · N)` weights at random, all of them equally likely within their allocation.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `density`: the share that is kept, in (0, 1].
    - `key`: of `jax.random`.
    - `where`: as for `reparameterize`, on the merged model.
    - `allocation`: as for `magnitude_mask`.

    **Returns:** a mask, as `magnitude_mask` returns it.

    **Raises:** `InputError` as `magnitude_mask`.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax import training
        >>> int(training.random_mask(jnp.ones((4, 5)), 0.25, jax.random.key(0)).sum())
        5
    """
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).ravel())
    return _mask(model, density, where, allocation, lambda weights: [rng.random(w.shape) for w in weights])


def _mask(model, density, where, allocation: str, scores: Callable[[list], list[np.ndarray]]) -> PyTree:
    number = np.asarray(density, np.float64)
    if number.ndim or not 0 < number <= 1:
        raise InputError("density must be in (0, 1]", f"density = {density}", "0.1 keeps one weight in ten")
    leaves, structure = chosen(merge(model), where)
    _check_normalized(jax.tree.unflatten(structure, [True if weight else None for _, _, weight in leaves]))
    weights = [leaf for _, leaf, weight in leaves if weight]
    _check_prunable([(path, leaf) for path, leaf, weight in leaves if weight])
    found = iter(_kept(scores(weights), float(number), allocation))
    return jax.tree.unflatten(structure, [next(found) if weight else None for _, _, weight in leaves])


def _check_normalized(mask: PyTree) -> None:
    """Refuses a mask on what `eqx.nn.WeightNorm` divides by its norm."""
    for node in jax.tree.leaves(mask, is_leaf=_is_normalized):
        if _is_normalized(node) and getattr(node.layer, node.weight_name) is not None:
            raise InputError(
                "under WeightNorm the weight is g v/‖v‖: |v| says nothing of it, and a row of v pruned whole is 0/0",
                f"{type(node.layer).__name__}.{node.weight_name}",
                "a plain layer that holds g v/‖v‖, or where= without this one",
            )


def _is_normalized(node: Any) -> bool:
    return isinstance(node, eqx.nn.WeightNorm)


def _check_prunable(weights: list[tuple[str, Array | np.ndarray]]) -> None:
    for path, leaf in weights:
        if not jnp.issubdtype(leaf.dtype, jnp.floating):
            raise InputError("only real floating-point weights are pruned", f"{path}: {leaf.dtype}", "another where")
        if not np.all(np.isfinite(np.asarray(leaf, np.float64))):
            raise InputError("weights must be finite", path, "look at the learning rate")


def _kept(scores: list[np.ndarray], density: float, allocation: str) -> list[Array]:
    sizes = np.array([score.size for score in scores])
    if allocation == "global":
        groups, counts = [np.concatenate([score.ravel() for score in scores])], [density * sizes.sum()]
    elif allocation == "uniform":
        groups, counts = [score.ravel() for score in scores], density * sizes
    elif allocation == "balanced":
        groups, counts = [score.ravel() for score in scores], _balanced(sizes, density * sizes.sum())
    else:
        raise InputError("unknown allocation", f"{allocation!r}", '"global", "uniform" or "balanced"')
    flat = np.concatenate([_largest(group, max(1, round(count))) for group, count in zip(groups, counts)])
    ends = np.cumsum(sizes)
    return [jnp.asarray(flat[end - score.size : end].reshape(score.shape)) for score, end in zip(scores, ends)]


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    keep = np.zeros(scores.size, bool)
    keep[np.argsort(-scores, kind="stable")[:count]] = True
    return keep


def _balanced(sizes: np.ndarray, total: float) -> np.ndarray:
    """`min(n_l, t)` for the t that makes them add up: what small layers lack, the larger ones get."""
    counts, order = np.zeros(len(sizes)), np.argsort(sizes)
    for done, i in enumerate(order):
        counts[i] = min(sizes[i], (total - counts.sum()) / (len(sizes) - done))
    return counts


def apply_mask(model: PyTree, mask: PyTree) -> PyTree:
    """The model with the weights outside the mask at 0; of factors, all are 0, from where none moves.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `mask`: with the structure of the merged model.

    **Returns:** the model, plain or in factors as before.

    **Raises:** `InputError` for a mask of another model, or on a layer under `eqx.nn.WeightNorm`.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(10, 4, key=jax.random.key(0)))
        >>> model = training.apply_mask(model, training.magnitude_mask(model, 0.2))
        >>> training.sparsity(model)
        0.8
    """
    _check_normalized(mask)
    return _masked(model, mask)


def _masked(tree: PyTree, mask: PyTree) -> PyTree:
    def visit(node, keep):
        if keep is None:
            return node
        if not hasattr(keep, "shape"):  # a tree, where the model has one array
            raise ValueError(f"{type(keep).__name__} where the model has an array")
        if is_factors(node):
            w, axis = node.w, node.members
            if keep.shape == (*w.shape[:axis], *w.shape[axis + 1 :]):  # of the weight; else one for each factor
                return node.with_w(jnp.where(jnp.expand_dims(keep, axis), w, 0))
            return node.with_w(zeroed(w, keep))
        return zeroed(node, keep) if eqx.is_array(node) else node

    def zeroed(value, keep):
        if keep.shape != value.shape:
            raise ValueError(f"mask {keep.shape}, weight {value.shape}")
        return jnp.where(keep, value, 0)

    try:
        return map_nodes(visit, tree, mask)
    except ValueError as error:
        hint = "a mask of this model or of its merge"
        raise InputError("the mask does not fit the model", str(error), hint) from None


def keep_mask(mask: PyTree) -> optax.GradientTransformationExtraArgs:
    """Last in a chain: no update where the mask has none, so that what `apply_mask` put to 0 stays there.

    Momentum and plain weights need it; factors that are all 0 have no gradient.

    **Arguments:**

    - `mask`: with the structure of the merged model.

    **Returns:** the transformation. It has no state.

    **Raises:** `InputError`, at `update`, for a mask of another model.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax import training
        >>> keep = training.keep_mask(jnp.array([[True, False]]))
        >>> updates, _ = keep.update(jnp.ones((1, 2)), keep.init(jnp.ones((1, 2))))
        >>> updates.tolist()
        [[1.0, 0.0]]
    """

    def init(params: Any) -> optax.EmptyState:
        return optax.EmptyState()

    def update(updates, state, params=None, **extra):
        return _masked(updates, mask), state

    return optax.GradientTransformationExtraArgs(init, update)


def iterative_pruning(
    model: PyTree,
    train: Callable[[PyTree, PyTree], PyTree],
    densities: Sequence[float],
    *,
    rewind: PyTree | None = None,
    where: Where | None = None,
    allocation: Allocation = "global",
) -> tuple[PyTree, PyTree]:
    """Prune by magnitude, train, and again for the next density; `rewind` starts each training there.

    One density is one-shot pruning. A weight that was pruned stays so.

    **Arguments:**

    - `model`: trained, plain or in factors, pytree.
    - `train`: a function of a model and a mask that returns the model trained under it (`keep_mask`).
    - `densities`: one or more, decreasing, each in (0, 1].
    - `rewind`: the weights to go back to; None to go on from the trained ones.
    - `where`: as for `reparameterize`, on the merged model.
    - `allocation`: as for `magnitude_mask`.

    **Returns:** the model trained under the last mask, and that mask.

    **Raises:** `InputError` unless the densities decrease, and as `magnitude_mask`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax import training
        >>> def train(model, mask): return 2 * model
        >>> theta = jnp.array([[3.0, -1.0], [0.5, -2.0]])
        >>> training.iterative_pruning(theta, train, [0.5, 0.25])[0].tolist()
        [[12.0, 0.0], [0.0, 0.0]]
    """
    if not len(densities) or any(later >= sooner for sooner, later in itertools.pairwise(densities)):
        raise InputError("densities must decrease", f"{list(densities)}", "[0.5, 0.25, 0.125]")
    mask: PyTree = None
    for density in densities:
        mask = magnitude_mask(model, density, where=where, allocation=allocation)
        model = _masked(train(_masked(model if rewind is None else rewind, mask), mask), mask)
    return model, mask


def sparsity(model: PyTree, where: Where | None = None) -> float:
    """The share of weights that are exactly 0.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `where`: as for `reparameterize`, on the merged model.

    **Returns:** a number from 0 to 1.

    **Raises:** `InputError` where nothing is chosen, or what is no array of the model.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax import training
        >>> training.sparsity(jnp.array([[0.0, 1.0], [0.0, 0.0]]))
        0.75
    """
    weights = weights_of(model, where)
    return sum(int(np.sum(weight == 0)) for weight in weights) / sum(weight.size for weight in weights)


def sign_flips(before: PyTree, after: PyTree, where: Where | None = None) -> int:
    """How many weights have changed from one sign to the other; from or to 0 is no flip.

    **Arguments:**

    - `before`, `after`: models with the same weights, each plain or in factors.
    - `where`: as for `reparameterize`, on the merged model.

    **Returns:** their number.

    **Raises:** `InputError` where the models have different weights, and where nothing is chosen or what is no array of
    theirs.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax import training
        >>> training.sign_flips(jnp.array([[1.0, -1.0, 0.0]]), jnp.array([[-2.0, -1.0, 3.0]]))
        1
    """
    old, new = weights_of(before, where), weights_of(after, where)
    if [weight.shape for weight in old] != [weight.shape for weight in new]:
        raise InputError("the models have different weights", f"{len(old)} and {len(new)}", "the same model, twice")
    return sum(int(np.sum(np.sign(a) * np.sign(b) < 0)) for a, b in zip(old, new))
