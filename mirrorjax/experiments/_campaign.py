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
from .._lock import Lock
from ..checks import environment
from ._choices import Record, chosen_settings, sign_choices
from ._comparison import FIRST_TUNING_SEED, SEEDS_PER_FOLD
from ._curves import curve_records
from ._datasets import Data
from ._flips import flip_records
from ._load import load_data
from ._protocol import Protocol
from ._signs import sign_records

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
    """The records of a unit, its seconds, and what measured it; `data` in place of that which the plan names."""
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
    about = ", ".join(f"{name} {version}" for name, version in environment().items())
    return {"records": _jsonable(records), "seconds": round(time.perf_counter() - began, 3), "environment": about}


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

    **Raises:** `InputError` for the folder of another experiment, where another process writes to it, and where no
    setting of a method got through.

    !!! example
        >>> import pathlib, tempfile
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("flips-patterns", epochs=2, seeds=2)
        >>> work = experiments.run_protocol(plan, pathlib.Path(tempfile.mkdtemp()))
        >>> [(unit.of, unit.seeds, left) for unit, found, left in work]
        [('gradual', [0, 1], 0)]
    """
    claim_folder(plan, folder)
    if not _left(plan, folder):
        return
    lock = Lock(folder / "lock", folder)
    try:
        # What is reported hangs on what is tuned: a round ends before the next is known.
        while left := _left(plan, folder):
            for k, (number, found) in enumerate(_each(plan, left, executor)):
                path = folder / RECORDS / f"{left[number].name}.json"
                content = json.dumps(found, allow_nan=False).encode()
                replace_file(path, lambda file, content=content: file.write(content))
                yield left[number], found, len(left) - k - 1
    finally:
        lock.release()


def _left(plan: Protocol, folder: Path) -> list[Unit]:
    """The units that can be done by now and have no file yet."""
    there = _contents(folder)
    return [unit for unit in units(plan, flat(there)) if unit.name not in there]


def records_of(plan: Protocol, data: Data) -> list[Record]:
    """All records of a small experiment, kept in memory.

    **Arguments:**

    - `plan`: the experiment.
    - `data`: in place of that which the plan names.

    **Returns:** the records, those of tuning among them.

    **Raises:** `InputError` where no setting of a method got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("flips-patterns", epochs=2, seeds=2)
        >>> records = experiments.records_of(plan, experiments.patterns())
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


def environments_of(folder: Path) -> list[str]:
    """Versions, backend and machine of the units of an experiment, which may have been done on several.

    **Arguments:**

    - `folder`: that of `run_protocol`.

    **Returns:** one line for each that differs, in the order of their names.

    **Raises:** `InputError` for a file of another kind.

    !!! example
        >>> import pathlib
        >>> from mirrorjax import experiments
        >>> experiments.environments_of(pathlib.Path("no-such-folder"))
        []
    """
    return sorted({content.get("environment", "not recorded") for content in _contents(folder).values()})


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
