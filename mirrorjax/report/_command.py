"""The command that repeats a measurement."""

import shlex
from collections.abc import Mapping, Sequence

from ..checks import DEEP_RUNGS, FLOAT32_RUNGS, Verdict
from ..registry import Entry, catalogue
from ._html import Markup, tag

NOWHERE = "__main__"
"""The module of a theorem that was made in a notebook or by code that was only executed."""


def command(verdicts: Sequence[Verdict], entries: Mapping[str, Entry], options: Sequence[str] | None = None) -> Markup:
    """`mirrorjax verify mask/3.1 --seed 0`, as a block to copy; in words where no command reaches the theorem.

    **Arguments:** `entries`: by id, those beside the catalogue too; `options`: of the command; by default as far as the
    verdicts show them.
    """
    names = [_asked(verdict.id, entries.get(verdict.id)) for verdict in verdicts]
    if not verdicts or not all(names):
        return tag("p", "These theorems are in no file that the command line reads: repeat from Python, with ",
                   tag("code", "mirrorjax.verify"), ".", class_="quiet")  # fmt: skip
    if {verdict.id for verdict in verdicts} == {entry.id for entry in catalogue()}:
        names = []
    line = shlex.join(
        ["mirrorjax", "verify", *dict.fromkeys(names), *(_seen(verdicts) if options is None else options)]
    )
    return tag("pre", tag("code", line), class_="command")


def _asked(id: str, entry: Entry | None) -> str:
    if any(id == known.id and entry in (None, known) for known in catalogue()):
        return id
    return entry.module if entry and entry.module != NOWHERE else ""


def _seen(verdicts: Sequence[Verdict]) -> list[str]:
    seeds = {verdict.seed for verdict in verdicts if verdict.seed >= 0}
    rungs = {verdict.rungs for verdict in verdicts}
    options = ["--seed", str(seeds.pop())] if len(seeds) == 1 else []
    options += ["--deep"] if rungs == {DEEP_RUNGS} else []
    return options + (["--float32"] if rungs == {FLOAT32_RUNGS} else [])
