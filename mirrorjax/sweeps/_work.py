"""Computes a chunk: compiled for all of its points, or in Python for one after the other."""

import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from .._compile import exact_products, options
from .._errors import MirrorjaxError
from .._vmapped import in_lanes
from ._mapping import How
from ._outputs import RAISED, arrays_of, blank, require_same, with_status
from ._plan import Output
from ._points import NUMBER, Grid, Point

POINTS = "points"
KEPT = 8
"""Programs in a process: threads that come to the next combination of the static axes need two."""


class Computed(NamedTuple):
    """The arrays of a chunk, what they took, where, and the first error among its points."""

    arrays: dict[str, np.ndarray]
    seconds: float
    where: str
    error: str


@dataclasses.dataclass(frozen=True, eq=False)
class Work:
    """What computes any chunk of a sweep, here or in another process.

    **Arguments:**

    - `quantity`: a function from a `Point` to a dictionary of numbers.
    - `grid`: the axes.
    - `chunk`: how many points a chunk has.
    - `how`: the mapping.
    - `outputs`: with the status.
    - `refused`: why the quantity has no program, for the values of the static axes where it has none.
    - `token`: names the quantity and the axes among all that a process has compiled.
    """

    quantity: Callable[[Point], Mapping[str, Any]]
    grid: Grid
    chunk: int
    how: How
    outputs: tuple[Output, ...]
    refused: Mapping[tuple[Any, ...], str]
    token: str

    def __call__(self, k: int) -> Computed:
        """Chunk `k`."""
        began = time.monotonic()
        total = int(np.prod(self.grid.shape))
        points = np.arange(k * self.chunk, (k + 1) * self.chunk)
        kept = int(np.sum(points < total))
        by = self._in_python if self.how.mapping == "python" else self._compiled
        arrays, error = by(self.grid.values(np.minimum(points, total - 1)), kept)
        return Computed(arrays, time.monotonic() - began, f"{socket.gethostname()}, process {os.getpid()}", error)

    def _compiled(self, values: dict[str, np.ndarray], kept: int) -> tuple[dict[str, np.ndarray], str]:
        static = tuple(values.pop(name)[0].item() for name in self.grid.static)
        if static in self.refused:
            return blank(self.outputs, kept, RAISED), self.refused[static]
        found = _program(self, static, values)(values)
        # What a chunk that is full has too much repeats the last point.
        return with_status({name: _whole(array)[:kept] for name, array in found.items()}), ""

    def _in_python(self, values: dict[str, np.ndarray], kept: int) -> tuple[dict[str, np.ndarray], str]:
        arrays, error = blank(self.outputs, kept, RAISED), ""
        shapes = {o.name: o for o in self.outputs[:-1]}
        for i in range(kept):
            point = point_of(values, i)
            try:
                found = self.called(point)
                require_same(shapes, found, place_of_point(point))
            except Exception as raised:  # marked, and told by `error`; the other points are kept
                error = error or f"{place_of_point(point)}: {type(raised).__name__}: {raised}"
                continue
            for name, array in with_status({name: a[None] for name, a in found.items()}).items():
                arrays[name][i] = array[0]
        return arrays, error

    def called(self, point: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """The outputs at one point, not compiled."""
        return {name: np.asarray(array) for name, array in self.one(point).items()}

    def one(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs at one point, from the values of its axes."""
        along = {name: jax.numpy.asarray(v) for name, v in self.grid.along.items()}
        return arrays_of(self.quantity(Point({n: v for n, v in values.items() if n != NUMBER} | along)))


def point_of(values: Mapping[str, np.ndarray], i: int) -> dict[str, Any]:
    """The i-th of several points, with Python's numbers."""
    return {name: v[i].item() if v.ndim == 1 else jax.numpy.asarray(v[i]) for name, v in values.items()}


def place_of_point(point: Mapping[str, Any]) -> str:
    """Which point it is, for messages."""
    return ", ".join(f"{name} = {value}" for name, value in point.items() if name != NUMBER and np.ndim(value) == 0)


def _whole(array: jax.Array) -> np.ndarray:
    if jax.process_count() > 1:
        try:
            return np.asarray(multihost_utils.process_allgather(array, tiled=True))
        except (ValueError, RuntimeError) as error:  # as gloo and NCCL say that a connection was closed
            raise MirrorjaxError(
                "the processes of the sweep cannot reach each other: one of them ended, perhaps",
                f"process {jax.process_index()} of {jax.process_count()}",
                "all of them again with the same folder: the chunks that are there stay",
            ) from error
    return np.asarray(array)


_programs: dict[tuple[Any, ...], Any] = {}
_compiling = threading.Lock()


def _program(work: Work, static: tuple[Any, ...], values: dict[str, np.ndarray]) -> Callable:
    """Compiled once in a process: for the first chunk, and by one thread, for which the others wait."""
    devices = jax.devices()
    key = work.token, static, work.how, work.chunk, len(devices), jax.config.jax_enable_x64  # pyright: ignore
    with _compiling:
        if key not in _programs:
            if len(_programs) >= KEPT:
                _programs.clear()
            _programs[key] = compiled(work, static, values, devices)
        return _programs[key]


def compiled(work: Work, static: tuple[Any, ...], values: dict[str, np.ndarray], devices: list[Any]) -> Callable:
    """The program of a chunk for one combination of the static axes, its points shared out among the devices."""
    fixed = dict(zip(work.grid.static, static))

    def one(values):
        return work.one({**fixed, **values})

    mapped = jax.vmap(one) if work.how.mapping == "vmap" else lambda values: jax.lax.map(one, values)
    if len(devices) == 1:
        with in_lanes(work.how.width), exact_products():
            return jax.jit(mapped).lower(values).compile(options("often"))
    mesh = Mesh(np.asarray(devices), (POINTS,))
    spec = PartitionSpec(POINTS)
    shared = jax.shard_map(mapped, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)

    def placed(values: dict[str, np.ndarray]) -> dict[str, jax.Array]:
        """Each process has all the values, and each device gets its own."""
        spare = -work.chunk % len(devices)
        whole = {name: np.concatenate([v, np.repeat(v[-1:], spare, axis=0)]) for name, v in values.items()}
        share = NamedSharding(mesh, spec)
        return {n: jax.make_array_from_callback(v.shape, share, v.__getitem__) for n, v in whole.items()}

    with in_lanes(work.how.width), exact_products():
        program = jax.jit(shared).lower(placed(values)).compile(options("often"))
    return lambda values: program(placed(values))
