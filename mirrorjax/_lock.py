"""One writer to a folder: a lock of the operating system, which ends with the process however it ends."""

import contextlib
import errno
import json
import os
import socket
import sys
import time
import weakref
from pathlib import Path

from ._errors import InputError

_held: "weakref.WeakSet[Lock]" = weakref.WeakSet()
FAR = 1 << 30
"""On Windows a locked byte cannot be read by others: this one lies behind what the file says."""


class Lock:
    """Holds `path` locked until `release`, or until the process ends.

    A file that merely exists would stay after `kill -9`, and a process id written in it may belong to another
    process by then.

    **Arguments:**

    - `path`: the file to lock; made where there is none, and left where it is. Were it deleted, a third process
      could lock a new one while a second waits with the old one open.
    - `folder`: that it stands for.
    - `hint`: what else there is to do than wait.

    **Raises:** `InputError` where another holds it, saying who, where the file system has no locks, and where the file
    cannot be written.
    """

    def __init__(self, path: Path, folder: Path, hint: str = "another folder"):
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise InputError(f"the folder cannot be written: {error.strerror}", str(path), "another folder") from error
        self.release = weakref.finalize(self, os.close, self._descriptor)
        try:
            _lock(self._descriptor)
        except OSError as error:
            holder = _read(self._descriptor)
            self.release()
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise InputError(
                    f"another process writes to this folder: {holder}", str(folder),
                    f"wait until it has ended, or {hint}",
                ) from None  # fmt: skip
            raise InputError(
                f"the file system has no locks ({error.strerror}): two processes could write at once",
                str(folder), "a folder on a local disk",
            ) from error  # fmt: skip
        _held.add(self)
        _write(self._descriptor)


def _forget_in_child() -> None:
    """A forked child has the same open file: it would hold the lock after its parent has ended."""
    for lock in list(_held):
        lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _write(descriptor: int) -> None:
    """Who holds it. That it cannot be written, on a full disk, takes nothing from the lock."""
    holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S %z")}
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, json.dumps(holder).encode())


def _read(descriptor: int) -> str:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        holder = json.loads(os.read(descriptor, 4096))
        own = " (this one)" if (holder["pid"], holder["host"]) == (os.getpid(), socket.gethostname()) else ""
        return f"process {holder['pid']}{own} on {holder['host']}, since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it does not say which"  # it has just begun, or the disk was full
