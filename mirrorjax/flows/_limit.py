"""The limit of a flow in regression, without integrating to t = ∞."""

import contextlib
import functools
import itertools
from typing import Any

import equinox as eqx
import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from .._compile import quick_jit
from .._display import html_of
from .._errors import InputError
from .._modes import modes_of_ours
from .._thresholds import KKT_TOLERANCE
from .._types import ArrayLike, Scalar, Vector, as_array, is_known, is_traced
from ..potentials import AbstractPotential, WithoutDecay
from ..problems import LinearRegression
from ._dual import FLAT, metric
from ._implicit import values_of, with_derivative

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


class Limit(eqx.Module):
    """`x = argmin {R_a(x) : Zx = y}` with its certificate. Leaves of a path have a leading axis of k.

    `mu = ∇R_a(x)` lies in the row space of Z by construction, so that what is left of Zx = y is the whole of the KKT
    residual.

    **Fields:**

    - `x`: the limit, shape `(n,)` or `(k, n)`.
    - `mu`: `∇R_a(x)`, shape `(n,)` or `(k, n)`.
    - `a`: `−∫α`, scalar or `(k,)`.
    - `residual`: scalar or `(k,)`: the largest of `|z_i x − y_i| / max(|y_i|, Σ_j |z_ij x_j|)` over all rows of Z as
      they were given, and of `‖Zx − y‖ / ‖y‖` in whitened rows, which sees what nearly equal rows hide. Where y is 0, x
      counts for no less than argmin R_a does.
    - `iterations`: Newton steps of the last stage, scalar or `(k,)`.

    **Reference:** `mask` Theorem 3.3 (α = 0: Theorem 2.4).
    """

    x: Float[Array, "*levels n"]
    mu: Float[Array, "*levels n"]
    a: Float[Array, "*levels"]
    residual: Float[Array, "*levels"]
    iterations: Int[Array, "*levels"]

    @property
    def ok(self) -> Array:
        """Whether the KKT residual is at most 1e-9, scalar or `(k,)`."""
        return self.residual <= KKT_TOLERANCE

    def __repr__(self) -> str:
        if not is_known(self.x, self.a, self.residual, self.iterations) or self.x.ndim not in (1, 2) or not self.x.size:
            return super().__repr__()
        residual = np.atleast_1d(np.asarray(self.residual))
        sure = int(np.sum(np.asarray(self.ok)))
        levels, norms = (_ends(part) for part in (self.a, jnp.sum(jnp.abs(self.x), axis=-1)))
        if self.x.ndim == 1:
            head = f"Limit at a = {levels}: {'certified' if sure else 'without a certificate'}"
        else:
            head = f"Limit at {len(residual)} levels, a = {levels}: {sure} certified"
        return (
            f"{head}, KKT residual {np.max(residual):.1e}, tolerance {KKT_TOLERANCE:.0e}\n"
            f"  x {self.x.shape}, ‖x‖₁ = {norms}; Newton steps: {int(np.max(np.asarray(self.iterations)))} at most"
        )

    def _repr_html_(self) -> str:
        return html_of(self)

    def failure(self) -> str:
        """Why there is no certificate, for the first a without one. On the host only.

        **Returns:** a sentence with a, the residual and the Newton steps; empty where every a has its certificate.
        """
        bad = np.flatnonzero(~np.atleast_1d(np.asarray(self.ok)))
        if not bad.size:
            return ""
        numbers = values_of((self.a, self.residual, self.iterations))
        a, residual, steps = (np.atleast_1d(np.asarray(v))[bad[0]] for v in numbers)
        where = f"at a = {a:.6g}, after {steps} Newton steps"
        if not np.isfinite(residual):
            return (
                f"the dual has no finite value {where}: R_a does not exist there, or 0 is not in the range of ∇R_a "
                "and Newton has no start"
            )
        return (
            f"KKT residual {residual:.1e} > {KKT_TOLERANCE:.0e} {where}: no interpolator lies in the domain of R_a, "
            "rows of Z contradict each other by that much, or round-off of the dual allows no less"
        )


def _ends(values: Array) -> str:
    """A number, or the first and the last of several."""
    numbers = np.atleast_1d(np.asarray(values)) + 0.0  # no −0
    return " to ".join(f"{number:.6g}" for number in (numbers if len(numbers) == 1 else numbers[[0, -1]]))


