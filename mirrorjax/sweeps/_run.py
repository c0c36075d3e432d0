"""Where the chunks of a sweep are computed."""

import concurrent.futures
import functools
import os
from collections.abc import Generator, Sequence
from concurrent.futures import Executor

import jax

from .._executors import run
from ._work import Computed, Work


def run_chunks(
    work: Work, numbers: Sequence[int], executor: Executor | None
) -> Generator[tuple[int, Computed], None, None]:
    """Yields the number of a chunk and what was computed, as they end.

    Without an executor, a compiled program runs in a thread for each core: XLA lets go of Python's lock. Several
    devices share each chunk, so that there one thread waits for all of them; Python itself would hold its lock.
    """
    if executor is not None:
        tasks = (functools.partial(work, k) for k in numbers)
        yield from ((numbers[i], found) for i, found in run(tasks, executor))
        return
    alone = work.how.mapping == "python" or len(jax.devices()) > 1 or jax.default_backend() != "cpu"
    if alone or cores() == 1:
        yield from ((k, work(k)) for k in numbers)
        return
    with concurrent.futures.ThreadPoolExecutor(cores()) as threads:
        waiting = {threads.submit(work, k): k for k in numbers}
        try:
            for future in concurrent.futures.as_completed(waiting):
                yield waiting.pop(future), future.result()
        finally:
            threads.shutdown(cancel_futures=True)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
