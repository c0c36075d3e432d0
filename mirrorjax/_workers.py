"""Theorems over several processes: tracing holds Python's lock, so threads would take turns."""

import concurrent.futures
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

from ._errors import MirrorjaxError
from ._prepare import prepare_jax
from ._room import make_room
from .checks import Verdict
from .problems import LinearRegression
from .theorems import plan

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


def run_in_processes(
    ids: Sequence[str], seed: int, deep: bool, data: LinearRegression | None, jobs: int
) -> Iterator[Verdict]:
    """Yields the verdicts in the order of `ids`; every process takes the next theorem as it gets free.

    **Raises:** `MirrorjaxError` where a process died, as one does that runs out of memory.
    """
    # Not fork: it copies the locks that JAX's threads hold, and deadlocks.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(jobs, context, initializer=_begin) as pool:
        try:
            waiting = [pool.submit(_verify, theorem_id, seed, deep, data) for theorem_id in ids]
            for future in waiting:
                yield future.result()
        except BrokenProcessPool as error:
            raise MirrorjaxError("a worker process died", "perhaps out of memory", "--jobs 1") from error
        except BaseException:
            # Ctrl-C, or a reader that went away: the pool would wait for theorems that nobody wants any more.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin() -> None:
    prepare_jax()
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    """A worker holds both ends of its queue and would wait for ever for a parent that was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _verify(theorem_id: str, seed: int, deep: bool, data: LinearRegression | None) -> Verdict:
    [verdict] = plan([theorem_id], seed, deep, data).run()
    make_room(ROOM)
    return verdict
