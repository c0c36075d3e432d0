"""Methods against each other: each tuned on the same grid by validation, then reported over seeds on test data."""

import dataclasses
import json
import math
import time
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from .._files import replace_file
from ._datasets import FOLDS, Data, split_data
from ._experiment import DivergedError, run
from ._job import Run, check_densities
from ._methods import method
from ._networks import NETWORKS

FIRST_TUNING_SEED = 1000
"""Seeds from here on tune; those that are reported begin at 0, or at a hundred times the fold."""
SEEDS_PER_FOLD = 100
BATCH = 100
CHECKPOINTS = "checkpoints"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Which methods, at which densities, over how many seeds.

    Every method gets the same number of grid points, of seeds to tune with, and of steps. For each density its
    strength and rate are those of the best mean validation accuracy; `sweep` reports every strength, each at its
    best rate. The `fold` is the fifth of the data that tests, with seeds of its own; in the other folds it trains and
    validates.

    **Raises:** `InputError` for an unknown method or network, a density outside (0, 1], no seeds, or no such fold.

    !!! example
        >>> from mirrorjax.training import Comparison
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
            raise InputError(f"there is no network {self.network!r}", "", " or ".join(NETWORKS))
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

    def groups(self, name: str) -> list[tuple[float, ...]]:
        """The densities that one run serves: all after one training, or one mask each."""
        kind = method(name).kind
        if kind == "dense":
            return [(1.0,)]
        return [(density,) for density in self.densities] if kind == "masked" else [self.densities]

    def tuning_runs(self, name: str) -> list[Run]:
        """The whole grid of a method, on the seeds that tune."""
        first = FIRST_TUNING_SEED + self.first_seed
        seeds = range(first, first + self.tuning_seeds)
        return [
            self._run(name, strength, rate, densities, seed)
            for densities in self.groups(name)
            for rate in method(name).rates
            for strength in method(name).strengths
            for seed in seeds
        ]

    def reported_runs(self, name: str, records: dict[str, Any]) -> list[Run]:
        """What the tuning has chosen, on the other seeds; densities that chose the same share a run."""
        choices: dict[tuple[float, float], list[float]] = {}
        for density in (density for group in self.groups(name) for density in group):
            for strength, rate in self.chosen(name, density, records):
                choices.setdefault((strength, rate), []).append(density)
        masked = method(name).kind == "masked"
        return [
            self._run(name, strength, rate, group, seed)
            for (strength, rate), densities in choices.items()
            for group in ([(density,) for density in densities] if masked else [tuple(densities)])
            for seed in range(self.first_seed, self.first_seed + self.seeds)
        ]

    def chosen(self, name: str, density: float, records: dict[str, Any]) -> list[tuple[float, float]]:
        """(strength, rate) with the best mean validation accuracy; with `sweep` for each strength.

        **Raises:** `DivergedError` where no grid point got through.
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
        """Everything to run, as far as it is known: what is reported of a method once it is tuned."""
        known = []
        for name in self.methods:
            tuning = self.tuning_runs(name)
            known += tuning
            if all(job.name in records for job in tuning):
                known += self.reported_runs(name, records)
        return known

    def expected_epochs(self, records: dict[str, Any]) -> int:
        """Epochs of all runs; of a method that is not tuned yet, as if one grid point were best for all densities."""
        known = self.runs(records)
        total = sum(sum(job.phases) for job in known)
        there = {job.method for job in known if job.seed < FIRST_TUNING_SEED}
        for name in set(self.methods) - there:
            jobs = [self._run(name, 0.0, 1.0, group, 0) for group in self.groups(name)]
            total += self.seeds * sum(sum(job.phases) for job in jobs)
        return total

    def _run(self, name: str, strength: float, rate: float, densities: tuple[float, ...], seed: int) -> Run:
        return Run(name, strength, rate, densities, seed, self.network, self.epochs, self.fine_tuning)


def compare(
    plan: Comparison, data: Data, folder: Path, *, say: Callable[[Run], None] = lambda job: None
) -> Generator[tuple[Run, dict[str, Any]], None, None]:
    """Does what is not yet done of a comparison; yields every run with its record.

    `folder/results.json` is rewritten after each run, a run under way leaves a checkpoint in
    `folder/checkpoints`: the same call goes on from there. A run that diverges is recorded with its step; of
    one that is to be reported the checkpoint stays.

    **Raises:** `InputError` where the folder holds another comparison, `DivergedError` where the whole grid of a
    method diverges.

    !!! example
        >>> import tempfile, numpy as np, pathlib
        >>> from mirrorjax import training
        >>> data = training.Data(np.ones((30, 4)), np.arange(30) % 2)
        >>> plan = training.Comparison(("dense",), densities=(0.5,), seeds=1, epochs=1, fine_tuning=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     job, record = next(training.compare(plan, data, pathlib.Path(folder)))
        >>> job.seed, record["scores"][0]["test"]
        (1000, None)
    """
    (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    records = load_results(plan, data, folder)["records"]
    while (job := next((job for job in plan.runs(records) if job.name not in records), None)) is not None:
        split = split_data(data, job.seed, plan.fold)
        job = dataclasses.replace(job, batch=min(BATCH, len(split.train.y)))
        reported = job.seed < FIRST_TUNING_SEED
        checkpoint = folder / CHECKPOINTS / (job.name.replace(", ", "-").replace(" ", "") + ".eqx")
        began = time.perf_counter()
        record: dict[str, Any] = {"method": job.method, "strength": job.strength, "rate": job.rate, "seed": job.seed}
        try:
            log, scores = run(job, split, checkpoint=checkpoint, tested=reported, say=lambda job=job: say(job))
            record |= {"scores": [dataclasses.asdict(score) for score in scores], "diverged": None}
            if job.seed == plan.first_seed:
                record["log"] = [[value if math.isfinite(value) else None for value in row] for row in log.rows]
        except DivergedError as error:
            record |= {"scores": [], "diverged": error.step}
            if not reported:
                checkpoint.unlink(missing_ok=True)
        records[job.name] = record | {"seconds": round(time.perf_counter() - began, 3)}
        _write(plan, data, folder, records)
        yield job, records[job.name]


def _about(plan: Comparison, data: Data) -> dict[str, Any]:
    fields = json.loads(json.dumps(dataclasses.asdict(plan)))
    grids = {name: [method(name).strengths, method(name).rates] for name in plan.methods}
    digest = zlib.crc32(data.x.tobytes() + data.y.tobytes())
    return {"plan": fields, "grids": json.loads(json.dumps(grids)), "data": f"{data.name}, {digest:08x}"}


def _write(plan: Comparison, data: Data, folder: Path, records: dict[str, Any]) -> None:
    content = json.dumps(_about(plan, data) | {"records": records}, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(folder / "results.json", lambda file: file.write(content.encode()))


def load_results(plan: Comparison, data: Data, folder: Path) -> dict[str, Any]:
    """What `folder/results.json` holds of this comparison; nothing yet if there is no such file.

    **Raises:** `InputError` for the results of another comparison, or an unreadable file.

    !!! example
        >>> import numpy as np, pathlib
        >>> from mirrorjax import training
        >>> data = training.Data(np.ones((30, 4)), np.arange(30) % 2)
        >>> plan = training.Comparison(("dense",), densities=(0.5,))
        >>> training.load_results(plan, data, pathlib.Path("no-such-folder"))["records"]
        {}
    """
    path, about = folder / "results.json", _about(plan, data)
    if not path.exists():
        return about | {"records": {}}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        here, records = {key: content[key] for key in about}, content["records"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError("not the results of a comparison", f"{path}: {error}", "another --out") from None
    if here != about:
        other = [key for key in about if here[key] != about[key]]
        raise InputError(f"{folder} holds another comparison", f"its {', '.join(other)} differ", "another --out")
    return about | {"records": records}
