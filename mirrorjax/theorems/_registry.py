"""The table of theorems, read without importing them.

Importing the entries would import jax (0.7 s); `mirrorjax list` must answer at once. The
`@theorem(...)` decorator of each file is therefore read from its source: its keywords are
literals, and a test compares them with the imported ones.
"""

import ast
import dataclasses
import difflib
import fnmatch
import functools
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path

from .._errors import InputError

YOUR_DATA = "your data"
"""The name of the instance that is made of the user's table, where there is one."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a theorem says of itself."""

    id: str
    title: str
    statement: str
    source: str
    module: str

    def load(self) -> "Theorem":
        """The theorem with its cases and its check; imports jax."""
        return importlib.import_module(self.module, __package__).theorem_


@dataclasses.dataclass(frozen=True)
class Theorem:
    """An entry with the functions that test it.

    `cases(seed, data)` gives the instances, `check(case, rungs)` the finding on one of them. An instance made of
    `data` is named `YOUR_DATA`: without one the verdict says that the table was not used.
    """

    entry: Entry
    cases: Callable
    check: Callable


def theorem(*, id: str, title: str, statement: str, source: str, cases: Callable):
    """Turns the check of a file into its `theorem_`; every keyword but `cases` is a literal."""

    def wrap(check: Callable) -> Theorem:
        module = check.__module__.removeprefix(__package__ or "")
        return Theorem(Entry(id, title, statement, source, module), cases, check)

    return wrap


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """All entries, by source and number."""
    here = Path(__file__).parent
    entries = [_read(path, here) for path in sorted(here.glob("*/_*.py")) if path.stem != "__init__"]
    return tuple(sorted((e for e in entries if e), key=lambda e: e.id))


def _read(path: Path, root: Path) -> Entry | None:
    module = "." + ".".join(path.relative_to(root).with_suffix("").parts)
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        for call in getattr(node, "decorator_list", ()):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "theorem":
                literals = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords if k.arg != "cases"}
                return Entry(**literals, module=module)
    return None


def select(patterns: Sequence[str]) -> tuple[Entry, ...]:
    """The entries whose id matches any of the shell-style patterns; all, where there are none.

    **Raises:** `InputError` for a pattern that matches nothing, with near matches.
    """
    entries = catalogue()
    ids = [e.id for e in entries]
    chosen: set[str] = set()
    for pattern in patterns or ["*"]:
        matches = fnmatch.filter(ids, pattern)
        if not matches:
            near = difflib.get_close_matches(pattern, ids, n=3, cutoff=0.4)
            hint = f"{', '.join(near)}; " if near else ""
            raise InputError(f"no theorem has the id {pattern!r}", "", f"{hint}`mirrorjax list` shows all")
        chosen.update(matches)
    return tuple(e for e in entries if e.id in chosen)
