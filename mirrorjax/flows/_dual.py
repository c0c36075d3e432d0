"""The curvature of the dual, `min_ν Q_a(Zᵀν) − yᵀν`, for Newton's steps and for the derivative of the limit."""

import jax
from jaxtyping import Array, Float

from .._types import Scalar, Vector
from ..potentials import AbstractPotential

FLAT = 1e-13
"""Curvatures of the dual below this share of the largest are round-off: ν may move along them without a trace in x."""


def metric(potential: AbstractPotential, mu: Vector, a: Scalar, rows: Float[Array, "r n"]) -> Float[Array, "r n"]:
    """`∇²_μQ` times every row."""
    if potential.closed:
        x = potential.dual_grad(mu, a)
        return jax.vmap(lambda row: potential.hessian_solve(x, row, a))(rows)
    # hessian_solve begins at x and would solve for μ again: seven ODEs instead of one.
    return jax.vmap(lambda row: jax.jvp(lambda mu: potential.dual_grad(mu, a), (mu,), (row,))[1])(rows)
