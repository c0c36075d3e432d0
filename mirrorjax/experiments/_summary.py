"""Means with intervals over seeds, and the table of a comparison."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import InputError
from ..checks import interval
from ..training import TrainLog
from ._comparison import FIRST_TUNING_SEED, Comparison
from ._methods import method

LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, Student's t.

    **Fields:**

    - `mean`: of the values; NaN where there is none.
    - `half`: half the width of the interval; NaN for fewer than two values.
    - `n`: how many values.
    """

    mean: float
    half: float
    n: int

    def __str__(self) -> str:
        if not self.n:
            return "–"
        return f"{100 * self.mean:.2f}" + (f" ± {100 * self.half:.2f}" if np.isfinite(self.half) else "")


def estimate(values: Sequence[float]) -> Estimate:
    """Mean of independent values, and its 95 % interval.

    **Arguments:**

    - `values`: independent ones, any number.

    **Returns:** the `Estimate`.

    !!! example
        >>> from mirrorjax import experiments
        >>> print(experiments.estimate([0.90, 0.92, 0.94]))
        92.00 ± 4.97
    """
    n = len(values)
    if n == 0:
        return Estimate(np.nan, np.nan, 0)
    mean, half = interval(np.asarray(values), LEVEL) if n > 1 else (float(np.mean(values)), np.nan)
    return Estimate(mean, half, n)


@dataclasses.dataclass(frozen=True)
class MethodResult:
    """What a comparison says of a method at a density and a strength.

    **Arguments:**

    - `method`: its name.
    - `density`: the share of weights that is kept.
    - `strength`: of its regularization.
    - `rate`: the learning rate.
    - `seeds`: those that got through.
    - `test`: the test accuracy for each of these.
    - `flips`: the sign flips for each of these.
    - `kept`: the weights that are not 0 for each of these.
    - `diverged`: (seed, step) of those that did not get through.
    """

    method: str
    density: float
    strength: float
    rate: float
    seeds: tuple[int, ...]
    test: tuple[float, ...]
    flips: tuple[int, ...]
    kept: tuple[int, ...]
    diverged: tuple[tuple[int, int], ...]
    """(seed, step) of those that did not."""


def method_results(plan: Comparison, records: dict[str, Any]) -> list[MethodResult]:
    """A row for each method, density and reported strength, as far as runs are there.

    **Arguments:**

    - `plan`: what is compared.
    - `records`: those of `load_results`, by the names of the runs.

    **Returns:** the rows, in the order of methods, densities and strengths.

    **Raises:** `DivergedError` where no grid point of a method got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> experiments.method_results(experiments.Comparison(("dense",), densities=(0.5,)), {})
        []
    """
    found = []
    for name in plan.methods:
        if any(job.name not in records for job in plan.tuning_runs(name)):
            continue
        for density in plan.densities_of(name):
            for strength, rate in sorted(plan.chosen(name, density, records)):
                found.append(_result(name, density, strength, rate, records))
    return [row for row in found if row.seeds or row.diverged]


def _result(name: str, density: float, strength: float, rate: float, records: dict[str, Any]) -> MethodResult:
    point = {"method": name, "strength": strength, "rate": rate}
    mine = [r for r in records.values() if point.items() <= r.items() and r["seed"] < FIRST_TUNING_SEED]
    scores = {r["seed"]: s for r in mine for s in r["scores"] if s["density"] == density}
    seeds = tuple(sorted(scores))
    test, flips, kept = (tuple(scores[seed][key] for seed in seeds) for key in ("test", "flips", "kept"))
    lost = tuple((r["seed"], r["diverged"]) for r in mine if r["diverged"] is not None)
    return MethodResult(name, density, strength, rate, seeds, test, flips, kept, lost)


