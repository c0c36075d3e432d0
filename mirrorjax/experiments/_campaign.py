"""The work of a protocol: units that run anywhere, their records in a folder, and what is left to do."""

import dataclasses
import functools
import hashlib
import json
import time
import zlib
from collections.abc import Generator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np

from .._errors import InputError
from .._executors import run
from .._files import replace_file
from ._comparison import FIRST_TUNING_SEED, SEEDS_PER_FOLD
from ._curves import curve_records
from ._datasets import Data
from ._flips import flip_records
from ._load import load_data
from ._protocol import Protocol
from ._recipe import NUMBERS
from ._signs import sign_records
from ._summary import MethodResult

Record = dict[str, Any]
PLAN, RECORDS = "protocol.json", "records"


@dataclasses.dataclass(frozen=True)
class Unit:
    """What one program trains, and one file keeps.

    **Fields:**

    - `of`: the method of "curves", else the finder.
    - `members`: (setting, seed) of each network; of "signs" and "flips" the seeds alone, with setting 0.
    - `tested`: whether it is reported, or tunes.
    - `choices`: of reported "signs": the setting of each (method, arm).
    """

    of: str
    members: tuple[tuple[int, int], ...]
    tested: bool
    choices: tuple[tuple[str, str, int], ...] = ()

    @property
    def name(self) -> str:
        """What its file is called."""
        digest = hashlib.sha256(repr((self.members, self.tested, self.choices)).encode()).hexdigest()[:12]
        return f"{self.of}-{'reported' if self.tested else 'tuning'}-{digest}"

    @property
    def seeds(self) -> list[int]:
        """Those of its members."""
        return [seed for _, seed in self.members]


def measure(plan: Protocol, unit: Unit, data: Data | None = None) -> dict[str, Any]:
    """The records of a unit, and the seconds that it took; `data` in place of that which the plan names."""
    began, data = time.perf_counter(), load_data(plan.data) if data is None else data
    if plan.kind == "curves":
        records = curve_records(plan, data, unit.of, unit.members, unit.tested)
    elif plan.kind == "signs":
        chosen = {(method, arm): setting for method, arm, setting in unit.choices}

        def settings(method: str, arm: str) -> Sequence[int]:
            one = [chosen.get((method, arm), 0)]  # 0 where there is one setting alone
            return one if unit.tested else range(len(plan.candidate(method).settings))

        records = sign_records(plan, data, unit.of, unit.seeds, settings, unit.tested)
    else:
        records = flip_records(plan, data, unit.of, unit.seeds)
    return {"records": _jsonable(records), "seconds": round(time.perf_counter() - began, 3)}


def units(plan: Protocol, done: Sequence[Record]) -> list[Unit]:
    """Everything that can be done by now: what is reported of a method follows its tuning.

    **Arguments:**

    - `plan`: the experiment.
    - `done`: records of tuning so far.

    **Returns:** the units, those that are done among them.
    """
    first = SEEDS_PER_FOLD * plan.fold
    reported = range(first, first + plan.seeds)
    tuning = range(FIRST_TUNING_SEED + first, FIRST_TUNING_SEED + first + plan.tuning_seeds)
    if plan.kind == "flips":
        return [
            Unit(finder, part, True) for finder in plan.finders for part in _parts([(0, s) for s in reported], plan)
        ]
    if plan.kind == "signs":
        return _sign_units(plan, done, reported, tuning)
    found = []
    for method in plan.methods:
        grid = [(k, seed) for k in range(len(method.settings)) for seed in tuning] if plan.tuned else []
        found += [Unit(method.name, part, False) for part in _parts(grid, plan)]
        settings = sorted(set(chosen_settings(plan, method.name, done).values()))
        found += [Unit(method.name, part, True) for part in _parts([(k, s) for k in settings for s in reported], plan)]
    return found


def _sign_units(plan: Protocol, done: Sequence[Record], reported: range, tuning: range) -> list[Unit]:
    found = []
    for finder in plan.finders:
        chosen = sign_choices(plan, finder, done)
        if plan.tuned:
            found.append(Unit(finder, tuple((0, seed) for seed in tuning), False))
        if chosen or not plan.tuned:
            listed = tuple((method, arm, setting) for (method, arm), setting in sorted(chosen.items()))
            found += [Unit(finder, part, True, listed) for part in _parts([(0, s) for s in reported], plan)]
    return found


def _parts(members: Sequence[tuple[int, int]], plan: Protocol) -> list[tuple[tuple[int, int], ...]]:
    return [tuple(members[at : at + plan.chunk]) for at in range(0, len(members), plan.chunk)]


