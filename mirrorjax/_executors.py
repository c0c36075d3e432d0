"""Work on many machines through one door: any `concurrent.futures.Executor`."""

import concurrent.futures
import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future
from typing import Any, TypeAlias, TypeVar

from ._errors import InputError, MirrorjaxError
from ._tasks import Outcome, Task, pack
from ._workers import Processes

T = TypeVar("T")
Where: TypeAlias = Executor | str | None
CONNECT = 5.0
"""Seconds in which a Dask scheduler answers, or counts as gone."""
LOOK = 5.0
"""Seconds between two looks at how many workers there are; Dask's come and go."""
UNKNOWN = 256
"""Tasks in flight where an executor does not say how many workers it has."""
POSSIBLE = "'processes', 'processes:4', 'dask://HOST:PORT', 'mpi', or an object with submit(), a concurrent.futures one"


@contextlib.contextmanager
def executor_of(where: Where) -> Iterator[Executor | None]:
    """The executor that is asked for; what is opened here is closed at the end, an executor that is given is not.

    **Arguments:**

    - `where`: None, which stays None; an `Executor`, which stays itself; "processes" or "processes:N", processes of
      this machine; "dask://HOST:PORT", a Dask scheduler; "mpi", the workers of `mpiexec python -m mpi4py.futures`.

    **Raises:** `InputError` for anything else, for a library that is not installed, and where no scheduler answers.
    """
    if where is None or isinstance(where, Executor):
        yield where
        return
    kind, _, rest = where.partition(":") if isinstance(where, str) else ("", "", "")
    if kind == "processes" and (where == kind or (rest.isdecimal() and int(rest) > 0)):
        with Processes(int(rest or 0) or None) as executor:
            yield executor
    elif kind == "dask" and rest.startswith("//") and rest.rpartition(":")[2].isdecimal():
        with _dask("tcp:" + rest) as executor:
            yield executor
    elif where == "mpi":
        with _mpi() as executor:
            yield executor
    else:
        raise InputError("no executor", f"got {where!r}", POSSIBLE)


@contextlib.contextmanager
def _dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ImportError:
        raise InputError("Dask is not installed", "", "pip install distributed") from None
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout, or a name that nobody knows
        raise InputError(
            f"no Dask scheduler answers within {CONNECT:.0f} s", address, "dask scheduler, which prints its address"
        ) from error
    try:
        yield client.get_executor()
    finally:
        client.close(timeout=CONNECT)


def _mpi() -> Executor:
    import importlib

    try:
        return importlib.import_module("mpi4py.futures").MPIPoolExecutor()
    except ImportError:
        hint = "pip install mpi4py, and mpiexec -n 8 python -m mpi4py.futures SCRIPT.py"
        raise InputError("mpi4py is not installed, or finds no MPI", "", hint) from None


def name_of(executor: Executor | None) -> str:
    """What it is, for records: "dask, 2 workers at tcp://10.0.0.1:8786", "processes, 4", the name of its class."""
    if executor is None:
        return "this process"
    if isinstance(executor, Processes):
        return f"processes, {executor.jobs}"
    client = _client(executor)
    if client is not None:
        workers = len(client.nthreads())
        return f"dask, {workers} worker{'s' * (workers != 1)} at {client.scheduler.address}"
    return type(executor).__name__


