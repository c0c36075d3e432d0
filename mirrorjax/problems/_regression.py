"""Linear regression, the setting of the optimality theorems."""

from collections.abc import Callable

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._errors import InputError
from .._types import Scalar, Vector, as_array, is_traced
from ._base import AbstractProblem
from ._finite import refuse_nonfinite
from ._losses import half_mean_square

RANK_TOLERANCE = 1e-10


class LinearRegression(AbstractProblem):
    r"""`f(x) = ℓ(Zx − y)`, by default `½ · mean squared residual`.

    **Arguments:** `Z` (d, n), `y` (d,), `loss` a smooth function of the residual (d,) → ().

    **Raises:** `InputError` for shapes that do not fit and for entries that are not finite.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import LinearRegression
        >>> problem = LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([3.0]))
        >>> float(problem.loss(jnp.zeros(2))), problem.grad(jnp.zeros(2)).tolist()
        (4.5, [-3.0, -6.0])
    """

    Z: Float[Array, "d n"]
    y: Float[Array, " d"]
    residual_loss: Callable[[Array], Scalar] = eqx.field(static=True)

    def __init__(
        self,
        Z: ArrayLike,
        y: ArrayLike,
        loss: Callable[[Array], Scalar] = half_mean_square,
    ):
        self.Z = as_array(Z)
        self.y = as_array(y)
        self.residual_loss = loss
        if self.Z.ndim != 2 or self.y.shape != self.Z.shape[:1]:
            raise InputError("Z must be (d, n) and y (d,)", f"Z {self.Z.shape}, y {self.y.shape}")
        refuse_nonfinite("drop those rows", Z=self.Z, y=self.y)

    @property
    def n(self) -> int:
        return self.Z.shape[1]

    @property
    def d(self) -> int:
        """The number of samples."""
        return self.Z.shape[0]

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        return self.residual_loss(self.Z @ x - self.y)

    def whitened(self) -> "LinearRegression":
        """The same interpolators and row space with `ZZᵀ/d = I`: the loss ℓ changed, Z did not.

        The optimality theorems let ℓ be any function of Zx − y, so the limit is the same, while
        the flow no longer waits for the smallest singular value of Z. Dependent rows disappear: the rank
        is that of the rows at length 1, since a row 1e-11 as long as the others asks no less of x.

        **Raises:** `InputError` where y is outside the range of Z: then nothing interpolates.
        """
        if is_traced(self.Z, self.y):
            raise InputError("whitening decides a rank and so needs concrete Z", "", "call it outside jit")
        Z, y = _rows_of_length_1(np.asarray(self.Z), np.asarray(self.y))
        U, sigma, Vt = np.linalg.svd(Z, full_matrices=False)
        keep = sigma > RANK_TOLERANCE
        outside = np.linalg.norm(y - U[:, keep] @ (U[:, keep].T @ y))
        if outside > 1e-8 * np.linalg.norm(y):
            raise InputError(
                "no x solves Zx = y: y is outside the range of Z",
                f"rank {keep.sum()} of {self.d} rows, {outside / np.linalg.norm(y):.1e} of y left over",
                "drop contradictory duplicate rows, or centre Z and y alike",
            )
        root = np.sqrt(keep.sum())
        targets = (U[:, keep].T @ y) / sigma[keep]
        return LinearRegression(root * Vt[keep], root * targets)


def _rows_of_length_1(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The equations Zx = y, each divided by the length of its row; rows of zeros are left out.

    **Raises:** `InputError` where a row of zeros is to give a y that is not 0.
    """
    largest = np.max(np.abs(Z), axis=1, initial=0.0)
    zero = largest == 0
    if np.any(y[zero] != 0):
        row = int(np.flatnonzero(zero & (y != 0))[0])
        raise InputError(
            "no x solves Zx = y: a row of zeros has a y that is not 0", f"row {row}, y = {y[row]:g}", "drop that row"
        )
    Z, y, largest = Z[~zero], y[~zero], largest[~zero]
    # By the largest entry first: the square of 1e-170 is 0.
    Z, y = Z / largest[:, None], y / largest
    length = np.linalg.norm(Z, axis=1)
    return Z / length[:, None], y / length
