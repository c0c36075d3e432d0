"""A user's g, h and w₀, refused with one message that names the function and what it must return."""

import traceback
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .._compile import once_jit
from .._errors import InputError
from .._types import State, as_state

RETURNS = {"g": "a float array of shape (n,)", "h": "a float scalar, shape ()"}


def checked_start(w0: State) -> State:
    """w₀ with float leaves, finite and not empty, lifted to float64: a probe knows no other round-off."""
    leaves = jax.tree.leaves(w0)
    if not leaves or all(np.size(leaf) == 0 for leaf in leaves):
        raise InputError("w0 is empty", "", "an array of weights, or a tree of them")
    for leaf in leaves:
        array = np.asarray(leaf)
        if not np.issubdtype(array.dtype, np.floating):
            raise InputError(f"w0 must hold floats, got {array.dtype}", "w0", "w0.astype(float)")
        if not np.all(np.isfinite(array)):
            raise InputError("w0 must be finite", f"w0, {_first(array)}")
    return as_state(w0)


def checked_pair(g: Callable, h: Callable, w0: State) -> None:
    """Raises for a g or h that cannot be analyzed: shape, dtype, tracing, NaN, global state."""
    for name, function in (("g", g), ("h", h)):
        if not callable(function):
            raise InputError(f"{name} must be a function that returns {RETURNS[name]}, got {type(function).__name__}")
        shape = _traced(name, function, w0)
        if len(shape.shape) != (name == "g") or not jnp.issubdtype(shape.dtype, jnp.floating):
            raise InputError(
                f"{name} must return {RETURNS[name]}, got shape {shape.shape} and dtype {shape.dtype}", name
            )
        wide = jnp.result_type(float)
        if shape.dtype != wide:
            raise InputError(
                f"{name} returns {shape.dtype} for a w of {wide}: what it rounds off is more than what is probed for",
                name,
                f"{name} without .astype({shape.dtype})",
            )
        if shape.size == 0:
            raise InputError(f"{name} returned no coordinates", name, "n ≥ 1")
        value, slope = _value_and_derivative(name, function, w0)
        again, _ = _value_and_derivative(name, function, w0)
        if not np.array_equal(value, again, equal_nan=True):
            raise InputError(
                f"two calls of {name} with the same w differ: it depends on something besides w",
                f"{name}, {_first(value != again)}",
                "a pure function of w, without random numbers or global state",
            )
        _finite(name, f"{name}(w0)", value, "w0 is outside its domain, or it returns NaN")
        _finite(name, f"the derivative of {name} at w0", slope, "not differentiable there")


def _traced(name: str, function: Callable, w0: State) -> jax.ShapeDtypeStruct:
    try:
        shape = jax.eval_shape(function, w0)
    except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError) as error:
        raise InputError(
            f"{name} cannot be traced: it calls numpy on, or takes a Python decision about, a value of w",
            f"{name}, {_origin(error)}",
            "jax.numpy instead of numpy, jnp.where instead of if",
        ) from None
    except Exception as error:
        raise InputError(f"{name} failed: {type(error).__name__}: {_one_line(error)}", name) from None
    if not isinstance(shape, jax.ShapeDtypeStruct):
        raise InputError(f"{name} must return {RETURNS[name]}, got {type(shape).__name__}", name)
    return shape


def _value_and_derivative(name: str, function: Callable, w0: State) -> tuple[np.ndarray, np.ndarray]:
    """Both at w₀, of a function traced anew: what it draws or reads besides w is read again."""

    @once_jit
    def both(w):
        value, pull = jax.vjp(function, w)
        return value, jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(pull(jnp.ones_like(value)))])

    try:
        value, slope = both(w0)
        return np.asarray(value), np.asarray(slope)
    except Exception as error:
        raise InputError(f"{name} is not differentiable: {type(error).__name__}: {_one_line(error)}", name) from None


def _finite(name: str, what: str, value, reason: str) -> None:
    array = np.asarray(value)
    if not np.all(np.isfinite(array)):
        raise InputError(f"{what} is not finite: {reason}", f"{name}, {_first(~np.isfinite(array))}")


def _first(array: np.ndarray) -> str:
    bad = array if array.dtype == bool else ~np.isfinite(array)
    if bad.ndim == 0:
        return "the scalar"
    return f"coordinate {', '.join(str(i) for i in np.argwhere(bad)[0])}"


def _one_line(error: Exception) -> str:
    return str(error).split("\n")[0][:160]


def _origin(error: Exception) -> str:
    own = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    return f"line {own[-1].lineno}: {own[-1].line}" if own else type(error).__name__
