"""Theorems read from the source of their files, which imports nothing: importing jax would take 0.7 s."""

import ast
from collections.abc import Iterator
from pathlib import Path

from .._errors import InputError
from ._theorem import Entry

SAID = ("id", "title", "statement", "source")


def read_file(path: Path, module: str | None = None) -> tuple[Entry, ...]:
    """What every function under `@theorem(…)` in a file says of itself; `module` is its dotted name, if it has one.

    **Raises:** `InputError` for a file that is no Python, or whose keywords are no literals.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise InputError(f"it is not Python: {error}", str(path)) from None
    except OSError as error:
        raise InputError(f"it cannot be read: {error.strerror or error}", str(path)) from error
    where = str(path.resolve()) if module is None else module
    return tuple(
        Entry(**_literals(call, path), module=where, name=node.name)
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for call in node.decorator_list
        if isinstance(call, ast.Call) and _name(call.func) == "theorem"
    )


def read_folder(folder: Path, package: str) -> Iterator[Entry]:
    """The theorems of all files of a package."""
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        yield from read_file(path, ".".join([package, *(part for part in parts if part != "__init__")]))


def _name(function: ast.expr) -> str:
    """`theorem` of `theorem(…)` and of `mj.theorem(…)`."""
    return getattr(function, "attr", getattr(function, "id", ""))


def _literals(call: ast.Call, path: Path) -> dict[str, str]:
    found = {}
    for keyword in call.keywords:
        if keyword.arg in SAID:
            try:
                found[keyword.arg] = ast.literal_eval(keyword.value)
            except ValueError:
                raise InputError(
                    f"{keyword.arg}= of @theorem is no literal", f"{path}:{keyword.value.lineno}",
                    f"the text itself: {keyword.arg}='…', since it is read without importing the file",
                ) from None  # fmt: skip
    missing = [name for name in SAID if name not in found]
    if missing:
        raise InputError(f"@theorem lacks {', '.join(missing)}", f"{path}:{call.lineno}", f"{missing[0]}='…'")
    return found
