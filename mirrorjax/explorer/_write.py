"""Puts the page together from its parts and writes it."""

import os
import re
from importlib import resources
from pathlib import Path

from latex2mathml.converter import convert

from .._errors import InputError
from .._files import replace_text

PARTS = resources.files("mirrorjax.explorer").joinpath("page")
SCRIPTS = (
    "math", "hyperbolic", "power", "log_ratio", "signed_entropy", "families",  # potentials
    "line", "radau", "flow", "contours",  # what is computed of them
    "state", "model", "format", "axes", "panel", "panel_potential", "panel_levels", "panel_flow", "panel_range",
    "controls", "play", "page",
)  # fmt: skip
"""In this order: a file uses what stands before it."""


def explorer_page() -> str:
    """The whole page: style, scripts and formulas are inside, and it loads nothing.

    **Returns:** the text of an HTML file.

    !!! example
        >>> from mirrorjax.explorer import explorer_page
        >>> explorer_page().startswith("<!DOCTYPE html>")
        True
    """
    script = "\n".join(_part(f"{name}.js") for name in SCRIPTS)
    page = re.sub(r"\$(.+?)\$", lambda found: convert(found[1]), _part("page.html"), flags=re.DOTALL)
    # Not re.sub: it would take the backslashes of what it puts in for escapes.
    page = page.replace("/*STYLE*/", f"\n{_part('style.css')}")
    return page.replace("/*SCRIPT*/", f'\n"use strict";\n(() => {{\n{script}}})();\n')


def _part(name: str) -> str:
    return PARTS.joinpath(name).read_text(encoding="utf-8")


def write_explorer(path: str | os.PathLike[str]) -> Path:
    """Writes the page to one HTML file, whole or not at all; what is there of that name is replaced.

    **Arguments:**

    - `path`: of the file, `~` allowed; its folder is made where there is none yet.

    **Returns:** the path, `~` expanded.

    **Raises:** `InputError` where it cannot be written.

    !!! example
        >>> import tempfile
        >>> from pathlib import Path
        >>> from mirrorjax.explorer import write_explorer
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_explorer(Path(folder, "explore.html")).name
        'explore.html'
    """
    try:
        file = Path(path).expanduser()
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_text(file, explorer_page())
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the name; RuntimeError: ~nobody
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"the page cannot be written: {reason}", str(path), "--out explore.html") from error
    return file
