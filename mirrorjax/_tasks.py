"""A function without arguments on its way to another process, and its result on the way back."""

import contextlib
import dataclasses
import functools
import os
import pickle
import socket
import traceback
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

import jax

from . import __version__
from ._errors import InputError, MirrorjaxError
from ._prepare import prepare_jax
from ._room import make_room
from ._types import x64_on

ROOM = 10_000
"""Memory maps of compiled code a worker keeps, about 1.2 GB; see `make_room`."""
_SESSION = uuid.uuid4().hex


@dataclasses.dataclass(frozen=True)
class Task:
    """A packed function; called, it runs it as the session would have and returns an `Outcome`.

    **Fields:**

    - `number`, `name`: for messages.
    - `packed`: the function.
    - `double`: whether float64 is on in the session.
    - `home`: the process it comes from.
    - `version`: of mirrorjax there.
    - `tag`: differs at every submission, since Dask takes two equal calls for one.
    """

    number: int
    name: str
    packed: bytes
    double: bool
    home: tuple[str, int]
    version: str
    tag: str

    def again(self) -> "Task":
        """The same work under another tag."""
        return dataclasses.replace(self, tag=uuid.uuid4().hex)

    def __call__(self) -> "Outcome":
        away = self.home != _here()
        try:
            if away:
                self._prepare()
            # For this thread alone: other users of a Dask worker keep their precision.
            with jax.enable_x64(self.double):
                outcome = Outcome(_dumps(self._unpacked()()))
        except (Exception, SystemExit) as error:
            return _raised(error)
        if away:
            make_room(ROOM)
        return outcome

    def _prepare(self) -> None:
        if self.version != __version__:
            raise InputError(
                f"a worker has mirrorjax {__version__}, this session {self.version}", socket.gethostname(),
                "the same version everywhere",
            )  # fmt: skip
        _prepare_once()

    def _unpacked(self) -> Callable[[], Any]:
        try:
            return pickle.loads(self.packed)
        except Exception as error:
            raise InputError(
                f"a worker cannot read its task: {_line(error)}", f"{self}, on {socket.gethostname()}",
                "the same packages and files for every worker, on its PYTHONPATH",
            ) from error  # fmt: skip

    def __str__(self) -> str:
        return f"task {self.number}, {self.name}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a task returned or raised, packed: what an executor cannot pickle breaks it, and reads as a death."""

    packed: bytes
    raised: bool = False

    def result(self) -> Any:
        """What the task returned.

        **Raises:** what it raised; `MirrorjaxError` for a result that cannot be read here.
        """
        try:
            value = pickle.loads(self.packed)
        except Exception as error:
            raise MirrorjaxError(f"the result of a worker cannot be read: {_line(error)}") from error
        if self.raised:
            raise value
        return value


def pack(number: int, function: Callable[[], Any]) -> Task:
    """The task that runs a function elsewhere.

    **Raises:** `InputError` for what cannot be pickled.
    """
    inner = function
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    try:
        packed = _dumps(function)
    except Exception as error:
        hint = "make what cannot be pickled (a lock, an open file, a generator) inside the function"
        if _pickler() is pickle:
            hint = "pip install cloudpickle, which takes functions of a notebook, lambdas and closures too; or " + hint
        raise InputError(
            f"it cannot be sent to another process: {_line(error)}", f"task {number}, {name}", hint
        ) from error
    return Task(number, name, packed, x64_on(), _here(), __version__, uuid.uuid4().hex)


def _here() -> tuple[str, int]:
    return _SESSION, os.getpid()


@functools.cache
def _prepare_once() -> None:
    prepare_jax(double=False)  # the precision goes by the task


@functools.cache
def _pickler() -> ModuleType:
    """Cloudpickle where it is installed: pickle takes no lambda, and no function of a script or notebook."""
    try:
        import cloudpickle

        return cloudpickle
    except ImportError:
        return pickle


def _dumps(value: Any) -> bytes:
    return _pickler().dumps(value)


def _raised(error: BaseException) -> Outcome:
    where = f"in a worker on {socket.gethostname()}:\n{traceback.format_exc()}"
    if isinstance(error, SystemExit):
        error = MirrorjaxError(f"a task called sys.exit({error.code!r})")
    error.add_note(where)
    with contextlib.suppress(Exception):
        packed = _dumps(error)
        pickle.loads(packed)  # an exception whose __init__ takes two arguments is pickled, and not read
        return Outcome(packed, raised=True)
    plain = MirrorjaxError(f"a task raised {_line(error)}")
    plain.add_note(where)
    return Outcome(_dumps(plain), raised=True)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}".removesuffix(": ")
