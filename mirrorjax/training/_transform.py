"""What the optax transformations have in common."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, DTypeLike

from .._errors import InputError
from .._types import Scalar, as_array, is_traced
from ._factors import Factors, all_factors, is_factors

Strength = Any
"""A number, or an optax schedule: a function from the step to a number."""


def check_number(name: str, value: Any, positive: bool = False) -> None:
    """Refuses what is no schedule and not one number; and a number that is not finite, negative, or 0 if `positive`."""
    if not callable(value):
        _check_one(name, value, "one number, or a schedule of the step")
        check_values(name, value, positive)


def check_bound(name: str, value: Any) -> None:
    """Refuses what is no schedule and not one positive number; infinite is none."""
    if callable(value) or is_traced(value) or not np.all(value == float("inf")):
        check_number(name, value, positive=True)


def check_values(name: str, value: Any, positive: bool = False) -> None:
    """Refuses numbers, one or many, that are not finite, negative, or 0 where they must be positive."""
    if is_traced(value):
        return
    wanted = f"{name} must be finite and {'positive' if positive else 'not negative'}"
    try:
        number = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise InputError(wanted, f"{name} = {value!r}") from None
    if not np.all(np.isfinite(number) & ((number > 0) if positive else (number >= 0))):
        raise InputError(wanted, f"{name} = {value}")


def check_step(name: str, value: Any, positive: bool = False) -> None:
    """Refuses what is not one whole number of steps: 2.5 would act as 2 or as 3, without a word."""
    wanted = "a whole number of steps"
    _check_one(name, value, wanted)
    if not jnp.issubdtype(jnp.result_type(value), jnp.integer):
        raise InputError(f"{name} is {wanted}", f"{name} = {value}", f"{name}=10, or int(…)")
    check_values(name, value, positive)


def _check_one(name: str, value: Any, wanted: str) -> None:
    dtype = value.dtype if eqx.is_array_like(value) and hasattr(value, "dtype") else np.result_type(type(value))
    real = jnp.issubdtype(dtype, jnp.floating) or jnp.issubdtype(dtype, jnp.integer)
    if not real or np.ndim(value):
        raise InputError(f"{name} is {wanted}", f"{name} = {value!r}", "strengths that differ: optax.masked, one each")


def at_step(name: str, strength: Strength, count: Array) -> Scalar:
    """The strength at this step."""
    value = as_array(strength(count) if callable(strength) else strength)
    if value.ndim:
        raise InputError(f"{name} is one number at each step", f"shape {value.shape}", "a schedule that returns one")
    return value


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
        return u.with_w(function(u, p).astype(u.w.dtype)) if is_factors(u) else u

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
