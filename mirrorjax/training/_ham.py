"""Hyperbolic aware minimization: an optimizer's step, then a multiplicative one."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.tree_util as jtu
import optax
from jaxtyping import Array, Int

from ._factors import is_factors
from ._step import check_state
from ._transform import Strength, at_step, check_number, check_update, increment, no_count, wide
from ._weights import weight_test

_CLIP = 5.0


class HamState(NamedTuple):
    """Steps done, and the state of the inner optimizer."""

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    inner_state: Any


def ham(
    inner_optimizer: optax.GradientTransformation,
    learning_rate: Strength,
    alpha: Strength = 200.0,
    beta: Strength = 1e-3,
    weights: Callable[[tuple, Any], bool] | None = None,
) -> optax.GradientTransformationExtraArgs:
    """After the inner optimizer's step, `θ ← θ exp(−η (α_H sign(θ)·∇f + β_H))`, exponent within ±5.

    θ is the weight after that step, so that the multiplication moves it against the gradient as well;
    ∇f are the updates handed in. For η → 0 with SGD, `dθ = −((1 + α_H|θ|)∇f + β_H θ) dt`. Zeros
    stay zeros in the second step. It acts on plain weights; factors are left to the inner optimizer.

    **Arguments:** `inner_optimizer` complete with its learning rate; `learning_rate` η, the same number
    or schedule; `alpha` α_H, `beta` β_H; `weights(path, leaf)` which leaves (default: two axes or
    more, no bias, no gain of a normalization).

    **Raises:** `InputError` for negative or non-finite numbers, and at `update` without params or with
    the state of another model.

    **Reference:** `ham`; ham/potential.

    !!! example
        >>> import jax.numpy as jnp, optax
        >>> from mirrorjax import training
        >>> theta, grad = jnp.array([[2.0]]), jnp.array([[0.1]])
        >>> optimizer = training.ham(optax.sgd(0.01), 0.01, alpha=200.0, beta=0.0)
        >>> updates, _ = optimizer.update(grad, optimizer.init(theta), theta)
        >>> round(float((theta + updates)[0, 0] / (1.999 * jnp.exp(-0.2))), 6)
        1.0
    """
    strengths = {"learning_rate": learning_rate, "alpha": alpha, "beta": beta}
    for name, value in strengths.items():
        check_number(name, value)
    inner = optax.with_extra_args_support(inner_optimizer)

    def init(params: Any) -> HamState:
        return HamState(no_count(), inner.init(params))

    def update(updates, state, params=None, **extra):
        check_update("ham", updates, params)
        check_state(inner, state.inner_state, params)
        rate, curve, shrink = (at_step(*item, state.count) for item in strengths.items())
        steps, inner_state = inner.update(updates, state.inner_state, params, **extra)

        if "probe" in extra:
            return steps, HamState(state.count, inner_state)

        is_meant = weight_test(params) if weights is None else weights

        def multiplied(path, step, gradient, theta):
            if is_factors(theta) or not is_meant(path, theta):
                return step
            dtype = wide(theta.dtype)
            moved, eta = theta.astype(dtype) + step.astype(dtype), rate.astype(dtype)
            push = curve.astype(dtype) * jnp.sign(moved) * gradient.astype(dtype) + shrink.astype(dtype)
            return (moved * jnp.exp(jnp.clip(-eta * push, -_CLIP, _CLIP)) - theta.astype(dtype)).astype(step.dtype)

        steps = jtu.tree_map_with_path(multiplied, steps, updates, params, is_leaf=is_factors)
        return steps, HamState(increment(state.count), inner_state)

    return optax.GradientTransformationExtraArgs(init, update)
