"""TOML files of the user's, read and refused in the same words wherever one is taken."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ._errors import InputError
from ._modules import existing_file


def read_toml(path: Path) -> dict[str, Any]:
    """What the file says.

    **Raises:** `InputError` where there is no regular file, where it cannot be read, and for what is no TOML.
    """
    try:
        return tomllib.loads(existing_file(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}", str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"this is no TOML: {error}", str(path)) from error


def refuse_unknown(given: Any, known: Iterable[str], where: str) -> None:
    """Refuses what is no table, and a table with another key.

    **Raises:** `InputError` that names the key which is nearest.
    """
    if not isinstance(given, Mapping):
        raise InputError(f"a table is needed, got {given!r}", where)
    for key in given:
        if key not in known:
            raise InputError(f"unknown key {key!r}", where, nearest(key, known))


def nearest(word: str, possible: Iterable[str], before: str = "") -> str:
    """A hint: the likeliest of the possible words, or all of them."""
    listed = [*possible]
    close = difflib.get_close_matches(word, listed, 1, 0.5)
    return " ".join(filter(None, [before, repr(close[0]) if close else ", ".join(listed)]))
