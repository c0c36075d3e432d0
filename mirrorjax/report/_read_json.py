"""Verdicts read from JSON files, refused in words where they are not what `mirrorjax verify --json` writes."""

import dataclasses
import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from .._errors import InputError
from .._outcome import Outcome

HINT = "a file that `mirrorjax verify --json FILE` wrote"
NUMBERS = ("resolution", "effect", "detection_limit")


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a JSON file says of one theorem; NaN for a number that there is none of."""

    outcome: Outcome
    numbers: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Run:
    """What a JSON file says: of the environment, seed and rungs by name, and of each theorem by id."""

    environment: dict[str, str]
    measured: dict[str, Measured]


def read_run(path: str | os.PathLike[str]) -> Run:
    """Reads the file.

    **Raises:** `InputError` for a file that cannot be read or holds something else.
    """
    content = _parsed(path)
    if not isinstance(content, dict) or not isinstance(content.get("verdicts"), list):
        what = "these are not verdicts but an analysis" if _is_analysis(content) else "there is no list of verdicts"
        raise InputError(what, str(path), HINT)
    environment = content.get("environment", {})
    if not isinstance(environment, dict) or not all(isinstance(value, str) for value in environment.values()):
        raise InputError("the environment is not names with texts", str(path), HINT)
    measured: dict[str, Measured] = {}
    asked: dict[str, set[str]] = {"seed": set(), "rungs": set()}
    for number, verdict in enumerate(content["verdicts"], 1):
        where = f"{path}, verdict {number}"
        if not isinstance(verdict, dict) or not isinstance(verdict.get("id"), str):
            raise InputError("a verdict has no id", where, HINT)
        if verdict["id"] in measured:
            raise InputError(f"two verdicts have the id {verdict['id']!r}", where, HINT)
        measured[verdict["id"]] = _measured(verdict, f"{where}, {verdict['id']}")
        for key, values in asked.items():
            values |= {json.dumps(verdict[key])} if key in verdict else set()
    said = {key: "; ".join(sorted(values)) for key, values in asked.items() if values}
    return Run({**environment, **said}, measured)


def _parsed(path: str | os.PathLike[str]) -> Any:
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror or error}", str(path), HINT) from error
    except (ValueError, RecursionError) as error:  # ValueError: neither JSON nor UTF-8, a NUL in the name
        raise InputError(f"it is not JSON: {error}", str(path), HINT) from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _is_analysis(content: object) -> bool:
    return isinstance(content, dict) and "analysis" in content


def _measured(verdict: Mapping[str, Any], where: str) -> Measured:
    try:
        outcome = Outcome(verdict.get("outcome"))
    except ValueError:
        known = ", ".join(Outcome)
        raise InputError(f"the outcome is {verdict.get('outcome')!r}, none of {known}", where, HINT) from None
    return Measured(outcome, {name: _number(verdict.get(name), name, where) for name in NUMBERS})


def _number(value: object, name: str, where: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= sys.float_info.max:
        raise InputError(f"{name} is {value!r}, no size", where, HINT)
    return float(value)
