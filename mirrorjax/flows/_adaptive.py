"""Newton on the dual in strides that adapt, where Z, y, the potential and a are numbers or have no values yet."""

import functools
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Bool, Float, Int

from .._compile import quick_jit
from .._errors import InputError
from .._types import Scalar, Vector, as_array, is_traced
from ..potentials import AbstractPotential
from ..problems import LinearRegression
from ._certificate import Asked, Limit
from ._dual import FLAT, metric
from ._newton import CHUNK, INSIDE, STARTS, asked_of, joined

DEPENDENT = 1e10
"""The inverse of what a smallest singular value of rows of length 1 may be, as where Z has values."""
NEAR = 1e-3
"""The relative residual at which the next level is tried: the tangent corrects that much itself."""
FIRST_STRIDE, LEAST_STRIDE = 0.25, 1e-4
STEPS_PER_STAGE, STEPS_AT_A_LEVEL, TURNS = 10, 60, 3000
TRIALS = np.array([1.0, 0.5, 0.25, 0.0625])
"""Shares of a step, computed at once. A stage that needs smaller ones is left, and begun again from nearer."""


class Equations(eqx.Module):
    """`rows x = target` with orthonormal rows `combine Z`, and whether the rows of Z are independent."""

    asked: Asked
    combine: Float[Array, "r d"]
    independent: Bool[Array, ""]


def equations_of(problem: LinearRegression) -> Equations:
    """By QR where Z is traced: all rows, for a rank cannot be decided there. By `whitening` where Z has values."""
    if not is_traced(problem):
        return Equations(asked_of(problem), as_array(problem.whitening()), jnp.asarray(True))
    _refuse_loss(problem)
    if not is_traced(problem.Z):
        T = problem.whitening()
        rows, combine = as_array(T @ np.asarray(problem.Z)), as_array(T)
        return Equations(Asked(rows, combine @ problem.y, problem.Z, problem.y), combine, jnp.asarray(True))
    if problem.d > problem.n:
        raise InputError("inside jit the rows of Z must be independent", f"Z {problem.Z.shape}", "call it outside jit")
    largest = jnp.max(jnp.abs(problem.Z), axis=1, keepdims=True)  # the square of 1e-170 is 0
    scaled = problem.Z / largest
    length = jnp.linalg.norm(scaled, axis=1, keepdims=True)
    Q, R = jnp.linalg.qr((scaled / length).T)
    inverse = solve_triangular(R, jnp.eye(problem.d), trans="T")
    target = inverse @ (problem.y / largest[:, 0] / length[:, 0])
    combine = inverse / length[:, 0] / largest[:, 0]
    independent = jnp.linalg.norm(inverse) < DEPENDENT  # False for NaN
    return Equations(Asked(Q.T, target, problem.Z, problem.y), combine, independent)


def _refuse_loss(problem: LinearRegression) -> None:
    """As `whitened` does; whether ℓ is least at 0 depends on the number of residuals alone, not on their values."""
    with jax.ensure_compile_time_eval():
        LinearRegression(np.eye(problem.d), np.ones(problem.d), problem.residual_loss).whitened()


class Reached(NamedTuple):
    """A solution at a, with how it moves, and how far to go next; a stride below the least ends the continuation."""

    nu: Float[Array, " r"]
    tangent: Float[Array, " r"]
    a: Scalar
    stride: Scalar


class _Stage(NamedTuple):
    """Newton at a, on the way from `last`."""

    last: Reached
    nu: Float[Array, " r"]
    a: Scalar
    previous: Scalar
    steps: Int[Array, ""]
    turns: Int[Array, ""]
    arrived: Bool[Array, ""]


