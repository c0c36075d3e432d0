"""What a quantity returns, made into arrays, and the status of each point."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from ._plan import STATUS, Output

OK = "ok"
"""An output of this name says by itself whether its point is to be trusted."""
COMPUTED, NOT_FINITE, NOT_OK, RAISED, NOT_COMPUTED = 0, 1, 2, 3, -128
MEANINGS = {
    COMPUTED: "computed",
    NOT_FINITE: "not finite",
    NOT_OK: "not ok",
    RAISED: "raised",
    NOT_COMPUTED: "not computed",
}


class UnusableError(InputError):
    """Of a quantity that is none at any point, so that no other point is tried."""


def arrays_of(found: Any) -> dict[str, Any]:
    """The outputs of one point as arrays.

    **Raises:** `InputError` for what is no dictionary of named numbers.
    """
    if not isinstance(found, Mapping) or not found:
        raise UnusableError(
            f"a quantity returns a dictionary of numbers by name, not {type(found).__name__}", "",
            'return {"l1": jnp.sum(jnp.abs(x))}',
        )  # fmt: skip
    arrays = {}
    for name, value in found.items():
        try:
            arrays[name] = jnp.asarray(value)
        except (TypeError, ValueError) as error:
            raise UnusableError(
                f"the output {name!r} is a {type(value).__name__}, not an array", "", "its numbers, each by a name"
            ) from error
    return arrays


def outputs_of(shapes: Mapping[str, Any], along: Mapping[str, np.ndarray], units: Mapping[str, str]) -> list[Output]:
    """The outputs with their dimensions: the axes along which the quantity computes come first, where they fit."""
    outputs = []
    for name, shape in shapes.items():
        if name == STATUS:
            raise InputError(f"the output {STATUS!r} has the name of what says how a point ended", "", f"{OK!r}")
        dims = []
        for axis, values in along.items():
            if len(dims) < len(shape.shape) and shape.shape[len(dims)] == len(values):
                dims.append(axis)
        dims += [f"{name}_{i}" for i in range(len(dims), len(shape.shape))]
        attrs = {"units": units[name]} if name in units else {}
        outputs.append(Output(name, shape.dtype, tuple(shape.shape), tuple(dims), attrs))
    flags = {"flag_values": list(MEANINGS), "flag_meanings": " ".join(m.replace(" ", "_") for m in MEANINGS.values())}
    return [*outputs, Output(STATUS, "int8", (), (), flags, NOT_COMPUTED)]


def with_status(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of several points, and the status of each."""
    count = len(next(iter(arrays.values())))
    status = np.full(count, COMPUTED, np.int8)
    for array in arrays.values():
        if array.dtype.kind in "fc":
            status[~np.all(np.isfinite(array.reshape(count, -1)), axis=1)] = NOT_FINITE
    if OK in arrays:
        status[~np.all(arrays[OK].reshape(count, -1).astype(bool), axis=1)] = NOT_OK
    return arrays | {STATUS: status}


def blank(outputs: list[Output] | tuple[Output, ...], count: int, status: int) -> dict[str, np.ndarray]:
    """The fill of every output, for points that have no result."""
    arrays = {o.name: np.full((count, *o.shape), o.fill, dtype=o.dtype) for o in outputs}
    return arrays | {STATUS: np.full(count, status, np.int8)}


def require_same(first: Mapping[str, Any], other: Mapping[str, Any], where: str) -> None:
    """Raises `InputError` where the outputs of another point have another name, shape or type."""
    if set(first) != set(other):
        raise InputError(f"the quantity returns {sorted(other)}, and elsewhere {sorted(first)}", where)
    for name, shape in first.items():
        if shape.shape != other[name].shape or shape.dtype != other[name].dtype:
            raise InputError(
                f"the output {name!r} is {other[name].dtype} of shape {other[name].shape}, and elsewhere "
                f"{shape.dtype} of shape {shape.shape}", where, "one shape at every point: pad, or one sweep for each",
            )  # fmt: skip
