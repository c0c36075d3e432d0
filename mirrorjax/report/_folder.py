"""The folder of the report: probed before the work, written to in one step."""

import contextlib
import os
import tempfile
from pathlib import Path

from .._errors import InputError
from .._files import replace_text

INDEX = "index.html"


def ensure_writable(directory: str | os.PathLike[str]) -> Path:
    """Finds out whether files can be written to a folder; leaves nothing behind.

    Permission bits are not asked: root passes all of them and a read-only file system shows none. A file is created and
    deleted instead, in a folder that is made for it where there is none yet.

    **Arguments:**

    - `directory`: the folder, `~` allowed.

    **Returns:** the folder, `~` expanded.

    **Raises:** `InputError` where the folder cannot be made or written to, or `index.html` is a folder in it.

    !!! example
        >>> import tempfile
        >>> from pathlib import Path
        >>> from mirrorjax.report import ensure_writable
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     folder = ensure_writable(Path(parent, "runs", "today"))
        ...     folder.name, folder.exists()
        ('today', False)
    """
    if not os.fspath(directory):
        raise InputError("the output folder has no name", "", "--report report")
    try:
        folder = Path(directory).expanduser()
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, prefix=".probe-"):
                pass
        finally:
            for path in missing:
                with contextlib.suppress(OSError):
                    path.rmdir()
    except (OSError, ValueError, RuntimeError) as error:  # ValueError: a NUL in the name; RuntimeError: ~nobody
        raise _unusable(directory, error) from error
    if (folder / INDEX).is_dir():
        raise InputError(f"{INDEX} is a folder there", str(folder), "another folder")
    return folder


def index_of(directory: str | os.PathLike[str]) -> Path:
    """Where the page of a folder is written, symlinks followed; whether it is there or not.

    **Arguments:**

    - `directory`: the folder, `~` allowed.

    **Returns:** the path of `index.html`.
    """
    return Path(os.path.realpath(Path(directory).expanduser() / INDEX))


def replace(folder: Path, text: str) -> Path:
    """Writes `index.html` in one step: a reader, or Ctrl-C, finds the old file or the new one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_text(folder / INDEX, text)
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder / INDEX


def _unusable(directory: str | os.PathLike[str], error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(
        f"the output folder cannot be written to: {reason}", str(directory), "a folder that you can write to"
    )
