"""The theorems that are asked for: by id, pattern, file, module, or as values."""

import contextlib
import difflib
import fnmatch
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn, TypeAlias

from .._errors import InputError
from .._modules import existing_file
from ._catalogue import catalogue, distinct, of_module
from ._read import read_file
from ._theorem import Entry, Theorem

Asked: TypeAlias = str | Path | ModuleType | Theorem | Entry


def select(asked: Sequence[Asked]) -> tuple[Entry | Theorem, ...]:
    """The theorems that are asked for.

    **Arguments:**

    - `asked`: ids and shell-style patterns of the catalogue; paths of files, whole or as `my_paper.py::ID`; names of
      modules and packages that can be imported; modules; theorems themselves. Empty for the whole catalogue.

    **Returns:** entries and theorems, each once, in the order of their ids.

    **Raises:** `InputError` for what matches nothing, with near matches, for a file or module without a theorem, and
    for two theorems of one id.
    """
    values, entries = {}, []
    for what in asked or ["*"]:
        for found in _theorems(what):
            if isinstance(found, Theorem):
                values[found.id] = found
                found = found.entry
            entries.append(found)
    return tuple(values.get(entry.id, entry) for entry in distinct(entries))


def _theorems(what: Asked) -> Sequence[Entry | Theorem]:
    if isinstance(what, Entry | Theorem):
        return [what]
    if isinstance(what, ModuleType):
        found = [value for value in vars(what).values() if isinstance(value, Theorem)]
        return _some(found, f"the module {what.__name__}")
    if isinstance(what, Path) or (isinstance(what, str) and what.endswith(".py")):
        return _of_file(Path(what))
    if not isinstance(what, str):
        raise InputError(
            "a theorem is asked for by id, pattern, file, module or value", f"got {type(what).__name__}",
            "the theorem that @mj.theorem(…) made of the check",
        )  # fmt: skip
    file, of_file, name = what.partition(".py::")
    if of_file:
        known = _of_file(Path(f"{file}.py"))
        return _matching(name, known) or _refuse(name, known, f"`mirrorjax list {file}.py` shows all")
    return _named(what)


def _of_file(path: Path) -> Sequence[Entry]:
    return _some(read_file(existing_file(path)), str(path))


def _named(name: str) -> Sequence[Entry]:
    known = catalogue()
    if matches := _matching(name, known):
        return matches
    if all(part.isidentifier() for part in name.split(".")):
        try:
            return _some(of_module(name), f"the module {name}")
        except InputError as error:
            if "no module" not in str(error):
                raise
    _refuse(name, known, "`mirrorjax list` shows all; one of a file: my_paper.py::ID")


def _matching(name: str, known: Sequence[Entry]) -> Sequence[Entry]:
    matches = set(fnmatch.filter([entry.id for entry in known], name))
    return [entry for entry in known if entry.id in matches]


def _refuse(name: str, known: Sequence[Entry], hint: str) -> NoReturn:
    near = difflib.get_close_matches(name, [entry.id for entry in known], n=3, cutoff=0.4)
    raise InputError(f"no theorem has the id {name!r}", "", "; ".join(filter(None, [", ".join(near), hint])))


def _some(found: Sequence, where: str) -> Sequence:
    if not found:
        raise InputError("there is no theorem", where, "@mj.theorem(id=…, …) above the function that checks it")
    return found


def sendable(found: Entry | Theorem) -> Entry | Theorem:
    """What names a theorem in another process: its entry where that finds it, else the theorem by value.

    The name of a module that was loaded from a file means nothing there, its path does. Of a script or a notebook,
    `__main__` is another module there.
    """
    if isinstance(found, Entry) or found.entry.module == "__main__":
        return found
    with contextlib.suppress(InputError, AttributeError):
        if found.entry.load() is found:
            return found.entry
    return found


def entries_of(asked: Sequence[Asked]) -> tuple[Entry, ...]:
    """What the theorems that are asked for say of themselves.

    **Arguments:**

    - `asked`: as of `select`.

    **Returns:** their entries, in the order of their ids.

    **Raises:** `InputError` as `select`.
    """
    return tuple(found.entry if isinstance(found, Theorem) else found for found in select(asked))
