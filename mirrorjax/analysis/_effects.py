"""The three effects of decay on a potential: position, type, range."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._modes import modes_of_ours
from .._types import as_array
from ..potentials import AbstractPotential, DerivedPotential

SHOWN = 8
"""Coordinates whose range and type are measured; more would only cost time."""
_HALF = np.concatenate([np.linspace(0, 4, 25), np.geomspace(4.5, 1e2, 8)])
TRIALS = np.concatenate([_HALF, -_HALF[1:]])
"""The μ_i tried where μ = 0 does not exist any more."""
SEARCH_STEPS = 300


@dataclasses.dataclass(frozen=True)
class Effects:
    """What decay has done to the potential by `a = −A`; k coordinates are measured, at most the first 8.

    **Fields:**

    - `a`: `−∫α`.
    - `position`: argmin R_a, shape `(n,)`; NaN where 0 is outside the range.
    - `range`: ends of the existing μ_i, the other μ_j at 0, shape `(k, 2)`; ±inf where unbounded.
    - `distance`: distances from the minimum along a coordinate, shape `(j,)`.
    - `exponent`: the local exponent `(x − x*)·R'/(R − min R)` there, shape `(k, j)`: 2 for a parabola, 1 for |x|.
    - `turn`: the distance at which it is 1.5, shape `(k,)`; NaN where it never is.

    **Reference:** `flow`, the effects of position, type and range.
    """

    a: float
    position: np.ndarray
    range: np.ndarray
    distance: np.ndarray
    exponent: np.ndarray
    turn: np.ndarray


@modes_of_ours()
def effects(potential: AbstractPotential, a: float, scale: float = 1.0) -> Effects:
    """Measures position, range and type of `R_a`.

    **Arguments:**

    - `potential`: R.
    - `a`: `−∫α`.
    - `scale`: the size of μ at which the search begins where μ = 0 does not exist.

    **Returns:** the `Effects`.

    **Reference:** `flow`, the effects of position, type and range.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> from mirrorjax.analysis import effects
        >>> from mirrorjax import potential_of
        >>> from mirrorjax.parameterizations import LogRatio
        >>> found = effects(potential_of(LogRatio(), jnp.array([[2.0], [3.0]])), -0.5)
        >>> found.range.round(9).tolist()
        [[-1.5, 4.0]]
    """
    level = jnp.asarray(a, dtype=float)
    shown = min(potential.n, SHOWN)
    unit = jnp.asarray(np.geomspace(1e-6, 1e4, 61))
    if isinstance(potential, DerivedPotential):
        position, distance, exponent, ends = _derived(potential, level, unit, shown)
        if not np.all(np.isfinite(np.asarray(position))):
            ends = _searched(potential, scale * jnp.asarray(TRIALS), level, shown)
    else:
        position, distance, exponent = _closed(potential, level, unit, shown)
        ends = dual_range(potential, a, scale)
    rows = np.asarray(exponent)
    distance = np.asarray(distance)
    return Effects(
        a, np.asarray(position), np.asarray(ends), distance, rows, np.array([_turn(distance, row) for row in rows])
    )


def dual_range(potential: AbstractPotential, a: float, scale: float = 1.0) -> np.ndarray:
    """The ends of the μ_i for which φ(μ_i e_i, a) exists, for the first 8 coordinates.

    All other μ_j are 0: where the pair is separable that is the range of coordinate i, provided the others still exist
    at 0; elsewhere it is a section of it. A closed potential answers by `dual_domain`. Of a derived one φ is followed
    from an existing μ_i outwards to the singularity. Where μ = 0 does not exist any more, one that does is looked for
    on a grid.

    **Arguments:**

    - `potential`: R.
    - `a`: `−∫α`.
    - `scale`: the unit of that grid.

    **Returns:** lower and upper ends, shape `(k, 2)`; NaN where no μ_i exists.

    **Reference:** `flow`, the range effect.
    """
    shown, level = min(potential.n, SHOWN), jnp.asarray(a, dtype=float)
    if not isinstance(potential, DerivedPotential):
        low, high = (np.asarray(end)[:shown, None] for end in potential.dual_domain(level))
        return np.where(low < high, np.hstack([low, high]), np.nan)
    return np.asarray(_searched(potential, scale * jnp.asarray(TRIALS), level, shown))


@quick_jit
def _derived(potential: DerivedPotential, a, unit, shown: int):
    """Position, distances, exponents and ranges from φ(0, a): three solves to compile, where one each took twelve."""
    w, _ = potential.flow_map(jnp.zeros(potential.n), a)
    distance = unit * _typical(potential._gram(potential.w0))
    index = jnp.arange(shown)
    exponent = jax.lax.map(lambda i: _ratio(distance, *potential.profile(w, _axis(potential.n, i), distance)), index)
    return potential.param.g(w), distance, exponent, jax.lax.map(lambda i: _ends(potential, w, i), index)


def _ends(potential: DerivedPotential, w, i) -> Float[Array, " 2"]:
    signs = jnp.array([-1.0, 1.0])
    return signs * jax.lax.map(lambda sign: potential.reach(w, sign * _axis(potential.n, i)), signs)


@quick_jit
def _searched(potential: DerivedPotential, trials, a, shown: int) -> Float[Array, "k 2"]:
    def one(i):
        def search(carry):
            k, _, _ = carry
            # Most trials fail, and a failure takes every step it is given.
            w, _ = potential.flow_map(trials[k + 1] * _axis(potential.n, i), a, SEARCH_STEPS)
            return k + 1, jnp.all(jnp.isfinite(potential.param.g(w))), w

        start = (jnp.asarray(-1), jnp.asarray(False), potential.w0)
        k, found, w = jax.lax.while_loop(lambda c: ~c[1] & (c[0] < trials.size - 1), search, start)
        return jnp.where(found, trials[k] + _ends(potential, w, i), jnp.nan)

    return jax.lax.map(one, jnp.arange(shown))


@quick_jit
def _closed(potential: AbstractPotential, a, unit, shown: int):
    zero = jnp.zeros(())
    metric = potential.hessian(potential.argmin(zero), zero)
    distance = unit * _typical(1 / metric if metric.ndim == 1 else jnp.linalg.inv(metric))
    position = potential.argmin(a)
    start = potential.grad(position, a)

    def along(i):
        e = _axis(potential.n, i)
        slope = jax.lax.map(lambda d: (potential.grad(position + d * e, a) - start)[i], distance)
        rise = jax.lax.map(lambda d: potential.bregman(position + d * e, position, a), distance)
        return _ratio(distance, slope, rise)

    return position, distance, jax.lax.map(along, jnp.arange(shown))


def _ratio(distance, slope, rise) -> Float[Array, " j"]:
    """The local exponent; NaN where x leaves the domain."""
    ratio = distance * slope / rise
    return jnp.where(jnp.isfinite(ratio), ratio, jnp.nan)


def _typical(gram: Array) -> Array:
    """A distance over which the start is curved: the middle entry of the metric."""
    curvature = gram if gram.ndim == 1 else 1 / jnp.diag(jnp.linalg.inv(gram))
    return jnp.maximum(jnp.median(curvature), jnp.finfo(gram.dtype).tiny)


def _turn(distance: np.ndarray, exponent: np.ndarray) -> float:
    below = np.flatnonzero((exponent[1:] <= 1.5) & (exponent[:-1] > 1.5))
    if not below.size:
        return float("nan")
    i = int(below[0])
    share = (exponent[i] - 1.5) / (exponent[i] - exponent[i + 1])
    return float(distance[i] * (distance[i + 1] / distance[i]) ** share)


def _axis(n: int, i) -> Float[Array, " n"]:
    return jnp.zeros(n).at[i].set(1.0)


@dataclasses.dataclass(frozen=True)
class Section:
    """`R_a − min R_a` along coordinate i through its minimum.

    **Fields:**

    - `x`: x_i, shape `(2k+1,)`.
    - `rise`: `R_a − min R_a` there, shape `(2k+1,)`; NaN outside the domain.
    - `minimum`: x_i at the minimum.
    """

    x: np.ndarray
    rise: np.ndarray
    minimum: float


def section(potential: AbstractPotential, i: int, a: float, span: float, points: int = 60) -> Section:
    """R_a along coordinate i, to either side of its minimum.

    **Arguments:**

    - `potential`: R.
    - `i`: the coordinate.
    - `a`: `−∫α`.
    - `span`: how far to either side, in units of x.
    - `points`: k, how many on either side.

    **Returns:** the `Section`.
    """
    distance = jnp.linspace(span / points, span, points)
    position, rise = _section(potential, jnp.asarray(i), jnp.asarray(a, dtype=float), distance)
    center, rise, steps = float(position[i]), np.asarray(rise), np.asarray(distance)
    x = center + np.concatenate([-steps[::-1], [0.0], steps])
    return Section(x, np.concatenate([rise[0][::-1], [0.0], rise[1]]), center)


@quick_jit
def _section(potential: AbstractPotential, i, a, distance):
    signs = jnp.array([-1.0, 1.0])
    e = _axis(potential.n, i)
    if isinstance(potential, DerivedPotential):
        w, _ = potential.flow_map(jnp.zeros(potential.n), a)
        sides = jax.lax.map(lambda sign: potential.profile(w, sign * e, distance)[1], signs)
        return potential.param.g(w), jnp.where(jnp.isfinite(sides) & (sides > 0), sides, jnp.nan)
    position = potential.argmin(a)
    sides = jax.lax.map(
        lambda sign: jax.lax.map(lambda d: potential.bregman(position + sign * d * e, position, a), distance), signs
    )
    return position, sides


@modes_of_ours()
def horizon(potential: AbstractPotential, limit: float = 64.0) -> float:
    """The dose at which decay alone (μ = 0) leaves the range.

    **Arguments:**

    - `potential`: R.
    - `limit`: the largest dose tried.

    **Returns:** the dose; inf if 0 is still in the range at `limit`.

    **Reference:** `flow`, the range effect.
    """
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


@quick_jit
def _decay_reach(potential: DerivedPotential, limit):
    return potential.decay_reach(limit)
