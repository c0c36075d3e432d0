"""What users hand to a plot, checked: doses, coordinates, and objects that hold a series."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from .._errors import InputError
from .._types import ArrayLike
from ..checks import Evidence, Finding, Judgement, Verdict
from ..potentials import AbstractPotential

S = TypeVar("S")


def as_doses(doses: ArrayLike) -> np.ndarray:
    """Doses as an increasing vector, each once.

    **Raises:** `InputError` for none, and for one that is negative or not finite.
    """
    found = _numbers(doses)
    if not found.size or np.any(found < 0):
        raise InputError("doses are one or more finite numbers ≥ 0", f"got {doses}", "[0.0, 0.5, 2.0]; a = −dose")
    return np.unique(found)


def as_window(name: str, points: ArrayLike) -> np.ndarray:
    """Where to draw, as an increasing vector.

    **Raises:** `InputError` for fewer than two numbers, and for one that is not finite.
    """
    found = np.unique(_numbers(points))
    if found.size < 2:
        raise InputError(f"{name} are two or more finite numbers, from and to", f"got {points}", "(-1.0, 1.0)")
    return found


def _numbers(given: ArrayLike) -> np.ndarray:
    """A vector of finite numbers; empty for anything else."""
    try:
        found = np.asarray(given, dtype=float)
    except (TypeError, ValueError):  # words, ragged lists
        return np.zeros(0)
    return found if found.ndim == 1 and np.all(np.isfinite(found)) else np.zeros(0)


def check_potential(potential: Any, coordinate: int = 0) -> None:
    """Raises `InputError` for what is no potential, or has no such coordinate."""
    if not isinstance(potential, AbstractPotential):
        raise InputError(
            "R must be a potential", f"got {type(potential).__name__}", "mj.potential_of(param, w0)"
        )  # fmt: skip
    whole = isinstance(coordinate, int | np.integer) and not isinstance(coordinate, bool)
    if not whole or not 0 <= coordinate < potential.n:
        raise InputError(
            f"coordinate must be a whole number from 0 to {potential.n - 1}", f"coordinate = {coordinate!r}"
        )


def series_of(given: Any, kind: type[S], takes: str) -> tuple[S, str]:
    """The series of a kind that an object is or holds, and a title: "" of the series itself.

    Of a verdict it is that of the deciding instance, else of the first instance that has one.

    **Raises:** `InputError` where there is none; `takes` says what would be taken.
    """
    if isinstance(given, kind):
        return given, ""
    if isinstance(given, Verdict):
        for judgement in (given.deciding, *given.instances):
            for series in judgement.finding.series:
                if isinstance(series, kind):
                    return series, f"{given.id} · {judgement.name}"
        raise InputError(
            f"no instance of this verdict holds a {kind.__name__}", f"{given.id}: {_held(given)}", takes
        )  # fmt: skip
    raise refused(given, takes)


def finding_of(given: Any, title: str) -> tuple[Finding, str]:
    """The evidence that an object is or holds, of a verdict that of the deciding instance, and a title.

    **Raises:** `InputError` for what holds none.
    """
    if isinstance(given, Verdict):
        return given.deciding.finding, title or f"{given.id} · {given.deciding.name}"
    if isinstance(given, Judgement):
        return given.finding, title or given.name
    if isinstance(given, Finding):
        return given, title
    if isinstance(given, Mapping) and all(isinstance(value, Evidence) for value in given.values()):
        return Finding(claims=dict(given), controls={}), title
    raise refused(given, "a Verdict (mj.verify returns a list of them), a Judgement, a Finding or {name: Evidence}")


def refused(given: Any, takes: str) -> InputError:
    """The error that says what is taken."""
    return InputError("this kind of object has no such picture", f"got {type(given).__name__}", takes)


def _held(verdict: Verdict) -> str:
    kinds = {type(series).__name__ for judgement in verdict.instances for series in judgement.finding.series}
    return "it holds " + ", ".join(sorted(kinds)) if kinds else "it holds no series"


def listed(numbers: Sequence[float], most: int = 6) -> str:
    """Numbers in a sentence, at most so many of them."""
    shown = [f"{number:.4g}" for number in numbers[:most]]
    return ", ".join(shown) + (", …" if len(numbers) > most else "")
