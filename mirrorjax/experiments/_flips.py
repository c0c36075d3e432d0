"""Which weights change their sign: of dense-to-sparse training, and of a method under the mask that it found."""

import itertools
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import PyTree

from ._curves import Batch
from ._datasets import Data
from ._ensemble import begin, finite, masked_leaves
from ._protocol import Protocol
from ._signs import searched

Pair = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Of a layer, whether a weight flipped in dense-to-sparse training, and in the method, and whether it is kept."""
PERIODS = ("all", "early", "late")
STRATA = 20
"""Classes of |x₀| within a layer. With 5, flips that depend on |x₀| alone share up to half more than `alike` says."""


def flip_records(
    plan: Protocol, data: Data, finder: str, seeds: Sequence[int], setting: int = 0
) -> list[dict[str, Any]]:
    """Counts of flips, by method, seed, layer and period.

    Both trainings begin with the same weights. Of the weights that the mask keeps, `table` counts those that flipped in
    both, in dense-to-sparse training alone, in the method alone, and in neither; "early" is the first half of both
    trainings, "late" the second. `expected` is how many would flip in both if those of either were anywhere in the
    layer; `alike` if they were anywhere among weights of about the same |x₀|, 5 % of the layer each: small weights
    flip in any training. `null` is the table with the method's flips at random places of the layer.
    A seed of which either network is not finite has `validation` NaN and no `test`; its counts mean nothing.
    `units` counts, for the units between a layer and the next, those of whose weights flipped: incoming and outgoing
    ones, incoming alone, outgoing alone, neither; of dense-to-sparse training and of the method.

    **Arguments:**

    - `plan`: of kind "flips".
    - `data`: in place of that which the plan names, or it.
    - `finder`: by which dense-to-sparse training.
    - `seeds`: of the networks.
    - `setting`: of each method.

    **Returns:** the records.
    """
    batch, models, masks, half = searched(plan, data, finder, seeds)
    kept = [np.asarray(mask) for mask in jax.tree.leaves(masks)]
    sizes = [np.abs(np.asarray(w)) for w in masked_leaves(batch.models, masks)]
    got = finite(models)
    sparse = _periods(batch.models, half, models, masks)
    records = []
    for method in plan.methods:
        mine = Batch.of(plan, data, [method.recipe(setting)] * len(seeds), seeds)
        steps = int(mine.course.steps)
        ensemble = begin(mine.recipe, mine.course, mine.models, masks)
        ensemble = mine.advanced(ensemble, masks, 0, steps // 2, 1)
        middle = ensemble.plain()
        end = mine.advanced(ensemble, masks, steps // 2, steps - steps // 2, 1).plain()
        flips = _periods(mine.models, middle, end, masks)
        validation, test = mine.scores(end, masks, True)
        for i, seed in enumerate(seeds):
            rng = np.random.default_rng([4, seed])
            about = {
                "finder": finder,
                "method": method.name,
                "seed": seed,
                "validation": float(validation[i]) if got[i] else np.nan,
            }
            about |= {"test": float(test[i]) if got[i] and test is not None else None}
            for period in PERIODS:
                pairs = [(s[i], f[i], k[i]) for s, f, k in zip(sparse[period], flips[period], kept)]
                tables = [_table(s, f, k) for s, f, k in pairs]
                nulls = [_table(s, _shuffled(f, k, rng), k) for s, f, k in pairs]
                chance = {"expected": [_expected(s, f, k) for s, f, k in pairs]}
                chance["alike"] = [_alike(*pair, size[i]) for pair, size in zip(pairs, sizes)]
                units = [[_units(a, b, who) for who in (0, 1)] for a, b in _between(pairs)]
                records.append(about | chance | {"period": period, "table": tables, "null": nulls, "units": units})
    return records


def _periods(start: PyTree, half: PyTree, end: PyTree, masks: PyTree) -> dict[str, list[np.ndarray]]:
    """Whether each weight flipped, a stacked array a layer; a weight that is 0 has no sign."""
    at = [[np.sign(np.asarray(w)) for w in masked_leaves(model, masks)] for model in (start, half, end)]
    both = {"all": (0, 2), "early": (0, 1), "late": (1, 2)}
    return {name: [a * b < 0 for a, b in zip(at[i], at[j])] for name, (i, j) in both.items()}


def _table(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> list[int]:
    a, b = one[kept], other[kept]
    return [int(np.sum(part)) for part in (a & b, a & ~b, ~a & b, ~a & ~b)]


def _expected(one: np.ndarray, other: np.ndarray, kept: np.ndarray) -> float:
    return float(np.sum(one[kept]) * np.sum(other[kept]) / max(np.sum(kept), 1))


def _alike(one: np.ndarray, other: np.ndarray, kept: np.ndarray, size: np.ndarray) -> float:
    ends = np.quantile(size[kept], np.arange(1, STRATA) / STRATA) if kept.any() else np.zeros(STRATA - 1)
    strata = np.searchsorted(ends, size)
    return sum(_expected(one, other, kept & (strata == stratum)) for stratum in range(STRATA))


def _shuffled(flips: np.ndarray, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    found = np.zeros_like(flips)
    found[kept] = rng.permutation(flips[kept])
    return found


def _between(pairs: Sequence[Pair]) -> list[tuple[Pair, Pair]]:
    """A layer and the next, where the units of the one feed the other."""
    return [(a, b) for a, b in itertools.pairwise(pairs) if a[2].ndim == b[2].ndim == 2 and len(a[2]) == b[2].shape[1]]


def _units(incoming: Pair, outgoing: Pair, who: int) -> list[int]:
    """Of the units that have weights on both sides."""
    alive = incoming[2].any(axis=1) & outgoing[2].any(axis=0)
    a = np.logical_and(incoming[who], incoming[2])[alive].any(axis=1)
    b = np.logical_and(outgoing[who], outgoing[2])[:, alive].any(axis=0)
    return [int(np.sum(part)) for part in (a & b, a & ~b, ~a & b, ~a & ~b)]
