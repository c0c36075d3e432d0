"""X = BA: two layers, or LoRA."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State, as_array, is_traced
from ._base import AbstractParameterization, checked_lift, shape_of
from ._hadamard import Hadamard

_ROUND_OFF = 1e-12


class Factorization(AbstractParameterization):
    """`X = B A`, `x = vec(BA)` row by row, `h = ‖B‖² + ‖A‖²`; the state is the tuple (B, A) of shapes `(n, r)` and
    `(r, m)`.

    The fields do not commute. Where B₀, A₀ and all gradients share singular vectors the singular values follow the
    Hadamard flow exactly (spectral lemma); `lift` gives such a start.

    **Reference:** the spectral lemma; `gunasekar`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Factorization
        >>> B, A = Factorization().lift([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], scale=0.5)
        >>> [round(float(x), 12) + 0.0 for x in Factorization().g((B, A))]
        [1.0, 0.0, 2.0, 0.0, 3.0, 0.0]
    """

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    def check_state(self, w: State) -> None:
        ranks = [getattr(part, "ndim", None) for part in w] if isinstance(w, tuple | list) else []
        if ranks != [2, 2] or w[0].shape[1] != w[1].shape[0]:
            raise InputError("w0 must be the pair (B, A) of shapes (n, r) and (r, m)", shape_of(w))

    def g(self, w: tuple[Float[Array, "n r"], Float[Array, "r m"]]) -> Float[Array, " n*m"]:
        return jnp.ravel(w[0] @ w[1])

    def h(self, w: tuple[Float[Array, "n r"], Float[Array, "r m"]]) -> Scalar:
        return jnp.sum(w[0] ** 2) + jnp.sum(w[1] ** 2)

    def lift(
        self, x0: ArrayLike, scale: ArrayLike = 0.5, rank: int | None = None
    ) -> tuple[Float[Array, "n r"], Float[Array, "r m"]]:
        """`B₀A₀ = X₀` and `A₀A₀ᵀ − B₀ᵀB₀ = 2 scale · I`, along the singular vectors of X₀.

        Each singular value is a Hadamard pair of that scale; X₀ = 0 gives LoRA's B₀ = 0.

        **Arguments:**

        - `x0`: the matrix X₀, shape `(n, m)`.
        - `scale`: ≥ 0, scalar.
        - `rank`: r, at most min(n, m), which is the default.

        **Returns:** the pair B₀, A₀, shapes `(n, r)` and `(r, m)`.

        **Raises:** `InputError` for a bad scale, an x0 that is not a matrix, a rank outside 1 … min(n, m) or below
        X₀'s.
        """
        X, _ = checked_lift(x0, scale)
        c = as_array(scale)
        if X.ndim != 2 or c.ndim != 0:
            raise InputError("x0 must be a matrix and scale a number", f"x0 {X.shape}, scale {c.shape}")
        r = min(X.shape) if rank is None else rank
        if not 1 <= r <= min(X.shape):
            raise InputError("rank must be between 1 and min(n, m)", f"rank {r}, X₀ {X.shape}")
        left, values, right = jnp.linalg.svd(X, full_matrices=False)
        if not is_traced(values) and bool(np.any(values[r:] > _ROUND_OFF * values[0])):
            raise InputError("X₀ has a higher rank", f"singular value {r} is {float(values[r]):.3g}, rank {r}")
        large, small = Hadamard().lift(values[:r], c)
        return left[:, :r] * small, large[:, None] * right[:r]
