"""Work over several processes: tracing holds Python's lock, so threads would take turns."""

import concurrent.futures
import gc
import multiprocessing
import os
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import TypeVar

from ._errors import MirrorjaxError
from ._prepare import prepare_jax
from ._room import make_room
from ._types import x64_on

T = TypeVar("T")
MOST = 8
"""A worker takes 1 to 2 GB; more of them by default would surprise a large machine's other users."""
ROOM = 10_000
"""Memory maps of compiled code a worker keeps, about 1.2 GB; see `make_room`."""
FEWEST_EACH = 3
"""A worker needs 3 s to begin: it should have this many theorems to make up for them."""


def default_jobs(theorems: int) -> int:
    """How many processes are worth their start."""
    return max(1, min(_cores(), theorems // FEWEST_EACH, MOST))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Spawning(SpawnContext):
    """Not fork: it copies the locks that JAX's threads hold, and deadlocks. Keeps the processes that it made."""

    def __init__(self):
        super().__init__()
        self.own: list[SpawnProcess] = []

    def Process(self, *args, **kwargs) -> SpawnProcess:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.own.append(SpawnProcess(*args, **kwargs))
        return self.own[-1]


def run_in_processes(tasks: Sequence[Callable[[], T]], jobs: int) -> Generator[tuple[int, T], None, None]:
    """Yields the number of a task and what it returned, as they end; they begin in their order.

    **Raises:** `MirrorjaxError` where a process died, as one does that runs out of memory.
    """
    context = _Spawning()
    pool = concurrent.futures.ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(x64_on(),))
    try:
        numbers = {pool.submit(_do, task): number for number, task in enumerate(tasks)}
        for ended in concurrent.futures.as_completed(numbers):
            yield numbers[ended], ended.result()
    except BrokenProcessPool as error:
        raise MirrorjaxError("a worker process died", "perhaps out of memory", "--jobs 1") from error
    finally:
        # After Ctrl-C, or where the reader went away, nobody wants what is under way. Waiting is for the pool's own
        # thread: left alone it closes its pipe while the interpreter, on its way out, writes to it. Not
        # `active_children`: the program that calls this may have some of its own.
        for process in context.own:
            if process.is_alive():
                process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


def _do(task: Callable[[], T]) -> T:
    result = task()
    make_room(ROOM)
    return result


def _begin(double: bool) -> None:
    prepare_jax(double)
    # Tracing makes a million small objects that live on: looking through them for cycles takes 6 % of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker holds both ends of its queue and would wait for ever for a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
