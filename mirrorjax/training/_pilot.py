"""PILoT: decay steered by the ℓ1 norm."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int

from .._errors import InputError
from .._types import Scalar, as_array, is_traced
from ._decay import decayed, probed
from ._factors import Factors
from ._transform import (
    Strength,
    at_step,
    check_bound,
    check_factors,
    check_number,
    check_step,
    check_update,
    increment,
    no_count,
)


class PilotState(NamedTuple):
    """The state of `pilot`.

    **Fields:**

    - `count`: steps done, scalar.
    - `alpha`: the strength last applied, scalar.
    - `dose`: the sum of all strengths applied, scalar.
    - `level`: how often α was raised, less how often it was lowered, scalar.
    - `l1`: ‖x‖₁ as last seen, scalar.
    """

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    alpha: Scalar
    dose: Scalar
    level: Int[Array, ""]
    l1: Scalar


def pilot(
    target_l1: Strength,
    strength: Strength,
    factor: Strength = 1.01,
    off_at: int | Array | None = None,
    ceiling: Strength = float("inf"),
) -> optax.GradientTransformationExtraArgs:
    """Adds `α_k ∇h(w)` to the updates of factors, α steered towards a wanted `‖x‖₁`.

    `α_0 = strength`; `α_{k+1} = δ α_k` while `‖g(w_k)‖₁` is above its target, `α_k/δ` otherwise, and
    0 from step `off_at` on, where the support stays and the shrinkage goes. Then `merge` and prune by
    magnitude. Place it as `scheduled_decay`; the norm is that of all factors that it is shown.

    **Arguments:**

    - `target_l1`: the wanted ‖x‖₁ > 0, a number or an optax schedule.
    - `strength`: α_0 > 0, a number or an optax schedule.
    - `factor`: δ > 1, a number or an optax schedule.
    - `off_at`: the first step without decay, scalar; None for never.
    - `ceiling`: the largest α, a number or an optax schedule. With SGD of rate η, ηα ≥ ½ makes decay overshoot 0.

    **Returns:** the transformation, with a `PilotState`.

    **Raises:** `InputError` for numbers outside these ranges, for a model without factors, and at
    `update` without params.

    **Reference:** `mask`, PILoT.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> decay = training.pilot(target_l1=1.0, strength=0.1, factor=2.0, off_at=2)
        >>> params, state = eqx.filter(model, eqx.is_inexact_array), training.init(decay, model)
        >>> for _ in range(4):
        ...     _, state = decay.update(params, state, params)
        ...     print(round(float(state.alpha), 3), end=" ")
        0.1 0.2 0.0 0.0
    """
    for name, value in {"target_l1": target_l1, "strength": strength, "factor": factor}.items():
        check_number(name, value, positive=True)
    if not is_traced(factor) and not callable(factor) and not np.all(np.asarray(factor) > 1):
        raise InputError("factor δ must be above 1", f"factor = {factor}", "1.01")
    check_bound("ceiling", ceiling)
    if off_at is not None:
        check_step("off_at", off_at)

    def init(params: Any) -> PilotState:
        l1 = l1_of(check_factors("pilot", params))
        return PilotState(no_count(), at_step("strength", strength, no_count()), as_array(0.0), no_count(), l1)

    def update(updates, state, params=None, **extra):
        check_update("pilot", updates, params)
        if "probe" in extra:
            return probed(extra["probe"], updates, params), state
        count = state.count
        l1 = l1_of(check_factors("pilot", params))
        # The power of a counted level, not a running product: α that has underflowed comes back.
        alpha = at_step("strength", strength, count) * at_step("factor", factor, count) ** state.level.astype(l1.dtype)
        above, free = l1 > at_step("target_l1", target_l1, count), alpha < at_step("ceiling", ceiling, count)
        step = jnp.where(above, jnp.where(free, 1, 0), -1).astype(state.level.dtype)
        alpha = jnp.minimum(alpha, at_step("ceiling", ceiling, count))
        alpha = alpha if off_at is None else jnp.where(count < off_at, alpha, 0.0)
        state = PilotState(increment(count), alpha, state.dose + alpha, state.level + step, l1)
        return decayed(alpha, updates, params), state

    return optax.GradientTransformationExtraArgs(init, update)


def l1_of(found: list[Factors]) -> Scalar:
    """`‖x‖₁` over all factors."""
    return jnp.sum(jnp.stack([jnp.sum(jnp.abs(as_array(node.value()))) for node in found]))
