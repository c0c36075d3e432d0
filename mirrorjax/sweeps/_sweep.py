"""A quantity at every point of a product of axes."""

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .._errors import InputError
from .._executors import executor_of
from .._types import x64_on
from ._chunks import plan_path, read_plan
from ._draft import Draft, known_draft
from ._identity import identity, versions
from ._libraries import import_xarray
from ._mapping import How
from ._place import Place, place_of
from ._plan import Axis, Plan
from ._points import Grid, Point, grid_of
from ._run import run_chunks
from ._work import Work

if TYPE_CHECKING:
    import xarray

LANES = {"cpu": 32}
"""How many solves a core steps at once: their states and slopes fit its cache. On a GPU see `ON_GPU`."""
ON_GPU = 4096
"""On an H200 43,000 flows/s with d = 40, n = 100; 35,000 with 1024 lanes, and 22,000 with 65,536."""


def sweep(
    quantity: Callable[[Point], Mapping[str, Any]],
    over: Mapping[str, Any] | None = None,
    *,
    seeds: Iterable[int] | int | None = None,
    along: Mapping[str, Any] | None = None,
    static: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
    executor: Any = None,
    chunk: int | None = None,
    mapping: str = "auto",
    units: Mapping[str, str] | None = None,
    resume: bool = True,
    other_versions: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> "xarray.Dataset":
    """Computes a quantity at every point of the product of some axes, and keeps it.

    One compiled program runs the points of a chunk; chunks run in every core, on every device, or wherever an executor
    takes them, and a folder keeps each as it ends. A sweep that was interrupted goes on with the same call: chunks that
    are there, intact and of the same quantity, axes and versions are not computed again, and the result is the same to
    the bit as that of a sweep that was not.

    **Arguments:**

    - `quantity`: a function from a `Point`, `point.scale` or `point["scale"]`, to a dictionary of numbers or arrays. It
      is traced, as by `jax.jit`: problems, starts, schedules and potentials are made from the values inside of it. An
      output named `ok` says whether its point is to be trusted.
    - `over`: the axes, a list or array of values for each name; dimensionless unless `units` says more. Of an array of
      shape `(k, …)` a point has one row, and the coordinate is its number.
    - `seeds`: how many, or which: an axis `seed`; `point.key` is jax's random key of it.
    - `along`: axes that the quantity takes whole, as `limit_path` takes its doses: `point.dose` is the vector, and
      outputs of its length have its dimension.
    - `static`: names of axes whose values are compiled in, as Python's numbers: sizes. One program for each.
    - `out`: a folder for the results, in Zarr's format; without it they are in memory alone.
    - `executor`: where chunks are computed: any `concurrent.futures.Executor`, "processes", "processes:4",
      "dask://HOST:PORT" or "mpi"; see `help(mirrorjax.sweeps)`. By default here, with a thread for each core.
    - `chunk`: points in a chunk; by default as in the folder that is gone on with, else an eighth of all, but 64 to
      1024 (16,384 on an accelerator), or a 256th where the quantity is called in Python.
    - `mapping`: "vmap": all points of a chunk at once, solves in lanes; "map": one after the other in one program;
      "python": the quantity is called as it is. By default ("auto") what is faster; the result's attributes say which
      and why.
    - `units`: of axes and outputs, by name.
    - `resume`: whether a folder that holds the beginning of this sweep is gone on with, or refused.
    - `other_versions`: go on with a folder that was begun with other versions of Python, jax or mirrorjax, or on
      another kind of device. Each chunk's record says what computed it; the same bits are no longer promised.
    - `progress`: called with the number of chunks done and that of all.

    **Returns:** an `xarray.Dataset`: for every output an array with a dimension for each axis; `status`: 0 computed, 1
    not finite, 2 not ok, 3 raised; and as attributes the versions, the device, the mapping and its reason.

    **Raises:** `InputError` for unusable arguments; for a quantity that raises everywhere, or whose outputs change
    their shape; for a folder of another sweep, saying what differs, or one that another process writes. `StorageError`
    for a full disk; what was stored stays. A point that fails does not raise: it is marked.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> def quantity(point):
        ...     flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(point.dose, at=1.0))
        ...     path = mj.integrate(flow, param.lift(jnp.zeros(2), scale=point.scale), ts=[0.0, 1.0, 90.0])
        ...     return {"l1": jnp.sum(jnp.abs(path.x[-1])), "ok": path.ok}
        >>> data = mj.sweep(quantity, {"scale": [1e-3, 1.0], "dose": [0.0, 2.0]})
        >>> data.l1.dims, data.l1.round(2).values.tolist()  # the least ℓ₁ norm is 0.5
        (('scale', 'dose'), [[0.51, 0.5], [0.6, 0.5]])
    """
    given = {} if over is None else over
    grid = grid_of(given, seeds, static, along)
    _check(quantity, chunk, out, executor)
    units = dict(units or {})
    width = LANES.get(jax.default_backend(), ON_GPU)
    parts = {"quantity": quantity, "mapping": mapping, "float64": x64_on()}
    parts |= {f"axis {name}": values for name, values in grid.axes.items()}
    parts |= {f"axis {name}, along": values for name, values in grid.along.items()}
    draft = known_draft(quantity, grid, width, units, parts)
    parts["mapping"] = draft.how.mapping
    _require_names(units, [*grid.axes, *grid.along, *(output.name for output in draft.outputs)])
    saved = read_plan(Path(out)) if out is not None and plan_path(Path(out)).exists() else None
    size = saved.chunk if saved and chunk is None else _chunk(grid, draft.how, chunk)
    plan = _plan_of(draft, grid, size, parts, units)
    token = "".join(plan.identity.values())
    work = Work(quantity, grid, plan.chunk, draft.how, plan.outputs, draft.refused, token)
    # The executor first: where there is none, nothing is left behind.
    with executor_of(executor) as where, place_of(out, plan, saved is not None, resume, other_versions) as place:
        errors = _computed(work, place, plan.chunks, where, progress)
        dataset = place.dataset()
    order = [*(name for name in given if name in grid.axes), *grid.axes]
    dataset = dataset.transpose(*dict.fromkeys(order), ...)
    return dataset.assign_attrs(first_error=errors[0]) if errors else dataset


def _computed(
    work: Work, place: Place, chunks: int, executor: Executor | None, progress: Callable[[int, int], None] | None
) -> list[str]:
    """Computes what is missing; returns the first error of each chunk that has one."""
    todo = [k for k in range(chunks) if k not in place.finished]
    errors, done = [], chunks - len(todo)
    tell = progress or (lambda done, of: None)
    tell(done, chunks)
    for k, found in run_chunks(work, todo, executor):
        place.write(k, found.arrays, found.seconds, found.where)
        errors += [found.error] if found.error else []
        done += 1
        tell(done, chunks)
    return errors


def _require_names(units: Mapping[str, str], names: list[str]) -> None:
    for name in units:
        if name not in names:
            raise InputError(f"a unit for {name!r}, which is no axis and no output", "", ", ".join(names))


def _check(quantity: Any, chunk: Any, out: Any, executor: Any) -> None:
    import_xarray()  # where it is missing, before the work
    if executor is not None and jax.process_count() > 1:
        raise InputError("an executor beside jax.distributed", f"{jax.process_count()} processes", "one of the two")
    if not callable(quantity):
        raise InputError(f"the quantity must be a function of a point, got {type(quantity).__name__}")
    if chunk is not None and (isinstance(chunk, bool) or not isinstance(chunk, int | np.integer) or chunk < 1):
        raise InputError("chunk must be a whole number ≥ 1", f"chunk = {chunk!r}")
    if out is not None and not isinstance(out, str | os.PathLike):
        raise InputError(f"out must be the name of a folder, got {type(out).__name__}")


def _plan_of(draft: Draft, grid: Grid, chunk: int, parts: Mapping[str, Any], units: Mapping[str, str]) -> Plan:
    attrs = {"mapping": draft.how.mapping, "mapping_reason": draft.how.reason, "device": _devices()}
    return Plan(
        tuple(_axis(name, values, units) for name, values in grid.axes.items()),
        draft.outputs,
        chunk,
        identity(parts),
        versions() | {"backend": jax.default_backend()},
        tuple(_axis(n, v, units) for n, v in grid.along.items() if any(n in o.dims for o in draft.outputs)),
        attrs,
    )


def _axis(name: str, values: np.ndarray, units: Mapping[str, str]) -> Axis:
    attrs = {"units": units[name]} if name in units else {}
    return Axis(name, values if values.ndim == 1 else np.arange(len(values)), attrs)


def _devices() -> str:
    return f"{len(jax.devices())} × {jax.devices()[0].device_kind}"


def _chunk(grid: Grid, how: How, wanted: int | None) -> int:
    """Points in a chunk: enough to fill the lanes, and few enough that little is lost and progress is seen.

    It hangs on the sweep alone, not on the machine, so that another machine can go on with it.
    """
    points = math.prod(grid.shape)
    if wanted is None:
        if how.mapping == "python":
            wanted = max(1, points // 256)
        else:
            wanted = min(max(64, points // 8), 1024) if jax.default_backend() == "cpu" else 16384
    wanted = min(int(wanted), points)
    if not grid.static:
        return wanted
    return max(size for size in range(1, grid.block + 1) if grid.block % size == 0 and size <= wanted)
