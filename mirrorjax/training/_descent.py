"""Gradient descent with what comes before and after its step."""

from collections.abc import Callable, Sequence

import optax
from jaxtyping import Array

from ._transform import check_number


def gradient_descent(
    rate: float | Array | Callable,
    *before: optax.GradientTransformation,
    after: Sequence[optax.GradientTransformation] = (),
) -> optax.GradientTransformationExtraArgs:
    """`w ← w − η d` with d the gradient as `before` leaves it: SGD without momentum, chained in the right order.

    With `scheduled_decay` before it, it discretizes `dw = −(Jgᵀ∇f + α∇h) dt`, and step k is time ηk.

    **Arguments:**

    - `rate`: η > 0, scalar, or an optax schedule.
    - `*before`: what changes the gradient, as `scheduled_decay`, `switch_off` or `pilot`.
    - `after`: what changes the update, as `sign_in_reset` or `keep_mask`.

    **Returns:** the optimizer.

    **Raises:** `InputError` for a constant rate that is not one finite and positive number.

    **Reference:** `train`: train/factor-flow: its weights tend to the Riemannian flow as η → 0, of order 1.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)))
        >>> descent = training.gradient_descent(0.1, training.switch_off(0.5, at=10))
        >>> params = eqx.filter(model, eqx.is_inexact_array)
        >>> still = jax.tree.map(lambda leaf: 0 * leaf, params)
        >>> updates, _ = descent.update(still, training.init(descent, model), params)  # −2ηα w
        >>> round(float((updates.model.weight.w / params.model.weight.w)[0, 0, 0]), 6)
        -0.1
    """
    check_number("rate", rate, positive=True)
    return optax.with_extra_args_support(optax.chain(*before, optax.sgd(rate), *after))
