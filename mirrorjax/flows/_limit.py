"""The limit of a flow in regression, without integrating to t = ∞."""

import functools
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from .._errors import InputError
from .._types import Scalar, Vector, as_array, is_traced
from ..potentials import AbstractPotential
from ..problems import LinearRegression

STAGES_PER_DOSE = 8
MAX_NEWTON = 60
KKT_TOLERANCE = 1e-9
FLAT = 1e-13
"""Curvatures of the dual below this share of the largest are round-off: what they ask of ν no digit of x shows."""
CHUNK = 16
"""Stages per compiled scan: with one scan over all of them, every other dose compiled anew (1.2 s)."""
STARTS = tuple(np.arange(0.0, 801.0, 4.0).tolist())
"""Where the continuation may begin: a > 0 enlarges the scale, c = 1e-120 at a = 0 begins at a = 68, 1e-1300 at 750.

No further apart: a scale of 1e20 makes the rounding of s a start 1e4 away, which Newton does not undo.
"""


class Limit(eqx.Module):
    """`x = argmin {R_a(x) : Zx = y}` with its certificate.

    `mu = ∇R_a(x)` lies in the row space of Z by construction, so `residual`,
    `‖Zx − y‖ / ‖y‖` in whitened rows, is the whole of the KKT residual (not divided where y = 0).
    """

    x: Vector
    mu: Vector
    a: Scalar
    residual: Scalar
    iterations: Int[Array, ""]

    @property
    def ok(self) -> Array:
        """Whether the KKT residual is below 1e-9."""
        return self.residual <= KKT_TOLERANCE


def limit(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`x_∞ = argmin {R_a(x) : Zx = y}`, the limit of every flow with final `a_∞ = a`.

    Damped Newton on the dual, `min_ν Q_a(Zᵀν) − yᵀν`, continued from a = 0 in steps of an eighth
    of a unit of dose: started directly at a small scale c, exponentials of size 1/c defeat it. Where
    the scale is small at a = 0 already, the continuation begins at a positive a.

    **Arguments:** `a = −A(∞) ≤ 0`.

    **Raises:** `InputError` where no x solves Zx = y. A failed iteration is not raised: see
    `Limit.ok` and `Limit.residual`.

    **Holds when:** the fields commute, ∫α converges and the flow interpolates.

    **Reference:** `mask` Theorem 3.3 (α = 0: Theorem 2.4).

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=1e-3))
        >>> [round(float(x), 2) for x in mj.limit(problem, R, -10.0).x]
        [0.5, 0.0]
    """
    path = limit_path(problem, potential, np.asarray(a, dtype=float)[None])
    return jax.tree.map(lambda leaf: leaf.reshape(leaf.shape[1:]), path)


def limit_path(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`limit` at every entry of `a` (decreasing, ≤ 0) in one continuation; leaves have a leading axis.

    !!! example
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> problem = mj.problems.LinearRegression(jnp.array([[2.0, 1.0]]), jnp.array([1.0]))
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift(jnp.zeros(2), scale=100.0))
        >>> path = mj.limit_path(problem, R, jnp.array([0.0, -5.0]))
        >>> [[round(float(x), 2) for x in row] for row in path.x]  # from the least ℓ₂ to the least ℓ₁ norm
        [[0.4, 0.2], [0.5, 0.0]]
    """
    wanted = np.asarray(a, dtype=float)
    if wanted.ndim != 1 or not np.all(np.isfinite(wanted)) or np.any(np.diff(wanted) > 0):
        raise InputError("a must be finite and decreasing", f"a = {wanted}", "a = −A(∞)")
    whitened = problem.whitened()
    grid, keep = _stages(_start(whitened, potential), wanted)
    nu, parts = jnp.zeros(whitened.d), []
    for chunk in grid.reshape(-1, CHUNK):
        nu, path = _continuation(whitened, potential, as_array(chunk), nu)
        parts.append(path)
    return jax.tree.map(lambda *leaves: _joined(leaves, keep), *parts)


def _start(problem: LinearRegression, potential: AbstractPotential) -> float:
    """The first a at which Newton converges from ν = 0; 0 where it does at none."""
    for start in STARTS:
        _, path = _continuation(problem, potential, jnp.full(CHUNK, start), jnp.zeros(problem.d))
        if is_traced(path.residual):
            return 0.0
        if bool(path.ok[0]):
            return start
    return 0.0


def _joined(parts: tuple[Array, ...], keep: np.ndarray) -> Array:
    """The kept rows of all chunks; by NumPy where possible, which compiles nothing."""
    if is_traced(*parts):
        return jnp.concatenate(parts)[keep]
    return jnp.asarray(np.concatenate([np.asarray(part) for part in parts])[keep])


def _stages(start: float, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of a to pass through, and which of them were asked for."""
    stops = np.concatenate([[start], wanted])
    stages = [
        np.linspace(p, q, 1 + max(1, int(np.ceil(STAGES_PER_DOSE * abs(q - p)))))[1:]
        for p, q in itertools.pairwise(stops)
    ]
    grid = np.concatenate([[start], *stages])
    padded = np.concatenate([grid, np.full(-len(grid) % CHUNK, grid[-1])])
    return padded, np.cumsum([len(stage) for stage in stages])


@eqx.filter_jit
def _continuation(
    problem: LinearRegression, potential: AbstractPotential, grid: Float[Array, " k"], nu: Float[Array, " d"]
) -> tuple[Array, Limit]:
    rows = problem.Z / problem.d**0.5
    target = problem.y / problem.d**0.5
    return jax.lax.scan(functools.partial(_stage, rows, target, potential), nu, grid)


def _stage(rows, target, potential, nu, a) -> tuple[Array, Limit]:
    """Newton at one a, from the solution at the last one."""
    size_of_target = jnp.linalg.norm(target)
    size_of_target = jnp.where(size_of_target > 0, size_of_target, 1.0)

    def gap(nu):
        return rows @ potential.dual_grad(rows.T @ nu, a) - target

    def body(carry):
        nu, size, _, k = carry
        x = potential.dual_grad(rows.T @ nu, a)
        metric = jax.vmap(lambda row: potential.hessian_solve(x, row, a))(rows)
        # Fewer than d active coordinates make the system singular to all digits, and Cholesky's answer NaN.
        curvatures, axes = jnp.linalg.eigh(rows @ metric.T)
        step = axes @ ((axes.T @ -gap(nu)) / jnp.maximum(curvatures, FLAT * curvatures[-1]))
        # Halving until the residual falls; the full Newton step overshoots where Q is exponential.
        trials = nu + step * 0.5 ** jnp.arange(20.0)[:, None]
        sizes = jax.vmap(lambda trial: jnp.linalg.norm(gap(trial)))(trials)
        best = jnp.argmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))
        return trials[best], sizes[best], size, k + 1

    def unfinished(carry):
        # Quadratic convergence ends at round-off, whose level depends on c: stop when no step gains.
        _, size, previous, k = carry
        stalled = (size > 0.5 * previous) & (size <= 1e-11 * size_of_target)
        return (k < MAX_NEWTON) & (size > 0) & ~stalled

    start = (nu, jnp.linalg.norm(gap(nu)), as_array(jnp.inf), jnp.zeros((), int))
    nu, size, _, k = jax.lax.while_loop(unfinished, body, start)
    mu = rows.T @ nu
    x = potential.dual_grad(mu, a)
    return nu, Limit(x, mu, a, size / size_of_target, k)
