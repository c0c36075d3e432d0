"""The theorems that are asked for: by id, pattern, file, module, or as values."""

import contextlib
import difflib
import fnmatch
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

from .._errors import InputError
from .._modules import existing_file
from ._catalogue import catalogue, distinct, of_module
from ._read import read_file
from ._theorem import Entry, Theorem

Asked: TypeAlias = str | Path | ModuleType | Theorem | Entry


def select(asked: Sequence[Asked]) -> tuple[Entry | Theorem, ...]:
    """The theorems that are asked for.

    **Arguments:**

    - `asked`: ids and shell-style patterns of the catalogue; paths of files; names of modules and packages that can be
      imported; modules; theorems themselves. Empty for the whole catalogue.

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
        return _some(read_file(existing_file(Path(what))), str(what))
    if not isinstance(what, str):
        raise InputError(
            "a theorem is asked for by id, pattern, file, module or value", f"got {type(what).__name__}",
            "the theorem that @mj.theorem(…) made of the check",
        )  # fmt: skip
    return _named(what)


def _named(name: str) -> Sequence[Entry]:
    known = catalogue()
    ids = [entry.id for entry in known]
    matches = set(fnmatch.filter(ids, name))
    if matches:
        return [entry for entry in known if entry.id in matches]
    if all(part.isidentifier() for part in name.split(".")):
        try:
            return _some(of_module(name), f"the module {name}")
        except InputError as error:
            if "no module" not in str(error):
                raise
    near = difflib.get_close_matches(name, ids, n=3, cutoff=0.4)
    hint = f"{', '.join(near)}; " if near else ""
    raise InputError(f"no theorem has the id {name!r}", "", f"{hint}`mirrorjax list` shows all")


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
