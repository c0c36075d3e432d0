"""The derivative of a limit: of the equations that it solves, not of the iteration that solved them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._types import Scalar, Vector, is_traced
from ..potentials import AbstractPotential
from ..problems import LinearRegression
from ._dual import FLAT, metric


def values_of(tree: Any) -> Any:
    """The tree without derivatives. Under `grad` alone its leaves are numbers, inside `jit` and `vmap` still tracers.

    Numbers are needed on the host to decide a rank and a start.
    """
    return jax.tree.map(lambda leaf: jax.lax.stop_gradient(leaf) if is_traced(leaf) else leaf, tree)


@quick_jit
def with_derivative(
    x: Float[Array, "k n"],
    mu: Float[Array, "k n"],
    rows: Float[Array, "r n"],
    target: Float[Array, " r"],
    combine: Float[Array, "r d"],
    problem: LinearRegression,
    potential: AbstractPotential,
    a: Float[Array, " k"],
) -> tuple[Float[Array, "k n"], Float[Array, "k n"]]:
    """x and μ at every a, unchanged, with their derivative in the problem, the potential and a.

    `rows` and `target` are those that Newton solved, `combine` times Z and y. Combinations held fixed have the same
    solutions as Z moves, so that no derivative of a singular value decomposition is needed.
    """
    nu = mu @ rows.T  # orthonormal rows
    moved = rows + combine @ _beside(problem.Z), target + combine @ _beside(problem.y)
    return jax.vmap(lambda *found, a: _solution(found, *moved, potential, a)[:2])(x, mu, nu, a=a)


def _beside(value: Array) -> Array:
    """0, with the derivative of the value."""
    return value - jax.lax.stop_gradient(value)


@eqx.filter_custom_jvp
def _solution(
    found: tuple[Vector, Vector, Float[Array, " r"]],
    rows: Float[Array, "r n"],
    target: Float[Array, " r"],
    potential: AbstractPotential,
    a: Scalar,
) -> tuple[Vector, Vector, Float[Array, " r"]]:
    """`found` = (x, μ, ν) with `μ = rowsᵀν`, `x = ∇Q_a(μ)` and `rows x = target`."""
    return found


@_solution.def_jvp
def _(primals, tangents):
    _, rows, _, potential, a = primals
    # Not `found` itself, which has no derivative: the second derivative needs that of x, μ and ν here.
    x, mu, nu = _solution(*primals)

    def at_this_nu(rows, target, potential, a):
        mu = rows.T @ nu
        x = potential.dual_grad(mu, a)
        return x, mu, rows @ x - target

    moved, turned = eqx.filter_jvp(at_this_nu, primals[1:], tangents[1:])
    dx, dmu, gap = (jnp.zeros_like(m) if t is None else t for m, t in zip(moved, turned))
    curved = metric(potential, mu, a, rows)
    dnu = _solved(rows @ curved.T, -gap)
    return (x, mu, nu), (dx + curved.T @ dnu, dmu + rows.T @ dnu, dnu)


def _solved(H: Float[Array, "r r"], gap: Float[Array, " r"]) -> Float[Array, " r"]:
    """`H⁻¹ gap`, and 0 along the axes that are flat.

    Divided by FLAT there, as Newton does, round-off leaves 8e-4 of noise in ∂x/∂y, and divided by what `eigh` finds
    there, 30. Not differentiated through `eigh`, whose derivative is NaN where two curvatures are equal, as at a large
    scale all are.
    """

    def solve(_, gap):
        curvatures, axes = jnp.linalg.eigh(H)
        flat = curvatures <= FLAT * curvatures[-1]
        return axes @ jnp.where(flat, 0.0, (axes.T @ gap) / jnp.where(flat, 1.0, curvatures))

    return jax.lax.custom_linear_solve(lambda v: H @ v, gap, solve, symmetric=True)
