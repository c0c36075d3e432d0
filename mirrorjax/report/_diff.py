"""What changed between two runs."""

import dataclasses
import math
import os
from collections.abc import Iterator
from pathlib import Path

from .._errors import InputError
from .._files import replace_text
from .._outcome import WORST_FIRST, Outcome
from ._badge import badge
from ._html import Markup, document, join, number, table, tag
from ._read_json import NUMBERS, Run, read_run

_FOLD = {"resolution": 10.0, "effect": 1.01, "detection_limit": 1.01}
"""By how much a number has to change. A resolution hangs on the last digits of a solver, differs between machines, and
means nothing within a decade; a detection limit is one of a few sizes, and an effect has no reason to change."""
ABSENT = "–"


@dataclasses.dataclass(frozen=True)
class Change:
    """One thing that is not as it was.

    **Fields:**

    - `id`: of the theorem; the name of what changed, of the environment.
    - `what`: "outcome", "resolution", "effect", "detection limit" or "environment".
    - `old`, `new`: as text; "–" where there was, or is, none.
    - `worse`: whether it is an outcome that got worse: from holds to inconclusive or refuted, or from inconclusive to
      refuted.
    """

    id: str
    what: str
    old: str
    new: str
    worse: bool = False


@dataclasses.dataclass(frozen=True)
class Difference:
    """What changed from one run to another; the text of `str` is for a terminal.

    **Fields:**

    - `old`, `new`: names of the files.
    - `changes`: outcomes first, those that got worse before the others.
    - `appeared`, `vanished`: ids of theorems that only the new run, or only the old one, has, with their outcomes.
    - `environment`: versions, machine, seed, rungs.
    - `compared`: how many theorems both runs have.
    """

    old: str
    new: str
    changes: tuple[Change, ...]
    appeared: dict[str, Outcome]
    vanished: dict[str, Outcome]
    environment: tuple[Change, ...]
    compared: int

    @property
    def worse(self) -> bool:
        """Whether an outcome got worse."""
        return any(change.worse for change in self.changes)

    def __str__(self) -> str:
        lines = [f"{self.old} → {self.new}: {self._said()}"]
        for title, changes in (("theorems", self.changes), ("environment", self.environment)):
            if changes:
                lines += ["", title]
            width = max((len(change.id) for change in changes), default=0)
            lines += [f"  {change.id:<{width}}  {_in_words(change)}" for change in changes]
        for title, outcomes in (("appeared", self.appeared), ("vanished", self.vanished)):
            if outcomes:
                lines += ["", title, *(f"  {id}: {outcome}" for id, outcome in outcomes.items())]
        return "\n".join(lines)

    def _said(self) -> str:
        worse = len({change.id for change in self.changes if change.worse})
        changed = len({change.id for change in self.changes})
        both = f"{self.compared} theorem{'s' * (self.compared != 1)} in both, "
        return both + (f"{changed} changed, {worse} with a worse outcome" if changed else "none changed")

    def html(self) -> str:
        """The same as a page.

        **Returns:** a whole document, which loads nothing.
        """
        rows = [(c.id, join([c.what, " ", _worse()]) if c.worse else c.what, c.old, c.new) for c in self.changes]
        parts = [
            tag("h1", "What changed"),
            tag("p", f"{self.old} → {self.new}: {self._said()}."),
            _section("Theorems", table(("theorem", "what", "old", "new"), rows) if rows else ""),
        ]
        for title, outcomes in (("Appeared", self.appeared), ("Vanished", self.vanished)):
            found = [(id, badge(outcome)) for id, outcome in outcomes.items()]
            parts.append(_section(title, table(("theorem", "outcome"), found) if found else ""))
        kept = [(change.id, change.old, change.new) for change in self.environment]
        parts.append(_section("Environment", table(("what", "old", "new"), kept) if kept else ""))
        return document("mirrorjax: what changed", tag("main", *parts))

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Writes the page.

        **Arguments:**

        - `path`: of the file, whose folder is there.

        **Returns:** the path.

        **Raises:** `InputError` for a file that cannot be written.
        """
        try:
            replace_text(Path(path), self.html())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"the page cannot be written: {reason}", str(path), "another name") from error
        return Path(path)


def _worse() -> Markup:
    return tag("span", "worse", class_="badge refuted")


def _section(title: str, content: str) -> Markup:
    return tag("section", tag("h2", title), content) if content else Markup()


def _in_words(change: Change) -> str:
    what = "" if change.what == "environment" else f"{change.what}: "
    return f"{what}{change.old} → {change.new}{'  (worse)' * change.worse}"


def diff(old: str | os.PathLike[str], new: str | os.PathLike[str]) -> Difference:
    """Compares two files that `mirrorjax verify --json` wrote.

    A resolution has changed where it did more than 10-fold, an effect and a detection limit by more than 1 %, any of
    them where one of the runs has none.

    **Arguments:**

    - `old`, `new`: paths of the files.

    **Returns:** the `Difference`.

    **Raises:** `InputError` for a file that cannot be read or holds something else.

    !!! example
        >>> import json, tempfile
        >>> from pathlib import Path
        >>> from mirrorjax.report import diff
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name, outcome in (("old.json", "holds"), ("new.json", "refuted")):
        ...         content = {"environment": {}, "verdicts": [{"id": "lab/1", "outcome": outcome}]}
        ...         _ = Path(folder, name).write_text(json.dumps(content))
        ...     found = diff(Path(folder, "old.json"), Path(folder, "new.json"))
        >>> found.worse, [f"{change.id}: {change.old} → {change.new}" for change in found.changes]
        (True, ['lab/1: holds → refuted'])
    """
    before, after = read_run(old), read_run(new)
    both = [id for id in before.measured if id in after.measured]
    changes = [change for id in both for change in _changes(id, before, after)]
    changes.sort(key=lambda change: (not change.worse, change.what != "outcome"))
    return Difference(
        os.fspath(old),
        os.fspath(new),
        tuple(changes),
        {id: m.outcome for id, m in after.measured.items() if id not in before.measured},
        {id: m.outcome for id, m in before.measured.items() if id not in after.measured},
        tuple(_surroundings(before.environment, after.environment)),
        len(both),
    )


def _changes(id: str, before: Run, after: Run) -> Iterator[Change]:
    old, new = before.measured[id], after.measured[id]
    if old.outcome is not new.outcome:
        worse = WORST_FIRST.index(new.outcome) < WORST_FIRST.index(old.outcome)
        yield Change(id, "outcome", str(old.outcome), str(new.outcome), worse)
    for name in NUMBERS:
        was, is_now = old.numbers[name], new.numbers[name]
        if _differ(was, is_now, fold=_FOLD[name]):
            yield Change(id, name.replace("_", " "), number(was), number(is_now))


def _differ(old: float, new: float, fold: float) -> bool:
    if math.isnan(old) or math.isnan(new):
        return math.isnan(old) != math.isnan(new)
    return max(old, new) > fold * min(old, new)


def _surroundings(old: dict[str, str], new: dict[str, str]) -> Iterator[Change]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield Change(name, "environment", old.get(name, ABSENT), new.get(name, ABSENT))
