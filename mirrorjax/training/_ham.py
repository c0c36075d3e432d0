"""Hyperbolic aware minimization: an optimizer's step, then a multiplicative one."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.tree_util as jtu
import optax
from jaxtyping import Array, Int

from ._factors import is_factors
from ._step import check_state
from ._transform import Strength, at_step, check_bound, check_number, check_update, increment, no_count, wide
from ._weights import weight_test

_CLIP = 5.0


class HamState(NamedTuple):
    """The state of `ham`.

    **Fields:**

    - `count`: steps done, scalar.
    - `inner_state`: that of the inner optimizer.
    - `skipped`: steps left out as not finite, scalar.
    - `clipped`: how often a norm was clipped, scalar.
    """

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    inner_state: Any
    skipped: Int[Array, ""]
    clipped: Int[Array, ""]


def ham(
    inner_optimizer: optax.GradientTransformation,
    learning_rate: Strength,
    alpha: Strength = 200.0,
    beta: Strength = 1e-3,
    weights: Callable[[tuple, Any], bool] | None = None,
    max_norm: Strength = 1e3,
) -> optax.GradientTransformationExtraArgs:
    """After the inner optimizer's step, `θ ← θ exp(−η (α_H sign(θ)·∇f + β_H))`, exponent within ±5.

    θ is the weight after that step, so that the multiplication moves it against the gradient as well;
    ∇f are the updates handed in. For η → 0 with SGD, `dθ = −((1 + α_H|θ|)∇f + β_H θ) dt`. Zeros
    stay zeros in the second step. It acts on plain weights; factors are left to the inner optimizer.

    Two guards, for e⁵ a step overflows soon: a weight whose 2-norm is above `max_norm` after the step is scaled back
    to it, and a step with a gradient or update that is not finite is left out, its inner state too. `state.clipped`
    and `state.skipped` count them.

    **Arguments:**

    - `inner_optimizer`: of optax, complete with its learning rate.
    - `learning_rate`: η, the number or schedule of the inner optimizer.
    - `alpha`: α_H ≥ 0, a number or an optax schedule.
    - `beta`: β_H ≥ 0, a number or an optax schedule.
    - `weights`: a function of path and leaf that says which leaves are meant; by default those with two axes or more,
      but no bias and no gain of a normalization.
    - `max_norm`: the largest 2-norm of each weight, a number or an optax schedule; infinite for none.

    **Returns:** the optimizer, with a `HamState`.

    **Raises:** `InputError` for negative or non-finite numbers, and at `update` without params or with
    the state of another model.

    **Reference:** `ham`: ham/potential.

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
    check_bound("max_norm", max_norm)
    inner = optax.with_extra_args_support(inner_optimizer)

    def init(params: Any) -> HamState:
        return HamState(no_count(), inner.init(params), no_count(), no_count())

    def update(updates, state, params=None, **extra):
        check_update("ham", updates, params)
        check_state(inner, state.inner_state, params)
        rate, curve, shrink = (at_step(*item, state.count) for item in strengths.items())
        steps, inner_state = inner.update(updates, state.inner_state, params, **extra)

        if "probe" in extra:
            return steps, state
        is_meant = weight_test(params) if weights is None else weights
        bound, clips = at_step("max_norm", max_norm, state.count), []

        def multiplied(path, step, gradient, theta):
            if is_factors(theta) or not is_meant(path, theta):
                return step
            dtype = wide(theta.dtype)
            moved, eta = theta.astype(dtype) + step.astype(dtype), rate.astype(dtype)
            push = curve.astype(dtype) * jnp.sign(moved) * gradient.astype(dtype) + shrink.astype(dtype)
            moved, clip = _clipped(moved * jnp.exp(jnp.clip(-eta * push, -_CLIP, _CLIP)), bound.astype(dtype))
            clips.append(clip.astype(state.clipped.dtype))
            return (moved - theta.astype(dtype)).astype(step.dtype)

        steps = jtu.tree_map_with_path(multiplied, steps, updates, params, is_leaf=is_factors)
        clipped = state.clipped + sum(clips, no_count())
        done = HamState(increment(state.count), inner_state, state.skipped, clipped)
        still = jax.tree.map(jnp.zeros_like, steps)
        skipped = state._replace(skipped=increment(state.skipped))
        return jax.tree.map(partial(jnp.where, _is_finite(updates, steps)), (steps, done), (still, skipped))

    return optax.GradientTransformationExtraArgs(init, update)


def _clipped(theta: Array, bound: Array) -> tuple[Array, Array]:
    """θ with ‖θ‖₂ ≤ bound, and whether it was above; the largest entry first, whose square may overflow."""
    largest = jnp.max(jnp.abs(theta))
    norm = largest * jnp.linalg.norm(theta.ravel() / jnp.where(largest > 0, largest, 1))
    above = jnp.isfinite(largest) & (norm > bound)
    return jnp.where(above, theta / jnp.where(above, norm, 1) * jnp.where(above, bound, 1), theta), above


def _is_finite(*trees: Any) -> Array:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(trees)]))
