"""x = w₁ ⊙ … ⊙ w_L."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State
from ._base import AbstractLiftable, checked_lift, require_stacked

# Newton on a concave function, from below, never overshoots; 8 reach ε for x/c from 1e-140 to 1e140 and L to 64.
_NEWTONS = 10


class DepthProduct(AbstractLiftable):
    """`x = ∏_l w_l` elementwise, `h = Σ_l ‖w_l‖²`, L ≥ 2; the state is w₁ … w_L stacked, shape `(L, n)`.

    `DepthProduct(2)` is `Hadamard()`. For L ≥ 3 decay rescales (degree L), and the fields ∇g_i, each on its own
    coordinates, still commute among themselves.

    **Arguments:**

    - `depth`: L.

    **Raises:** `InputError` unless L is an integer ≥ 2.

    **Reference:** `dwf`; beyond/rescaled.

    !!! example
        >>> from mirrorjax.parameterizations import DepthProduct
        >>> w0 = DepthProduct(3).lift([0.0, -2.0], scale=0.5)
        >>> [round(float(x), 12) for x in DepthProduct(3).g(w0)]
        [0.0, -2.0]
    """

    depth: int = eqx.field(static=True)

    def __check_init__(self):
        if isinstance(self.depth, bool) or not isinstance(self.depth, int) or self.depth < 2:
            raise InputError("the depth L must be an integer ≥ 2", f"L = {self.depth!r}", "Linear(G, b) is L = 1")

    @property
    def degree(self) -> int:
        """g is homogeneous of degree L."""
        return self.depth

    def check_state(self, w: State) -> None:
        require_stacked(w, self.depth, "(w₁ … w_L)")

    def g(self, w: Float[Array, "L ..."]) -> Float[Array, "..."]:
        return jnp.prod(w, axis=0)

    def h(self, w: Float[Array, "L ..."]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "L ..."]:
        """`w₁ = … = w_{L−1} ≥ |w_L|`, `∏ w_l = x₀`, `(w₁² − w_L²)/2 = scale`.

        The differences `w_l² − w_j²` are what the loss conserves; for L = 2 it is Hadamard's scale. `scale = 0` is the
        balanced start, `|w_l| = |x₀|^{1/L}`.

        **Arguments:**

        - `x0`: the effective parameter wanted, shape `(n,)`.
        - `scale`: ≥ 0, scalar or `(n,)`.

        **Returns:** w₀, shape `(L, n)`.

        **Raises:** `InputError` for a negative or non-finite scale or a non-finite x₀.
        """
        x, c = checked_lift(x0, scale)
        q = _common_square(x, c, self.depth)
        common = jnp.sqrt(q)
        last = x / jnp.where(q > 0, common, 1.0) ** (self.depth - 1)
        return jnp.concatenate([jnp.broadcast_to(common, (self.depth - 1, *x.shape)), last[None]])


@functools.partial(jax.jit, static_argnums=2)
def _common_square(x: Array, c: Array, depth: int) -> Array:
    """`q = w₁²` with `q − x² q^{1−L} = 2c`: increasing and concave in q, and not positive at the start below."""
    start = jnp.maximum(2 * c, jnp.abs(x) ** (2 / depth))

    def newton(_, q):
        excess = x**2 * q ** (1 - depth)
        return q - (q - excess - 2 * c) / (1 + (depth - 1) * excess / q)

    q = jax.lax.fori_loop(0, _NEWTONS, newton, jnp.where(start > 0, start, 1.0))
    return jnp.where(start > 0, q, 0.0)
