"""Files that are complete or not there."""

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def replace_file(path: Path, fill: Callable[[BinaryIO], Any]) -> None:
    """Writes a file beside `path` and then moves it there: a reader meets the old one or the new one.

    A symlink is followed, since moved over it would be lost. A device or a pipe is written to: moved over by
    root, /dev/null would be a file for the whole machine.
    """
    if _takes_a_stream(path):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND), "wb") as file:
            fill(file)
        return
    target = Path(os.path.realpath(path))
    # Not tempfile: its files are readable by their owner alone. Not the target's name: it may be as long as names can.
    draft = target.parent / f".mirrorjax-{secrets.token_hex(8)}.part"
    try:
        with draft.open("xb") as file:
            fill(file)
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """`replace_file` in UTF-8; of a file name that is not UTF-8, escaped."""
    replace_file(path, lambda file: file.write(text.encode("utf-8", "backslashreplace")))


def _takes_a_stream(path: Path) -> bool:
    """Whether writing goes into what is there: no regular file, or the one behind /dev/stdout and /dev/stderr."""
    if not path.exists() or path.is_dir():
        return False
    return not path.is_file() or any(is_open_as(path, descriptor) for descriptor in (1, 2))


def is_open_as(path: Path, descriptor: int) -> bool:
    """Whether `path` names what the process has open under this number."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
