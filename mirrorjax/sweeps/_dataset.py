"""A sweep as an xarray dataset on the grid of its axes."""

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._chunks import open_arrays, read_chunks, read_plan
from ._libraries import import_xarray
from ._plan import Plan

if TYPE_CHECKING:
    import xarray


def open(folder: str | os.PathLike[str]) -> "xarray.Dataset":
    """The results of a sweep, finished or not, also while it runs.

    A point that was not computed has NaN (ints the one farthest below 0) and the status "not computed". So has a
    chunk that was damaged on disk: every chunk is checked against the checksum it was written with, and one that
    differs is named in a warning.

    **Arguments:**

    - `folder`: what the sweep was written to.

    **Returns:** an `xarray.Dataset` in memory: the outputs with a dimension for each axis, and then their own.

    **Raises:** `InputError` where there is no sweep, or one that a later mirrorjax wrote, or where xarray or zarr
    are missing.

    !!! example

        >>> import mirrorjax.sweeps
        >>> mirrorjax.sweeps.open("nowhere.zarr")
        Traceback (most recent call last):
        mirrorjax._errors.InputError: nowhere.zarr does not exist. Try: the folder that the sweep was written to
    """
    folder = Path(folder)
    plan = read_plan(folder)
    return dataset(folder, plan, open_arrays(folder, plan, "r"))


def dataset(folder: Path, plan: Plan, arrays: Mapping[str, Any]) -> "xarray.Dataset":
    """Of the chunks that are finished and intact; warns of those that are damaged."""
    flat = {o.name: np.full((plan.points, *o.shape), o.fill, dtype=o.dtype) for o in plan.outputs}
    damaged, versions, finished = {}, {}, 0
    for chunk in read_chunks(folder, plan, arrays):
        if chunk.wrong:
            damaged[chunk.number] = chunk.wrong
            continue
        finished += 1
        for name, values in chunk.arrays.items():
            flat[name][plan.span(chunk.number)] = values
        for name, version in chunk.record.get("versions", {}).items():
            if version not in versions.setdefault(name, version).split(" and "):
                versions[name] += f" and {version}"
    warn_of(damaged, folder, "they come as not computed; running the sweep again computes them")
    attrs = {f"version_{name}": version for name, version in (versions or plan.versions).items()}
    return on_the_grid(plan, flat, attrs | {"chunks": plan.chunks, "chunks_finished": finished} | dict(plan.attrs))


def warn_of(damaged: Mapping[int, str], folder: Path, then: str) -> None:
    """One warning for all of them."""
    if damaged:
        which = "; ".join(f"{k}: {wrong}" for k, wrong in damaged.items())
        warnings.warn(f"damaged chunks of {folder}: {which}. {then}", UserWarning, stacklevel=3)


def on_the_grid(plan: Plan, flat: Mapping[str, np.ndarray], attrs: Mapping[str, Any]) -> "xarray.Dataset":
    xarray = import_xarray()
    dims = tuple(axis.name for axis in plan.axes)
    variables = {
        o.name: xarray.Variable((*dims, *o.dims), flat[o.name].reshape(*plan.grid, *o.shape), dict(o.attrs))
        for o in plan.outputs
    }
    coords = {a.name: xarray.Variable((a.name,), a.values, dict(a.attrs)) for a in (*plan.axes, *plan.coords)}
    return xarray.Dataset(variables, coords, dict(attrs))
