"""The three effects of decay on a potential: position, type, range."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import as_array
from ..potentials import AbstractPotential, DerivedPotential

SHOWN = 8
"""Coordinates whose range and type are measured; more would only cost time."""


@dataclasses.dataclass(frozen=True)
class Effects:
    """What decay has done to the potential by `a = −A`.

    `position`: argmin R_a (n,), NaN where 0 is outside the range. `range`: ends of the existing μ
    along each of the first coordinates, (k, 2), ±inf where unbounded. `type`: for distances from
    the minimum `distance` (j,), the local exponent `(x − x*)·R'/(R − min R)`, (k, j): 2 for a
    parabola, 1 for |x|. `turn`: the distance at which it is 1.5, (k,), NaN where it never is.
    """

    a: float
    position: np.ndarray
    range: np.ndarray
    distance: np.ndarray
    exponent: np.ndarray
    turn: np.ndarray


def effects(potential: AbstractPotential, a: float, scale: float = 1.0) -> Effects:
    """Measures position, range and type of `R_a`; `scale` is the size of μ to begin the search at."""
    level = jnp.asarray(a, dtype=float)
    position = np.asarray(potential.argmin(level))
    shown = min(potential.n, SHOWN)
    ends = dual_range(potential, a, scale)
    distance = np.geomspace(1e-3, 1e4, 43) * max(1e-300, _typical(potential))
    if np.all(np.isfinite(position)):
        exponent = np.asarray(_exponents(potential, jnp.asarray(position), level, jnp.asarray(distance), shown))
    else:
        exponent = np.full((shown, distance.size), np.nan)
    return Effects(a, position, ends, distance, exponent, np.array([_turn(distance, row) for row in exponent]))


def _typical(potential: AbstractPotential) -> float:
    x0 = potential.argmin(jnp.zeros(()))
    curvature = 1 / jnp.diag(_dense(potential.hessian(x0, jnp.zeros(()))))
    return float(jnp.median(curvature))


def _dense(hessian: Array) -> Array:
    return jnp.diag(hessian) if hessian.ndim == 1 else hessian


@eqx.filter_jit
def _exponents(potential: AbstractPotential, position, a, distance, shown: int) -> Float[Array, "k j"]:
    """`d ⟨∇R, e_i⟩ / (R − min R)` at `x* + d e_i`. Where x leaves the domain: NaN."""

    def along(i):
        e = _axis(potential.n, i, jnp.ones(()))
        if isinstance(potential, DerivedPotential):
            slope, rise = potential.profile(e, distance, a)
        else:
            slope = jax.lax.map(lambda d: potential.grad(position + d * e, a)[i], distance)
            rise = jax.lax.map(lambda d: potential.bregman(position + d * e, position, a), distance)
        ratio = distance * slope / rise
        return jnp.where(jnp.isfinite(ratio), ratio, jnp.nan)

    return jax.lax.map(along, jnp.arange(shown))


def _turn(distance: np.ndarray, exponent: np.ndarray) -> float:
    below = np.flatnonzero((exponent[1:] <= 1.5) & (exponent[:-1] > 1.5))
    if not below.size:
        return float("nan")
    i = int(below[0])
    share = (exponent[i] - 1.5) / (exponent[i] - exponent[i + 1])
    return float(distance[i] * (distance[i + 1] / distance[i]) ** share)


def dual_range(potential: AbstractPotential, a: float, scale: float = 1.0) -> np.ndarray:
    """Ends of the μ_i for which φ(μ_i e_i, a) exists, for the first coordinates; NaN where none does.

    Asked of the potential where it knows, else followed from an existing μ_i outwards to the
    singularity. Where μ = 0 does not exist any more, one that does is looked for on a grid.
    """
    shown, level = min(potential.n, SHOWN), jnp.asarray(a, dtype=float)
    if not isinstance(potential, DerivedPotential):
        low, high = (np.asarray(end)[:shown, None] for end in potential.dual_domain(level))
        return np.where(low < high, np.hstack([low, high]), np.nan)
    half = np.concatenate([np.linspace(0, 4, 25), np.geomspace(4.5, 1e2, 8)])
    trials = scale * np.concatenate([half, -half[1:]])
    return np.asarray(_ranges(potential, jnp.asarray(trials), level, shown))


@eqx.filter_jit
def _ranges(potential: DerivedPotential, trials, a, shown: int) -> Float[Array, "k 2"]:
    def one(i):
        def exists(value):
            return jnp.all(jnp.isfinite(potential.dual_grad(_axis(potential.n, i, value), a)))

        def search(carry):
            k, _ = carry
            return k + 1, exists(trials[k + 1])

        at_zero = exists(trials[0])
        k, found = jax.lax.while_loop(lambda c: ~c[1] & (c[0] < trials.size - 1), search, (0, at_zero))
        start, unit = _axis(potential.n, i, trials[k]), _axis(potential.n, i, jnp.ones(()))
        high, low = potential.reach(start, unit, a), potential.reach(start, -unit, a)
        ends = jnp.stack([trials[k] - low, trials[k] + high])
        return jnp.where(found, ends, jnp.nan)

    return jax.lax.map(one, jnp.arange(shown))


def _axis(n: int, i, value) -> Float[Array, " n"]:
    return jnp.zeros(n).at[i].set(value)


def horizon(potential: AbstractPotential, limit: float = 64.0) -> float:
    """The dose at which decay alone (μ = 0) leaves the range; inf if not before `limit`."""
    if isinstance(potential, DerivedPotential):
        return float(_decay_reach(potential, as_array(limit)))
    inside, outside = 0.0, limit
    if _contains_zero(potential, limit):
        return float("inf")
    while outside - inside > 1e-12 * limit:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if _contains_zero(potential, middle) else (inside, middle)
    return inside


def _contains_zero(potential: AbstractPotential, dose: float) -> bool:
    low, high = (np.asarray(end) for end in potential.dual_domain(as_array(-dose)))
    return bool(np.all((low < 0) & (high > 0)))


@eqx.filter_jit
def _decay_reach(potential: DerivedPotential, limit):
    return potential.decay_reach(limit)
