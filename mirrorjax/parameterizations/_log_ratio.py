"""x = log u − log v."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compile import host_jit
from .._errors import InputError
from .._types import ArrayLike, Scalar, State, is_traced
from ._base import AbstractLiftable, checked_lift, require_stacked


class LogRatio(AbstractLiftable):
    """`x = log u − log v`, `h = Σ log u + log v`, u, v > 0; the state is `(u, v)` stacked, shape `(2, n)`.

    The family whose range shrinks with the dose: decay drives u or v to 0 in finite time, and the flow ends there. h is
    not bounded below.

    **Reference:** `flow` Theorem 3.2 (it fails the Bregman hypothesis).

    !!! example
        >>> from mirrorjax.parameterizations import LogRatio
        >>> w0 = LogRatio().lift([0.5, -2.0], scale=1.0)
        >>> [round(float(x), 12) for x in LogRatio().g(w0)]
        [0.5, -2.0]
    """

    @property
    def degree(self) -> int:
        """0: `g(sw) = g(w)`."""
        return 0

    def check_state(self, w: State) -> None:
        require_stacked(w, 2, "(u, v)")

    def g(self, w: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        return jnp.log(w[0]) - jnp.log(w[1])

    def h(self, w: Float[Array, "2 ..."]) -> Scalar:
        return jnp.sum(jnp.log(w))

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "2 ..."]:
        """`log u₀ − log v₀ = x₀`, `u₀² + v₀² = scale`.

        ran ∇R₀ is an interval of length scale/2, empty from the dose scale/4 on.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: > 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(2, n)`.

        **Raises:** `InputError` for a scale that is not positive and finite, or a non-finite x₀.
        """
        x, c = checked_lift(x0, scale)
        if not is_traced(c) and np.any(np.asarray(c) == 0):
            bad = int(np.argmin(np.ravel(c)))
            raise InputError("scale u₀² + v₀² must be positive", f"coordinate {bad}, scale 0.0", "scale > 0")
        return _factors(x, c)


@host_jit
def _factors(x: Array, c: Array) -> Array:
    # √(c σ(±2x)) through the logarithm: σ(−2x) underflows at x = 373 where its root is 1e-162.
    return jnp.exp(0.5 * (jnp.log(c) + jnp.stack([jax.nn.log_sigmoid(2 * x), jax.nn.log_sigmoid(-2 * x)])))
