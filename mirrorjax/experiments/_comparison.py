"""Methods against each other: each tuned on the same grid by validation, then reported over seeds on test data."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import InputError
from ._datasets import FOLDS
from ._experiment import DivergedError
from ._job import Run, check_densities
from ._methods import method
from ._networks import NETWORKS

FIRST_TUNING_SEED = 1000
"""Seeds from here on tune; those that are reported begin at 0, or at a hundred times the fold."""
SEEDS_PER_FOLD = 100


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Which methods, at which densities, over how many seeds.

    Every method gets the same number of grid points, of seeds to tune with, and of steps. For each density its
    strength and rate are those of the best mean validation accuracy; `sweep` reports every strength, each at its
    best rate. The `fold` is the fifth of the data that tests, with seeds of its own; in the other folds it trains and
    validates.

    **Arguments:**

    - `methods`: names of methods, one or more, each once.
    - `densities`: shares of the weights to keep, one or more in (0, 1], each once.
    - `seeds`: how many seeds are reported, from 1 to 100.
    - `network`: "mlp", "small", "conv" or "residual".
    - `epochs`: of training.
    - `fine_tuning`: epochs after pruning.
    - `tuning_seeds`: how many further seeds tune.
    - `sweep`: whether every strength is reported, each at its best rate, not only the best.
    - `fold`: which fifth of the data tests, 0, 1, 2, 3 or 4.

    **Raises:** `InputError` for an unknown method or network, a method or density that is there twice, none of them, a
    density outside (0, 1], a number of seeds or epochs outside its range, or no such fold.

    !!! example
        >>> from mirrorjax.experiments import Comparison
        >>> plan = Comparison(("dense", "pilot"), densities=(0.1, 0.05), seeds=3)
        >>> len(plan.tuning_runs("pilot")), plan.tuning_runs("pilot")[0].densities
        (16, (0.1, 0.05))
    """

    methods: tuple[str, ...]
    densities: tuple[float, ...]
    seeds: int = 5
    network: str = "mlp"
    epochs: int = 20
    fine_tuning: int = 10
    tuning_seeds: int = 2
    sweep: bool = False
    fold: int = 0

    def __post_init__(self):
        for name in self.methods:
            method(name)
        if not self.methods or len(set(self.methods)) != len(self.methods):
            raise InputError("methods are one or more, each once", ", ".join(self.methods), "dense magnitude pilot")
        check_densities(self.densities)
        if self.network not in NETWORKS:
            raise InputError(f"there is no network {self.network!r}", "", ", ".join(NETWORKS))
        for name in ("seeds", "epochs", "tuning_seeds"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive", f"{name} = {getattr(self, name)}")
        if self.fold not in range(FOLDS):
            raise InputError(f"there are {FOLDS} folds, from 0 on", f"fold = {self.fold}")
        if self.seeds > SEEDS_PER_FOLD:
            raise InputError(f"at most {SEEDS_PER_FOLD} seeds", f"seeds = {self.seeds}")

    @property
    def first_seed(self) -> int:
        """The first of the seeds that are reported."""
        return SEEDS_PER_FOLD * self.fold

    def densities_of(self, name: str) -> tuple[float, ...]:
        """The densities at which a method is reported.

        **Arguments:**

        - `name`: of the method.

        **Returns:** the densities; (1.0,) for one of kind "dense".

        **Raises:** `InputError` for an unknown method.
        """
        return (1.0,) if method(name).kind == "dense" else self.densities

    def tuning_runs(self, name: str) -> list[Run]:
        """The whole grid of a method, on the seeds that tune.

        **Arguments:**

        - `name`: of the method.

        **Returns:** the runs; at all densities at once unless the method trains under a mask.

        **Raises:** `InputError` for an unknown method.
        """
        first = FIRST_TUNING_SEED + self.first_seed
        seeds = range(first, first + self.tuning_seeds)
        return [
            self._run(name, strength, rate, densities, seed)
            for densities in _groups(name, self.densities_of(name))
            for rate in method(name).rates
            for strength in method(name).strengths
            for seed in seeds
        ]

    def reported_runs(self, name: str, records: dict[str, Any]) -> list[Run]:
        """What the tuning has chosen, on the other seeds; densities that chose the same share a run.

        **Arguments:**

        - `name`: of the method, which is tuned.
        - `records`: those of `load_results`, by the names of the runs.

        **Returns:** the runs.

        **Raises:** `InputError` for an unknown method, `DivergedError` where no grid point got through, `KeyError` for
        a method that is not tuned yet.
        """
        choices: dict[tuple[float, float], list[float]] = {}
        for density in self.densities_of(name):
            for strength, rate in self.chosen(name, density, records):
                choices.setdefault((strength, rate), []).append(density)
        return [
            self._run(name, strength, rate, group, seed)
            for (strength, rate), densities in choices.items()
            for group in _groups(name, densities)
            for seed in range(self.first_seed, self.first_seed + self.seeds)
        ]

    def chosen(self, name: str, density: float, records: dict[str, Any]) -> list[tuple[float, float]]:
        """(strength, rate) with the best mean validation accuracy; with `sweep` for each strength.

        **Arguments:**

        - `name`: of the method, which is tuned.
        - `density`: one of its densities.
        - `records`: those of `load_results`, by the names of the runs.

        **Returns:** the point of the grid; with `sweep` one for each strength at which some rate got through.

        **Raises:** `InputError` for an unknown method, `DivergedError` where no grid point got through, `KeyError` for
        a method that is not tuned yet.
        """
        found: dict[tuple[float, float], list[float]] = {}
        for job in self.tuning_runs(name):
            if density in job.densities:
                record = records[job.name]
                score = [s["validation"] for s in record["scores"] if s["density"] == density]
                found.setdefault((job.strength, job.rate), []).extend(score or [-np.inf])
        means = {point: float(np.mean(values)) for point, values in found.items()}
        strengths = [[s] for s in method(name).strengths] if self.sweep else [list(method(name).strengths)]
        best = [max((p for p in means if p[0] in some), key=means.__getitem__) for some in strengths]
        best = [point for point in best if np.isfinite(means[point])]
        if not best:
            steps = [records[job.name]["diverged"] for job in self.tuning_runs(name)]
            raise DivergedError(max(step for step in steps if step is not None), f"{name}, on the whole of its grid")
        return best

    def runs(self, records: dict[str, Any]) -> list[Run]:
        """Everything to run, as far as it is known: what is reported of a method once it is tuned.

        **Arguments:**

        - `records`: those of `load_results`, by the names of the runs.

        **Returns:** the runs, those that are done among them.

        **Raises:** `DivergedError` where no grid point of a method got through.
        """
        known = []
        for name in self.methods:
            tuning = self.tuning_runs(name)
            known += tuning
            if all(job.name in records for job in tuning):
                known += self.reported_runs(name, records)
        return known

    def expected_epochs(self, records: dict[str, Any]) -> int:
        """Epochs of all runs; of a method that is not tuned yet, as if one grid point were best for all densities.

        **Arguments:**

        - `records`: those of `load_results`, by the names of the runs.

        **Returns:** the number of epochs.

        **Raises:** `DivergedError` where no grid point of a method got through.
        """
        known = self.runs(records)
        total = sum(sum(job.phases) for job in known)
        there = {job.method for job in known if job.seed < FIRST_TUNING_SEED}
        for name in set(self.methods) - there:
            jobs = [self._run(name, 0.0, 1.0, group, 0) for group in _groups(name, self.densities_of(name))]
            total += self.seeds * sum(sum(job.phases) for job in jobs)
        return total

    def _run(self, name: str, strength: float, rate: float, densities: tuple[float, ...], seed: int) -> Run:
        return Run(name, strength, rate, densities, seed, self.network, self.epochs, self.fine_tuning)


def _groups(name: str, densities: Sequence[float]) -> list[tuple[float, ...]]:
    """The densities that one run serves: all after one training, or one mask each."""
    return [(density,) for density in densities] if method(name).kind == "masked" else [tuple(densities)]
