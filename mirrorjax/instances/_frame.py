"""Matrices that stay diagonal in one frame: U diag(σ) Vᵀ."""

from collections.abc import Callable

import numpy as np

from ..flows import Trajectory


def orthonormal(rng: np.random.Generator, n: int, r: int) -> np.ndarray:
    """Random orthonormal columns (n, r)."""
    return np.linalg.qr(rng.standard_normal((n, r)))[0]


def in_frame(U: np.ndarray, V: np.ndarray) -> Callable[[Trajectory], np.ndarray]:
    """`U diag(σ) Vᵀ`, row by row, at every time of a flow of σ."""
    return lambda path: np.einsum("ik,tk,jk->tij", U, np.asarray(path.x), V).reshape(len(path.ts), -1)
