"""A sweep on disk, written one chunk at a time."""

import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._errors import InputError, MirrorjaxError
from .._files import replace_text
from .._lock import Lock
from ._chunks import checksum, open_arrays, own_folder, plan_path, read_chunks, read_plan, record_path
from ._dataset import dataset, warn_of
from ._libraries import import_zarr
from ._plan import POINT, Output, Plan, changes

if TYPE_CHECKING:
    import xarray


class StorageError(MirrorjaxError, RuntimeError):
    """A folder that stopped taking what a sweep writes: a full disk, or one that went away."""


class Store:
    """A sweep in a folder that this process alone writes; `Store.create` and `Store.resume` make one.

    **Arguments:**

    - `folder`: what it is written to.
    - `plan`: what is computed.
    - `lock`: held until `close`.
    """

    def __init__(self, folder: Path, plan: Plan, lock: Lock):
        self.folder, self.plan, self._lock = folder, plan, lock
        self._arrays = open_arrays(folder, plan, "r+")
        self._records: dict[int, dict[str, Any]] = {}
        self._damaged: dict[int, str] = {}
        for half in (*folder.rglob(".mirrorjax-*.part"), *folder.rglob("*.partial")):  # of a process that was killed
            half.unlink(missing_ok=True)

    @classmethod
    def create(cls, folder: str | os.PathLike[str], plan: Plan) -> "Store":
        """A new sweep.

        **Arguments:**

        - `folder`: a new or empty one.
        - `plan`: what is computed.

        **Returns:** a store without a finished chunk.

        **Raises:** `InputError` for a folder that holds a sweep, saying how it differs, or something else; that
        cannot be written; or that another process writes.
        """
        folder = Path(folder)
        if plan_path(folder).exists():
            saved = read_plan(folder)
            _refuse_another(saved, plan, folder)
            raise InputError("the folder holds this sweep already", str(folder), "to go on with it, Store.resume")
        # One that has .sweep, but no plan in it, is the beginning of a sweep whose process was killed.
        if folder.exists() and not own_folder(folder).exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError("a sweep needs a new or empty folder", str(folder), "another name")
        lock = _locked(folder)
        try:
            if plan_path(folder).exists():  # made by another process since
                raise InputError("the folder holds a sweep already", str(folder), "to go on with it, Store.resume")
            _refuse_one_name_for_two(folder, plan)
            _write_skeleton(folder, plan)
            replace_text(plan_path(folder), plan.to_json())
            return cls(folder, plan, lock)
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError):
                raise _cannot_write(folder, error, 0, plan) from error
            raise

    @classmethod
    def resume(cls, folder: str | os.PathLike[str], plan: Plan, other_versions: bool = False) -> "Store":
        """The same sweep where it stopped: chunks that are finished and intact stay, damaged ones count as unfinished.

        **Arguments:**

        - `folder`: what it was written to.
        - `plan`: the one that it was created with.
        - `other_versions`: go on with other versions of Python, jax or mirrorjax. The record of each chunk says which
          computed it; that all are the same to the bit is no longer promised.

        **Returns:** a store with the chunks that are finished; `damaged` says which are not.

        **Raises:** `InputError` for another sweep, saying what differs, for none, and where another process writes.
        """
        folder = Path(folder)
        saved = read_plan(folder)
        _refuse_another(saved, plan, folder)
        found = changes(saved.versions, plan.versions, "")
        if found and not other_versions:
            raise InputError(
                "the sweep was begun with other versions, whose results may differ in the last bits: "
                + "; ".join(found), str(folder), "those versions, or another folder, or other_versions=True",
            )  # fmt: skip
        lock = _locked(folder)
        try:
            store = cls(folder, plan, lock)
            store._check()
        except BaseException as error:
            lock.release()
            if isinstance(error, OSError):
                raise _cannot_write(folder, error, 0, plan) from error
            raise
        warn_of(store.damaged, folder, "They are computed again.")
        return store

    @property
    def finished(self) -> set[int]:
        """The chunks that are on disk and were intact when the store was opened, or were written since."""
        return set(self._records)

    @property
    def damaged(self) -> dict[int, str]:
        """The chunks that were damaged when the store was opened, and what was wrong with each."""
        return dict(self._damaged)

    @property
    def records(self) -> dict[int, dict[str, Any]]:
        """The record of each finished chunk: `sha256`, `seconds`, `where` and `versions`."""
        return dict(self._records)

    def write(self, k: int, values: Mapping[str, Any], seconds: float | None = None, where: str = "") -> None:
        """Stores a chunk: its arrays, and then the record that makes it finished.

        **Arguments:**

        - `k`: its number.
        - `values`: an array for each output, of shape `(points of the chunk, …)`.
        - `seconds`: what it took to compute.
        - `where`: the machine or device that computed it; by default this host and process.

        **Raises:** `InputError` for other names, shapes or types than those of the plan, for a chunk that is finished,
        and after `close`; `StorageError` where the disk is full.
        """
        arrays = self._fitting(k, values)
        record = {
            "sha256": checksum(arrays),
            "seconds": seconds,
            "where": where or f"{socket.gethostname()}, process {os.getpid()}",
            "versions": dict(self.plan.versions),
        }
        span = self.plan.span(k)
        try:
            for name, array in arrays.items():
                self._arrays[name][span] = array
            replace_text(record_path(self.folder, k), json.dumps(record))
        except OSError as error:
            raise _cannot_write(self.folder, error, len(self._records), self.plan) from error
        self._records[k] = record

    def dataset(self) -> "xarray.Dataset":
        """What is finished on the grid of the axes, as `mirrorjax.sweeps.open` reads it.

        **Returns:** an `xarray.Dataset` in memory.
        """
        return dataset(self.folder, self.plan, self._arrays)

    def close(self) -> None:
        """Lets other processes write the folder."""
        self._lock.release()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fitting(self, k: int, values: Mapping[str, Any]) -> dict[str, np.ndarray]:
        if not self._lock.release.alive:
            raise InputError("the store is closed", str(self.folder))
        if not 0 <= k < self.plan.chunks or k in self._records:
            wrong = "is finished" if k in self._records else f"of a sweep of {self.plan.chunks}"
            raise InputError(f"chunk {k} {wrong}", str(self.folder))
        names = {output.name for output in self.plan.outputs}
        if set(values) != names:
            raise InputError(f"outputs {sorted(values)} of a sweep with {sorted(names)}", f"chunk {k}")
        span, arrays = self.plan.span(k), {}
        for output in self.plan.outputs:
            array = np.asarray(values[output.name])
            shape = (span.stop - span.start, *output.shape)
            if array.shape != shape or array.dtype != output.dtype:
                raise InputError(f"{output.name} is {array.dtype} of shape {array.shape}, and the sweep stores "
                                 f"{output.dtype} of shape {shape}", f"chunk {k}")  # fmt: skip
            arrays[output.name] = array
        return arrays

    def _check(self) -> None:
        """Reads every chunk; takes away the records of damaged ones."""
        for chunk in read_chunks(self.folder, self.plan, self._arrays):
            if chunk.wrong:
                self._damaged[chunk.number] = chunk.wrong
            else:
                self._records[chunk.number] = chunk.record
        for k in self._damaged:
            record_path(self.folder, k).unlink(missing_ok=True)