def chosen_settings(plan: Protocol, name: str, done: Sequence[Record]) -> dict[float, int]:
    """The setting with the best mean validation accuracy at each density; nothing while the grid is not complete.

    **Arguments:**

    - `plan`: the experiment.
    - `name`: of a method.
    - `done`: records, those of tuning among them.

    **Returns:** the setting by density. A setting of which a network's weights are not finite is not chosen.

    **Raises:** `InputError` where no setting got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("curves-patterns", tuning_seeds=1)
        >>> scores = [[[d, v, None] for d in (1.0, *plan.densities)] for v in (0.7, 0.8)]
        >>> done = [{"method": "plain", "setting": k, "seed": 1000, "scores": scores[k]} for k in (0, 1)]
        >>> experiments.chosen_settings(plan, "plain", done)[1.0]
        1
    """
    method = plan.candidate(name)
    if not plan.tuned:
        return dict.fromkeys((1.0, *plan.densities), 0)
    mine = [r for r in done if r.get("method") == name and r["seed"] >= FIRST_TUNING_SEED]
    if len(mine) < len(method.settings) * plan.tuning_seeds:
        return {}
    found = {}
    for density in (1.0, *plan.densities):
        means = {
            setting: np.mean([_at(r, density)[1] for r in mine if r["setting"] == setting])
            for setting in range(len(method.settings))
        }
        found[density] = _best(means, f"{name} at density {density:g}")
    return found


def sign_choices(plan: Protocol, finder: str, done: Sequence[Record]) -> dict[tuple[str, str], int]:
    """The setting with the best mean validation accuracy for each method and arm; nothing before they are tuned."""
    mine = [r for r in done if r.get("finder") == finder and r["seed"] >= FIRST_TUNING_SEED]
    values: dict[tuple[str, str], dict[int, list[float]]] = {}
    for r in mine:
        values.setdefault((r["method"], r["arm"]), {}).setdefault(r["setting"], []).append(r["validation"])
    return {
        key: _best({setting: np.mean(scores) for setting, scores in by.items()}, " ".join(key))
        for key, by in values.items()
    }


def _best(means: dict[int, Any], where: str) -> int:
    got = {setting: mean for setting, mean in means.items() if np.isfinite(mean)}
    if not got:
        raise InputError(
            "no setting got through: the weights of all are not finite", where, "smaller rates, or clip = 1"
        )
    return max(got, key=got.__getitem__)


def _at(record: Record, density: float) -> Sequence[Any]:
    return next(score for score in record["scores"] if score[0] == density)


def curve_results(plan: Protocol, done: Sequence[Record]) -> list[MethodResult]:
    """The reported rows of "curves": each method at each density, at the setting chosen for it there.

    **Arguments:**

    - `plan`: the experiment.
    - `done`: the records of `load_records`, flat.

    **Returns:** the rows; none of a method that is not tuned yet. A network whose weights are not finite counts in
    `diverged`, at step −1.

    **Raises:** `InputError` where no setting of a method got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("curves-patterns", tuning_seeds=1)
        >>> def record(setting, seed, validation, test):
        ...     scores = [[density, validation, test] for density in (1.0, *plan.densities)]
        ...     return {"method": "plain", "setting": setting, "seed": seed, "scores": scores}
        >>> done = [record(0, 1000, 0.7, None), record(1, 1000, 0.8, None), record(1, 0, 0.8, 0.75)]
        >>> row = experiments.curve_results(plan, done)[0]
        >>> row.density, row.strength, row.seeds, row.test
        (1.0, 0.001, (0,), (0.75,))
    """
    rows = []
    for method in plan.methods:
        mine = {
            (r["setting"], r["seed"]): r for r in done if r["method"] == method.name and r["seed"] < FIRST_TUNING_SEED
        }
        for density, setting in chosen_settings(plan, method.name, done).items():
            tests = {seed: _at(r, density)[2] for (k, seed), r in sorted(mine.items()) if k == setting}
            got = {seed: test for seed, test in tests.items() if test is not None}
            lost = tuple((seed, -1) for seed in tests if seed not in got)
            numbers = NUMBERS | method.settings[setting]
            penalized = method.words.get("penalty", "none") != "none"
            strength, rate = numbers["strength" if penalized else "weight_decay"], numbers["rate"]
            rows.append(
                MethodResult(method.name, density, strength, rate, tuple(got), tuple(got.values()), (), (), lost)
            )
    return [row for row in rows if row.seeds or row.diverged]


def run_protocol(
    plan: Protocol, folder: Path, executor: Executor | None = None
) -> Generator[tuple[Unit, dict[str, Any], int], None, None]:
    """Does what is not yet done; yields each unit, what it brought, and how many are known to be left.

    A file is written for each unit, whole or not at all: the same call goes on from there, on the same records.

    **Arguments:**

    - `plan`: the experiment.
    - `folder`: that keeps the records; made where there is none.
    - `executor`: any of `concurrent.futures`; None for this process.

    **Returns:** an iterator of units in the order in which they end.

    **Raises:** `InputError` for the folder of another experiment, and where no setting of a method got through.

    !!! example
        >>> import pathlib, tempfile
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("flips-patterns", epochs=2, seeds=2)
        >>> work = experiments.run_protocol(plan, pathlib.Path(tempfile.mkdtemp()))
        >>> [(unit.of, unit.seeds, left) for unit, found, left in work]
        [('gradual', [0, 1], 0)]
    """
    claim_folder(plan, folder)
    while True:
        there = _contents(folder)
        left = [unit for unit in units(plan, flat(there)) if unit.name not in there]
        if not left:
            return
        # What is reported hangs on what is tuned: a round ends before the next is known.
        for k, (number, found) in enumerate(_each(plan, left, executor)):
            path = folder / RECORDS / f"{left[number].name}.json"
            content = json.dumps(found, allow_nan=False).encode()
            replace_file(path, lambda file, content=content: file.write(content))
            yield left[number], found, len(left) - k - 1


