"""What the commands run and print: a progress bar, tables, the content of JSON."""

import functools
import math
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ._outcome import Outcome
from ._workers import run_in_processes
from .checks import Verdict, as_json, environment
from .problems import LinearRegression
from .report import render_section
from .theorems import audit, plan
from .theorems._audit import PREPRINT, Audited

COLOURS = {Outcome.HOLDS: "green", Outcome.REFUTED: "red", Outcome.INCONCLUSIVE: "yellow"}
LOG_WIDTH = 140
"""Without a terminal rich assumes 80 columns and breaks the table."""


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=LOG_WIDTH)


class Results(NamedTuple):
    """What a run gave; `sections` by id and `audit` are for the report, and empty without one."""

    verdicts: list[Verdict]
    sections: dict[str, str]
    audit: Sequence[Audited]


def run(
    ids: Sequence[str],
    seed: int,
    deep: bool,
    data: LinearRegression | None,
    jobs: int,
    report: bool = False,
    float32: bool = False,
) -> Results:
    """Verifies under a progress bar, or with a plain line per theorem where nobody watches.

    The audit runs in float64 only.
    """
    audited = report and not float32
    console, verdicts, sections = _console(), [], {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("verifying", total=len(ids))
        if jobs > 1:
            tasks: list = [
                functools.partial(_verify, theorem_id, seed, deep, data, report, float32) for theorem_id in ids
            ]
            stream = run_in_processes(tasks + audited * [functools.partial(audit, seed)], jobs)
        else:
            stream = _run_here(
                ids, seed, deep, data, report, float32, lambda what: progress.update(bar, description=what)
            )
        for _, (verdict, section) in zip(ids, stream):
            verdicts.append(verdict)
            sections[verdict.id] = section
            progress.update(bar, advance=1, description=verdict.id)
            if not console.is_terminal:
                print(f"{verdict.id}: {verdict.outcome} ({verdict.reason}; {verdict.seconds:.1f} s)", flush=True)
        [misprints] = [*stream] if audited else [()]
    return Results(verdicts, sections, misprints)


def _run_here(ids, seed, deep, data, report, float32, say) -> Iterator:
    """A verdict and its section after another, then the audit, as the processes give them."""
    for verdict in plan(ids, seed, deep, data, float32).run(lambda entry, j: say(f"{entry.id}  {j.name}")):
        yield verdict, render_section(verdict) if report else ""
    if report and not float32:
        yield audit(seed)


def _verify(theorem_id, seed, deep, data, report, float32) -> tuple[Verdict, str]:
    [verdict] = plan([theorem_id], seed, deep, data, float32).run()
    return verdict, render_section(verdict) if report else ""


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


def print_audit(results: Sequence) -> int:
    """The audit as a table; the status is 0 if every printed formula fell and every correction stood."""
    table = Table(title=f"Formulas as printed in {PREPRINT}, and nothing beyond it", show_lines=True)
    for name in ("where", "as printed", "", "what holds", ""):
        table.add_column(name)
    fine = True
    for r in results:
        fine &= r.as_printed.outcome is Outcome.REFUTED and r.as_holds.outcome is Outcome.HOLDS
        printed = f"[{COLOURS[r.as_printed.outcome]}]{r.as_printed.outcome}[/]\neffect {_short(r.as_printed.effect)}"
        holds = f"[{COLOURS[r.as_holds.outcome]}]{r.as_holds.outcome}[/]\nto {_short(r.as_holds.resolution)}"
        table.add_row(r.item.where, r.item.printed, printed, r.item.holds, holds)
    _console().print(table)
    return 0 if fine else 1


def _short(value: float) -> str:
    return f"{value:.1e}" if math.isfinite(value) else "–"


def exit_status(verdicts: Sequence[Verdict]) -> int:
    """0 all hold, 1 something refuted, 2 something inconclusive."""
    outcomes = {v.outcome for v in verdicts}
    return 1 if Outcome.REFUTED in outcomes else 2 if Outcome.INCONCLUSIVE in outcomes else 0
