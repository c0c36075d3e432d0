"""X = UUᵀ, whole or through measurements."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, State, as_array, has_nonfinite, is_traced
from ._base import AbstractLiftable, checked_lift, shape_of
from ._commutator import check_symmetric, largest_commutator

_ROUND_OFF = 1e-12


def _optional_array(value: ArrayLike | None) -> Array | None:
    return None if value is None else as_array(value)


class SymmetricFactorization(AbstractLiftable):
    """`X = UUᵀ`, `h = ‖U‖²_F`; the state is U, shape `(n, r)`.

    x is the upper triangle of X, row by row, n(n+1)/2 entries; or, given measurement matrices A_i, `x_i = ⟨A_i, UUᵀ⟩`.
    The fields commute only in the second case, and iff the A_i do.

    **Arguments:**

    - `measurements`: symmetric A_i, shape `(m, n, n)`; None for the whole of X.

    **Raises:** `InputError` for measurements that are not finite, square and symmetric.

    **Reference:** `gunasekar`; `flow`, matrix sensing.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import SymmetricFactorization
        >>> U = jnp.array([[1.0, 0.0], [2.0, 1.0]])
        >>> SymmetricFactorization().g(U).tolist()
        [1.0, 2.0, 5.0]
        >>> SymmetricFactorization(jnp.eye(2)[None]).g(U).tolist()
        [6.0]
    """

    measurements: Float[Array, "m n n"] | None = eqx.field(converter=_optional_array, default=None)

    def __check_init__(self):
        if self.measurements is not None:
            check_symmetric("the measurement matrices", self.measurements)

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    @property
    def commutator(self) -> Scalar:
        """The largest relative commutator norm among the measurement matrices, scalar.

        Without measurements it is that of E_ij + E_ji: 0 for n = 1, and never 0 for n ≥ 2; NaN here, where n is not
        known.
        """
        return as_array(jnp.nan) if self.measurements is None else largest_commutator(self.measurements)

    def check_state(self, w: State) -> None:
        size = None if self.measurements is None else self.measurements.shape[1]
        if getattr(w, "ndim", None) != 2 or size not in (None, w.shape[0]):
            rows = "" if size is None else f", n = {size} as the measurements have"
            raise InputError(f"w0 must be U, shape (n, r){rows}", shape_of(w))

    def g(self, w: Float[Array, "n r"]) -> Float[Array, " m"]:
        X = w @ w.T
        if self.measurements is None:
            return X[jnp.triu_indices(X.shape[0])]
        return jnp.sum(self.measurements * X, axis=(1, 2))

    def h(self, w: Float[Array, "n r"]) -> Scalar:
        return jnp.sum(w**2)

    def lift(self, x0: ArrayLike, scale: ArrayLike = 0.5) -> Float[Array, "n n"]:
        """The symmetric root of X₀. Without measurements x₀ is X₀ and `scale` has no effect.

        With them X₀ is the matrix nearest to `scale · I` that has the measurements x₀.

        **Arguments:**

        - `x0`: the upper triangle of X₀, shape `(n(n+1)/2,)`, or its measurements, shape `(m,)`.
        - `scale`: ≥ 0, scalar.

        **Returns:** U₀, shape `(n, n)`.

        **Raises:** `InputError` where that X₀ is not positive semidefinite, or no X₀ exists; for an x₀ that is no
        vector of that length and a bad scale.
        """
        x, _ = checked_lift(x0, scale)
        c = as_array(scale)
        if c.ndim != 0 or x.ndim != 1:
            raise InputError("x0 must be a vector and scale a number", f"x0 {x.shape}, scale {c.shape}")
        X = _from_triangle(x) if self.measurements is None else _nearest(self.measurements, x, c)
        values, vectors = jnp.linalg.eigh(X)
        if not is_traced(values) and float(values[0]) < -_ROUND_OFF * float(np.max(np.abs(values))):
            raise InputError(
                "X₀ is not positive semidefinite, so no U has UUᵀ = X₀",
                f"smallest eigenvalue {float(values[0]):.3g}",
                "Factorization() for matrices of any kind" if self.measurements is None else "a larger scale",
            )
        return (vectors * jnp.sqrt(jnp.maximum(values, 0.0))) @ vectors.T


def _from_triangle(x: Array) -> Array:
    n = int((np.sqrt(8 * x.shape[0] + 1) - 1) / 2)
    if n * (n + 1) // 2 != x.shape[0]:
        raise InputError("x0 must be an upper triangle, n(n+1)/2 entries", f"{x.shape[0]} entries")
    upper = jnp.zeros((n, n)).at[jnp.triu_indices(n)].set(x)
    return upper + upper.T - jnp.diag(jnp.diag(upper))


def _nearest(A: Array, x: Array, c: Array) -> Array:
    if x.shape != A.shape[:1]:
        raise InputError("x0 must have one entry for each measurement", f"x0 {x.shape}, measurements {A.shape}")
    gap = x - c * jnp.trace(A, axis1=1, axis2=2)
    rows = A.reshape(A.shape[0], -1)
    correction = jnp.linalg.lstsq(rows, gap)[0]
    missed = jnp.max(jnp.abs(rows @ correction - gap))
    if has_nonfinite(correction) or (not is_traced(missed) and float(missed) > 1e-9 * float(jnp.max(jnp.abs(x)))):
        raise InputError("no symmetric X has these measurements", f"missed by {float(missed):.1e}")
    return c * jnp.eye(A.shape[1]) + correction.reshape(A.shape[1:])
