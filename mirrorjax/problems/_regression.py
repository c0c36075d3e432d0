"""Linear regression, the setting of the optimality theorems."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._errors import InputError
from .._thresholds import VANISHES
from .._types import ArrayLike, Number, Scalar, Vector, as_array, is_traced
from ._base import AbstractProblem
from ._finite import refuse_nonfinite
from ._losses import half_mean_square, mean_log_cosh
from ._operators import apply, as_rows, dense, is_operator, is_sparse, pull, shape_of

RANK_TOLERANCE = 1e-10
LEAST_AT_0 = (half_mean_square, mean_log_cosh)
"""Losses that need no trial, which compiles."""


class LinearRegression(AbstractProblem):
    r"""`f(x) = ℓ(Zx − y)`, by default `½ · mean squared residual`.

    **Arguments:**

    - `Z`: shape `(d, n)`: an array, of which one in NumPy is copied; or sparse, `jax.experimental.sparse.BCOO` or of
      SciPy; or an operator of lineax, as `FunctionLinearOperator`, for what is known by its products alone.
    - `y`: shape `(d,)`.
    - `loss`: ℓ, a smooth function from the residual, shape `(d,)`, to a scalar.

    **Fields:**

    - `residual_loss`: ℓ.

    **Raises:** `InputError` for shapes that do not fit and for entries that are not finite (those of an operator
    cannot be looked at).

    **Reference:** `mask` Theorem 3.3, whose setting it is.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import LinearRegression
        >>> problem = LinearRegression(jnp.array([[1.0, 2.0]]), jnp.array([3.0]))
        >>> float(problem.loss(jnp.zeros(2))), problem.grad(jnp.zeros(2)).tolist()
        (4.5, [-3.0, -6.0])
    """

    Z: Any  # Float[Array, "d n"], BCOO or AbstractLinearOperator
    y: Float[Array, " d"]
    residual_loss: Callable[[Array], Scalar] = eqx.field(static=True)

    def __init__(
        self,
        Z: Any,
        y: ArrayLike,
        loss: Callable[[Array], Scalar] = half_mean_square,
    ):
        self.Z = as_rows(Z)
        self.y = as_array(y)
        self.residual_loss = loss
        shape = shape_of(self.Z)
        if len(shape) != 2 or self.y.shape != shape[:1]:
            raise InputError("Z must be (d, n) and y (d,)", f"Z {shape}, y {self.y.shape}")
        entries = {} if is_operator(self.Z) else {"Z": self.Z.data if is_sparse(self.Z) else self.Z}
        refuse_nonfinite("drop those rows", **entries, y=self.y)

    @property
    def n(self) -> int:
        return shape_of(self.Z)[1]

    @property
    def d(self) -> int:
        """The number of samples."""
        return shape_of(self.Z)[0]

    def loss(self, x: Vector, t: Number = 0.0) -> Scalar:
        return self.residual_loss(self.apply(x) - self.y)

    def apply(self, x: Vector) -> Float[Array, " d"]:
        """`Zx`.

        **Arguments:**

        - `x`: shape `(n,)`.

        **Returns:** shape `(d,)`.
        """
        return apply(self.Z, x)

    def pull(self, r: Float[Array, " d"]) -> Vector:
        """`Zᵀr`.

        **Arguments:**

        - `r`: shape `(d,)`.

        **Returns:** shape `(n,)`.
        """
        return pull(self.Z, r)

    def as_dense(self) -> "LinearRegression":
        """The same regression with Z as an array, for what needs its entries: d products where it is an operator.

        **Returns:** itself where Z is an array.
        """
        if not is_operator(self.Z) and not is_sparse(self.Z):
            return self
        return LinearRegression(dense(self.Z), self.y, self.residual_loss)

    @property
    def slope_at_interpolation(self) -> float:
        """`max|∇ℓ(0)|` relative to the slope at r = −y: 0 where ℓ is stationary at the x with Zx = y. On the host
        only.
        """
        with jax.ensure_compile_time_eval():
            there, away = _slope(self.residual_loss, 0 * self.y), _slope(self.residual_loss, -self.y)
        return there / max(there, away) if there > 0 else 0.0

    @property
    def least_at_interpolation(self) -> bool:
        """Whether ℓ is least where Zx = y: that slope is 0 up to rounding, and ℓ no less at the residuals tried.

        Only then does a flow on f end at an interpolator: −‖r‖² is stationary there as well. On the host only.
        """
        if any(self.residual_loss is known for known in LEAST_AT_0):
            return True
        if self.slope_at_interpolation > VANISHES:  # no rounding: the loss is least elsewhere
            return False
        beside = np.random.default_rng(0).standard_normal(self.d)
        with jax.ensure_compile_time_eval():
            losses = [_value(self.residual_loss, as_array(r)) for r in (0 * beside, self.y, -self.y, beside, -beside)]
        return all(loss >= losses[0] for loss in losses)

    def whitened(self) -> "LinearRegression":
        """The same interpolators and row space with `ZZᵀ/d = I`, and ℓ of the residual in these rows.

        It is another f with the same Z up to a basis of its rows. The optimality theorems let ℓ be any function
        of Zx − y that is least at 0, so the limit is the same, while the rate of the flow no longer
        depends on the smallest singular value of Z. Dependent rows disappear: the rank is that of the rows at length 1,
        since a row 1e-11 as long as the others asks no less of x.

        **Returns:** a `LinearRegression` of as many rows as Z has rank.

        **Raises:** `InputError` where y is outside the range of Z, or ℓ is not least at 0 (as `mean_logistic`): then no
        flow on f ends at an interpolator; where ℓ takes d residuals and fewer are left; inside `jit`, where no rank can
        be decided.

        **Reference:** `mask` Theorem 3.3.
        """
        rows, target = self.orthonormal()
        root = np.sqrt(len(rows))
        return LinearRegression(root * rows, root * target, self.residual_loss)

    def orthonormal(self) -> tuple[Float[np.ndarray, "r n"], Float[np.ndarray, " r"]]:
        """`whitened` with orthonormal rows: as many as Z has rank, and what they are to give. On the host only.

        **Returns:** the rows, shape `(r, n)`, and the targets, shape `(r,)`.

        **Raises:** `InputError` as `whitened`.
        """
        if is_traced(self.Z, self.y):
            raise InputError("whitening decides a rank and so needs concrete Z", "", "call it outside jit")
        Z, y = _rows_of_length_1(np.asarray(dense(self.Z)), np.asarray(self.y))
        U, sigma, Vt = np.linalg.svd(Z, full_matrices=False)
        keep = sigma > RANK_TOLERANCE
        outside = np.linalg.norm(y - U[:, keep] @ (U[:, keep].T @ y))
        if outside > 1e-8 * np.linalg.norm(y):
            raise InputError(
                "no x solves Zx = y: y is outside the range of Z",
                f"rank {keep.sum()} of {self.d} rows, {outside / np.linalg.norm(y):.1e} of y left over",
                "drop contradictory duplicate rows, or centre Z and y alike",
            )
        if not self.least_at_interpolation:
            name = getattr(self.residual_loss, "__name__", type(self.residual_loss).__name__)
            raise InputError(
                f"the loss {name} is not least where Zx = y, so no flow on it ends at an interpolator",
                f"|∇ℓ(0)| is {self.slope_at_interpolation:.1e} of |∇ℓ(−y)|",
                "a loss of the residual with its minimum at 0, as half_mean_square or mean_log_cosh",
            )
        if keep.sum() < self.d:
            _check_number_of_residuals(self.residual_loss, int(keep.sum()), self.d)
        return Vt[keep], (U[:, keep].T @ y) / sigma[keep]

    def whitening(self) -> Float[np.ndarray, "r d"]:
        """`T` of rank r with orthonormal rows `TZ`, those of `whitened` up to its root, and targets `Ty`. On the host
        only.

        **Returns:** T, shape `(r, d)`.

        **Raises:** `InputError` inside `jit`, where no rank can be decided.
        """
        if is_traced(self.Z):
            raise InputError("whitening decides a rank and so needs concrete Z", "", "call it outside jit")
        Z = np.asarray(dense(self.Z))
        rows, _ = _rows_of_length_1(Z, np.zeros(self.d))
        U, sigma, _ = np.linalg.svd(rows, full_matrices=False)
        keep, nonzero = sigma > RANK_TOLERANCE, np.any(Z, axis=1)
        largest, length = _lengths(Z[nonzero])
        T = np.zeros((keep.sum(), self.d))
        T[:, nonzero] = (U[:, keep] / sigma[keep]).T / length / largest
        return T


def _slope(loss: Callable[[Array], Scalar], r: Array) -> float:
    return float(np.max(np.abs(np.asarray(_gradient(loss, r))), initial=0.0))


@quick_jit
def _value(loss: Callable[[Array], Scalar], r: Array) -> Array:
    return loss(r)


@quick_jit
def _gradient(loss: Callable[[Array], Scalar], r: Array) -> Array:
    return jax.grad(loss)(r)


def _check_number_of_residuals(loss: Callable[[Array], Scalar], kept: int, given: int) -> None:
    try:
        jax.eval_shape(loss, jax.ShapeDtypeStruct((kept,), jnp.result_type(float)))
    except (TypeError, ValueError) as error:
        raise InputError(
            "the loss is written for all residuals, and dependent rows disappear",
            f"{kept} independent of {given} rows",
            "drop the dependent rows of Z and y, or a loss of any number of residuals",
        ) from error


def _rows_of_length_1(Z: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The equations Zx = y, each divided by the length of its row; rows of zeros are left out.

    **Raises:** `InputError` where a row of zeros is to give a y that is not 0.
    """
    zero = ~np.any(Z, axis=1)
    if np.any(y[zero] != 0):
        row = int(np.flatnonzero(zero & (y != 0))[0])
        raise InputError(
            "no x solves Zx = y: a row of zeros has a y that is not 0", f"row {row}, y = {y[row]:g}", "drop that row"
        )
    Z, y = Z[~zero], y[~zero]
    largest, length = _lengths(Z)
    return Z / largest[:, None] / length[:, None], y / largest / length


def _lengths(Z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of every row, none of which is 0, the largest entry, and the length in units of it: the square of 1e-170 is 0."""
    largest = np.max(np.abs(Z), axis=1, initial=0.0)
    return largest, np.linalg.norm(Z / largest[:, None], axis=1)
