"""Sign-In: factors reset to a wide scale, which lets weights cross 0."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from .._errors import InputError
from .._types import ArrayLike
from ..parameterizations import AbstractLiftable
from ._factors import Factors
from ._transform import check_factors, check_step, check_update, check_values, increment, map_factors, no_count


class ResetState(NamedTuple):
    """The state of `sign_in_reset`.

    **Fields:**

    - `count`: steps done, scalar.
    """

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]


def sign_in_reset(every: int | Array, scale: ArrayLike = 0.5) -> optax.GradientTransformationExtraArgs:
    """Every so many steps puts the factors back to the given scale, and leaves `θ = m⊙w` where it is.

    `m = √((√(4θ² + β²) + β)/2)`, `w = θ/m` with `β = m² − w² = 2·scale`, the convention of
    `reparameterize`; any other liftable parameterization by its `lift`. Last in a chain: it changes
    the updates so that the factors are these after `apply_updates` (to the rounding of that sum).
    A weight whose factors are all 0 is pruned and stays so.

    **Arguments:**

    - `every`: after how many steps, a whole number ≥ 1, scalar.
    - `scale`: c₀ ≥ 0, scalar or of a shape that broadcasts to that of every weight.

    **Returns:** the transformation, with a `ResetState`.

    **Raises:** `InputError` for numbers outside these ranges, for a model without factors or with a
    parameterization that has no lift, and at `update` without params.

    **Reference:** `signin`: signin/reset.

    !!! example
        >>> import equinox as eqx, jax, jax.numpy as jnp, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)), scale=0)
        >>> reset = training.sign_in_reset(every=1, scale=0.5)
        >>> params = eqx.filter(model, eqx.is_inexact_array)
        >>> still = jax.tree.map(jnp.zeros_like, params)
        >>> updates, _ = reset.update(still, training.init(reset, model), params)
        >>> m, w = eqx.apply_updates(model, updates).model.weight.w
        >>> bool(jnp.allclose((m**2 - w**2) / 2, 0.5))
        True
    """
    check_step("every", every, positive=True)
    check_values("scale", scale)

    def init(params: Any) -> ResetState:
        for node in check_factors("sign_in_reset", params):
            if not isinstance(node.param, AbstractLiftable):
                raise InputError("sign_in_reset needs a lift", type(node.param).__name__, "Hadamard()")
        return ResetState(no_count())

    def update(updates, state, params: Any = None, **extra):
        check_update("sign_in_reset", updates, params)
        check_factors("sign_in_reset", params)
        if "probe" in extra:
            return params if extra["probe"] == "last" else updates, state
        count = increment(state.count)
        now = count % jnp.asarray(every, count.dtype) == 0
        updates = jax.lax.cond(now, _reset, lambda u, p: u, updates, params)
        return updates, ResetState(count)

    def _reset(updates, params):
        return map_factors(lambda u, p: reset_factors(p, p.w + u.w.astype(p.w.dtype), scale) - p.w, updates, params)

    return optax.GradientTransformationExtraArgs(init, update)


def reset_factors(node: Factors, w: Array, scale: ArrayLike) -> Array:
    """The factors of `g(w)` at the given scale; those of pruned weights, all 0, as they are."""
    param = node.param
    assert isinstance(param, AbstractLiftable)

    def reset(w):
        fresh = param.lift(param.g(w), scale).astype(w.dtype)
        pruned = jnp.all(w == 0, axis=0, keepdims=True) if fresh.shape[1:] == w.shape[1:] else w == 0
        return jnp.where(pruned, w, fresh)

    return node.each(reset)(w)
