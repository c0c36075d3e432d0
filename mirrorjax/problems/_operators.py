"""The matrix of a regression that is no array: sparse, or known by its products alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import as_array


def is_operator(Z: Any) -> bool:
    """Whether Z is an operator of lineax. By its methods: to import lineax takes a third of a second."""
    return hasattr(Z, "mv") and hasattr(Z, "in_structure") and hasattr(Z, "out_structure")


def is_sparse(Z: Any) -> bool:
    """Whether Z is sparse, of jax or of SciPy."""
    return hasattr(Z, "todense")


def as_rows(Z: Any) -> Any:
    """Z as a regression keeps it: an array as `as_array` makes it, a sparse one as `BCOO`, an operator as it is.

    **Raises:** `InputError` for an operator of anything but vectors, and for a sparse Z with batches of rows.
    """
    if isinstance(Z, jax.Array | np.ndarray):
        return as_array(Z)
    if is_operator(Z):
        sizes = [
            jax.tree.map(lambda part: part.shape, structure) for structure in (Z.out_structure(), Z.in_structure())
        ]
        if not all(isinstance(size, tuple) and len(size) == 1 for size in sizes):
            raise InputError("the operator Z must map a vector to a vector", f"{sizes[1]} to {sizes[0]}")
        return Z
    if is_sparse(Z):
        return _as_bcoo(Z)
    return as_array(Z)


def _as_bcoo(Z: Any) -> Any:
    from jax.experimental import sparse  # takes long to import

    if hasattr(Z, "tocoo"):
        Z = Z.tocoo()
        if Z.ndim == 2:
            return sparse.BCOO(
                (as_array(Z.data), jnp.stack([jnp.asarray(Z.row), jnp.asarray(Z.col)], 1)), shape=Z.shape
            )
    elif isinstance(Z, sparse.BCSR):
        Z = Z.to_bcoo()
    if not isinstance(Z, sparse.BCOO) or Z.ndim != 2 or Z.n_batch or Z.n_dense:
        raise InputError("a sparse Z must be a matrix without batches", f"{type(Z).__name__} {Z.shape}", "BCOO")
    flags = {"indices_sorted": Z.indices_sorted, "unique_indices": Z.unique_indices}
    return sparse.BCOO((as_array(Z.data), Z.indices), shape=Z.shape, **flags)


def shape_of(Z: Any) -> tuple[int, ...]:
    """`(d, n)`."""
    return (*Z.out_structure().shape, *Z.in_structure().shape) if is_operator(Z) else Z.shape


def apply(Z: Any, x: Float[Array, " n"]) -> Float[Array, " d"]:
    """Zx."""
    return Z.mv(x) if is_operator(Z) else Z @ x


def pull(Z: Any, r: Float[Array, " d"]) -> Float[Array, " n"]:
    """Zᵀr."""
    return Z.T.mv(r) if is_operator(Z) else Z.T @ r


def dense(Z: Any) -> Float[Array, "d n"]:
    """Z as an array; of an operator by d products, row by row."""
    if is_operator(Z):
        # Not by `vmap`, which holds all that the products need d times.
        return jax.lax.map(lambda unit: pull(Z, unit), jnp.eye(shape_of(Z)[0]))
    return Z.todense() if is_sparse(Z) else Z


def as_matrix(Z: Any) -> np.ndarray:
    """For functions that need the entries: `InputError` where Z is no array."""
    if is_operator(Z) or is_sparse(Z):
        raise InputError(f"this needs Z as an array, got {type(Z).__name__}", "", "LinearRegression(Z, y).as_dense().Z")
    return np.asarray(Z)
