"""x = u²."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State, is_traced
from ._base import AbstractLiftable, checked_lift, shape_of


class ExponentiatedGradient(AbstractLiftable):
    """`x = u²`, `h = Σ u²`; the state is u, shape `(n,)`.

    `dx = −4x (∇f + α) dt`: unnormalized exponentiated gradient, x stays positive.

    **Reference:** `amid`; `flow` Theorem 3.1.

    !!! example
        >>> from mirrorjax.parameterizations import ExponentiatedGradient
        >>> [round(float(u), 12) for u in ExponentiatedGradient().lift([4.0, 0.25])]
        [2.0, 0.5]
    """

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    def check_state(self, w: State) -> None:
        if getattr(w, "ndim", None) != 1:
            raise InputError("w0 must be u, shape (n,)", shape_of(w))

    def g(self, w: Float[Array, "..."]) -> Float[Array, "..."]:
        return w**2

    def h(self, w: Float[Array, "..."]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "..."]:
        """`u₀ = √x₀`. x₀ alone fixes the potential: `scale` is checked and has no effect.

        **Arguments:**

        - `x0`: the effective parameter wanted, positive, shape `(n,)`.
        - `scale`: without effect, scalar or `(n,)`.

        **Returns:** w₀, shape `(n,)`.

        **Raises:** `InputError` for an x₀ that is not positive and finite, and for a negative or non-finite scale.
        """
        x, _ = checked_lift(x0, scale)
        if not is_traced(x) and np.any(np.asarray(x) <= 0):
            bad = int(np.argmin(np.ravel(x)))
            raise InputError(
                "x0 = u² must be positive",
                f"coordinate {bad}, x0 {float(np.ravel(x)[bad])}",
                "SquaredDifference() or Hadamard() for signed x",
            )
        return jnp.sqrt(x)
