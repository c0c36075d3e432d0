"""The command that compares two runs."""

import os
from pathlib import Path

from ._errors import InputError
from .report import diff


def print_difference(old: Path, new: Path, page: Path | None) -> int:
    """Prints what changed and writes the page, if one is asked for; the status is 1 where an outcome got worse."""
    found = diff(old, new)
    if page is not None:
        if os.path.realpath(page) in map(os.path.realpath, (old, new)):
            raise InputError("--html would replace what is read", str(page), "another name")
        found.write(page)
    print(found)
    if page is not None:
        print(f"page: {page}")
    return int(found.worse)
