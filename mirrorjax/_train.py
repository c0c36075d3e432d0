"""The command `train`: methods compared under a progress bar, in a folder that it goes on from."""

import argparse
import difflib
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ._errors import InputError, SolverError
from ._files import replace_file, replace_text
from .checks import environment
from .experiments import (
    CHECKPOINTS,
    METHODS,
    ONE_SHOT,
    Comparison,
    Data,
    MethodResult,
    Run,
    choices,
    load_data,
    load_results,
    log_of,
    method,
    method_results,
    ready_protocols,
    run_comparison,
    table,
)
from .report import ensure_writable

TABLE = "table.md"


def plan_of(options: argparse.Namespace) -> Comparison:
    """The comparison that is asked for; what needs no factors stands beside, as the reference."""
    asked = [name for given in options.methods for name in (ONE_SHOT if given == "all" else (given,))]
    unknown = [name for name in asked if name not in METHODS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], [*METHODS, *ready_protocols()], n=3)
        hint = ", ".join(near or METHODS) + "; experiments: mirrorjax train --list"
        raise InputError(f"there is no method and no experiment {unknown[0]!r}", "", hint)
    kinds = {method(name).kind for name in asked}
    beside = (["dense", "magnitude"] if kinds - {"masked"} else []) + (["random-mask"] if "masked" in kinds else [])
    names = tuple(dict.fromkeys([*beside, *asked]))
    return Comparison(
        names, tuple(options.density), options.seeds, options.network, options.epochs, options.fine_tuning,
        fold=options.fold,
    )  # fmt: skip


def train(options: argparse.Namespace) -> None:
    """Runs what is missing and writes table and plots.

    **Raises:** `SolverError` where a reported run diverged, once everything else is written.
    """
    plan = plan_of(options)
    folder = ensure_writable(options.out)
    data = load_data(options.data)
    records = load_results(plan, data, folder)["records"]
    if records:
        print(f"going on from {folder}: {len(records)} runs are done", flush=True)
    _watch(plan, data, folder, records)
    found = method_results(plan, records)
    text = page(plan, data.name, found)
    replace_text(folder / TABLE, text)
    print(text, *draw(found, records, folder), sep="\n")
    lost = [(row, *one) for row in found for one in row.diverged]
    if lost:
        row, seed, step = lost[0]
        raise SolverError(
            f"{len(lost)} reported results are missing: the loss was not finite",
            f"{row.method}, seed {seed}, at step {step}",
            f"what it had reached is in {folder / CHECKPOINTS}",
        )


def _watch(plan: Comparison, data: Data, folder: Path, records: dict[str, Any]) -> None:
    """A bar over epochs, or a line for each run where nobody watches."""
    console = Console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        done = sum(sum(job.phases) for job in plan.runs(records) if job.name in records)
        bar = progress.add_task("training", total=plan.expected_epochs(records), completed=done)

        def say(job: Run) -> None:
            progress.update(bar, advance=1, description=job.name)

        for job, record in run_comparison(plan, data, folder, say=say):
            records[job.name] = record
            done += sum(job.phases)
            progress.update(bar, total=plan.expected_epochs(records), completed=done)
            if not console.is_terminal:
                print(f"{job.name}: {_outcome(record)} ({record['seconds']:.1f} s)", flush=True)


def _outcome(record: dict[str, Any]) -> str:
    if record["diverged"] is not None:
        return f"loss not finite at step {record['diverged']}"
    name = "validation" if record["scores"][0]["test"] is None else "test"
    return f"{name} " + ", ".join(f"{100 * score[name]:.1f} %" for score in record["scores"])


def page(plan: Comparison, source: str, found: Sequence[MethodResult]) -> str:
    """What is measured and how, as Markdown."""
    grid = METHODS[plan.methods[0]]
    how = f"""Test accuracy in % by density, mean ± 95 % interval over {plan.seeds} seeds.
    Network {plan.network} on {source}. Each method: {len(grid.strengths)} strengths ×
    {len(grid.rates)} learning rates, chosen for each density by the mean validation accuracy of
    {plan.tuning_seeds} other seeds, never by the test part, the fifth of the data that is fold {plan.fold}.
    {plan.epochs} epochs of training, one-shot magnitude pruning of the merged weights, {plan.fine_tuning} epochs
    of plain SGD under the mask, the same for all; without pruning, and under a mask from the start,
    {plan.epochs + plan.fine_tuning} epochs at once."""
    about = ", ".join(f"{name} {version}" for name, version in environment().items())
    titles = "\n".join(f"- {name}: {METHODS[name].title}" for name in plan.methods)
    return f"{textwrap.fill(' '.join(how.split()), 110)}\n\n{table(found)}\n\n{titles}\n\n{choices(found)}\n\n{about}\n"


def draw(found: Sequence[MethodResult], records: dict[str, Any], folder: Path) -> list[Path]:
    """`densities.svg`, and of each method the run of seed 0."""
    from . import plots

    figures = {"densities": plots.sparsity_accuracy(found)} if any(row.test for row in found) else {}
    for record in records.values():
        if record.get("log"):
            name, strength = record["method"], record["strength"]
            figures.setdefault(f"run-{name}", plots.training(log_of(record), title=f"{name}, strength {strength:g}"))
    paths = [folder / f"{name}.svg" for name in figures]
    for path, figure in zip(paths, figures.values()):
        replace_file(path, lambda file, figure=figure: figure.savefig(file, format="svg"))
    return paths
