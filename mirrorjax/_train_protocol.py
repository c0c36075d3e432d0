"""The command `train EXPERIMENT.toml`: a protocol in a folder that it goes on from, and its page."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ._errors import InputError
from ._executors import executor_of
from ._files import replace_file, replace_text
from .experiments import (
    Protocol,
    environments_of,
    load_records,
    protocol_page,
    read_protocol,
    ready_protocols,
    run_protocol,
    seconds_spent,
)
from .report import ensure_writable

PAGE = "page.md"
INTERRUPTED = 130
UNUSED = ("data", "density", "fold", "network", "fine_tuning")
"""What the file says; in its place on the command line it would be another experiment of the same name."""


def is_protocol(words: list[str]) -> bool:
    """Whether the words of the command name an experiment, not methods."""
    return not words or any(word.endswith(".toml") or word in ready_protocols() for word in words)


def list_protocols() -> int:
    """Prints the experiments that come with the package; exit status 0."""
    ready = ready_protocols()
    for name in ready:
        print(f"{name:<{max(map(len, ready))}}  {read_protocol(name).title}")
    return 0


def train_protocol(options: argparse.Namespace) -> int:
    """Does what is left of the experiment, writes `page.md` and its figure, and returns the exit status.

    **Raises:** `InputError` for a file that is no experiment, for options that the file has to say, and for the folder
    of another experiment.
    """
    if len(options.methods) != 1:
        listed = " ".join(options.methods)
        what = "one experiment at a time, and no methods beside it" if listed else "train what?"
        raise InputError(what, listed, "mirrorjax train --list, or methods: mirrorjax train pilot spred")
    given = [name for name in UNUSED if getattr(options, name) is not None]
    if given:
        option = given[0].replace("_", "-")
        raise InputError(f"--{option} is for the file of the experiment to say", options.methods[0], "its [table]")
    asked = {name: getattr(options, name) for name in ("epochs", "seeds", "chunk")}
    changes = {name: value for name, value in asked.items() if value is not None}
    plan = read_protocol(options.methods[0], **changes)
    folder = ensure_writable(options.out)
    try:
        with executor_of(options.executor) as executor:
            _watch(plan, folder, executor)
    except KeyboardInterrupt:
        print(f"interrupted: what is done is kept in {folder}; the same command goes on", file=sys.stderr)
        return INTERRUPTED
    done = load_records(folder)
    text = protocol_page(plan, done, seconds_spent(folder))
    about = "\n".join(environments_of(folder))  # of who measured, not of who prints
    replace_text(folder / PAGE, f"{text}\n\n{about}\n")
    print(text, *_draw(plan, done, folder), sep="\n")
    return 0


def _watch(plan: Protocol, folder: Path, executor: Any) -> None:
    """A bar over networks, or a line for each unit where nobody watches."""
    console = Console()
    count = TextColumn("{task.completed} of {task.total} units")
    columns = TextColumn("{task.description}"), BarColumn(), count, TimeElapsedColumn(), TimeRemainingColumn()
    began, done = time.monotonic(), 0
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(plan.title, total=None)
        for unit, found, left in run_protocol(plan, folder, executor):
            done += 1
            progress.update(bar, completed=done, total=done + left)
            if not console.is_terminal:
                kind = "reported" if unit.tested else "tuning"
                spent = f"{found['seconds']:.1f} s, {time.monotonic() - began:.0f} s in all"
                print(
                    f"{unit.of}, {kind}, {len(unit.members)} networks: {spent}; at least {left} units left", flush=True
                )


def _draw(plan: Protocol, done: list[dict[str, Any]], folder: Path) -> list[Path]:
    from . import plots

    figure = plots.protocol(plan, done)
    path = folder / f"{plan.kind}.svg"
    replace_file(path, lambda file: figure.savefig(file, format="svg"))
    return [path]
