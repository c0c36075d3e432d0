"""Many networks trained at once, each with numbers, start, mask and data of its own: one program for all of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PyTree

from ..training import apply_mask, merge, weight_test
from ._epoch import cross_entropy
from ._networks import logits
from ._recipe import Course, Recipe, in_form, optimizer_of


class Rows(eqx.Module):
    """Data that all members share, and who sees which of them.

    **Fields:**

    - `x`: inputs, shape `(n, …)`.
    - `y`: labels, shape `(n,)`.
    - `order`: the samples of each step, a plane for each seed, shape `(seeds, steps, batch)`.
    - `which`: the plane of each member, shape `(members,)`.
    """

    x: Array
    y: Int[Array, " n"]
    order: Int[Array, "seeds steps batch"]
    which: Int[Array, " members"]


class Ensemble(eqx.Module):
    """Networks in training. Every array has the members as its first axis.

    **Fields:**

    - `weights`: the arrays that are trained, in the form of the recipe.
    - `rest`: what else the model is made of, the same for all.
    - `state`: of the optimizer.
    - `l1`: ‖x₀‖₁ under the mask.
    """

    weights: PyTree
    rest: PyTree
    state: optax.OptState
    l1: Array

    def plain(self) -> PyTree:
        """The networks with plain weights, stacked."""
        return jax.vmap(lambda weights: eqx.partition(merge(eqx.combine(weights, self.rest)), eqx.is_array)[0])(
            self.weights
        )


@eqx.filter_jit
def begin(recipe: Recipe, course: Course, models: PyTree, masks: PyTree) -> Ensemble:
    """Stacked plain networks, under their masks, in the form of their recipes.

    **Arguments:**

    - `recipe`: numbers of shape `(members,)`.
    - `course`: of the training.
    - `models`: plain, stacked.
    - `masks`: with the structure of `models`; True where a weight is kept, None for what is no weight.

    **Returns:** the `Ensemble` before its first step.
    """
    arrays, static = eqx.partition(models, eqx.is_array)
    rest = []

    def one(recipe, arrays, mask):
        model = apply_mask(eqx.combine(arrays, static), mask)
        l1 = sum((jnp.sum(jnp.abs(w)) for w in weights_in(model)), jnp.zeros((), jnp.float32))
        formed = apply_mask(in_form(recipe, model), mask)
        weights, other = eqx.partition(formed, eqx.is_inexact_array)
        rest.append(other)
        return weights, optimizer_of(recipe, course, l1, mask).init(weights), l1

    weights, state, l1 = jax.vmap(one)(recipe, arrays, masks)
    return Ensemble(weights, rest[0], state, l1)


@eqx.filter_jit
def advance(
    recipe: Recipe, course: Course, ensemble: Ensemble, masks: PyTree, rows: Rows, first: Array, steps: int
) -> Ensemble:
    """So many steps later, from the step `first` of the order.

    **Arguments:**

    - `recipe`, `course`, `masks`: as for `begin`; the masks may be others.
    - `ensemble`: that of `begin`, or of `advance`.
    - `rows`: the data.
    - `first`: the row of `order` with which it begins, scalar.
    - `steps`: how many; each number compiles a program.

    **Returns:** the `Ensemble` after them.
    """

    def one(recipe, weights, state, l1, mask, which):
        optimizer = optax.with_extra_args_support(optimizer_of(recipe, course, l1, mask))

        def step(carry, k):
            weights, state = carry
            batch = rows.order[which, first + k]
            model = eqx.combine(weights, ensemble.rest)
            gradient = eqx.filter_grad(cross_entropy)(model, rows.x[batch], rows.y[batch])
            updates, state = optimizer.update(gradient, state, weights)
            return (eqx.apply_updates(weights, updates), state), None

        return jax.lax.scan(step, (weights, state), jnp.arange(steps, dtype=jnp.int32))[0]

    weights, state = jax.vmap(one)(recipe, ensemble.weights, ensemble.state, ensemble.l1, masks, rows.which)
    return Ensemble(weights, ensemble.rest, state, ensemble.l1)


def weights_in(model: PyTree) -> list[Array]:
    """The weights of a plain network, as `training.weight_test` tells them."""
    is_weight = weight_test(model)
    return [leaf for path, leaf in jax.tree_util.tree_flatten_with_path(model)[0] if is_weight(path, leaf)]


def all_kept(models: PyTree) -> PyTree:
    """Stacked masks that keep everything; None for what is no weight."""
    first = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, models)
    is_weight = weight_test(first)
    flags = jax.tree_util.tree_map_with_path(is_weight, first)
    return jax.tree.map(lambda leaf, flag: jnp.ones(leaf.shape, bool) if flag else None, models, flags)


def masked_leaves(models: PyTree, masks: PyTree) -> list[Array]:
    """The arrays for which a mask has an entry, in the order of its leaves."""
    both = [jax.tree.leaves(tree, is_leaf=lambda node: node is None) for tree in (masks, models)]
    return [leaf for keep, leaf in zip(*both) if keep is not None]


def finite(models: PyTree) -> np.ndarray:
    """Whether all numbers of each network are finite, shape `(members,)`."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(eqx.filter(models, eqx.is_inexact_array))]
    return np.all([np.isfinite(leaf.reshape(len(leaf), -1)).all(axis=1) for leaf in leaves], axis=0)