class _Dual(eqx.Module):
    """`rows ∇Q_a(rowsᵀν) = target`."""

    asked: Asked
    potential: AbstractPotential

    def gap(self, nu, a) -> Array:
        return self.asked.rows @ self.potential.dual_grad(self.asked.rows.T @ nu, a) - self.asked.target

    def size_of_target(self, a) -> Scalar:
        argmin = self.potential.argmin(a)
        return self.asked.size(argmin, argmin)

    def linearized(self, nu, a) -> tuple[Scalar, Array, Array]:
        """The residual, Newton's step and `dν/da`, by one Cholesky factorization.

        Fewer than r active coordinates make H singular to all digits. What is added bounds the curvatures from below as
        the floor on eigenvalues does where Z has values, at an eighth of the time.
        """
        rows = self.asked.rows
        mu = rows.T @ nu
        x, moved = jax.jvp(lambda a: self.potential.dual_grad(mu, a), (a,), (jnp.ones_like(a),))
        gap = rows @ x - self.asked.target
        H = rows @ metric(self.potential, mu, a, rows).T
        factor = jnp.linalg.cholesky(H + FLAT * jnp.trace(H) * jnp.eye(len(nu)), symmetrize_input=False)
        half = solve_triangular(factor, -jnp.stack([gap, rows @ moved], axis=1), lower=True)
        step, tangent = solve_triangular(factor, half, lower=True, trans="T").T
        return jnp.linalg.norm(gap), step, tangent

    def room(self, mu: Vector, dmu: Vector, a) -> Scalar:
        """How much of the step stays inside the range of ∇R_a; NaN ends are unknown and bound nothing."""
        low, high = self.potential.dual_domain(a)
        ahead = jnp.where(dmu > 0, high - mu, mu - low)
        share = INSIDE * ahead / jnp.where(dmu == 0, 1.0, jnp.abs(dmu))
        return jnp.minimum(1.0, jnp.nanmin(jnp.where((dmu == 0) | jnp.isnan(share), 1.0, share)))

    def bounded(self, a) -> Bool[Array, ""]:
        """Whether the range of ∇R_a ends anywhere."""
        return jnp.any(jnp.isfinite(jnp.stack(self.potential.dual_domain(a))))

    def inside(self, nu, a) -> Array:
        """ν, shortened where the range has shrunk past it."""
        low, high = self.potential.dual_domain(a)
        mu = self.asked.rows.T @ nu
        left = jnp.any((mu <= low) | (mu >= high))
        return jnp.where(left, self.room(jnp.zeros_like(mu), mu, a), 1.0) * nu

    def stepped(self, nu, step, a) -> tuple[Array, Scalar]:
        """ν after the best share of the step, and its residual, which is infinite where no share has a finite one."""
        T = self.asked.rows.T
        trials = nu + step * self.room(T @ nu, T @ step, a) * TRIALS[:, None]
        sizes = jax.vmap(lambda trial: jnp.linalg.norm(self.gap(trial, a)))(trials)
        sizes = jnp.where(jnp.isfinite(sizes), sizes, jnp.inf)
        best = jnp.argmin(sizes)
        return jnp.where(jnp.isfinite(sizes[best]), trials[best], nu), sizes[best]


def traced(asked: Asked, potential: AbstractPotential, levels: Float[Array, " k"]) -> Limit:
    """The limits at the levels, each from the last, in strides that grow while Newton needs few steps."""
    dual = _Dual(asked, potential)
    start = _start(dual)
    return jax.tree.map(lambda leaf: leaf[1:], _passed(dual, start, jnp.append(start.a, levels))[1])


def followed(asked: Asked, potential: AbstractPotential, wanted: np.ndarray) -> Limit:
    """`traced` where all are numbers, by chunks: with one scan over all levels, every other number of them would
    compile anew."""
    last, parts = _begun(asked, potential), []
    levels = np.concatenate([[0.0 if is_traced(last.a) else float(last.a)], wanted])
    for chunk in np.pad(levels, (0, -len(levels) % CHUNK), constant_values=np.nan).reshape(-1, CHUNK):
        last, path = _chunk(asked, potential, last, chunk)
        parts.append(path)
    return jax.tree.map(lambda *leaves: joined(leaves, np.arange(1, len(levels))), *parts)


@quick_jit
def _begun(asked: Asked, potential: AbstractPotential) -> Reached:
    return _start(_Dual(asked, potential))


@quick_jit
def _chunk(asked: Asked, potential: AbstractPotential, last: Reached, levels: Array) -> tuple[Reached, Limit]:
    return _passed(_Dual(asked, potential), last, levels)