def run(
    tasks: Iterable[Callable[[], T]], executor: Executor, *, retries: int = 2, ahead: int | None = None
) -> Generator[tuple[int, T], None, None]:
    """Runs functions on an executor, in the session's precision.

    **Arguments:**

    - `tasks`: functions without arguments; they are pickled, by cloudpickle where it is installed. They are taken one
      by one as there is room, so that an iterator of a million is never in memory.
    - `executor`: of `executor_of`.
    - `retries`: how often a task whose worker died is submitted again.
    - `ahead`: how many tasks are in flight at most; by default two for each worker.

    **Returns:** an iterator of the number of a task and what it returned, as they end; they begin in their order.
    Each number comes once. Closing it cancels what is pending.

    **Raises:** what a task raised, with its number and its traceback in a note; `InputError` for a task that cannot be
    pickled; `MirrorjaxError` where workers died more than `retries` times, or the executor takes no more.
    """
    numbered = (pack(number, task) for number, task in enumerate(tasks))
    pending: dict[Future, tuple[Task, int]] = {}
    room = _Room(executor, ahead)
    try:
        while True:
            while len(pending) < room.size():
                task = next(numbered, None)
                if task is None:
                    break
                pending[_submit(executor, task)] = task, 0
            if not pending:
                return
            # Woken now and then, for workers that joined and would find nothing to do.
            done = concurrent.futures.wait(pending, LOOK, FIRST_COMPLETED).done
            _await_scheduler(executor)
            for future in done:
                task, died = pending.pop(future)
                outcome = _outcome(future, task, died, retries)
                if outcome is None:
                    task = task.again()
                    pending[_submit(executor, task)] = task, died + 1
                else:
                    yield task.number, _result(outcome, task)
    finally:
        for future in pending:
            future.cancel()


def _await_scheduler(executor: Executor) -> None:
    """Waits while Dask's client looks for a scheduler that went away: what is submitted meanwhile never ends."""
    client = _client(executor)
    until = time.monotonic() + 2 * CONNECT
    while client is not None and client.status != "running":
        if client.status == "closed" or time.monotonic() > until:
            raise MirrorjaxError(
                "the Dask scheduler went away", client.scheduler.address if client.scheduler else "", "start it again"
            )
        time.sleep(0.1)


def _submit(executor: Executor, task: Task) -> Future:
    _await_scheduler(executor)
    try:
        return executor.submit(task)
    except Exception as error:
        raise MirrorjaxError(
            f"the executor takes no more work: {type(error).__name__}: {error}", f"{task}", "a new one"
        ) from error


def _outcome(future: Future, task: Task, died: int, retries: int) -> Outcome | None:
    """None where it shall be tried again. A task hands its own errors on as values, so what raises is the executor."""
    try:
        return future.result()
    except (Exception, concurrent.futures.CancelledError) as error:
        if died < retries:
            return None
        times = f" {died + 1} times" if died else ""
        raise MirrorjaxError(
            f"a worker process died{times}: {type(error).__name__}: {str(error).partition('. ')[0]}",
            f"{task}, or one beside it",
            "more memory for each, perhaps by fewer of them (--jobs 1); in a script, the call under "
            "`if __name__ == '__main__':`; the same mirrorjax on every machine",
        ) from error


def _result(outcome: Outcome, task: Task) -> Any:
    try:
        return outcome.result()
    except Exception as error:
        error.add_note(f"{task}")
        raise


def _client(executor: Executor) -> Any:
    """The Dask client behind an executor, or None; there is no public way from the one to the other."""
    return getattr(executor, "_client", None) if type(executor).__module__.startswith("distributed.") else None


class _Room:
    """How many tasks may be in flight: enough that no worker waits, few enough that the scheduler holds no million."""

    def __init__(self, executor: Executor, ahead: int | None):
        self._executor, self._ahead = executor, ahead
        self._size, self._next = 2, 0.0

    def size(self) -> int:
        if self._ahead is not None:
            return self._ahead
        if time.monotonic() >= self._next:
            self._size = max(2, 2 * self._workers())
            self._next = time.monotonic() + LOOK
        return self._size

    def _workers(self) -> int:
        client = _client(self._executor)
        if client is None:
            jobs = getattr(self._executor, "jobs", getattr(self._executor, "_max_workers", None))
            return jobs if isinstance(jobs, int) else UNKNOWN // 2
        # What the client last heard, every 2 s: asking a scheduler that has just died may never return.
        heard = getattr(client, "_scheduler_identity", {})
        return heard.get("total_threads") or self._size // 2
