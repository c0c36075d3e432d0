"""The command `sweep`: a configuration computed under a progress bar, in a folder that it goes on from."""

import argparse
import dataclasses
import math
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._errors import InputError
from ._prepare import prepare_jax

if TYPE_CHECKING:  # where it runs it is imported late: `mirrorjax --help` reads this file, and jax takes a second
    from .sweeps.configs import SweepConfig

COMPUTED, SOME_FAILED, INTERRUPTED = 0, 2, 130
LOG_WIDTH = 140
"""Without a terminal rich assumes 80 columns and breaks the table."""
LINES = 20
"""Of a log, whatever the number of chunks."""


def add_sweep(commands: Any, positive: Callable[[str], int]) -> None:
    """The options of the command; `positive` is the type of those that count something."""
    sweep = commands.add_parser(
        "sweep",
        help="a quantity over the product of axes, kept chunk by chunk",
        description="Computes the quantity that a TOML file names at every point of its axes. What is finished is kept "
        "in a folder; an interrupted sweep goes on with --resume.",
        epilog="exit status: 0 every point computed, 2 some points failed, 3 bad input or failure, 130 interrupted",
    )
    sweep.add_argument("config", nargs="?", metavar="CONFIG", help="FILE.toml, or the name of a ready configuration")
    sweep.add_argument("--list", action="store_true", help="the ready configurations")
    sweep.add_argument("--out", metavar="DIR", type=Path, help="the folder of the results, in Zarr's format")
    sweep.add_argument("--resume", action="store_true", help="go on with the sweep that DIR holds")
    sweep.add_argument("--executor", metavar="WHERE", help="processes, processes:4, dask://HOST:PORT or mpi")
    sweep.add_argument("--chunk", type=positive, metavar="N", help="points that are computed and kept together")
    sweep.add_argument("--seeds", type=positive, metavar="N", help="how many, in place of those of CONFIG")
    sweep.add_argument("--picture", metavar="FILE.png", type=Path, help="draw the picture that CONFIG describes")


