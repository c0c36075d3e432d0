"""Linear measurements of a matrix."""

from collections.abc import Callable, Sequence

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, Vector, as_array, is_traced
from ._base import AbstractProblem
from ._finite import refuse_nonfinite
from ._losses import half_mean_square
from ._regression import LinearRegression

COMMUTING_TOLERANCE = 1e-10


class MatrixSensing(AbstractProblem):
    r"""`f(X) = ℓ(𝒜(X) − y)`, `𝒜(X)_i = ⟨A_i, X⟩`, by default `½ · mean squared residual`.

    The effective parameter is vec(X), row by row, as `Factorization` makes it. `SymmetricFactorization(A)` makes the
    measurements themselves: its problem is `LinearRegression(I, y, loss)`.

    **Arguments:**

    - `A`: the measurement matrices, shape `(m, rows, columns)`.
    - `y`: the measurements, shape `(m,)`.
    - `loss`: ℓ, a smooth function from the residual, shape `(m,)`, to a scalar.

    **Fields:**

    - `residual_loss`: ℓ.

    **Raises:** `InputError` for shapes that do not fit and for entries that are not finite.

    **Reference:** `flow`, matrix sensing; `gunasekar`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import MatrixSensing
        >>> problem = MatrixSensing(jnp.eye(2)[None], jnp.array([3.0]))  # the trace is to be 3
        >>> float(problem.loss(jnp.ravel(jnp.eye(2)))), (problem.grad(jnp.ravel(jnp.eye(2))) + 0.0).tolist()
        (0.5, [-1.0, 0.0, 0.0, -1.0])
    """

    A: Float[Array, "m rows columns"]
    y: Float[Array, " m"]
    residual_loss: Callable[[Array], Scalar] = eqx.field(static=True)

    def __init__(self, A: ArrayLike, y: ArrayLike, loss: Callable[[Array], Scalar] = half_mean_square):
        self.A = as_array(A)
        self.y = as_array(y)
        self.residual_loss = loss
        if self.A.ndim != 3 or self.y.shape != self.A.shape[:1]:
            raise InputError("A must be (m, rows, columns) and y (m,)", f"A {self.A.shape}, y {self.y.shape}")
        refuse_nonfinite("drop those measurements", A=self.A, y=self.y)

    @classmethod
    def commuting(
        cls,
        seed: int | Sequence[int] | np.random.Generator,
        size: int = 6,
        measurements: int = 3,
        rank: int | None = None,
    ) -> "MatrixSensing":
        """Symmetric `A_i = O diag(e_i) Oᵀ`, e_i orthonormal, that measured `O diag(λ) Oᵀ` with λ ≥ 0 of this rank.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `size`: rows and columns of the A_i.
        - `measurements`: m ≤ size.
        - `rank`: of the measured matrix, by default `size`.

        **Returns:** the problem, n = size².

        **Raises:** `InputError` for m outside 1 … size, where the A_i would be dependent, and a rank outside 1 … size.

        !!! example
            >>> from mirrorjax.problems import MatrixSensing
            >>> A = MatrixSensing.commuting(0, size=4).A
            >>> bool(abs(A[0] @ A[1] - A[1] @ A[0]).max() < 1e-6)
            True
        """
        rank = _checked(size, measurements, rank, size)
        rng = np.random.default_rng(seed)
        O, E = (np.linalg.qr(rng.standard_normal((size, k)))[0] for k in (size, measurements))
        spectrum = rng.permutation(np.where(np.arange(size) < rank, rng.uniform(0.3, 1.5, size), 0.0))
        return cls(np.einsum("ik,km,jk->mij", O, E, O), E.T @ spectrum)

    @classmethod
    def gaussian(
        cls,
        seed: int | Sequence[int] | np.random.Generator,
        size: int = 6,
        measurements: int = 12,
        rank: int | None = None,
    ) -> "MatrixSensing":
        """Symmetric A_i with standard normal entries, which do not commute, that measured a PSD X of this rank.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `size`: rows and columns of the A_i.
        - `measurements`: m ≤ size(size+1)/2.
        - `rank`: of X, by default `size`.

        **Returns:** the problem, n = size².

        **Raises:** `InputError` for m outside 1 … size(size+1)/2, where the A_i would be dependent, and a rank outside
        1 … size.

        !!! example
            >>> from mirrorjax.problems import MatrixSensing
            >>> MatrixSensing.gaussian(0, size=5, measurements=8, rank=2).A.shape
            (8, 5, 5)
        """
        rank = _checked(size, measurements, rank, size * (size + 1) // 2)
        rng = np.random.default_rng(seed)
        A = rng.standard_normal((measurements, size, size))
        A = (A + np.swapaxes(A, 1, 2)) / 2
        U = rng.standard_normal((size, rank)) / rank**0.5
        return cls(A, np.einsum("mij,ij->m", A, U @ U.T))

    @property
    def n(self) -> int:
        return self.A.shape[1] * self.A.shape[2]

    @property
    def d(self) -> int:
        """The number of measurements."""
        return self.A.shape[0]

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        return self.residual_loss(self.A.reshape(self.d, -1) @ x - self.y)

    def regression(self) -> LinearRegression:
        """The same loss with the rows vec(A_i), as a regression, which can be whitened.

        **Returns:** a `LinearRegression` of m residuals.
        """
        return LinearRegression(self.A.reshape(self.d, -1), self.y, self.residual_loss)

    def eigenbasis(self) -> tuple[np.ndarray, np.ndarray]:
        """`(O, E)` with `A_i = O diag(E_i) Oᵀ`, O orthogonal.

        **Returns:** O, shape `(size, size)`, and E, shape `(m, size)`.

        **Raises:** `InputError` where there is none: A_i that are not square and symmetric or do not commute, to 1e-10
        of their largest entry, which A_i rounded to float32 miss; and inside `jit`.
        """
        if is_traced(self.A):
            raise InputError("a common eigenbasis needs concrete A", "", "call it outside jit")
        A = np.asarray(self.A)
        # Eigenvectors of a generic combination: eigenvalues that coincide there do so in every A_i.
        weights = np.random.default_rng(0).standard_normal(self.d)
        mixed = np.tensordot(weights, A, 1)
        if mixed.shape[0] != mixed.shape[1]:
            raise InputError("only square matrices have a common eigenbasis", f"A {A.shape}")
        O = np.linalg.eigh((mixed + mixed.T) / 2)[1]
        turned = O.T @ A @ O
        E = np.diagonal(turned, axis1=1, axis2=2)
        left = np.abs(turned - E[:, :, None] * np.eye(len(O))).max(axis=(1, 2))
        worst = int(np.argmax(left))
        if left[worst] > COMMUTING_TOLERANCE * np.abs(A).max():
            raise InputError(
                "the A_i have no common orthonormal eigenbasis",
                f"A[{worst}] keeps {left[worst]:.1e} off the diagonal",
                "MatrixSensing.commuting, or `least_norm`, which needs none",
            )
        return O, E

    def least_trace(self) -> np.ndarray:
        """`argmin {tr X : X ⪰ 0, 𝒜(X) = y}` for commuting A_i: a linear program in their eigenvalues.

        The part of X that is diagonal in the common eigenbasis has the measurements and the trace of X
        and is as positive, so nothing is lost by looking there only.

        **Returns:** X, shape `(size, size)`.

        **Raises:** `InputError` where the A_i do not commute or no X ⪰ 0 has these measurements.

        !!! example
            >>> from mirrorjax.problems import MatrixSensing
            >>> problem = MatrixSensing([[[1.0, 0.0], [0.0, 2.0]]], [2.0])  # x₁₁ + 2 x₂₂ = 2
            >>> abs(problem.least_trace().round(9)).tolist()
            [[0.0, 0.0], [0.0, 1.0]]
        """
        from scipy.optimize import linprog

        O, E = self.eigenbasis()
        program = linprog(np.ones(len(O)), A_eq=E, b_eq=np.asarray(self.y), bounds=(0, None), method="highs")
        if program.x is None:
            raise InputError("no X ⪰ 0 has these measurements", f"linprog: {program.message}")
        return O * program.x @ O.T

    def least_norm(self) -> np.ndarray:
        """The X of least Frobenius norm (among the least squares where none interpolates), any A_i.

        **Returns:** X, shape `(rows, columns)`.
        """
        rows = np.asarray(self.A).reshape(self.d, -1)
        return (np.linalg.pinv(rows) @ np.asarray(self.y)).reshape(self.A.shape[1:])


def _checked(size: int, measurements: int, rank: int | None, most: int) -> int:
    """The rank, once everything fits."""
    rank = size if rank is None else rank
    if not (1 <= measurements <= most and 1 <= rank <= size):
        raise InputError(
            f"needs 1 ≤ rank ≤ size and 1 ≤ measurements ≤ {most}, else the A_i are dependent",
            f"size {size}, measurements {measurements}, rank {rank}",
        )
    return rank
