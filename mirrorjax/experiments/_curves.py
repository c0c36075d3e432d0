"""Accuracy at each density: of networks pruned once after training, or round by round."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from ._datasets import Data
from ._ensemble import Ensemble, accuracy, advance, all_kept, begin, count_of, largest, ranks
from ._networks import kaiming, network
from ._protocol import Protocol
from ._recipe import Course, Recipe
from ._rows import SplitRows, split_rows

Score = tuple[float, float, float | None]
"""Density, validation and test accuracy; the test part is looked at in reported runs alone."""


@dataclasses.dataclass(frozen=True)
class Batch:
    """Networks that are trained together: data, shuffles, starts and recipes, a member each.

    **Fields:**

    - `plan`: the experiment.
    - `split`: the samples of each of the seeds that occur.
    - `seeds`: of each member.
    - `recipe`: numbers of shape `(members,)`.
    - `models`: plain networks before training, stacked.
    """

    plan: Protocol
    split: SplitRows
    seeds: tuple[int, ...]
    recipe: Recipe
    models: PyTree

    @staticmethod
    def of(plan: Protocol, data: Data, recipes: Sequence[Recipe], seeds: Sequence[int]) -> "Batch":
        """Networks of these seeds, with their recipes."""
        split = split_rows(data, sorted(set(seeds)), plan.fold)
        models = start_models(plan, seeds, data.x.shape[1:], data.classes)
        return Batch(plan, split, tuple(seeds), stacked(recipes), models)

    @property
    def which(self) -> list[int]:
        """The place of each member's seed among those that occur."""
        places = sorted(set(self.seeds))
        return [places.index(seed) for seed in self.seeds]

    @property
    def course(self) -> Course:
        """Of one training."""
        per_epoch = self.split.steps_per_epoch(self.plan.batch)
        return Course(jnp.asarray(per_epoch * self.plan.epochs, jnp.int32), jnp.asarray(per_epoch, jnp.int32))

    def trained(self, models: PyTree, masks: PyTree, turn: int = 0) -> Ensemble:
        """All epochs of a training under masks; `turn` shuffles anew."""
        ensemble = begin(self.recipe, self.course, models, masks)
        return self.advanced(ensemble, masks, 0, int(self.course.steps), turn)

    def advanced(self, ensemble: Ensemble, masks: PyTree, first: int, steps: int, turn: int = 0) -> Ensemble:
        """So many steps of a training from its step `first`."""
        seeds = [seed + 10_000 * turn for seed in sorted(set(self.seeds))]
        rows = self.split.rows(seeds, self.which, self.plan.epochs, self.plan.batch)
        return advance(self.recipe, self.course, ensemble, masks, rows, jnp.asarray(first, jnp.int32), steps)

    def scores(self, models: PyTree, masks: PyTree, tested: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Validation and test accuracy of each member."""
        split, which = self.split, self.which
        x, y, seen = jnp.asarray(split.x), jnp.asarray(split.y), jnp.asarray(split.seen[which], jnp.int32)

        def share(rows):
            return np.asarray(accuracy(models, masks, x, y, jnp.asarray(rows, jnp.int32), seen), np.float64)

        tests = np.broadcast_to(split.test, (len(which), len(split.test)))
        return share(split.validation[which]), share(tests) if tested else None


def start_models(plan: Protocol, seeds: Sequence[int], shape: tuple[int, ...], classes: int, turn: int = 0) -> PyTree:
    """Kaiming normal networks of these seeds, stacked; another `turn` draws others."""
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    return _drawn(plan.network, keys, shape, classes, jnp.asarray(turn, jnp.int32))


@eqx.filter_jit
def _drawn(name: str, keys: Array, shape: tuple[int, ...], classes: int, turn: Array) -> PyTree:
    def one(key):
        return kaiming(network(name, key, shape, classes), jax.random.fold_in(key, turn))

    return eqx.filter_vmap(one)(keys)


def stacked(recipes: Sequence[Recipe]) -> Recipe:
    """One recipe whose numbers have a member for each; their words must be the same."""
    return jax.tree.map(lambda *numbers: jnp.stack(numbers), *recipes)


def curve(batch: Batch, pruning: str, tested: bool) -> list[list[Score]]:
    """Of each member, its scores at density 1 and at those of the plan."""
    one_shot = pruning == "one-shot"
    found = _one_shot(batch, tested) if one_shot else _iterative(batch, pruning == "rewind", tested)
    members = [[] for _ in batch.seeds]
    for density, (validation, test) in found:
        for i, scores in enumerate(members):
            scores.append((density, float(validation[i]), None if test is None else float(test[i])))
    return members


def _one_shot(batch: Batch, tested: bool) -> list[tuple[float, Any]]:
    everything = all_kept(batch.models)
    models = batch.trained(batch.models, everything).plain()
    places, found = ranks(models, everything), []
    for density in (1.0, *batch.plan.densities):
        count = count_of(everything, density)
        masks = jax.tree.map(lambda place, count=count: place < count, places)
        found.append((density, batch.scores(models, masks, tested)))
    return found


def _iterative(batch: Batch, rewind: bool, tested: bool) -> list[tuple[float, Any]]:
    """Train, prune, and again from the start or from where it is; factors begin each round at their scale."""
    masks, models, found = all_kept(batch.models), batch.models, []
    everything = masks
    for turn, density in enumerate((1.0, *batch.plan.densities)):
        if turn:
            masks = largest(models, masks, count_of(everything, density))
        models = batch.trained(batch.models if rewind else models, masks, turn).plain()
        found.append((density, batch.scores(models, masks, tested)))
    return found


def curve_records(
    plan: Protocol, data: Data, name: str, members: Sequence[tuple[int, int]], tested: bool
) -> list[dict[str, Any]]:
    """Scores of a method's networks at each density.

    **Arguments:**

    - `plan`: of kind "curves".
    - `data`: in place of that which the plan names, or it.
    - `name`: of the method.
    - `members`: setting and seed of each network, no more than the plan's `chunk`.
    - `tested`: whether the test part is looked at.

    **Returns:** a record for each network.
    """
    method = plan.candidate(name)
    # The last one again, so that every batch has one shape: another would compile another program.
    filled = [*members, *[members[-1]] * (plan.chunk - len(members))]
    batch = Batch.of(plan, data, [method.recipe(setting) for setting, _ in filled], [seed for _, seed in filled])
    curves = curve(batch, method.pruning, tested)
    return [
        {"method": name, "setting": setting, "seed": seed, "scores": scores}
        for (setting, seed), scores in zip(members, curves)
    ]
