"""Theorems over several processes: tracing holds Python's lock, so threads would take turns."""

import collections
import concurrent.futures
import contextlib
import math
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
    """Yields the verdicts in the order of `ids`; every process takes the next group of theorems as it gets free.

    **Raises:** `MirrorjaxError` where a process died, as one does that runs out of memory.
    """
    groups = collections.deque(_groups(ids, jobs))
    verdicts = {theorem_id: concurrent.futures.Future() for theorem_id in ids}
    # Not fork: it copies the locks that JAX's threads hold, and deadlocks.
    context = multiprocessing.get_context("spawn")
    pools = [concurrent.futures.ProcessPoolExecutor(1, context, initializer=_begin) for _ in range(jobs)]

    def work(pool: concurrent.futures.Executor) -> None:
        with contextlib.suppress(IndexError):  # no group is left
            while True:
                for theorem_id in groups.popleft():
                    try:
                        verdict = pool.submit(_verify, theorem_id, seed, deep, data).result()
                        verdicts[theorem_id].set_result(verdict)
                    except BaseException as error:
                        verdicts[theorem_id].set_exception(error)

    for pool in pools:
        threading.Thread(target=work, args=(pool,), daemon=True).start()
    try:
        for theorem_id in ids:
            yield verdicts[theorem_id].result()
    except BrokenProcessPool as error:
        raise MirrorjaxError("a worker process died", "perhaps out of memory", "--jobs 1") from error
    finally:
        # After Ctrl-C, or where the reader went away, nobody wants what is under way.
        groups.clear()
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def _groups(ids: Sequence[str], jobs: int) -> list[list[str]]:
    """By source, the largest first: theorems of one source share compiled solves, which no other process has."""
    sources: dict[str, list[str]] = {}
    for theorem_id in ids:
        sources.setdefault(theorem_id.split("/")[0], []).append(theorem_id)
    most = math.ceil(len(ids) / jobs)
    parts = [part[k : k + most] for part in sources.values() for k in range(0, len(part), most)]
    return sorted(parts, key=len, reverse=True)


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