def _passed(dual: _Dual, last: Reached, levels: Float[Array, " k"]) -> tuple[Reached, Limit]:
    """What was reached last, and the limits at the levels; one that is NaN is passed over."""
    last, (x, mu, residual, steps) = jax.lax.scan(functools.partial(_at_level, dual), last, levels)
    return last, Limit(x, mu, levels, residual, steps)


def _start(dual: _Dual) -> Reached:
    """ν = 0 at the first level of STARTS at which Newton's first step gains; at a = 0 where it gains at none."""
    nu = jnp.zeros_like(dual.asked.target)

    def in_vain(a) -> Bool[Array, ""]:
        size, step, _ = dual.linearized(nu, a)
        return ~((dual.stepped(nu, step, a)[1] <= 0.75 * size) | (size == 0))

    levels = as_array(np.array(STARTS))
    known = jnp.all(jnp.isfinite(dual.asked.target)) & jnp.all(jnp.isfinite(dual.asked.rows))
    k = jax.lax.while_loop(
        lambda k: (k < len(STARTS)) & in_vain(levels[k]), lambda k: k + 1, jnp.where(known, 0, len(STARTS))
    )
    return Reached(nu, jnp.zeros_like(nu), jnp.where(k < len(STARTS), levels[k], 0.0), as_array(FIRST_STRIDE))


def _at_level(dual: _Dual, last: Reached, level: Scalar) -> tuple[Reached, tuple[Vector, Vector, Scalar, Array]]:
    """The solution at the level, and its x, μ, residual and Newton steps.

    One loop over all Newton steps, whatever stage each belongs to: with a loop of stages around a loop of steps, every
    stage of a batch would take as many steps as its slowest member.
    """

    def begun(last: Reached, turns) -> _Stage:
        a = last.a + jnp.clip(level - last.a, -last.stride, last.stride)
        # The end of a bounded range moves more in a stride than the solution's distance from it: no tangent follows.
        ahead = jnp.where(dual.bounded(a), 0.0, a - last.a) * last.tangent
        nu = dual.inside(last.nu + ahead, a)
        return _Stage(last, nu, a, as_array(jnp.inf), jnp.zeros((), int), turns, jnp.asarray(False))

    def turn(stage: _Stage) -> _Stage:
        last, nu, a, previous, steps, turns, _ = stage
        size, step, tangent = dual.linearized(nu, a)
        relative = jnp.where(size == 0, 0.0, size / dual.size_of_target(a))
        stalled = (relative == 0) | ((size > 0.5 * previous) & (relative <= 1e-11))
        near, there = relative <= NEAR, a == level
        arrived = there & (stalled | (near & (steps >= STEPS_AT_A_LEVEL)))
        patient = (a == last.a) | dual.bounded(a)
        in_vain = ~near & (steps >= jnp.where(patient, STEPS_AT_A_LEVEL, STEPS_PER_STAGE))
        lost = in_vain | jnp.isnan(relative)
        better = jnp.where(arrived, nu, dual.stepped(nu, step, a)[0])

        factor = jnp.where(steps <= 3, 2.0, jnp.where(steps <= 6, 1.0, 0.5))
        factor = jnp.where(dual.bounded(a), 1.0, factor)
        reached = Reached(better, tangent, a, last.stride * factor)
        back = last._replace(stride=jnp.abs(a - last.a) / 4)
        onward = near & ~there & ~lost
        next_stage = begun(_chosen(lost, back, reached), turns + 1)
        here = _Stage(_chosen(arrived, reached, last), better, a, size, steps + 1, turns + 1, arrived)
        return _chosen(lost | onward, next_stage, here)

    def unfinished(stage: _Stage) -> Bool[Array, ""]:
        return ~stage.arrived & (stage.turns < TURNS) & (stage.last.stride >= LEAST_STRIDE)

    first = begun(last, jnp.zeros((), int))._replace(arrived=jnp.isnan(level))
    stage = jax.lax.while_loop(unfinished, turn, first)
    mu = dual.asked.rows.T @ stage.nu
    x, argmin = dual.potential.dual_grad(mu, level), dual.potential.argmin(level)
    return stage.last, (x, mu, dual.asked.missed(x, argmin), stage.steps)


def _chosen(condition: Bool[Array, ""], this, other):
    return jax.tree.map(lambda p, q: jnp.where(condition, p, q), this, other)
