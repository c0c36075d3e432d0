"""Lie brackets of gradient fields, by forward differentiation."""

from collections.abc import Callable

import jax

from .._types import Scalar, State


def lie_bracket(p: Callable[[State], Scalar], q: Callable[[State], Scalar], w: State) -> State:
    """`[∇p, ∇q](w) = Hess q ∇p − Hess p ∇q`, by two Jacobian-vector products.

    **Arguments:**

    - `p`, `q`: from w to a scalar; twice differentiable by jax.
    - `w`: where, pytree.

    **Returns:** the bracket, a pytree like `w`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.geometry import lie_bracket
        >>> def p(w): return w[0] * w[1]
        >>> def q(w): return w[0] ** 2
        >>> lie_bracket(p, q, jnp.array([1.0, 3.0])).tolist()
        [6.0, -2.0]
    """
    grad_p, grad_q = jax.grad(p), jax.grad(q)
    _, hess_q_p = jax.jvp(grad_q, (w,), (grad_p(w),))
    _, hess_p_q = jax.jvp(grad_p, (w,), (grad_q(w),))
    return jax.tree.map(lambda left, right: left - right, hess_q_p, hess_p_q)
