"""How a quantity is mapped over the points of a chunk, and why so."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import jax
import numpy as np

from .._errors import InputError
from .._vmapped import in_lanes
from ._outputs import UnusableError

Mapped = Literal["vmap", "map", "python"]
MAPPINGS = ("vmap", "map", "python")
NOT_TRACEABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


class How(NamedTuple):
    """The way chosen, the width of its lanes, and the reason."""

    mapping: Mapped
    width: int
    reason: str


def choose(one: Callable[[Any], Any], values: Mapping[str, Any], mapping: str, width: int) -> tuple[How, Any]:
    """How to map `one`, a function of the values at a point, of which `values` are the shapes; and its outputs' shapes.

    The shapes are None where that is Python.

    **Raises:** `InputError` for a mapping that is none, and for a compiled one of what cannot be traced.
    """
    if mapping not in (*MAPPINGS, "auto"):
        raise InputError(f"no mapping {mapping!r}", "", f'"auto", {", ".join(map(repr, MAPPINGS))}')
    if mapping == "python":
        return How("python", 0, "asked for"), None
    try:
        with in_lanes(width):
            traced, shapes = jax.make_jaxpr(one, return_shape=True)(values)
    except NOT_TRACEABLE as error:
        if mapping != "auto":
            raise UnusableError(
                f'the quantity cannot be traced, as mapping="{mapping}" asks', _first_line(error),
                'jax.numpy and jax.lax in place of NumPy and if, or mapping="python"',
            ) from error  # fmt: skip
        return How("python", 0, f"the quantity cannot be traced: {_first_line(error)}"), None
    if mapping != "auto":
        return How(mapping, width, "asked for"), shapes  # pyright: ignore[reportArgumentType]
    if jax.default_backend() != "cpu":
        why = f"on a {jax.default_backend().upper()} all points of a chunk go at once"
        return How("vmap", width, why), shapes
    if _has_loop(traced.jaxpr):
        why = "a loop of a length that is not known: vmap would run all to the end of the longest"
        return How("map", width, why), shapes
    return How("vmap", width, _of_solves(one, values, width)), shapes


def _of_solves(one: Callable[[Any], Any], values: Mapping[str, Any], width: int) -> str:
    """What becomes of the solves under `vmap`."""
    many = {name: jax.ShapeDtypeStruct((width, *v.shape), v.dtype) for name, v in values.items()}
    with in_lanes(width) as lanes:
        jax.eval_shape(jax.vmap(one), many)
    return "; ".join(lanes.notes) or "no loop of a length that is not known"


def _has_loop(jaxpr: Any) -> bool:
    """Whether there is a loop of unknown length outside of the solves that run in lanes."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "custom_vmap_call":
            continue
        if equation.primitive.name == "while" and not _counts(equation):
            return True
        inner = [part for value in equation.params.values() for part in jax.tree.leaves(value, is_leaf=_is_jaxpr)]
        if any(_has_loop(getattr(part, "jaxpr", part)) for part in inner if _is_jaxpr(part)):
            return True
    return False


def _counts(equation: Any) -> bool:
    """Whether the loop is `fori_loop`'s: a counter of ints is compared, and nothing else decides."""
    condition = equation.params["cond_jaxpr"].jaxpr.eqns
    return len(condition) == 1 and all(v.aval.dtype.kind in "iu" for v in condition[0].invars)


def _is_jaxpr(value: Any) -> bool:
    return hasattr(value, "eqns") or hasattr(value, "jaxpr")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200]


def shapes_of(values: Mapping[str, np.ndarray]) -> dict[str, jax.ShapeDtypeStruct]:
    """Of one point, from arrays of the values at many; NumPy's int64 is none in a session without float64."""
    canonical = jax.dtypes.canonicalize_dtype
    return {name: jax.ShapeDtypeStruct(v.shape[1:], canonical(v.dtype)) for name, v in values.items()}
