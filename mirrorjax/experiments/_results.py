"""The runs of a comparison, and the folder that keeps them."""

import dataclasses
import json
import math
import time
import zlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from .._errors import InputError
from .._files import replace_file
from ._comparison import FIRST_TUNING_SEED, Comparison
from ._datasets import Data, split_data
from ._experiment import DivergedError, run
from ._job import Run
from ._methods import method

BATCH = 100
CHECKPOINTS = "checkpoints"


def run_comparison(
    plan: Comparison, data: Data, folder: Path, *, say: Callable[[Run], None] = lambda job: None
) -> Generator[tuple[Run, dict[str, Any]], None, None]:
    """Does what is not yet done of a comparison; yields every run with its record.

    `folder/results.json` is rewritten after each run, a run under way leaves a checkpoint in
    `folder/checkpoints`: the same call goes on from there. A run that diverges is recorded with its step; of
    one that is to be reported the checkpoint stays.

    **Arguments:**

    - `plan`: what is compared.
    - `data`: what is trained and tested on.
    - `folder`: that keeps the results; made where there is none.
    - `say`: called with the run after each of its epochs.

    **Returns:** an iterator over the runs that were not done before, each with its record.

    **Raises:** `InputError` where the folder holds another comparison, `DivergedError` where the whole grid of a
    method diverges.

    !!! example
        >>> import tempfile, numpy as np, pathlib
        >>> from mirrorjax import experiments
        >>> data = experiments.Data(np.ones((30, 4)), np.arange(30) % 2)
        >>> plan = experiments.Comparison(("dense",), densities=(0.5,), seeds=1, epochs=1, fine_tuning=0)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     job, record = next(experiments.run_comparison(plan, data, pathlib.Path(folder)))
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
    grids = {name: [method(name).strengths, method(name).rates] for name in plan.methods}
    digest = zlib.crc32(data.x.tobytes() + data.y.tobytes())
    about = {"plan": dataclasses.asdict(plan), "grids": grids, "data": f"{data.name}, {digest:08x}"}
    return json.loads(json.dumps(about))  # lists for tuples, as in the file that it is compared with


def _write(plan: Comparison, data: Data, folder: Path, records: dict[str, Any]) -> None:
    content = json.dumps(_about(plan, data) | {"records": records}, indent=1, ensure_ascii=False, allow_nan=False)
    replace_file(folder / "results.json", lambda file: file.write(content.encode()))


def load_results(plan: Comparison, data: Data, folder: Path) -> dict[str, Any]:
    """What `folder/results.json` holds of this comparison; nothing yet if there is no such file.

    **Arguments:**

    - `plan`: what is compared.
    - `data`: what is trained and tested on.
    - `folder`: that keeps the results.

    **Returns:** a dictionary: "plan", "grids" and "data" that say which comparison it is, and "records" by the names of
    the runs.

    **Raises:** `InputError` for the results of another comparison, or an unreadable file.

    !!! example
        >>> import numpy as np, pathlib
        >>> from mirrorjax import experiments
        >>> data = experiments.Data(np.ones((30, 4)), np.arange(30) % 2)
        >>> plan = experiments.Comparison(("dense",), densities=(0.5,))
        >>> experiments.load_results(plan, data, pathlib.Path("no-such-folder"))["records"]
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