@eqx.filter_jit
def ranks(models: PyTree, masks: PyTree) -> PyTree:
    """The place of each weight in the order of falling |θ|, from 0; ties in the order of storage, pruned ones last.

    Sorted once for all densities: a sort of 266,000 weights takes 0.1 s.
    """

    def one(arrays, mask):
        kept, weights = jax.tree.leaves(mask), masked_leaves(arrays, mask)
        flat = jnp.concatenate([jnp.where(k, jnp.abs(w), -1.0).ravel() for k, w in zip(kept, weights)])
        places = jnp.arange(flat.size, dtype=jnp.int32)
        found = jnp.zeros_like(places).at[jnp.argsort(-flat, stable=True)].set(places)
        found = jnp.where(flat >= 0, found, flat.size)
        ends = np.cumsum([w.size for w in weights])
        parts = [found[end - w.size : end].reshape(w.shape) for end, w in zip(ends, weights)]
        return jax.tree.unflatten(jax.tree.structure(mask), parts)

    return jax.vmap(one)(eqx.filter(models, eqx.is_array), masks)


def largest(models: PyTree, masks: PyTree, count: int) -> PyTree:
    """Masks of the `count` largest weights of each network, of those that `masks` keep."""
    return jax.tree.map(lambda place: place < count, ranks(models, masks))


def count_of(masks: PyTree, density: float) -> int:
    """How many weights of one network a density keeps, at least one."""
    return max(1, round(density * sum(leaf[0].size for leaf in jax.tree.leaves(masks))))


def again(ensemble: Ensemble, masks: PyTree) -> Ensemble:
    """The ensemble under other masks, in the midst of its training."""
    weights = jax.vmap(apply_mask)(ensemble.weights, masks)
    return Ensemble(weights, ensemble.rest, ensemble.state, ensemble.l1)


@eqx.filter_jit
def accuracy(
    models: PyTree, masks: PyTree, x: Array, y: Array, rows: Int[Array, "members m"], seen: Int[Array, "members k"]
) -> Float[Array, " members"]:
    """The share of right labels among `rows` of each network under its mask; NaN where a weight is not finite.

    `seen` are training samples, by which normalizations take their statistics.
    """
    arrays, static = eqx.partition(models, eqx.is_array)

    def one(arrays, mask, rows, seen):
        model = apply_mask(eqx.combine(arrays, static), mask)
        found = jnp.argmax(logits(model, x[rows], x[seen]), axis=1).astype(y.dtype)
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(arrays)]))
        return jnp.where(finite, jnp.mean((found == y[rows]).astype(jnp.float32)), jnp.nan)

    return jax.vmap(one)(arrays, masks, rows, seen)
