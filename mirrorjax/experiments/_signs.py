"""Are signs enough? Networks trained from scratch under a found mask, from signs that are right or wrong."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PyTree

from .._errors import InputError
from ._curves import Batch, start_models
from ._datasets import Data
from ._dense_to_sparse import dense_to_sparse
from ._ensemble import finite, masked_leaves
from ._protocol import Protocol
from ._recipe import Recipe

FRESH = 1
"""Magnitudes of the arms are of this draw, not of that which dense-to-sparse training began with."""


@dataclasses.dataclass(frozen=True)
class Found:
    """One seed's mask, the signs that were found under it, and magnitudes of a fresh start; an array a layer.

    **Fields:**

    - `masks`: True where a weight is kept.
    - `signs`: 1 or −1 where a weight is kept.
    - `magnitudes`: |x| of a Kaiming start of another seed.
    - `initial`: the weights that dense-to-sparse training began with.
    """

    masks: list[np.ndarray]
    signs: list[np.ndarray]
    magnitudes: list[np.ndarray]
    initial: list[np.ndarray]


Layers = list[np.ndarray]
Arm = Callable[[Found, np.random.Generator], tuple[Layers, Layers]]
"""The start and the mask of one network."""


def right_share(share: float) -> Arm:
    """The found mask, fresh magnitudes, and the found signs in exactly that share of all weights, the others wrong.

    The weights that are right at a smaller share are right at a larger one.
    """

    def arm(found, rng):
        sizes = [signs.size for signs in found.signs]
        kept = np.flatnonzero(np.concatenate([mask.ravel() for mask in found.masks]))
        right = np.full(sum(sizes), -1.0)
        right[rng.permutation(kept)[: round(share * len(kept))]] = 1.0
        parts = np.split(right, np.cumsum(sizes)[:-1])
        start = [
            part.reshape(sign.shape) * sign * size for part, sign, size in zip(parts, found.signs, found.magnitudes)
        ]
        return start, found.masks

    return arm


def right_layer(layer: int) -> Arm:
    """The found mask, and the found signs in one layer; random ones in the others."""

    def arm(found, rng):
        random = [rng.choice([-1.0, 1.0], signs.shape) for signs in found.signs]
        signs = [found.signs[i] if i == layer else random[i] for i in range(len(random))]
        return [sign * size for sign, size in zip(signs, found.magnitudes)], found.masks

    return arm


def random_signs(found: Found, rng: np.random.Generator) -> tuple[Layers, Layers]:
    """The found mask and random signs."""
    return [
        rng.choice([-1.0, 1.0], sign.shape) * size for sign, size in zip(found.signs, found.magnitudes)
    ], found.masks


def random_mask(found: Found, rng: np.random.Generator) -> tuple[Layers, Layers]:
    """As many weights in each layer, at random places, with random signs."""
    start, _ = random_signs(found, rng)  # before the places, so that these signs are those of `random_signs`
    return start, [rng.permutation(mask.ravel()).reshape(mask.shape) for mask in found.masks]


def initial(found: Found, rng: np.random.Generator) -> tuple[Layers, Layers]:
    """The found mask, and the weights that the search for it began with."""
    return found.initial, found.masks


def arms_of(plan: Protocol, layers: int) -> dict[str, Arm]:
    """Every start under comparison, by name.

    **Raises:** `InputError` for a start that the plan names and there is not.
    """
    shares: dict[str, Arm] = {f"signs right in {share:g}": right_share(share) for share in plan.shares}
    by_layer: dict[str, Arm] = {f"signs right in layer {i + 1}": right_layer(i) for i in range(layers)}
    every = {
        **shares, "random signs": random_signs, **by_layer, "initial weights": initial, "random mask": random_mask
    }  # fmt: skip
    unknown = set(plan.starts) - set(every)
    if unknown:
        raise InputError(f"there is no start {sorted(unknown)[0]!r}", plan.name, ", ".join(every))
    return {name: every[name] for name in plan.starts or every}


def searched(plan: Protocol, data: Data, finder: str, seeds: Sequence[int]) -> tuple[Batch, PyTree, PyTree, PyTree]:
    """The batch of a search, and what `dense_to_sparse` returns."""
    batch = Batch.of(plan, data, [Recipe.of(**plan.finders[finder])] * len(seeds), seeds)
    return batch, *dense_to_sparse(batch, finder)


def found_by(batch: Batch, data: Data, models: PyTree, masks: PyTree) -> list[Found]:
    """What the search found, seed by seed; NaN where it diverged, so that what begins there counts as diverged too."""
    fresh = start_models(batch.plan, batch.seeds, data.x.shape[1:], data.classes, FRESH)
    kept = [np.asarray(leaf) for leaf in jax.tree.leaves(masks)]
    ends, starts, others = ([np.asarray(w) for w in masked_leaves(m, masks)] for m in (models, batch.models, fresh))
    got = finite(models)
    return [
        Found(
            [mask[i] for mask in kept],
            [np.where(end[i] < 0, -1.0, 1.0) for end in ends],
            [np.abs(other[i]) if got[i] else np.full_like(other[i], np.nan) for other in others],
            [start[i] if got[i] else np.full_like(start[i], np.nan) for start in starts],
        )
        for i in range(len(batch.seeds))
    ]


def sign_records(
    plan: Protocol,
    data: Data,
    finder: str,
    seeds: Sequence[int],
    settings: Callable[[str, str], Sequence[int]],
    tested: bool,
) -> list[dict[str, Any]]:
    """A search for each seed, and every method from every start at its settings.

    **Arguments:**

    - `plan`: of kind "signs".
    - `data`: in place of that which the plan names, or it.
    - `finder`: by which dense-to-sparse training mask and signs are found.
    - `seeds`: of the networks.
    - `settings`: a function of method and start, to the settings to train with.
    - `tested`: whether the test part is looked at.

    **Returns:** a record for each network, that of the search among them.
    """
    batch, models, masks, _ = searched(plan, data, finder, seeds)
    found = found_by(batch, data, models, masks)
    scores = batch.scores(models, masks, tested)
    records = [_record(finder, "dense to sparse", finder, 0, seed, scores, i) for i, seed in enumerate(seeds)]
    arms = arms_of(plan, len(found[0].masks))
    for method in plan.methods:
        members = [
            (i, arm, setting) for arm in arms for setting in settings(method.name, arm) for i in range(len(seeds))
        ]
        for at in range(0, len(members), plan.chunk):
            records += _trained(batch, data, finder, method.name, members[at : at + plan.chunk], found, masks, tested)
    return records


def _trained(batch, data, finder, name, members, found, masks, tested) -> list[dict[str, Any]]:
    plan = batch.plan
    method, arms = plan.candidate(name), arms_of(plan, len(found[0].masks))
    filled = [*members, *[members[-1]] * (plan.chunk - len(members))]  # one shape, one program
    seeds = [batch.seeds[i] for i, _, _ in filled]
    # One generator a seed: what arms draw alike, they share.
    starts = [arms[arm](found[i], np.random.default_rng([3, batch.seeds[i]])) for i, arm, _ in filled]
    here = Batch.of(plan, data, [method.recipe(setting) for _, _, setting in filled], seeds)
    models, kept = planted(here.models, masks, *map(list, zip(*starts)))
    ensemble = here.trained(models, kept, 1)
    scores = here.scores(ensemble.plain(), kept, tested)
    return [_record(finder, arm, name, setting, seeds[k], scores, k) for k, (_, arm, setting) in enumerate(members)]


def planted(models: PyTree, masks: PyTree, starts: Sequence[Layers], kept: Sequence[Layers]) -> tuple[PyTree, PyTree]:
    """Stacked models with these weights, 0 where they are not kept, and their stacked masks."""
    layers = iter([jnp.asarray(np.stack(layer), jnp.float32) for layer in zip(*starts)])
    flags = iter([jnp.asarray(np.stack(layer), bool) for layer in zip(*kept)])
    new_masks = jax.tree.map(lambda _: next(flags), masks)

    def put(mask, leaf):
        return leaf if mask is None else next(layers) * mask.astype(leaf.dtype)

    return jax.tree.map(put, new_masks, models, is_leaf=lambda node: node is None), new_masks


def _record(finder, arm, method, setting, seed, scores, i) -> dict[str, Any]:
    validation, test = scores
    return {
        "finder": finder, "arm": arm, "method": method, "setting": setting, "seed": seed,
        "validation": float(validation[i]), "test": None if test is None else float(test[i]),
    }  # fmt: skip
