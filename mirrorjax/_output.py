"""What is printed, on terminals and in pipes that may be narrow, full or closed."""

import codecs
import contextlib
import errno
import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO, TypeAlias

from ._files import is_open_as, replace_text

Stream: TypeAlias = TextIO | io.TextIOBase  # one in memory has no name, as a `TextIO` has

_PLAIN = {"−": "-", "–": "-", "—": "-", "∞": "inf", "≤": "<=", "≥": ">=", "≠": "!=", "∇": "grad ", "·": "*", "⊙": "*",
          "×": "x", "→": "->", "↔": "<->", "“": '"', "”": '"', "’": "'", "√": "sqrt ", "∈": " in ", "‖": "||", "∂": "d",
          "∫": "int ", "⁄": "/"}  # fmt: skip


def _in_plain_letters(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    plain, raised = "", False
    for letter in error.object[error.start : error.end]:
        was_raised, raised = raised, unicodedata.decomposition(letter).startswith("<super>")
        plain += "^" * (raised and not was_raised) + _plain(letter)
    return plain, error.end


def _plain(letter: str) -> str:
    if letter in _PLAIN:
        return _PLAIN[letter]
    kind, *_, name = unicodedata.name(letter, "UNKNOWN LETTER").split()
    if kind == "GREEK":
        return name.lower()
    parts = "".join(_PLAIN.get(part, part) for part in unicodedata.normalize("NFKD", letter))  # ½ is 1 ⁄ 2
    return parts.encode("ascii", "ignore").decode() or letter.encode("ascii", "backslashreplace").decode()


codecs.register_error("mirrorjax", _in_plain_letters)


class _Closed(io.TextIOBase):
    """Stands for a stdout that was closed before the program began: Python's own is None and loses all in silence."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.EBADF, "stdout is closed")


def open_streams() -> None:
    """Makes both streams there, and able to say everything: what the encoding lacks in plain letters."""
    if sys.stdout is None:
        os.open(os.devnull, os.O_WRONLY)  # takes its number, which else the next file would get
        sys.stdout = _Closed()  # pyright: ignore[reportAttributeAccessIssue]
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="mirrorjax")


def give_up_stdout() -> None:
    """What could not be printed must not fail again as the interpreter ends, with a status of its own."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Screen(io.TextIOBase):
    """A stream for as long as it takes text; `error` is what ended it."""

    def __init__(self, stream: Stream):
        self.stream, self.error = stream, None

    def write(self, text: str, /) -> int:
        self._try(lambda: self.stream.write(text))
        return len(text)

    def flush(self) -> None:
        self._try(self.stream.flush)

    def _try(self, action) -> None:
        if self.error is None:
            try:
                action()
            except OSError as error:
                self.error = error

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.stream.encoding or "utf-8"


def is_stdout(path: Path) -> bool:
    """Whether results go where the program prints: `-`, or a name of the same file."""
    return str(path) == "-" or is_open_as(path, 1)


@contextlib.contextmanager
def printing_beside(*results: Path | None) -> Iterator[Stream]:
    """Inside, a stdout that is full or closed ends no work whose results go into files; afterwards it is an error.

    Where a result is stdout itself, everything else is printed on stderr. Gives the true stdout. Without
    results nothing is to be saved, and a failure to print ends the work at once.
    """
    files, stdout = [path for path in results if path], sys.stdout
    if not files:
        yield stdout
        return
    screen = _Screen(sys.stderr if any(is_stdout(path) for path in files) else stdout)
    with contextlib.redirect_stdout(screen):  # pyright: ignore[reportArgumentType]
        yield stdout
        screen.flush()
    if isinstance(screen.error, BrokenPipeError):
        give_up_stdout()  # the reader went away, and the results are where they were asked for
    elif screen.error:
        raise screen.error


def write_json(path: Path, content: Mapping[str, object], stdout: Stream) -> None:
    """Into the file, whole or not at all; or on stdout, in letters that every encoding has."""
    text = json.dumps(content, indent=1, ensure_ascii=is_stdout(path), allow_nan=False) + "\n"
    if is_stdout(path):
        stdout.write(text)
        stdout.flush()
    else:
        replace_text(path, text)