def _refuse_another(saved: Plan, plan: Plan, folder: Path) -> None:
    found = saved.differences(plan)
    if found:
        python = (saved.versions.get("python"), plan.versions.get("python"))
        hint = "another folder, or what it was begun with"
        if python[0] != python[1]:
            hint += f"; code compiled by Python {python[1]} cannot be compared with that of {python[0]}"
        raise InputError("the folder holds another sweep: " + "; ".join(found), str(folder), hint)


def _locked(folder: Path) -> Lock:
    try:
        (own_folder(folder) / "chunks").mkdir(parents=True, exist_ok=True)
        return Lock(own_folder(folder) / "lock", folder, "another folder; to read, mirrorjax.sweeps.open")
    except OSError as error:
        raise InputError(f"the folder cannot be written: {error.strerror}", str(folder), "another folder") from error


def _refuse_one_name_for_two(folder: Path, plan: Plan) -> None:
    """`R` and `r` are one folder where the file system takes upper case for lower, as those of macOS and Windows do."""
    names = [a.name for a in (*plan.axes, *plan.coords, *plan.outputs)]
    if len({name.casefold() for name in names}) < len(names) and (folder / ".SWEEP").exists():
        raise InputError(f"names that differ in upper and lower case alone: {', '.join(names)}", str(folder),
                         "other names: to the file system they are the same")  # fmt: skip


def _cannot_write(folder: Path, error: OSError, finished: int, plan: Plan) -> StorageError:
    return StorageError(
        f"the sweep cannot be stored: {error.strerror or error}; {finished} of {plan.chunks} chunks are kept",
        str(folder), "make room, then run the sweep again with the same folder: it goes on with the next chunk",
    )  # fmt: skip


def _write_skeleton(folder: Path, plan: Plan) -> None:
    """Arrays without chunks, and the coordinates: `xarray.open_zarr(folder)` reads it too.

    There the points are one dimension, and each axis is a coordinate along it.
    """
    zarr = import_zarr()
    axes = " ".join(axis.name for axis in plan.axes)
    group = zarr.open_group(folder, mode="a", zarr_format=3)
    group.attrs.update({**plan.attrs, "coordinates": axes})
    zarr.open_group(own_folder(folder), mode="a", zarr_format=3)  # Zarr warns of a folder that is no part of it
    grids = np.meshgrid(*(np.arange(n) for n in plan.grid), indexing="ij")
    for axis, grid in zip(plan.axes, grids):
        _write_coordinate(group, axis.name, POINT, axis.values[grid.ravel()], axis.attrs)
    for axis in plan.coords:
        _write_coordinate(group, axis.name, axis.name, axis.values, axis.attrs)
    for output in plan.outputs:
        _make_array(group, output, plan)
    _consolidate(folder, [a.name for a in (*plan.axes, *plan.coords, *plan.outputs)])


def _write_coordinate(group: Any, name: str, dim: str, values: np.ndarray, attrs: Mapping[str, Any]) -> None:
    dtype = str if values.dtype.kind == "U" else values.dtype
    array = group.create_array(name, shape=values.shape, dtype=dtype, chunks=values.shape, dimension_names=(dim,),
                               attributes=dict(attrs), overwrite=True)  # fmt: skip
    array[:] = values


def _make_array(group: Any, output: Output, plan: Plan) -> None:
    group.create_array(
        output.name,
        shape=(plan.points, *output.shape),
        dtype=output.dtype,
        chunks=(plan.chunk, *output.shape),
        fill_value=output.fill,
        dimension_names=(POINT, *output.dims),
        attributes=dict(output.attrs),
        overwrite=True,
    )


def _consolidate(folder: Path, names: list[str]) -> None:
    """Repeats the metadata of the arrays in that of the group, in the form of xarray and zarr.

    Without it `xarray.open_zarr` warns; zarr's own function for it warns as well, that other libraries may not read it.
    """
    path = folder / "zarr.json"
    metadata = {name: json.loads((folder / name / "zarr.json").read_bytes()) for name in names}
    inline = {"kind": "inline", "must_understand": False, "metadata": metadata}
    replace_text(path, json.dumps(json.loads(path.read_bytes()) | {"consolidated_metadata": inline}, indent=1))
