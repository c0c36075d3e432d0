"""Runs theorems over their instances."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

from .._errors import InputError, MirrorjaxError
from .._room import make_room
from ..checks import (
    DEEP_RUNGS,
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

    `table`: whether the user gave one. `quick`: whether errors are left unplanted.
    """

    tasks: tuple[tuple[Theorem, tuple], ...]
    seed: int
    rungs: tuple[float, ...]
    table: bool = False
    quick: bool = False

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
                    judgements.append(_examine(theorem, case, self.rungs))
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
) -> Plan:
    """Chooses the theorems and builds their instances."""
    theorems = [entry.load() for entry in select(patterns)]
    tasks = tuple((t, tuple(t.cases(seed, data))) for t in theorems)
    if quick:
        tasks = tuple((t, _one_of(cases)) for t, cases in tasks)
    return Plan(tasks, seed, DEEP_RUNGS if deep else RUNGS, data is not None, quick)


def _one_of(cases: tuple) -> tuple:
    """The user's table where there is one."""
    return tuple(case for case in cases if case.name == YOUR_DATA)[:1] or cases[:1]


def _unused_table() -> Judgement:
    """Of a theorem that was tried on other instances only: left out, they would read as an answer about the table."""
    unused = Hypothesis("your table is used", "no instance of this theorem is made of a table", False)
    return judge(YOUR_DATA, Finding({}, {}, (unused,)), 0.0)


def _examine(theorem: Theorem, case, rungs: tuple[float, ...]) -> Judgement:
    start = time.perf_counter()
    try:
        finding = theorem.check(case, rungs)
    except InputError as error:
        # No solver failed: more steps, which a failed solve recommends, would not help.
        finding = Finding({}, {}, (Hypothesis("the instance can be computed", str(error), False),))
    except MirrorjaxError as error:
        # A step that could not be taken on this instance is an answer about it, not a crash.
        finding = Finding({"computed": Evidence((), 0.0, 0.0, failure=str(error))}, {})
    return judge(case.name, finding, time.perf_counter() - start)


def verify(
    patterns: str | Sequence[str] = (),
    *,
    seed: int = 0,
    deep: bool = False,
    data: LinearRegression | None = None,
    quick: bool = False,
) -> list[Verdict]:
    """Verifies the theorems whose id matches; all where none is named.

    **Arguments:** `patterns` an id, a shell pattern such as "mask/*", or several; `seed` of the
    random instances; `deep` adds the rung 1e-12; `data` replaces the measurements, and a theorem that is
    tried on none comes out inconclusive then, its other instances holding or not; `quick` tries one instance of
    each and plants no errors: a smoke test, whose verdicts have no detection limit and say so.

    **Returns:** one `Verdict` per theorem, in the order of `mirrorjax list`.

    **Raises:** `InputError` for an unknown id, with near matches.

    !!! example
        >>> import mirrorjax as mj
        >>> [verdict] = mj.verify("mask/C.1", seed=0)
        >>> str(verdict.outcome)
        'holds'
    """
    chosen = [patterns] if isinstance(patterns, str) else patterns
    return list(plan(chosen, seed, deep, data, quick).run())
