"""Sparse solutions by convex programming: what limits of flows are compared with. NumPy and SciPy alone."""

from typing import Any

import numpy as np

from .._errors import InputError
from .._types import ArrayLike
from ._operators import as_matrix

SWEEPS = 10_000
COMES_NEAR = (1e-3, 1e-6, 1e-9, 1e-12)
"""Relative steps at which coordinate descent hands over to the active set; the next where that has not ended."""
EXACT = 1e-10


def normal_equations(Z: Any, y: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The H and b of `½ mean (Zx − y)² = ½ xᵀHx − bᵀx + const`.

    **Arguments:**

    - `Z`: shape `(…, d, n)`; leading axes are those of many problems at once.
    - `y`: shape `(…, d)`.

    **Returns:** H of shape `(…, n, n)` and b of shape `(…, n)`.

    **Raises:** `InputError` where Z is sparse or an operator.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import normal_equations
        >>> H, b = normal_equations(np.array([[1.0], [2.0]]), np.array([1.0, 1.0]))
        >>> H.round(12).tolist(), b.round(12).tolist()
        ([[2.5]], [1.5])
    """
    Z, y = as_matrix(Z), np.asarray(y)
    Z, y = Z / np.sqrt(Z.shape[-2]), y / np.sqrt(Z.shape[-2])
    return np.swapaxes(Z, -1, -2) @ Z, np.einsum("...dn,...d->...n", Z, y)


def lasso(H: np.ndarray, b: np.ndarray, weight: np.ndarray | float, start: np.ndarray | None = None) -> np.ndarray:
    """`argmin ½ xᵀHx − bᵀx + weight ‖x‖₁`, by coordinate descent and then exactly on its active set.

    **Arguments:**

    - `H`: positive semidefinite with a positive diagonal, shape `(…, n, n)`; leading axes are those of many programs at
      once.
    - `b`: shape `(…, n)`.
    - `weight`: not negative, scalar or one for each program.
    - `start`: where the descent begins, shape `(…, n)`; by default 0.

    **Returns:** `(…, n)`. `lasso_violation` measures how well it is optimal.

    **Raises:** `InputError` for a negative weight and for a diagonal that is not positive.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import lasso
        >>> lasso(np.eye(2), np.array([1.0, -0.2]), 0.5).tolist()
        [0.5, 0.0]
    """
    H, b, weight = (np.asarray(value, dtype=float) for value in (H, b, weight))
    if not np.all(weight >= 0):
        raise InputError("weight must not be negative", f"weight = {weight}")
    if not np.all(np.einsum("...ii->...i", H) > 0):
        raise InputError(
            "the diagonal of H must be positive", "a column of zeros, or not finite", "leave that column out"
        )
    shape = np.broadcast_shapes(H.shape[:-2], b.shape[:-1], weight.shape)
    x = np.zeros((*shape, b.shape[-1])) if start is None else np.array(np.broadcast_to(start, (*shape, b.shape[-1])))
    scale = np.max(np.abs(b))
    for near in COMES_NEAR:
        x = _active_sets(H, b, weight, _descend(H, b, weight, x, near))
        if np.max(lasso_violation(H, b, weight, x), initial=0.0) <= EXACT * scale:
            break
    return x


def lasso_violation(H: np.ndarray, b: np.ndarray, weight: np.ndarray | float, x: np.ndarray) -> np.ndarray:
    """How far x is from optimal: the largest of `|∇f| − weight` off the support and `|∇f + weight sign x|` on it.

    **Arguments:**

    - `H`: shape `(…, n, n)`.
    - `b`: shape `(…, n)`.
    - `weight`: not negative, scalar or one for each program.
    - `x`: the candidate, shape `(…, n)`.

    **Returns:** one number ≥ 0 for each program, 0 at the minimum.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import lasso_violation
        >>> [float(lasso_violation(np.eye(1), np.ones(1), 0.5, np.array([at]))) for at in (0.5, 0.7)]
        [0.0, 0.19999999999999996]
    """
    slope = np.einsum("...ij,...j->...i", H, x) - b
    weight = np.asarray(weight)[..., None]
    off = np.where(x == 0, np.maximum(np.abs(slope) - weight, 0), np.abs(slope + weight * np.sign(x)))
    return np.asarray(np.max(off, axis=-1))


def on_support(H: np.ndarray, b: np.ndarray, weight: float, x: np.ndarray) -> np.ndarray:
    """The stationary point with the support and the signs of x; of weight 0, least squares there.

    **Arguments:**

    - `H`: shape `(n, n)`, regular on the support of x.
    - `b`: shape `(n,)`.
    - `weight`: of `‖x‖₁`.
    - `x`: gives the support and the signs, shape `(n,)`.

    **Returns:** the point, shape `(n,)`, 0 off the support.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import on_support
        >>> on_support(np.eye(2), np.array([1.0, -0.2]), 0.0, np.array([0.5, 0.0])).tolist()
        [1.0, 0.0]
    """
    S, solution = x != 0, np.zeros_like(x)
    solution[S] = np.linalg.solve(H[np.ix_(S, S)], b[S] - weight * np.sign(x[S]))
    return solution


def basis_pursuit(Z: Any, y: ArrayLike) -> np.ndarray:
    """`argmin {‖x‖₁ : Zx = y}`: the support by linear programming in x = p − q, the values by solving on it.

    **Arguments:**

    - `Z`: shape `(d, n)`.
    - `y`: shape `(d,)`.

    **Returns:** `(n,)`.

    **Raises:** `InputError` where no x has `Zx = y`, and where Z is sparse or an operator.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.problems import basis_pursuit
        >>> basis_pursuit(np.array([[1.0, 2.0]]), np.array([1.0])).tolist()
        [0.0, 0.5]
    """
    from scipy.optimize import linprog

    Z, y = as_matrix(Z), np.asarray(y)
    program = linprog(np.ones(2 * Z.shape[1]), A_eq=np.hstack([Z, -Z]), b_eq=y, method="highs")
    if program.x is None:
        raise InputError("no x has Zx = y", f"linprog: {program.message}", "y in the range of Z")
    plus, minus = np.split(program.x, 2)
    rough = plus - minus
    support = np.abs(rough) > 1e-7 * np.max(np.abs(rough), initial=0.0)
    x = np.zeros_like(rough)
    x[support] = np.linalg.lstsq(Z[:, support], y)[0]
    # Where the columns of the support depend on each other, the least squares are another interpolator.
    return x if np.abs(x).sum() <= (1 + 1e-7) * np.abs(rough).sum() else rough


def _descend(H: np.ndarray, b: np.ndarray, weight: np.ndarray, x: np.ndarray, near: float) -> np.ndarray:
    """Coordinate descent, on all programs at once, until no step is larger than `near` of the largest entry."""
    x = x.copy()
    slope = np.einsum("...ij,...j->...i", H, x) - b
    for _ in range(SWEEPS):
        largest = 0.0
        for j in range(b.shape[-1]):
            free = H[..., j, j] * x[..., j] - slope[..., j]
            step = np.sign(free) * np.maximum(np.abs(free) - weight, 0) / H[..., j, j] - x[..., j]
            size = np.max(np.abs(step))
            if size > 0:
                x[..., j] += step
                slope += step[..., None] * H[..., j]
                largest = max(largest, size)
        if largest <= near * np.max(np.abs(x)):
            break
    return x


def _active_sets(H: np.ndarray, b: np.ndarray, weight: np.ndarray, x: np.ndarray) -> np.ndarray:
    n = x.shape[-1]
    parts = (np.broadcast_to(H, (*x.shape, n)), np.broadcast_to(b, x.shape), np.broadcast_to(weight, x.shape[:-1]))
    flat = (part.reshape(-1, *part.shape[x.ndim - 1 :]) for part in (*parts, x))
    return np.stack([_active_set(*program) for program in zip(*flat)]).reshape(x.shape)


def _active_set(H: np.ndarray, b: np.ndarray, weight: float, x: np.ndarray) -> np.ndarray:
    """Drops what changes its sign, adds what violates its bound the most, until nothing does."""
    solution = x
    for _ in range(len(b)):
        try:
            solution = on_support(H, b, weight, x)
        except np.linalg.LinAlgError:  # more columns than rows: descent comes nearer
            return x
        turned = np.sign(solution) != np.sign(x)
        if np.any(turned):
            x = np.where(turned, 0.0, x)
            continue
        slope = H @ solution - b
        excess = np.where(x == 0, np.abs(slope) - weight, 0.0)
        if np.max(excess) <= 1e-12 * np.max(np.abs(b)):
            break
        x = solution.copy()
        x[np.argmax(excess)] = -np.sign(slope[np.argmax(excess)])
    return solution
