"""x = u^{2k} − v^{2k} with the decay that commutes."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State
from ._base import AbstractLiftable, require_stacked
from ._power_balance import power_lift


class PowerDifference(AbstractLiftable):
    """`x = u^{2k} − v^{2k}`, `h = Σ u^{2k} + v^{2k}`, k ≥ 2; the state is `(u, v)` stacked, shape `(2, n)`.

    Commutes because h has the degree of g. With plain weight decay it does not: `DepthDifference`.

    **Arguments:**

    - `k`: half of the degree.

    **Raises:** `InputError` unless k is an integer ≥ 2.

    **Reference:** `flow` Corollary 3.1 and its range example.

    !!! example
        >>> from mirrorjax.parameterizations import PowerDifference
        >>> param = PowerDifference(2)
        >>> [round(float(x), 12) for x in param.g(param.lift([3.0, -0.5], scale=0.1))]
        [3.0, -0.5]
    """

    k: int = eqx.field(static=True)

    def __check_init__(self):
        if isinstance(self.k, bool) or not isinstance(self.k, int) or self.k < 2:
            raise InputError("k must be an integer ≥ 2", f"k = {self.k!r}", "SquaredDifference() is k = 1")

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2k."""
        return 2 * self.k

    def check_state(self, w: State) -> None:
        require_stacked(w, 2, "(u, v)")

    def g(self, w: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        return w[0] ** (2 * self.k) - w[1] ** (2 * self.k)

    def h(self, w: Float[Array, "2 ..."]) -> Scalar:
        return jnp.sum(w ** (2 * self.k))

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "2 ..."]:
        """`u₀^{2k} − v₀^{2k} = x₀`; `scale` is `u^{2k} + v^{2k}` where the loss has moved x to 0.

        That is `2 ((u₀^{2−2k} + v₀^{2−2k})/2)^{−k/(k−1)}`, which for `u₀ = v₀ = γ` is `2γ^{2k}` and for k = 1 would be
        `2 u₀ v₀`. It fixes R₀ up to a linear term, whatever x₀: R turns from quadratic to nearly linear at |x| ≈ scale.
        `scale = 0` sets one factor to 0, and that has no potential here.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(2, n)`.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """
        return power_lift(x0, scale, 2 * self.k)
