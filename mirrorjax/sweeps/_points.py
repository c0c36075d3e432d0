"""The points of a sweep: the product of its axes, cut into chunks."""

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from .._errors import InputError
from .._types import as_array, x64_on

SEED = "seed"
NUMBER = "#"
"""The number of the point, beside the values of its axes: were all compiled in, `vmap` would have no argument."""


class Point(dict[str, Any]):
    """The values of the axes at one point, as `point["scale"]` or `point.scale`.

    Traced scalars; the values of a static axis are Python's numbers, and an axis along which the quantity computes by
    itself is a vector.

    !!! example
        >>> from mirrorjax.sweeps import Point
        >>> point = Point(scale=0.5, seed=3)
        >>> point.scale, point["seed"]
        (0.5, 3)
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the sweep has no axis {name!r}; there are {', '.join(self)}") from None

    @property
    def key(self) -> Array:
        """jax's random key of the seed, scalar."""
        return jax.random.key(self[SEED])


@dataclasses.dataclass(frozen=True, eq=False)
class Grid:
    """The axes in the order in which their product is flattened: the static ones are the slowest.

    **Arguments:**

    - `axes`: values by name, each with a leading axis of its points.
    - `static`: the names of axes whose values are compiled in.
    - `along`: values of axes that the quantity takes whole.
    """

    axes: Mapping[str, np.ndarray]
    static: tuple[str, ...]
    along: Mapping[str, np.ndarray]

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return tuple(len(values) for values in self.axes.values())

    @property
    def block(self) -> int:
        """How many points share the values of the static axes."""
        return math.prod(len(values) for name, values in self.axes.items() if name not in self.static)

    def values(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """The values of every axis at points, numbered in C order."""
        places = np.unravel_index(points, self.shape)
        return {NUMBER: points} | {name: values[place] for (name, values), place in zip(self.axes.items(), places)}

    def combinations(self) -> list[dict[str, Any]]:
        """The values of the static axes, once for each program."""
        firsts = self.values(np.arange(0, math.prod(self.shape), self.block))
        return [
            {name: firsts[name][i].item() for name in self.static} for i in range(math.prod(self.shape) // self.block)
        ]


def grid_of(
    over: Mapping[str, Any],
    seeds: Iterable[int] | int | None,
    static: Sequence[str],
    along: Mapping[str, Any] | None,
) -> Grid:
    """The grid of what a user hands in.

    **Raises:** `InputError` for no axis, names that are none or are given twice, and values that are no numbers.
    """
    if not isinstance(over, Mapping):
        raise InputError(f"over must be a dictionary of axes, got {type(over).__name__}", "", 'over={"scale": scales}')
    for name in (*over, *(along or {})):
        if hasattr(Point, str(name)):  # `point.key` is the random key, whatever an axis of that name holds
            raise InputError(f"an axis {name!r}: the attribute of a point is another", "", f"{name}_ or another name")
    axes = {name: _values(name, values) for name, values in over.items()}
    if seeds is not None:
        if SEED in axes:
            raise InputError("seeds are given twice", f"seeds=, and the axis {SEED!r}", "one of them")
        axes[SEED] = _seeds(seeds)
    whole = {name: _values(name, values) for name, values in (along or {}).items()}
    if not axes:
        raise InputError("a sweep without an axis", "", 'over={"scale": scales}, or seeds=range(16)')
    fixed = (static,) if isinstance(static, str) else tuple(static)
    for name in fixed:
        if name not in axes:
            raise InputError(f"the static axis {name!r} is none of the axes", ", ".join(axes))
        if axes[name].ndim != 1:
            raise InputError("a static axis has a number at each point", name, "the number of an entry, and a list")
    for name, values in whole.items():
        if name in axes:
            raise InputError(f"the axis {name!r} is in over and in along", "", "one of them")
        if values.ndim != 1 or not values.size:
            raise InputError("an axis along which the quantity computes is a vector", f"{name}: {values.shape}")
    ordered = {name: axes[name] for name in (*fixed, *(n for n in axes if n not in fixed))}
    return Grid(ordered, fixed, whole)


def _values(name: str, given: Any) -> np.ndarray:
    values = _listed(name, given)
    if values.dtype.kind not in "fiub" or values.ndim == 0:
        raise InputError(
            f"an axis needs numbers, not {values.dtype} of shape {values.shape}", name,
            "their places 0, 1, … as a static axis, and a list of the others that the quantity picks from",
        )  # fmt: skip
    if values.size == 0:
        raise InputError("an axis without values", name)
    if values.dtype.kind != "f":
        return values.astype(np.int64 if x64_on() else np.int32) if values.dtype.kind != "b" else values
    if np.isnan(values).any():
        raise InputError("an axis with NaN", name)
    return np.asarray(as_array(values))


def _seeds(seeds: Iterable[int] | int) -> np.ndarray:
    count = isinstance(seeds, int | np.integer) and not isinstance(seeds, bool)
    values = np.arange(seeds) if count else _listed(SEED, seeds)  # pyright: ignore
    if values.dtype.kind not in "iu" or values.ndim != 1 or not values.size or values.min() < 0:
        raise InputError("seeds are whole numbers ≥ 0", f"seeds = {seeds!r}", "seeds=range(16), or seeds=16")
    return _values(SEED, values)


def _listed(name: str, given: Any) -> np.ndarray:
    try:
        return np.asarray(given if isinstance(given, np.ndarray | jax.Array) else list(given))
    except (TypeError, ValueError) as error:  # a single number; rows of different lengths
        raise InputError(f"an axis needs a list or array of numbers, not {given!r}", name, "[0.1, 1.0]") from error
