"""What the tuning of an experiment has chosen, and what is reported of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._errors import InputError
from ._comparison import FIRST_TUNING_SEED
from ._protocol import Protocol
from ._recipe import NUMBERS
from ._summary import MethodResult

Record = dict[str, Any]


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
