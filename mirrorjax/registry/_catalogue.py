"""All theorems there are: mirrorjax's own, and those that installed packages announce."""

import functools
import importlib.util
import warnings
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .._errors import InputError
from .._modules import see_current_folder
from ._read import read_file, read_folder
from ._theorem import Entry

OWN = "mirrorjax.theorems"
GROUP = "mirrorjax.theorems"
"""The entry-point group: `[project.entry-points."mirrorjax.theorems"]` with `mylab = "mylab.theorems"`."""


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """All theorems: mirrorjax's own, and those that installed packages announce.

    **Returns:** their entries, in the order of their ids.

    **Raises:** `InputError` where two of them have the same id.
    """
    own = read_folder(Path(__file__).parents[1] / "theorems", OWN)
    return distinct([*own, *_announced()])


def distinct(entries: list[Entry]) -> tuple[Entry, ...]:
    """The entries by their ids, each once.

    **Raises:** `InputError` where two theorems have the same id.
    """
    found: dict[str, Entry] = {}
    for entry in entries:
        first = found.setdefault(entry.id, entry)
        if (first.module, first.name) != (entry.module, entry.name):
            places = " and ".join(f"{e.module}:{e.name}" for e in (first, entry))
            raise InputError(f"two theorems have the id {entry.id!r}", places, "another id for one of them")
    return tuple(sorted(found.values(), key=lambda entry: entry.id))


def _announced() -> Iterator[Entry]:
    """The entries of every package that announces theorems; one that cannot be read is left out with a warning."""
    for point in metadata.entry_points(group=GROUP):
        try:
            yield from of_module(point.value)
        except InputError as error:
            warnings.warn(f"theorems announced by {point.name} = {point.value!r} are left out: {error}", stacklevel=2)


def of_module(name: str) -> tuple[Entry, ...]:
    """The theorems in the file of a module, or in all files of a package; nothing is imported.

    **Raises:** `InputError` where there is no such module.
    """
    see_current_folder()
    top, *rest = name.split(".")
    found = importlib.util.find_spec(top)  # of a dotted name find_spec would import the packages above
    places = [Path(p) for p in (found.submodule_search_locations or ())] if found else []
    if found and found.origin and not places and not rest:
        return read_file(Path(found.origin), name)
    for place in places:
        folder = place.joinpath(*rest)
        if folder.is_dir():
            return tuple(read_folder(folder, name))
        if rest and folder.with_suffix(".py").is_file():
            return read_file(folder.with_suffix(".py"), name)
    raise InputError(f"no module {name!r}", "", "its folder on PYTHONPATH, or a path ending in .py")