def records_of(plan: Protocol, data: Data) -> list[Record]:
    """All records of a small experiment, kept in memory.

    **Arguments:**

    - `plan`: the experiment.
    - `data`: in place of that which the plan names.

    **Returns:** the records, those of tuning among them.

    **Raises:** `InputError` where no setting of a method got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("flips-patterns", epochs=10, seeds=2)
        >>> records = experiments.records_of(plan, experiments.patterns(400))
        >>> sorted({(record["method"], record["seed"]) for record in records})
        [('plain', 0), ('plain', 1), ('sign-in', 0), ('sign-in', 1)]
    """
    there: dict[str, dict[str, Any]] = {}
    while left := [unit for unit in units(plan, flat(there)) if unit.name not in there]:
        there |= {unit.name: measure(plan, unit, data) for unit in left}
    return flat(there)


def _each(plan: Protocol, left: Sequence[Unit], executor: Executor | None) -> Any:
    if executor is None:
        return ((i, measure(plan, unit)) for i, unit in enumerate(left))
    return run([functools.partial(measure, plan, unit) for unit in left], executor)


def claim_folder(plan: Protocol, folder: Path) -> None:
    """Makes the folder of a protocol, or finds that it is.

    **Raises:** `InputError` for that of another one.
    """
    (folder / RECORDS).mkdir(parents=True, exist_ok=True)
    data = load_data(plan.data)
    digest = f"{zlib.crc32(data.x.tobytes() + data.y.tobytes()):08x}"
    about = json.loads(json.dumps(plan.about() | {"digest": digest}))
    path = folder / PLAN
    if path.exists():
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError("not the folder of an experiment", f"{path}: {error}", "another --out") from None
        if not isinstance(there, dict):
            raise InputError("not the folder of an experiment", f"{path}: no table", "another --out")
        other = [key for key in about if there.get(key) != about[key]]
        if other:
            raise InputError(f"{folder} holds another experiment", f"its {', '.join(other)} differ", "another --out")
        return
    replace_file(path, lambda file: file.write(json.dumps(about, indent=1).encode()))


def load_records(folder: Path) -> list[Record]:
    """What the folder of an experiment holds.

    **Arguments:**

    - `folder`: that of `run_protocol`.

    **Returns:** the records, those of tuning among them.

    **Raises:** `InputError` for a file of another kind.

    !!! example
        >>> import pathlib
        >>> from mirrorjax import experiments
        >>> experiments.load_records(pathlib.Path("no-such-folder"))
        []
    """
    return flat(_contents(folder))


def seconds_spent(folder: Path) -> float:
    """The time of all units of an experiment together.

    **Arguments:**

    - `folder`: that of `run_protocol`.

    **Returns:** the seconds.

    **Raises:** `InputError` for a file of another kind.

    !!! example
        >>> import pathlib
        >>> from mirrorjax import experiments
        >>> experiments.seconds_spent(pathlib.Path("no-such-folder"))
        0
    """
    return sum(content["seconds"] for content in _contents(folder).values())


def _contents(folder: Path) -> dict[str, dict[str, Any]]:
    """What the files hold, by the names of the units."""
    found = {}
    for path in sorted((folder / RECORDS).glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(found[path.stem], dict) or {"records", "seconds"} - set(found[path.stem]):
                raise ValueError("no records in it")
        except ValueError as error:
            raise InputError("not the record of a unit", f"{path}: {error}", f"remove {path}") from None
    return found


def flat(contents: dict[str, dict[str, Any]]) -> list[Record]:
    """All records; NaN where a file says null."""
    return [_numbers(record) for content in contents.values() for record in content["records"]]


def _numbers(record: Record) -> Record:
    if "scores" in record:
        scores = [[d, np.nan if v is None else v, t] for d, v, t in record["scores"]]
        return record | {"scores": scores}
    return record | {"validation": np.nan if record["validation"] is None else record["validation"]}


def _jsonable(records: Any) -> Any:
    if isinstance(records, float):
        return records if np.isfinite(records) else None
    if isinstance(records, dict):
        return {key: _jsonable(value) for key, value in records.items()}
    return [_jsonable(value) for value in records] if isinstance(records, list | tuple) else records
