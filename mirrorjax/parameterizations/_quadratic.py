"""Quadratic forms of one weight vector."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import Scalar, State, Vector, as_array
from ._base import AbstractParameterization, shape_of
from ._commutator import check_symmetric, largest_commutator


class Quadratic(AbstractParameterization):
    """`g_i = ½ wᵀA_i w`, `h = ½ wᵀB w`; the state is w, shape `(D,)`, or `(D, r)` for r columns summed over.

    Commutes iff all of A_i and B do: `commutator` measures it. Those that do not are the negative examples, and are not
    refused. `B ⪰ 0` makes the regularizer contracting.

    **Arguments:**

    - `A`: symmetric matrices, shape `(n, D, D)`.
    - `B`: a symmetric matrix, shape `(D, D)`.

    **Raises:** `InputError` for shapes that do not fit and for matrices that are not finite and symmetric.

    **Reference:** `flow` Theorem 3.3.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Quadratic
        >>> A = jnp.array([[[0.0, 1.0], [1.0, 0.0]]])  # g = w₁w₂, Hadamard's
        >>> Quadratic(A, 2 * jnp.eye(2)).g(jnp.array([2.0, 3.0])).tolist()
        [6.0]
    """

    A: Float[Array, "n D D"] = eqx.field(converter=as_array)
    B: Float[Array, "D D"] = eqx.field(converter=as_array)

    def __check_init__(self):
        if self.A.ndim != 3 or self.A.shape[0] == 0 or self.B.shape != self.A.shape[1:]:
            raise InputError(
                "A must be (n, D, D) and B (D, D)", f"A has shape {self.A.shape}, B has shape {self.B.shape}"
            )
        check_symmetric("A", self.A)
        check_symmetric("B", self.B[None])

    @property
    def degree(self) -> int:
        """g is homogeneous of degree 2."""
        return 2

    @property
    def commutator(self) -> Scalar:
        """The largest relative commutator norm among A_i and B, scalar: 0 (to round-off) iff they commute."""
        return largest_commutator(jnp.concatenate([self.A, self.B[None]]))

    def check_state(self, w: State) -> None:
        if getattr(w, "ndim", None) not in (1, 2) or w.shape[0] != self.A.shape[1]:
            raise InputError("w0 must have D rows, shape (D,) or (D, r)", f"{shape_of(w)}, A {self.A.shape}")

    def g(self, w: Float[Array, " D"] | Float[Array, "D r"]) -> Vector:
        return 0.5 * jnp.sum(w * (self.A @ w), axis=tuple(range(1, w.ndim + 1)))

    def h(self, w: Float[Array, " D"] | Float[Array, "D r"]) -> Scalar:
        return 0.5 * jnp.sum(w * (self.B @ w))