def run_sweep(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit status.

    **Raises:** `InputError` for what cannot be swept, before anything is computed.
    """
    prepare_jax()
    from ._executors import executor_of
    from .sweeps.configs import read_config, ready_configs

    if options.list:
        ready = ready_configs()
        for name, title in ready.items():
            print(f"{name:<{max(map(len, ready))}}  {title}")
        return COMPUTED
    if options.config is None:
        raise InputError("sweep needs a configuration", "", f"FILE.toml, or {' or '.join(ready_configs())}")
    config = read_config(options.config)
    _check(options, config)
    asked = {name: getattr(options, name) for name in ("chunk", "seeds")}
    given = {name: value for name, value in asked.items() if value is not None}
    config = dataclasses.replace(config, options={**config.options, **given})
    began, watch = time.monotonic(), _Watch(config.points)
    try:
        with executor_of(options.executor) as executor, watch:  # opened before the folder is made: it may be refused
            data = config.run(options.out, resume=options.resume, progress=watch, executor=executor)
    except KeyboardInterrupt:
        print(f"interrupted: {watch.done} of {watch.of} chunks are kept; go on with\n  {again(options)}"
              if watch.of else "interrupted: nothing is kept", file=sys.stderr)  # fmt: skip
        return INTERRUPTED
    failed = _say(data, time.monotonic() - began, options.out)
    if options.picture:
        _write_picture(data, config, options.picture)
    return SOME_FAILED if failed else COMPUTED


def _check(options: argparse.Namespace, config: "SweepConfig") -> None:
    from .report import ensure_writable
    from .sweeps.configs import holds_sweep

    if options.out is None:
        raise InputError("sweep needs a folder for the results", "", "--out DIR")
    if holds_sweep(options.out) and not options.resume:
        raise InputError("the folder holds a sweep already", str(options.out), "--resume, or another folder")
    if options.seeds and "seeds" not in config.options:
        raise InputError("the configuration has no seeds", config.source, "it without --seeds")
    if options.picture:
        if not config.picture:
            raise InputError("the configuration describes no picture", config.source, "a table [picture] in it")
        if options.picture.suffix not in (".png", ".svg", ".pdf"):
            raise InputError("a picture is a .png, .svg or .pdf", str(options.picture))
        ensure_writable(options.picture.absolute().parent)


def again(options: argparse.Namespace) -> str:
    """The command that goes on with an interrupted sweep."""
    words = ["mirrorjax", "sweep", options.config, "--out", str(options.out), "--resume"]
    for name in ("executor", "seeds", "picture"):
        value = getattr(options, name)
        words += [f"--{name}", str(value)] if value is not None else []
    return shlex.join(words)


class _Watch:
    """Takes the progress of a sweep: a bar with points a second and the time left, or lines where nobody watches."""

    def __init__(self, points: int):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rate]}"), TimeElapsedColumn(),
            TextColumn("left"), TimeRemainingColumn(),
        )  # fmt: skip
        console = Console()
        self.done = self.of = 0
        self._points, self._line, self._first = points, 0, (0.0, 0.0)
        self._watched = console.is_terminal
        self._progress = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._bar = self._progress.add_task("tracing", total=None, rate="")

    def __enter__(self) -> "_Watch":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, done: int, of: int) -> None:
        """`done` of `of` chunks are finished; the first call counts those that were so before."""
        now, points, begins = time.monotonic(), self._points * done / of, not self.of
        self.done, self.of = done, of
        if begins:
            self._before = done
            self._progress.update(self._bar, total=self._points, completed=points, description="compiling")
            if done and not self._watched:
                print(f"{done} of {of} chunks were finished before", flush=True)
            return
        if done == self._before + 1:  # until here it compiled, which says nothing of the rate
            self._first = now, points
        spent = now - self._first[0]
        rate = (points - self._first[1]) / spent if spent > 0.5 else 0.0  # the first chunks of all cores end at once
        said = f"{rate:.3g} points/s" if rate else ""
        self._progress.update(self._bar, completed=points, description=f"chunk {done} of {of}", rate=said)
        if not self._watched and (done == of or done * LINES // of > self._line):
            self._line = done * LINES // of
            left = f", about {math.ceil((self._points - points) / rate)} s left" if rate and done < of else ""
            print(
                f"chunk {done} of {of}: {points:.0f} of {self._points} points{said and f', {said}'}{left}", flush=True
            )


def _say(data: Any, seconds: float, out: Path) -> int:
    """The table at the end; returns how many points failed, having said why."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    table = Table(
        "", "", Column("", overflow="fold"), title=f"{data.status.size} points, {seconds:.1f} s", show_header=False
    )
    for name in data.coords:
        along = "" if name in data.status.dims else ", along which each point computes"
        table.add_row("axis", str(name), escape(_range(data.coords[name]) + along))
    for name, array in data.data_vars.items():
        if name != "status":
            unit = f", {array.attrs['units']}" if array.attrs.get("units") else ""
            own = [f"{dim}: {size}" for dim, size in array.sizes.items() if dim not in data.coords]
            table.add_row("output", str(name), escape(f"{array.dtype}{unit}" + "".join(f", {one}" for one in own)))
    counts = _counts(data.status)
    for meaning, count in counts.items():
        table.add_row("status", meaning, str(count))
    table.add_row("mapping", data.attrs["mapping"], escape(data.attrs["mapping_reason"]))
    table.add_row("folder", "", escape(str(out)))
    console = Console()
    (console if console.is_terminal else Console(width=LOG_WIDTH)).print(table)
    failed = sum(counts.values()) - counts.get("computed", 0)
    if failed:
        why = ", ".join(f"{count} {meaning}" for meaning, count in counts.items() if meaning != "computed")
        error = data.attrs.get("first_error", "").splitlines()
        first = f"; the first that raised: {error[0]}" if error else ""
        print(f"{failed} of {data.status.size} points failed: {why}{first}")
    return failed


def _range(axis: Any) -> str:
    values, unit = axis.values, f" {axis.attrs['units']}" if axis.attrs.get("units") else ""
    if values.size == 1:
        return f"{values[0]:.6g}{unit}"
    return f"{values[0]:.6g} to {values[-1]:.6g}{unit}, {values.size} values"


def _counts(status: Any) -> dict[str, int]:
    """How many points ended in which way, as the flags of the status say it."""
    meanings = zip(status.attrs["flag_values"], status.attrs["flag_meanings"].split())
    counted = {meaning.replace("_", " "): int((status.values == value).sum()) for value, meaning in meanings}
    return {meaning: count for meaning, count in counted.items() if count}


def _write_picture(data: Any, config: "SweepConfig", path: Path) -> None:
    from ._files import replace_file
    from .plots import phase_diagram

    said = {"title": config.title, **config.picture}
    figure = phase_diagram(data, said.pop("output"), **said)
    replace_file(path, lambda file: figure.savefig(file, format=path.suffix[1:], dpi=200))
    print(f"picture: {path}")
