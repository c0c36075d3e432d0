"""The folder of the report: probed before the work, then written file by file, the index last."""

import contextlib
import html
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from .._errors import InputError
from .._files import replace_text
from ._html import generator

INDEX, PAGES = "index.html", "theorems"
_HEAD = 400
"""Letters at the beginning of a page, among which it says whose it is."""


def ensure_writable(directory: str | os.PathLike[str], *, pages: bool = False) -> Path:
    """Finds out whether files can be written to a folder; leaves nothing behind.

    Permission bits are not asked: root passes all of them and a read-only file system shows none. A file is created and
    deleted instead, in a folder that is made for it where there is none yet.

    **Arguments:**

    - `directory`: the folder, `~` allowed.
    - `pages`: whether to ask the same of the folder in it that the pages of theorems are written to.

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
        probed = folder / PAGES if pages else folder
        missing = [path for path in (probed, *probed.parents) if not path.exists()]
        try:
            probed.mkdir(parents=True, exist_ok=True)
            for place in {folder, probed}:
                with tempfile.NamedTemporaryFile(dir=place, prefix=".probe-"):
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


def pages_of(directory: str | os.PathLike[str]) -> Path:
    """Where the pages of theorems are written, symlinks followed; whether it is there or not.

    **Arguments:**

    - `directory`: the folder of the report, `~` allowed.

    **Returns:** the path of the folder `theorems`.
    """
    return Path(os.path.realpath(Path(directory).expanduser() / PAGES))


def kept_names(folder: Path) -> list[str]:
    """Names, without .html, of what lies among the pages and is no page of a report: a user's, which stays."""
    with contextlib.suppress(OSError):
        return [path.name.removesuffix(".html") for path in (folder / PAGES).iterdir() if not _is_ours(path)]
    return []


def replace(folder: Path, text: str, pages: Mapping[str, str] | None = None) -> Path:
    """Writes the pages by their names, then `index.html`, then removes the pages of an older report.

    Each file in one step: a reader, or Ctrl-C, finds the old one or the new one, and no index that leads nowhere.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if pages:
            (folder / PAGES).mkdir(exist_ok=True)
        for name, page in (pages or {}).items():
            replace_text(folder / PAGES / name, page)
        replace_text(folder / INDEX, text)
        if pages is not None:
            _remove_stale(folder / PAGES, pages)
    except OSError as error:
        raise _unusable(folder, error) from error
    return folder / INDEX


def _remove_stale(folder: Path, written: Iterable[str]) -> None:
    """Where case is ignored, a page that was just written may still have the name of its ancestor, A-1 for a-1."""
    new = {name.casefold(): folder / name for name in written}
    for path in folder.iterdir() if folder.is_dir() else ():
        twin = new.get(path.name.casefold())
        if _is_ours(path) and not (twin and path.samefile(twin)):
            path.unlink()
    with contextlib.suppress(OSError):  # where anything is left
        folder.rmdir()


def _is_ours(path: Path) -> bool:
    """Whether a file says of itself that it is a page of this name: a copy under another name is the user's."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    return f'content="{html.escape(generator(path.name))}"'.casefold() in head.casefold()


def _unusable(directory: str | os.PathLike[str], error: Exception) -> InputError:
    reason = getattr(error, "strerror", None) or str(error)
    return InputError(
        f"the output folder cannot be written to: {reason}", str(directory), "a folder that you can write to"
    )
