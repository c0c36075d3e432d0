"""Array aliases. Strings are shapes: n effective parameters, d samples, k time points."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import jax.core
import jax.numpy as jnp
import jaxtyping
import numpy as np
from jaxtyping import Array, Float

ArrayLike: TypeAlias = jaxtyping.ArrayLike | Sequence[Any]  # whatever `as_array` lifts: jax's own has no lists
Scalar: TypeAlias = Float[Array, ""]
Vector: TypeAlias = Float[Array, " n"]
Number: TypeAlias = Scalar | float  # of a public method: who calls it on the host has a float
State: TypeAlias = Any  # a pytree of float arrays: w, μ or x


def is_traced(*values: Any) -> bool:
    """Whether any leaf is a tracer, so that its value cannot be looked at."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def is_known(*values: Any) -> bool:
    """Whether every leaf is an array whose value can be looked at: no tracer, shape alone, or None."""
    leaves = jax.tree.leaves(values, is_leaf=lambda leaf: leaf is None)
    return all(isinstance(leaf, jax.Array | np.ndarray) for leaf in leaves) and not is_traced(*leaves)


def has_nonfinite(*values: Any) -> bool:
    """Whether any leaf holds NaN or an infinity; False for tracers, whose value is not known yet."""
    if is_traced(*values):
        return False
    return not all(np.all(np.isfinite(np.asarray(leaf))) for leaf in jax.tree.leaves(values))


def x64_on() -> bool:
    """Whether float64 is on; without it no verdict is given."""
    return bool(jax.config.jax_enable_x64)  # pyright: ignore[reportAttributeAccessIssue]


def ulp() -> float:
    """The relative spacing of the floats that this session computes in: 2.2e-16, or 1.2e-7 without float64."""
    return float(np.finfo(np.float64 if x64_on() else np.float32).eps)


def as_array(value: Any) -> Array:
    """A strongly typed float array, also from Python ints: a weak type would compile once more."""
    dtype = jnp.float64 if x64_on() else jnp.float32
    if isinstance(value, jax.Array) and value.dtype == dtype and not value.aval.weak_type:
        return value  # asking jax for the same takes 0.1 ms, and a verdict asks a thousand times
    return jnp.asarray(value, dtype=dtype)


def as_state(tree: Any) -> State:
    """A tree of weights with every leaf lifted by `as_array`; every w₀, μ₀ and x₀ is.

    A start left in float32 while the flow runs in float64 makes another potential than the flow has: off by
    6e-8, which no tolerance removes, so that a true theorem comes out refuted.
    """
    return jax.tree.map(as_array, tree)