def log_of(record: dict[str, Any]) -> TrainLog:
    """The training that a record keeps, an epoch a row; without rows where it keeps none.

    **Arguments:**

    - `record`: one of `load_results`.

    **Returns:** the log.

    !!! example
        >>> from mirrorjax import experiments
        >>> len(experiments.log_of({"log": [[30.0, 0.5, 0.9, None, None, None, None, 12.0]]}))
        1
    """
    kept = record.get("log") or []
    return TrainLog(tuple(tuple(np.nan if value is None else value for value in row) for row in kept))


def paired(one: MethodResult, other: MethodResult) -> Estimate:
    """The difference in test accuracy, over the seeds that both have: same data, same start.

    **Arguments:**

    - `one`, `other`: results of two methods, or at two strengths.

    **Returns:** the `Estimate` of the accuracy of `one` less that of `other`.

    **Raises:** `InputError` where they share no seed.

    !!! example
        >>> from mirrorjax.experiments import MethodResult, paired
        >>> one = MethodResult("pilot", 0.1, 0.2, 0.1, (0, 1), (0.90, 0.92), (5, 7), (10, 10), ())
        >>> print(paired(one, MethodResult("spred", 0.1, 1e-4, 0.1, (0, 1), (0.89, 0.90), (0, 0), (10, 10), ())))
        1.50 ± 6.35
    """
    shared = sorted(set(one.seeds) & set(other.seeds))
    if not shared:
        raise InputError("no seed in common", f"{one.method} and {other.method}", "the same comparison")
    a, b = ({seed: test for seed, test in zip(row.seeds, row.test)} for row in (one, other))
    return estimate([a[seed] - b[seed] for seed in shared])


def table(found: Sequence[MethodResult]) -> str:
    """Markdown: a line for each method, test accuracy in % at each density, and what was chosen for it.

    **Arguments:**

    - `found`: those of `method_results`.

    **Returns:** text of several lines.

    !!! example
        >>> from mirrorjax.experiments import MethodResult, table
        >>> print(table([MethodResult("pilot", 0.1, 0.2, 0.1, (0, 1), (0.9, 0.92), (5, 7), (10, 10), ())]))
        | method | 10 % |
        |---|---|
        | pilot | 91.00 ± 12.71 |
    """
    densities = sorted({row.density for row in found}, reverse=True)
    lines = [f"| method | {' | '.join(f'{100 * density:g} %' for density in densities)} |"]
    lines.append("|" + "---|" * (1 + len(densities)))
    for name in dict.fromkeys(row.method for row in found):
        cells = []
        for density in densities:
            mine = [row for row in found if row.method == name and row.density == density]
            cells.append("; ".join(_cell(row, many=len(mine) > 1) for row in mine))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: MethodResult, many: bool) -> str:
    lost = "".join(f", seed {seed} diverged at step {step}" for seed, step in row.diverged)
    return (f"{row.strength:g}: " if many else "") + f"{estimate(row.test)}{lost}"


def choices(found: Sequence[MethodResult]) -> str:
    """Markdown: what the tuning chose, sign flips and kept weights, a line for each method and density.

    **Arguments:**

    - `found`: those of `method_results`.

    **Returns:** text of several lines.

    **Raises:** `InputError` for a result of an unknown method.

    !!! example
        >>> from mirrorjax.experiments import MethodResult, choices
        >>> print(choices([MethodResult("ham", 0.1, 20.0, 0.1, (0, 1), (0.9, 0.92), (5, 7), (10, 10), ())]))
        | method | density | strength | rate | sign flips | weights kept |
        |---|---|---|---|---|---|
        | ham | 10 % | α_H = 20 | 0.1 | 6 | 10 |
    """
    lines = ["| method | density | strength | rate | sign flips | weights kept |", "|---|---|---|---|---|---|"]
    for row in found:
        counts = [f"{np.mean(values):,.0f}" if values else "–" for values in (row.flips, row.kept)]
        strength = f"{method(row.method).strength} = {row.strength:g}"
        lines.append(f"| {row.method} | {100 * row.density:g} % | {strength} | {row.rate:g} | {' | '.join(counts)} |")
    return "\n".join(lines)