@modes_of_ours()
def limit(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`x_∞ = argmin {R_a(x) : Zx = y}`, the limit of every flow with final `a_∞ = a`.

    Damped Newton on the dual, `min_ν Q_a(Zᵀν) − yᵀν`, continued from a = 0 in steps of an eighth of a unit of dose:
    started directly at a small scale c, it does not converge, because of exponentials of size 1/c. Where the scale is
    small at a = 0 already, the continuation begins at a positive a.

    Where the range of ∇R_a is bounded the solution of a small start lies near its end, and no step
    leaves the range. Where Z is 0 and y too, every x interpolates and the limit is argmin R_a.

    **Arguments:**

    - `problem`: a regression whose loss is least at Zx = y. Of an operator Z the rows are computed, by d products.
    - `potential`: R, of as many coordinates as Z has columns, in the precision of the session.
    - `a`: `−A(∞) ≤ 0`, scalar.

    **Returns:** the `Limit` at a.

    **Raises:** `InputError` where no x solves Zx = y, for a loss that is not least at Zx = y (nothing then says that
    the flow interpolates), for a problem that is no `LinearRegression`, a potential that is none or of another n or
    precision, and for a ≠ 0 where R_0 is all there is. A failed iteration is not raised: see `Limit.ok` and
    `Limit.failure()`.

    **Derivative:** of x and μ in a, Z, y and the leaves of the potential, forward and reverse, of any order. It comes
    from the equations and not from Newton's iteration: `F(ν) = Z∇Q_a(Zᵀν) − y = 0` gives `dν = −(Z∇²QZᵀ)⁻¹ dF` with dF
    at fixed ν, and `x = ∇Q_a(Zᵀν)` moves with ν. It holds where the limit is `ok`. Where rows of Z are dependent it is
    right in directions in which they stay dependent and consistent; in other directions no x, or fewer, interpolate.
    Where fewer coordinates than rows are larger than round-off (curvatures below 1e-13 of the largest), x has a kink in
    y to all digits: the derivative is right along the columns of those coordinates, and 0 in what leaves their span. A
    derived potential has none in w₀, and no second one by reverse mode twice. Inside `jit`, Z, y and a must be numbers,
    and the continuation begins at a = 0: at a tiny scale there is no certificate.

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
        >>> import jax
        >>> slope = jax.grad(lambda a: mj.limit(problem, R, a).x[1])(-0.1)  # that entry falls to 0 with a
        >>> round(float(slope), 2)
        0.03
    """
    at = jnp.asarray(a)[None] if is_traced(a) else np.asarray(a, dtype=float)[None]
    path = limit_path(problem, potential, at)
    return jax.tree.map(lambda leaf: leaf[0] if is_traced(leaf) else jnp.asarray(np.asarray(leaf)[0]), path)


@modes_of_ours()
def limit_path(problem: LinearRegression, potential: AbstractPotential, a: ArrayLike) -> Limit:
    """`limit` at every entry of `a` in one continuation. Differentiable as `limit` is.

    **Arguments:**

    - `problem`: as of `limit`.
    - `potential`: as of `limit`.
    - `a`: values `−A(∞) ≤ 0`, decreasing, shape `(k,)`.

    **Returns:** the `Limit`, its leaves with a leading axis of k.

    **Raises:** `InputError` as `limit`, and for an `a` that is not a vector of finite, decreasing numbers.

    **Reference:** `mask` Theorem 3.3.

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
    wanted = np.asarray(values_of(a), dtype=float)
    if wanted.ndim != 1 or not np.all(np.isfinite(wanted)) or np.any(np.diff(wanted) > 0):
        raise InputError("a must be finite and decreasing", f"a = {wanted}", "a = −A(∞)")
    problem = problem.as_dense() if isinstance(problem, LinearRegression) else problem
    fixed_problem, fixed_potential = values_of((problem, potential))
    _refuse(fixed_problem, fixed_potential, wanted, bool(np.any(wanted != 0)) or is_traced(a))
    levels = as_array(a if is_traced(a) else wanted)
    with _apart(fixed_problem):
        asked = _asked(fixed_problem)
    if not asked.target.size:
        return jax.vmap(functools.partial(_unconstrained, potential))(levels)
    with _apart(fixed_problem, fixed_potential):
        path = _followed(asked, fixed_potential, wanted)
    if not is_traced(problem, potential, a):
        return path
    combine = as_array(fixed_problem.whitening())
    x, mu = with_derivative(path.x, path.mu, asked.rows, asked.target, combine, problem, potential, levels)
    return Limit(x, mu, levels, path.residual, path.iterations)


def _apart(*values: Any) -> contextlib.AbstractContextManager:
    """Where the values are numbers, a context outside of any derivative: the same compiled programs, the same bits."""
    return contextlib.nullcontext() if is_traced(*values) else jax.core.eval_context()


def _asked(problem: LinearRegression) -> "_Asked":
    whitened = problem.whitened()
    root = max(whitened.d, 1) ** 0.5
    rows, target = (as_array(np.asarray(part) / root) for part in (whitened.Z, whitened.y))
    return _Asked(rows, target, problem.Z, problem.y)


def _followed(asked: "_Asked", potential: AbstractPotential, wanted: np.ndarray) -> Limit:
    """The limits at the wanted levels, each from the last."""
    grid, keep = _stages(_start(asked, potential), wanted)
    nu, parts = np.zeros(asked.target.size), []
    for chunk in grid.reshape(-1, CHUNK):
        nu, path = _continuation(asked, potential, chunk, nu)
        parts.append(path)
    return jax.tree.map(lambda *leaves: _joined(leaves, keep), *parts)


def _refuse(problem: LinearRegression, potential: AbstractPotential, wanted: np.ndarray, decays: bool) -> None:
    """Raises for what has no limit of this form; `decays` where a is not 0, or a derivative in a is asked for."""
    if not isinstance(problem, LinearRegression):
        raise InputError(
            "limit is about interpolators of a linear regression", f"got {type(problem).__name__}",
            "problems.LinearRegression(Z, y, loss), or integrate to a large t",
        )  # fmt: skip
    if not isinstance(potential, AbstractPotential):
        raise InputError("potential must be a potential", f"got {type(potential).__name__}", "potential_of(param, w0)")
    if potential.n != problem.n:
        raise InputError("Z and the potential differ in n", f"Z {problem.Z.shape}, potential n = {potential.n}")
    narrow = {str(leaf.dtype) for leaf in jax.tree.leaves(potential) if eqx.is_inexact_array(leaf)}
    if narrow - {str(jnp.zeros(()).dtype)}:
        raise InputError(
            f"the potential holds {', '.join(sorted(narrow))}: the limit would be off by as much as they are rounded",
            "", "make it from float64 numbers",
        )  # fmt: skip
    if isinstance(potential, WithoutDecay) and decays:
        raise InputError(
            "R_a exists for a = 0 alone: plain decay of this g does not commute", f"a = {wanted}",
            "rescaled_potential_of(param, w0), whose limit it is",
        )  # fmt: skip


def _unconstrained(potential: AbstractPotential, a: Scalar) -> Limit:
    """argmin R_a."""
    x = potential.argmin(a)
    missed = jnp.where(jnp.all(jnp.isfinite(x)), 0.0, jnp.nan)
    return Limit(x, jnp.zeros(potential.n), a, missed, jnp.zeros((), int))


class _Asked(eqx.Module):
    """The equations for x: with orthonormal rows, which Newton solves, and as the user gave them."""

    rows: Float[Array, "r n"]
    target: Float[Array, " r"]
    Z: Float[Array, "d n"]
    y: Float[Array, " d"]

    def size(self, x: Vector, start: Vector) -> Scalar:
        """What the whitened residual is relative to; `start` is argmin R_a."""
        size = jnp.linalg.norm(self.target)
        return jnp.where(size > 0, size, jnp.linalg.norm(jnp.abs(self.rows) @ _larger(x, start)))

    def missed(self, x: Vector, start: Vector) -> Scalar:
        """The largest residual of all rows, each relative to its own size."""
        terms = jnp.abs(self.Z) @ jnp.abs(x)
        own = jnp.where(self.y == 0, jnp.abs(self.Z) @ _larger(x, start), jnp.maximum(jnp.abs(self.y), terms))
        whole = jnp.linalg.norm(self.rows @ x - self.target)
        residuals = jnp.append(jnp.abs(self.Z @ x - self.y), whole)
        sizes = jnp.append(own, self.size(x, start))
        return jnp.max(jnp.where(residuals == 0, 0.0, residuals / sizes))


def _larger(x: Vector, start: Vector) -> Vector:
    """Entrywise the larger size; `start` is NaN where R_a has no minimum."""
    return jnp.fmax(jnp.abs(x), jnp.abs(start))


def _start(asked: _Asked, potential: AbstractPotential) -> float:
    """The first a at which Newton converges from ν = 0; 0 where it does at none."""
    for start in STARTS:
        _, path = _continuation(asked, potential, np.full(CHUNK, start), np.zeros(asked.target.size))
        if is_traced(path.residual):
            return 0.0
        if _solved(asked, np.asarray(path.x)[0]):
            return start
    return 0.0


def _solved(asked: _Asked, x: np.ndarray) -> bool:
    """Whether the whitened equations are solved; the user's own may contradict each other, whatever the start."""
    target = np.asarray(asked.target)
    if not np.all(np.isfinite(x)):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        left = np.linalg.norm(np.asarray(asked.rows) @ x - target)
    return bool(left <= KKT_TOLERANCE * (np.linalg.norm(target) or np.max(np.abs(x))))


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


@quick_jit
def _continuation(
    asked: _Asked, potential: AbstractPotential, grid: Float[Array, " k"], nu: Float[Array, " r"]
) -> tuple[Array, Limit]:
    return jax.lax.scan(functools.partial(_stage, asked, potential), nu, grid)


def _stage(asked: _Asked, potential: AbstractPotential, nu, a) -> tuple[Array, Limit]:
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
