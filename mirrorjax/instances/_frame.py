"""Matrices that stay diagonal in one frame: U diag(σ) Vᵀ."""

from collections.abc import Callable

import numpy as np

from ..flows import Trajectory


def orthonormal(rng: np.random.Generator, n: int, r: int) -> np.ndarray:
    """A random matrix with orthonormal columns.

    **Arguments:**

    - `rng`: the generator of random numbers.
    - `n`, `r`: rows and columns, r ≤ n.

    **Returns:** shape `(n, r)`.
    """
    return np.linalg.qr(rng.standard_normal((n, r)))[0]


def in_frame(U: np.ndarray, V: np.ndarray) -> Callable[[Trajectory], np.ndarray]:
    """`U diag(σ) Vᵀ`, row by row, at every time of a flow of σ.

    **Arguments:**

    - `U`: shape `(p, n)`.
    - `V`: shape `(q, n)`.

    **Returns:** an `observe` for `FlowRoute`, from a trajectory whose x is σ, shape `(k, n)`, to an array of shape
    `(k, p q)`.
    """
    return lambda path: np.einsum("ik,tk,jk->tij", U, np.asarray(path.x), V).reshape(len(path.ts), -1)
