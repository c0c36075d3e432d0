"""Newton on the dual in strides of one length, where Z, y and the potential are numbers."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._thresholds import KKT_TOLERANCE
from .._types import Scalar, as_array, is_traced
from ..potentials import AbstractPotential
from ..problems import LinearRegression
from ._certificate import Asked, Limit
from ._dual import FLAT, metric

STAGES_PER_DOSE = 8
MAX_NEWTON = 60
INSIDE = 0.9
"""A step goes at most this share of the way to the end of ran ∇R_a, where the solution of a small start lies."""
CHUNK = 16
"""Stages per compiled scan: with one scan over all of them, every other dose compiled anew (1.2 s)."""
STARTS = tuple(np.arange(0.0, 801.0, 4.0).tolist())
"""Where the continuation may begin: a > 0 enlarges the scale, c = 1e-120 at a = 0 begins at a = 68, 1e-1300 at 750.

Not further apart than 4: at a scale of 1e20 the rounding of s puts the start 1e4 away, and Newton does not converge.
"""


def asked_of(problem: LinearRegression) -> Asked:
    rows, target = problem.orthonormal()
    rows, target = jax.device_put((rows, target))
    return Asked(rows, target, problem.Z, problem.y)


def followed(asked: Asked, potential: AbstractPotential, wanted: np.ndarray) -> Limit:
    """The limits at the wanted levels, each from the last."""
    grid, keep = _stages(_start(asked, potential), wanted)
    nu, parts = np.zeros(asked.target.size), []
    for chunk in grid.reshape(-1, CHUNK):
        nu, path = _continuation(asked, potential, chunk, nu)
        parts.append(path)
    return jax.tree.map(lambda *leaves: joined(leaves, keep), *parts)


def _start(asked: Asked, potential: AbstractPotential) -> float:
    """The first a at which Newton converges from ν = 0; 0 where it does at none."""
    for start in STARTS:
        _, path = _continuation(asked, potential, np.full(CHUNK, start), np.zeros(asked.target.size))
        if is_traced(path.residual):
            return 0.0
        if _solved(asked, np.asarray(path.x)[0]):
            return start
    return 0.0


def _solved(asked: Asked, x: np.ndarray) -> bool:
    """Whether the whitened equations are solved; the user's own may contradict each other, whatever the start."""
    target = np.asarray(asked.target)
    if not np.all(np.isfinite(x)):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.linalg.norm(np.asarray(asked.rows) @ x - target)
    return bool(left <= KKT_TOLERANCE * (np.linalg.norm(target) or np.max(np.abs(x))))


def joined(parts: tuple[Array, ...], keep: np.ndarray) -> Array | np.ndarray:
    """The kept rows of all chunks; by NumPy where possible, which compiles nothing."""
    if is_traced(*parts):
        return jnp.concatenate(parts)[keep]
    return np.concatenate([np.asarray(part) for part in parts])[keep]


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


@quick_jit
def _continuation(
    asked: Asked, potential: AbstractPotential, grid: Float[Array, " k"], nu: Float[Array, " r"]
) -> tuple[Array, Limit]:
    return jax.lax.scan(functools.partial(_stage, asked, potential), nu, grid)


def _stage(asked: Asked, potential: AbstractPotential, nu, a) -> tuple[Array, Limit]:
    """Newton at one a, from the solution at the last one."""
    rows = asked.rows
    argmin = potential.argmin(a)
    low, high = potential.dual_domain(a)
    size_of_target = asked.size(argmin, argmin)

    def room(mu, dmu) -> Scalar:
        """How much of the step stays inside the range of ∇R_a; NaN ends are unknown and bound nothing."""
        ahead = jnp.where(dmu > 0, high - mu, mu - low)
        share = INSIDE * ahead / jnp.where(dmu == 0, 1.0, jnp.abs(dmu))
        return jnp.minimum(1.0, jnp.nanmin(jnp.where((dmu == 0) | jnp.isnan(share), 1.0, share)))

    def gap(nu):
        return rows @ potential.dual_grad(rows.T @ nu, a) - asked.target

    def body(carry):
        nu, size, _, k = carry
        mu = rows.T @ nu
        # Fewer than r active coordinates make the system singular to all digits, and Cholesky's answer NaN.
        curvatures, axes = jnp.linalg.eigh(rows @ metric(potential, mu, a, rows).T)
        step = axes @ ((axes.T @ -gap(nu)) / jnp.maximum(curvatures, FLAT * curvatures[-1]))
        # Halving until the residual falls; the full Newton step overshoots where Q is exponential.
        trials = nu + step * room(mu, rows.T @ step) * 0.5 ** jnp.arange(20.0)[:, None]
        sizes = jax.vmap(lambda trial: jnp.linalg.norm(gap(trial)))(trials)
        best = jnp.argmin(jnp.where(jnp.isfinite(sizes), sizes, jnp.inf))
        # Where no trial is finite the iteration ends at the last finite ν: its residual says more than NaN.
        return jnp.where(jnp.isfinite(sizes[best]), trials[best], nu), sizes[best], size, k + 1

    def unfinished(carry):
        # Quadratic convergence ends at round-off, whose level depends on c: stop when no step gains.
        _, size, previous, k = carry
        stalled = (size > 0.5 * previous) & (size <= 1e-11 * size_of_target)
        return (k < MAX_NEWTON) & (size > 0) & ~stalled

    mu = rows.T @ nu
    left = jnp.any((mu <= low) | (mu >= high))  # the range shrinks with the dose
    nu = jnp.where(left, room(jnp.zeros_like(mu), mu), 1.0) * nu
    start = (nu, jnp.linalg.norm(gap(nu)), as_array(jnp.inf), jnp.zeros((), int))
    nu, _, _, k = jax.lax.while_loop(unfinished, body, start)
    mu = rows.T @ nu
    x = potential.dual_grad(mu, a)
    return nu, Limit(x, mu, a, asked.missed(x, argmin), k)
