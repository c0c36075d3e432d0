"""Processes of this machine: tracing holds Python's lock, so threads would take turns."""

import concurrent.futures
import gc
import multiprocessing
import os
import signal
import threading
from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess

from ._prepare import prepare_jax
from ._types import x64_on

MOST = 8
"""A worker takes 1 to 2 GB; more of them by default would surprise a large machine's other users."""
FEWEST_EACH = 3
"""A worker needs 3 s to begin: it should have this many theorems to make up for them."""
POSIX = hasattr(signal, "pthread_sigmask")


def default_jobs(theorems: int) -> int:
    """How many processes are worth their start."""
    return max(1, min(_cores(), theorems // FEWEST_EACH, MOST))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker(SpawnProcess):
    """A process that Ctrl-C does not reach: a terminal sends it to all of its processes, and the parent ends these."""

    def start(self) -> None:
        # `_begin` would be too late: before it a process imports for seconds. The mask is inherited. In this process it
        # holds for this thread and for the time of the start, so that no Ctrl-C is lost.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if POSIX else set()
        try:
            super().start()
        finally:
            if POSIX:
                signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


class _Spawning(SpawnContext):
    """Not fork: it copies the locks that JAX's threads hold, and deadlocks. Keeps the processes that it made."""

    def __init__(self):
        super().__init__()
        self.own: list[SpawnProcess] = []

    def Process(self, *args, **kwargs) -> SpawnProcess:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.own.append(_Worker(*args, **kwargs))
        return self.own[-1]


class Processes(concurrent.futures.Executor):
    """A pool of processes with jax prepared as in this session; a pool in which a process died makes way for another.

    **Arguments:**

    - `jobs`: how many; by default one per core, at most 8.
    """

    def __init__(self, jobs: int | None = None):
        self.jobs = jobs or min(_cores(), MOST)
        self._open()

    def _open(self) -> None:
        self._context = _Spawning()
        self._pool = ProcessPoolExecutor(self.jobs, self._context, initializer=_begin, initargs=(x64_on(),))

    def submit(self, fn, /, *args, **kwargs):
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self.shutdown()
            self._open()
            return self._pool.submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = True) -> None:
        """Ends the processes, whatever they do, and waits for that."""
        # After Ctrl-C, or where the reader went away, nobody wants what is under way. Waiting is for the pool's own
        # thread: left alone it closes its pipe while the interpreter, on its way out, writes to it. Not
        # `active_children`: the program that calls this may have some of its own.
        for process in self._context.own:
            if process.is_alive():
                process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(double: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for good: what a library starts in a worker may lift the mask
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
