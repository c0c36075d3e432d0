"""A small sweep whose values are known; run as a program, it is killed at every step of writing."""

import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from mirrorjax.sweeps._plan import Axis, Output, Plan
from mirrorjax.sweeps._store import Store

SCALES = (0.1, 1.0, 10.0)
STATUS = {"flag_values": [0, 3], "flag_meanings": "computed not_computed"}


def plan_of(axes=None, outputs=(), chunk=4, identity=None, versions=None, coords=None, **fields) -> Plan:
    """13 seeds at two scales in chunks of four: seven chunks, the last of two points."""
    return Plan(
        axes or (Axis("scale", SCALES[:2], {"units": "m"}), Axis("seed", range(13))),
        (
            Output("path", shape=(3,), dims=("time",), attrs={"long_name": "a path"}),
            Output("steps", "int64"),
            Output("status", "int8", attrs=STATUS, fill=3),
            *outputs,
        ),
        chunk,
        identity or {"quantity": "abc"},
        versions or {"jax": "1.0"},
        (Axis("time", [0.0, 0.5, 1.0]),) if coords is None else coords,
        **fields,
    )


def values_of(plan: Plan, k: int) -> dict[str, np.ndarray]:
    span = plan.span(k)
    points = np.arange(span.start, span.stop)
    path = points[:, None] + np.asarray([0.0, 0.25, 0.5])
    return {"path": path, "steps": points, "status": np.zeros(len(points), "int8")}


def write_all(store: Store) -> None:
    for k in sorted(set(range(store.plan.chunks)) - store.finished):
        store.write(k, values_of(store.plan, k))


def _child(folder: Path, kill_at: int | None) -> None:
    """Writes the sweep, and at the file event of this number kills itself."""
    count = 0

    def hook(event: str, arguments: tuple) -> None:
        nonlocal count
        if event in ("open", "os.rename", "os.remove", "os.mkdir") and str(folder) in str(arguments[0]):
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    plan = plan_of()
    if kill_at is not None:
        sys.addaudithook(hook)
    try:
        store = Store.resume(folder, plan)
    except ValueError:
        store = Store.create(folder, plan)
    write_all(store)


def run_and_kill(folder: Path, kill_at: int | None, seconds: float | None) -> None:
    """A child is killed: by itself at a step, or by us after some time."""
    pid = os.fork()
    if pid == 0:
        try:
            _child(folder, kill_at)
        except BaseException as error:
            print(f"failed: {error!r}", flush=True)
            os._exit(1)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or (seconds is not None and os.WEXITSTATUS(status) == 0)  # it was done before


if __name__ == "__main__":
    root = Path(sys.argv[1])
    write_all(Store.create(root / "whole", plan_of()))  # what is imported late is imported before the fork
    # Making the folder takes about 105 steps, a chunk 12.
    for step in [*range(1, 105, 15), *range(105, 131, 2)]:
        run_and_kill(root / f"step{step}", kill_at=step, seconds=None)
    draw = random.Random(0)
    for _ in range(4):
        run_and_kill(root / "any moment", None, draw.uniform(0.02, 0.12))
