"""What the optax transformations have in common."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, DTypeLike

from .._errors import InputError
from .._types import Scalar, as_array, is_traced
from ._factors import Factors, all_factors, is_factors

Strength = Any
"""A number, an array, or an optax schedule: a function from the step to a number."""


def check_number(name: str, value: Any, positive: bool = False) -> None:
    """Refuses a number that is not finite, is negative, or is 0 where it must be positive."""
    if callable(value) or is_traced(value):
        return
    number = np.asarray(value, np.float64)
    if not np.all(np.isfinite(number) & ((number > 0) if positive else (number >= 0))):
        raise InputError(f"{name} must be finite and {'positive' if positive else 'not negative'}", f"{name} = {value}")


def at_step(strength: Strength, count: Array) -> Scalar:
    """The strength at this step."""
    return as_array(strength(count) if callable(strength) else strength)


def check_update(name: str, updates: Any, params: Any) -> None:
    """Refuses an update without params, or of another structure than theirs."""
    if params is None:
        raise InputError(f"{name} needs the params", "update(updates, state)", "optimizer.update(grads, state, params)")
    if jax.tree.structure(updates) != jax.tree.structure(params):
        raise InputError(
            f"{name}: updates and params have different structures",
            f"{jax.tree.structure(updates).num_leaves} leaves against {jax.tree.structure(params).num_leaves}",
            "gradients of the model in factors, with eqx.filter(model, eqx.is_inexact_array) as params",
        )


def check_factors(name: str, params: Any) -> list[Factors]:
    """The factors among the params; refuses a model that has none."""
    found = all_factors(params)
    if not found:
        raise InputError(f"{name} acts on factors, and there are none", "", "model = training.reparameterize(model)")
    return found


def map_factors(function: Callable[[Factors, Factors], Array], updates: Any, params: Any) -> Any:
    """The updates, those of factors replaced by `function(update, factors)`."""

    def visit(u, p):
        return Factors(u.param, function(u, p).astype(u.w.dtype)) if is_factors(u) else u

    return jax.tree.map(visit, updates, params, is_leaf=is_factors)


def wide(dtype: DTypeLike) -> Any:
    """The dtype to compute in: single precision for the half ones, else the dtype itself."""
    return jnp.float32 if jnp.dtype(dtype).itemsize < 4 else dtype


def no_count() -> Array:
    """The step 0."""
    return jnp.zeros((), jnp.int32)


def increment(count: Array) -> Array:
    """The next step; the last one there is stays."""
    return jnp.asarray(optax.safe_increment(count))
