"""Decay of the factors with a strength that varies: it sets the potential."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from .._types import Scalar, as_array
from ._transform import (
    Strength,
    at_step,
    check_factors,
    check_number,
    check_step,
    check_update,
    increment,
    map_factors,
    no_count,
)


class DecayState(NamedTuple):
    """The state of `scheduled_decay`, `spred` and `switch_off`.

    **Fields:**

    - `count`: steps done, scalar.
    - `alpha`: the strength last applied, scalar.
    - `dose`: the sum of all strengths applied, scalar.
    """

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    alpha: Scalar
    dose: Scalar


def scheduled_decay(strength: Strength) -> optax.GradientTransformationExtraArgs:
    """Adds `α_k ∇h(w)` to the updates of factors, and of nothing else.

    Before the learning rate, like `optax.add_decayed_weights`: with SGD of rate η it discretizes
    `dw = −(Jgᵀ∇f + α∇h) dt`, step k is time ηk, and the dose of theory is η times the state's `dose`.
    With Adam put it between `scale_by_adam` and `scale_by_learning_rate`: decay inside a normalized
    gradient is not the decay of the theorem.

    **Arguments:**

    - `strength`: α ≥ 0, a number or an optax schedule.

    **Returns:** the transformation, with a `DecayState`.

    **Raises:** `InputError` for a strength that is negative, not finite or not one number, at `init` without
    factors, and at `update` without params.

    **Reference:** `flow` Theorem 3.1: for `h = m² + w²` the scale falls as `e^{−4A}`, A the dose.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> decay = training.scheduled_decay(optax.linear_schedule(0.1, 0.0, 100))
        >>> state = training.init(optax.chain(decay, optax.sgd(0.05)), model)
        >>> round(float(state[0].alpha), 6)
        0.1
    """
    check_number("strength", strength)

    def init(params: Any) -> DecayState:
        check_factors("scheduled_decay", params)
        return DecayState(no_count(), at_step("strength", strength, no_count()), as_array(0.0))

    def update(updates, state, params=None, **extra):
        check_update("scheduled_decay", updates, params)
        check_factors("scheduled_decay", params)
        alpha = at_step("strength", strength, state.count)
        if "probe" in extra:
            return probed(extra["probe"], updates, params), state
        return decayed(alpha, updates, params), DecayState(increment(state.count), alpha, state.dose + alpha)

    return optax.GradientTransformationExtraArgs(init, update)


def decayed(alpha: Scalar, updates: Any, params: Any) -> Any:
    """`updates + α ∇h` on factors, added up in α's precision: α = 1e-8 is 0 in half precision."""

    def add(u, p):
        return u.w.astype(alpha.dtype) + alpha * p.each(jax.grad(p.param.h))(p.w.astype(alpha.dtype))

    return map_factors(add, updates, params)


def probed(probe: str, updates: Any, params: Any) -> Any:
    """The answer of every decay to `check_order`: that of strength 1, whatever the schedule."""
    return decayed(as_array(1.0), updates, params) if probe == "decay" else updates


def switch_off(strength: Strength, at: int | Array) -> optax.GradientTransformationExtraArgs:
    """`α_k = α` for k < `at`, 0 from then on: the bias stays in the dose, the LASSO's shrinkage goes.

    **Arguments:**

    - `strength`: α ≥ 0, a number or an optax schedule.
    - `at`: the first step without decay, scalar.

    **Returns:** the transformation, with a `DecayState`.

    **Raises:** `InputError` as `scheduled_decay`, and for an `at` that is no whole number.

    **Reference:** `flow`: flow/switch-off. Constant decay for ever ends at the LASSO of weight 2α.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> decay = training.switch_off(0.1, at=2)
        >>> params, state = eqx.filter(model, eqx.is_inexact_array), training.init(decay, model)
        >>> for _ in range(5): _, state = decay.update(params, state, params)
        >>> round(float(state.dose), 6), float(state.alpha)
        (0.2, 0.0)
    """
    check_number("strength", strength)
    check_step("at", at)
    return scheduled_decay(lambda count: jnp.where(count < at, at_step("strength", strength, count), 0.0))


def spred(strength: Strength) -> optax.GradientTransformationExtraArgs:
    """Constant decay of the factors: at minima over m and w, `f(m⊙w) + α(‖m‖² + ‖w‖²)` is `f + 2α‖x‖₁`.

    Start it balanced, `reparameterize(model, scale=0)`: then |m| = |w| for ever and no weight changes
    its sign. That the two problems share their minima does not depend on the start.

    **Arguments:**

    - `strength`: α ≥ 0, a number or an optax schedule.

    **Returns:** the transformation, with a `DecayState`.

    **Raises:** `InputError` as `scheduled_decay`.

    **Reference:** `spred`; spred/lasso.

    !!! example
        >>> import equinox as eqx, jax, optax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)), scale=0)
        >>> optimizer = optax.chain(training.spred(1e-3), optax.sgd(0.1))
        >>> round(float(training.init(optimizer, model)[0].alpha), 6)
        0.001
    """
    return scheduled_decay(strength)
