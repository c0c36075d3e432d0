"""The proximal step of an ℓ1 penalty, on plain weights."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import jax.tree_util as jtu
import optax
from jaxtyping import Array, Int

from ._factors import is_factors
from ._transform import Strength, at_step, check_number, check_update, increment, no_count
from ._weights import weight_test


class ThresholdState(NamedTuple):
    """Steps done."""

    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]


def soft_threshold(learning_rate: Strength, strength: Strength) -> optax.GradientTransformationExtraArgs:
    """`θ ← sign(θ) max(|θ| − ηλ, 0)` after the optimizer's step: proximal descent on `f + λ‖θ‖₁`.

    Last in a chain. It acts on plain weights: two axes or more, no bias, no gain; factors are left alone.

    **Arguments:**

    - `learning_rate`: η, the same number or schedule as the optimizer's.
    - `strength`: λ ≥ 0, a number or an optax schedule.

    **Returns:** the transformation.

    **Raises:** `InputError` for negative or non-finite numbers, and at `update` without params.

    **Reference:** `spred`: spred/lasso: decay α of factors has the minima of λ = 2α.

    !!! example
        >>> import jax.numpy as jnp, optax
        >>> from mirrorjax import training
        >>> theta = jnp.array([[0.5, -0.01]])
        >>> optimizer = optax.chain(optax.sgd(0.1), training.soft_threshold(0.1, 1.0))
        >>> updates, _ = optimizer.update(jnp.zeros((1, 2)), optimizer.init(theta), theta)
        >>> [round(float(x), 6) + 0.0 for x in (theta + updates)[0]]
        [0.4, 0.0]
    """
    for name, value in {"learning_rate": learning_rate, "strength": strength}.items():
        check_number(name, value)

    def init(params: Any) -> ThresholdState:
        return ThresholdState(no_count())

    def update(updates, state, params: Any = None, **extra):
        check_update("soft_threshold", updates, params)
        if "probe" in extra:
            return params if extra["probe"] == "last" else updates, state
        width = at_step("learning_rate", learning_rate, state.count) * at_step("strength", strength, state.count)

        is_weight = weight_test(params)

        def shrunk(path, step, theta):
            if is_factors(theta) or not is_weight(path, theta):
                return step
            moved = theta + step
            return jnp.sign(moved) * jnp.maximum(jnp.abs(moved) - width.astype(moved.dtype), 0) - theta

        steps = jtu.tree_map_with_path(shrunk, updates, params, is_leaf=is_factors)
        return steps, ThresholdState(increment(state.count))

    return optax.GradientTransformationExtraArgs(init, update)
