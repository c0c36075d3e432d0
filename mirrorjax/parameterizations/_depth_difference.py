"""x = u^L − v^L with plain weight decay."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State
from ._base import AbstractLiftable, require_stacked
from ._power_balance import power_lift


class DepthDifference(AbstractLiftable):
    """`x = u^L − v^L`, `h = ‖u‖² + ‖v‖²`, L ≥ 3; the state is `(u, v)` stacked, shape `(2, n)`.

    A diagonal linear network of depth L with tied weights. `[∇g, ∇h] = 2(2−L)∇g ≠ 0`: with decay it is a *rescaled*
    mirror flow, without decay a mirror flow.

    **Arguments:**

    - `depth`: L.

    **Raises:** `InputError` unless L is an integer ≥ 3.

    **Reference:** `gunasekar` (depth L); beyond/rescaled.

    !!! example
        >>> from mirrorjax.parameterizations import DepthDifference
        >>> param = DepthDifference(3)
        >>> [round(float(x), 12) for x in param.g(param.lift([3.0, -0.5], scale=0.1))]
        [3.0, -0.5]
    """

    depth: int = eqx.field(static=True)

    def __check_init__(self):
        if isinstance(self.depth, bool) or not isinstance(self.depth, int) or self.depth < 3:
            raise InputError(
                "the depth L must be an integer ≥ 3", f"L = {self.depth!r}", "SquaredDifference() is L = 2"
            )

    @property
    def degree(self) -> int:
        """g is homogeneous of degree L."""
        return self.depth

    def check_state(self, w: State) -> None:
        require_stacked(w, 2, "(u, v)")

    def g(self, w: Float[Array, "2 ..."]) -> Float[Array, "..."]:
        return w[0] ** self.depth - w[1] ** self.depth

    def h(self, w: Float[Array, "2 ..."]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "2 ..."]:
        """`u₀^L − v₀^L = x₀`; `scale` is `u^L + v^L` where the loss has moved x to 0.

        That is `2 ((u₀^{2−L} + v₀^{2−L})/2)^{−L/(L−2)}`, which for `u₀ = v₀ = γ` is `2γ^L`. It fixes R₀ up to a linear
        term, whatever x₀. `scale = 0` sets one factor to 0, and that has no potential here.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(2, n)`.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """
        return power_lift(x0, scale, self.depth)
