"""Runs theorems over their instances."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

from .._errors import InputError, MirrorjaxError
from .._room import make_room
from .._types import x64_on
from ..checks import (
    DEEP_RUNGS,
    FLOAT32_RUNGS,
    RUNGS,
    Evidence,
    Finding,
    Hypothesis,
    Judgement,
    Verdict,
    combine,
    judge,
    without_planted_errors,
)
from ..problems import LinearRegression
from ._registry import YOUR_DATA, Entry, Theorem, select

QUICK = "; quick: one instance, no errors planted"
"""What the outcome line of a smoke test says."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """Theorems with their instances, laid out before the work starts.

    `table`: whether the user gave one. `quick`: whether errors are left unplanted. `float32`: whether it was asked for.
    """

    tasks: tuple[tuple[Theorem, tuple], ...]
    seed: int
    rungs: tuple[float, ...]
    table: bool = False
    quick: bool = False
    float32: bool = False

    @property
    def size(self) -> int:
        """How many instances there are in all."""
        return sum(len(cases) for _, cases in self.tasks)

    def run(self, on_instance: Callable[[Entry, Judgement], None] | None = None) -> Iterator[Verdict]:
        """Yields a verdict per theorem; `on_instance` hears of every instance as it ends."""
        for theorem, cases in self.tasks:
            judgements = []
            for case in cases:
                with without_planted_errors() if self.quick else contextlib.nullcontext():
                    judgements.append(_examine(theorem, case, self.rungs, self.float32))
                if on_instance:
                    on_instance(theorem.entry, judgements[-1])
            if self.table and all(case.name != YOUR_DATA for case in cases):
                judgements.append(_unused_table())
            make_room()
            verdict = combine(theorem.entry.id, judgements, self.seed, self.rungs)
            yield dataclasses.replace(verdict, reason=f"{verdict.reason}{QUICK}") if self.quick else verdict


def plan(
    patterns: Sequence[str] = (),
    seed: int = 0,
    deep: bool = False,
    data: LinearRegression | None = None,
    quick: bool = False,
    float32: bool = False,
) -> Plan:
    """Chooses the theorems and builds their instances."""
    if float32 and deep:
        raise InputError("float32 and deep exclude each other", "float32 does not resolve 1e-12", "one of them")
    if float32 and x64_on():
        raise InputError(
            "float32 was asked for and float64 is on",
            "every number would be made in float64",
            "jax.config.update('jax_enable_x64', False) before anything else, or leave float32 out",
        )
    theorems = [entry.load() for entry in select(patterns)]
    tasks = tuple((t, _made(t, seed, data)) for t in theorems)
    if quick:
        tasks = tuple((t, _one_of(cases)) for t, cases in tasks)
    rungs = FLOAT32_RUNGS if float32 else DEEP_RUNGS if deep else RUNGS
    return Plan(tasks, seed, rungs, data is not None, quick, float32)


def _one_of(cases: tuple) -> tuple:
    """The user's table where there is one."""
    return tuple(case for case in cases if case.name == YOUR_DATA)[:1] or cases[:1]


@dataclasses.dataclass(frozen=True)
class _Unmade:
    """In place of instances that could not be made without float64."""

    error: str
    name: str = "instances"


def _made(theorem: Theorem, seed: int, data: LinearRegression | None) -> tuple:
    try:
        return tuple(theorem.cases(seed, data))
    except Exception as error:
        if x64_on():
            raise
        return (_Unmade(_line(error)),)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"


def _unused_table() -> Judgement:
    """Of a theorem that was tried on other instances only: left out, they would read as an answer about the table."""
    unused = Hypothesis("your table is used", "no instance of this theorem is made of a table", False)
    return judge(YOUR_DATA, Finding({}, {}, (unused,)), 0.0)


def _examine(theorem: Theorem, case, rungs: tuple[float, ...], float32: bool) -> Judgement:
    start = time.perf_counter()
    try:
        finding = _failed(case.error) if isinstance(case, _Unmade) else theorem.check(case, rungs)
    except Exception as error:
        # A check that counts on 16 digits fails without them in ways of its own: an entry of 1e-60 is 0, a matrix
        # whose rows were independent is singular. None of them is an answer, or worth losing the others for.
        if x64_on() and not isinstance(error, MirrorjaxError):
            raise
        finding = _unfinished(error)
    return judge(case.name, finding, time.perf_counter() - start, float32=float32)


def _unfinished(error: Exception) -> Finding:
    if not x64_on():
        return _failed(_line(error))
    if isinstance(error, InputError):
        # No solver failed: more steps, which a failed solve recommends, would not help.
        return Finding({}, {}, (Hypothesis("the instance can be computed", str(error), False),))
    # A step that could not be taken on this instance is an answer about it, not a crash.
    return _failed(str(error))


def _failed(why: str) -> Finding:
    return Finding({"computed": Evidence((), 0.0, 0.0, failure=why)}, {})


def verify(
    patterns: str | Sequence[str] = (),
    *,
    seed: int = 0,
    deep: bool = False,
    data: LinearRegression | None = None,
    quick: bool = False,
    float32: bool = False,
) -> list[Verdict]:
    """Verifies the theorems whose id matches; all where none is named.

    **Arguments:** `patterns` an id, a shell pattern such as "mask/*", or several; `seed` of the
    random instances; `deep` adds the rung 1e-12; `data` replaces the measurements, and a theorem that is
    tried on none comes out inconclusive then, its other instances holding or not; `quick` tries one instance of
    each and plants no errors: a smoke test, whose verdicts have no detection limit and say so; `float32`, where
    float64 is off, asks for what float32 can say, to some 1e-4: without it every verdict there is inconclusive.

    **Returns:** one `Verdict` per theorem, in the order of `mirrorjax list`.

    **Raises:** `InputError` for an unknown id, with near matches; for `float32` with float64 on, or with `deep`.

    !!! example
        >>> import mirrorjax as mj
        >>> [verdict] = mj.verify("mask/C.1", seed=0)
        >>> str(verdict.outcome)
        'holds'
    """
    chosen = [patterns] if isinstance(patterns, str) else patterns
    return list(plan(chosen, seed, deep, data, quick, float32).run())
