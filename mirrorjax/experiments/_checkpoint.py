"""Files that are complete or not there: what a run goes on from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import equinox as eqx
from jaxtyping import PyTree

from .._errors import InputError
from .._files import replace_file


def save_checkpoint(path: Path, about: dict[str, Any], tree: PyTree) -> None:
    """One line of JSON, then the arrays of the tree."""

    def fill(file: BinaryIO) -> None:
        file.write(json.dumps(about).encode() + b"\n")
        eqx.tree_serialise_leaves(file, tree)

    replace_file(path, fill)


def load_checkpoint(path: Path, like: Callable[[dict[str, Any]], PyTree]) -> tuple[dict[str, Any], PyTree]:
    """What `save_checkpoint` wrote; `like(about)` has the tree's structure and shapes.

    **Raises:** `InputError` for a file that is no such checkpoint.
    """
    try:
        with open(path, "rb") as file:
            about = json.loads(file.readline())
            return about, eqx.tree_deserialise_leaves(file, like(about))
    except InputError:
        raise
    except Exception as error:
        raise InputError("not a checkpoint that can be gone on from", f"{path}: {error}", f"remove {path}") from error
