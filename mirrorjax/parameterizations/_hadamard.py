"""x = m ⊙ w."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import host_jit
from .._types import ArrayLike, Scalar, State, as_state
from ._base import AbstractLiftable, checked_lift, hyperbolic_factors, require_stacked


class Hadamard(AbstractLiftable):
    """`x = m ⊙ w`, `h = Σ m² + w²`; the state is `w = (m, w)` stacked, shape `(2, n)`.

    With `u = (m+w)/√2`, `v = (m−w)/√2` it is `(u² − v²)/2`.

    **Reference:** `mask` Theorem 3.1.

    !!! example
        >>> from mirrorjax.parameterizations import Hadamard
        >>> w0 = Hadamard().lift([0.0, 3.0], scale=0.5)
        >>> [round(float(x), 12) for x in Hadamard().g(w0)]
        [0.0, 3.0]
    """

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    def check_state(self, w: State) -> None:
        require_stacked(w, 2, "(m, w)")

    def g(self, w: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        return w[0] * w[1]

    def h(self, w: Float[Array, "2 ..."]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "2 ..."]:
        """`m₀ w₀ = x₀`, `(m₀² − w₀²)/2 = scale`. `scale = 0` is the balanced start `|m₀| = |w₀|`.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: c₀ ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(2, n)`.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """
        return _factors(*checked_lift(x0, scale))

    def dual(self, w: Float[Array, "2 ..."], w0: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        """`μ = ½ [log|u/u₀| − log|v/v₀|]`, computed from the weights.

        Computed from x instead, the dual of an inactive coordinate (x far below the solver's absolute tolerance) would
        be noise.

        **Arguments:**

        - `w`: the state, shape `(2, n)`.
        - `w0`: the start, shape `(2, n)`.

        **Returns:** μ, shape `(n,)`.
        """
        w, w0 = as_state((w, w0))
        return _half_log_ratio(w[0] + w[1], w[0] - w[1], w0[0] + w0[1], w0[0] - w0[1])


def _half_log_ratio(u: Array, v: Array, u0: Array, v0: Array) -> Array:
    return 0.5 * (jnp.log(jnp.abs(u / u0)) - jnp.log(jnp.abs(v / v0)))


class SquaredDifference(AbstractLiftable):
    """`x = u² − v²`, `h = Σ u² + v²`; the state is `w = (u, v)` stacked, shape `(2, n)`.

    **Reference:** `woodworth` Theorem 2.

    !!! example
        >>> from mirrorjax.parameterizations import SquaredDifference
        >>> w0 = SquaredDifference().lift([-3.0], scale=0.5)
        >>> round(float(SquaredDifference().g(w0)[0]), 12)
        -3.0
    """

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    def check_state(self, w: State) -> None:
        require_stacked(w, 2, "(u, v)")

    def g(self, w: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        return w[0] ** 2 - w[1] ** 2

    def h(self, w: Float[Array, "2 ..."]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "2 ..."]:
        """`u₀² − v₀² = x₀`, `2 u₀ v₀ = scale`.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: c₀ ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(2, n)`.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """
        return _squares(*checked_lift(x0, scale))

    def dual(self, w: Float[Array, "2 ..."], w0: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        """`μ = ¼ [log|u/u₀| − log|v/v₀|]`, computed from the weights.

        **Arguments:**

        - `w`: the state, shape `(2, n)`.
        - `w0`: the start, shape `(2, n)`.

        **Returns:** μ, shape `(n,)`.
        """
        w, w0 = as_state((w, w0))
        return 0.5 * _half_log_ratio(w[0], w[1], w0[0], w0[1])


@host_jit
def _factors(x: Array, c: Array) -> Array:
    u, v = hyperbolic_factors(x, c)
    m = (u + v) / jnp.sqrt(2.0)
    # u − v loses the digits of x where |x| ≪ c; x/m is not exactly ±m where c = 0.
    return jnp.stack([m, jnp.where(jnp.abs(x) < c, x / jnp.where(m > 0, m, 1.0), (u - v) / jnp.sqrt(2.0))])


@host_jit
def _squares(x: Array, c: Array) -> Array:
    return jnp.stack(hyperbolic_factors(x, c)) / jnp.sqrt(2.0)
