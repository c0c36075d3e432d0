"""What the commands run and print: a progress bar, tables, the content of JSON."""

import contextlib
import functools
import math
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from ._errors import MirrorjaxError
from ._executors import Where, executor_of, run as run_on
from ._outcome import Outcome
from .checks import Verdict, as_json, environment
from .registry import Audited, Entry, Theorem, plan
from .report import render_section, write_picture
from .theorems import audit

COLOURS = {Outcome.HOLDS: "green", Outcome.REFUTED: "red", Outcome.INCONCLUSIVE: "yellow"}
CENTRAL = "mask/3.1"
"""The theorem that a long run begins with: m ⊙ w follows its moving potential."""
LOG_WIDTH = 140
"""Without a terminal rich assumes 80 columns and breaks the table."""


class _Screen(Console):
    """Hands on that the reader of a pipe went away, where rich would end the program by itself."""

    def on_broken_pipe(self) -> None:
        raise


def _console() -> Console:
    return _Screen() if sys.stdout.isatty() else _Screen(width=LOG_WIDTH)


class Results(NamedTuple):
    """What a run gave; `sections` by id and `audit` are for the report, and empty without one."""

    verdicts: list[Verdict]
    sections: dict[str, str]
    audit: Sequence[Audited]


class Drawn(NamedTuple):
    """The folder of a report, where this machine has it, and the keywords of `render_section`."""

    folder: Path
    how: dict[str, Any]
    host: str


class _Rate(ProgressColumn):
    """Theorems a minute."""

    def render(self, task: Task) -> str:
        return f"{60 * task.speed:.0f}/min" if task.speed else ""


def run(
    asked: Sequence[Entry | Theorem],
    how: Mapping[str, Any],
    where: Where = None,
    report: Path | None = None,
    drawn: Mapping[str, Any] | None = None,
) -> Results:
    """Verifies, and says every verdict as it comes: the first of the central theorem, with a picture of it.

    The audit of printed formulas joins a report on theorems of the same paper, in float64 only.

    **Arguments:** `how`: the arguments of `plan` but the first; `where`: as of `executor_of`; `report`: the folder of
    the report, where there will be one; `drawn`: `options` and `single_file` of `render_section`.
    """
    console = _console()
    order = sorted(asked, key=lambda theorem: theorem.id != CENTRAL)  # stable: the others as they are listed
    verdicts: dict[str, Verdict] = {}
    sections: dict[str, str] = {}
    audited: Sequence[Audited] = ()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    start = time.monotonic()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("verifying", total=len(order))
        draw = report and Drawn(report.absolute(), dict(drawn or {}), platform.node())
        for number, result in _results(order, how, where, draw, lambda what: progress.update(bar, description=what)):
            if number == len(order):
                audited = result
                continue
            verdict, sections[order[number].id], picture = result
            verdicts[verdict.id] = verdict
            progress.update(bar, advance=1, description=verdict.id)
            left = _left(len(verdicts), len(order), time.monotonic() - start)
            _say(console, verdict, picture, "" if console.is_terminal else left)
    return Results([verdicts[theorem.id] for theorem in asked], sections, audited)


def _results(order, how, where: Where, report: Drawn | None, say) -> Iterator[tuple[int, Any]]:
    """What `_verify` gives of each theorem by its number in `order`, and the audit last of all, as they end."""
    of_its_paper = any(theorem.id.startswith("mask/") for theorem in order)
    audited = report is not None and of_its_paper and not how.get("float32")
    with executor_of(where) as executor:
        if executor is not None:
            tasks: list = [functools.partial(_verify, theorem, how, report) for theorem in order]
            tasks += [functools.partial(audit, how["seed"])] * audited
            yield from run_on(tasks, executor)
            return
    for number, theorem in enumerate(order):
        yield number, _verify(theorem, how, report, lambda entry, j: say(f"{entry.id}  {j.name}"))
    if audited:
        yield len(order), audit(how["seed"])


def _verify(theorem: Entry | Theorem, how, report: Drawn | None, on_instance=None) -> tuple[Verdict, str, Path | None]:
    """The verdict, its section of the report, and the file of a picture, if it is the central theorem's."""
    [verdict] = plan([theorem], **how).run(on_instance)
    if not report:
        return verdict, "", None
    picture = None
    if theorem.id == CENTRAL and report.host == platform.node():
        # A disk that is full is told when the report is written.
        with contextlib.suppress(OSError, MirrorjaxError):
            picture = write_picture(verdict, report.folder)
    entry = theorem if isinstance(theorem, Entry) else theorem.entry
    return verdict, render_section(verdict, entry, **report.how), picture


def _say(console: Console, verdict: Verdict, picture: Path | None, left: str) -> None:
    """A line for one verdict; markup would take `[0, 1]` in a reason for a style, and wrapping would break a log."""
    lines = [f"{verdict.id}: {verdict.outcome} ({verdict.reason}; {verdict.seconds:.1f} s){left}"]
    lines += [f"  its picture: {picture}"] if picture else []
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.file.flush()


def _left(done: int, asked: int, seconds: float) -> str:
    """How far a log is; nothing where one theorem was asked for."""
    if asked == 1:
        return ""
    rest = (asked - done) * seconds / done
    return f"  {done}/{asked}" + (f", about {rest:.0f} s left" if rest < 100 else f", about {rest / 60:.0f} min left")


def as_content(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """Environment and verdicts in JSON types."""
    return {"environment": environment(), "verdicts": [as_json(v) for v in verdicts]}


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """The table, and everything about what does not hold."""
    console = _console()
    console.print(verdict_table(verdicts))
    for verdict in verdicts:
        if not verdict:
            console.print(str(verdict), markup=False, highlight=False)
            if verdict.traceback and os.environ.get("MIRRORJAX_TRACEBACK"):
                console.print(verdict.traceback, markup=False, highlight=False)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """One line per theorem."""
    table = Table(title="A verdict “holds” is a measurement that failed to contradict, to its resolution.")
    table.add_column("theorem", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name in ("resolution", "smallest planted\nerror caught", "effect", "instances", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for v in verdicts:
        outcome = f"[{COLOURS[v.outcome]}]{v.outcome}[/]"
        numbers = (_short(v.resolution), _short(v.detection_limit), _short(v.effect))
        table.add_row(v.id, outcome, *numbers, str(len(v.instances)), f"{v.seconds:.1f}")
    return table


def print_audit(results: Sequence[Audited], title: str) -> int:
    """The audit as a table; the status is 0 if every printed formula fell and what holds stood."""
    table = Table(title=title, show_lines=True)
    for name in ("where", "as printed", "", "what holds", ""):
        table.add_column(name)
    fine = True
    for r in results:
        fine &= r.as_printed.outcome is Outcome.REFUTED and r.as_holds.outcome is Outcome.HOLDS
        printed = f"[{COLOURS[r.as_printed.outcome]}]{r.as_printed.outcome}[/]\neffect {_short(r.as_printed.effect)}"
        holds = f"[{COLOURS[r.as_holds.outcome]}]{r.as_holds.outcome}[/]\nto {_short(r.as_holds.resolution)}"
        table.add_row(*map(escape, (r.item.where, r.item.printed)), printed, escape(r.item.holds), holds)
    _console().print(table)
    return 0 if fine else 1


def _short(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) else "–"


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 all hold, 1 something refuted, 2 something inconclusive, 3 a check crashed."""
    if any(v.traceback for v in verdicts):
        return 3
    outcomes = {v.outcome for v in verdicts}
    return 1 if Outcome.REFUTED in outcomes else 2 if Outcome.INCONCLUSIVE in outcomes else 0
