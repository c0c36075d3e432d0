"""The three effects of decay on a potential: position, type, range."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from .._modes import modes_of_ours
from ..potentials import AbstractPotential, DerivedPotential
from ._by_formula import ByFormula
from ._by_solves import BySolves
from ._measure import AbstractMeasure

SHOWN = 8
"""Coordinates whose range and type are measured; more would only cost time."""


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
    unit = jnp.asarray(np.geomspace(1e-6, 1e4, 61))
    shape = measure_of(potential).shape(jnp.asarray(a, dtype=float), unit, min(potential.n, SHOWN), scale)
    position, distance, exponent, ends = map(np.asarray, shape)
    return Effects(a, position, ends, distance, exponent, np.array([_turn(distance, row) for row in exponent]))


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
    return measure_of(potential).dual_range(jnp.asarray(a, dtype=float), min(potential.n, SHOWN), scale)


def _turn(distance: np.ndarray, exponent: np.ndarray) -> float:
    below = np.flatnonzero((exponent[1:] <= 1.5) & (exponent[:-1] > 1.5))
    if not below.size:
        return float("nan")
    i = int(below[0])
    share = (exponent[i] - 1.5) / (exponent[i] - exponent[i + 1])
    return float(distance[i] * (distance[i + 1] / distance[i]) ** share)


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
    position, rise = measure_of(potential).section(jnp.asarray(i), jnp.asarray(a, dtype=float), distance)
    center, rise, steps = float(position[i]), np.asarray(rise), np.asarray(distance)
    x = center + np.concatenate([-steps[::-1], [0.0], steps])
    return Section(x, np.concatenate([rise[0][::-1], [0.0], rise[1]]), center)


@modes_of_ours()
def horizon(potential: AbstractPotential, limit: float = 64.0) -> float:
    """The dose at which decay alone (μ = 0) leaves the range.

    **Arguments:**

    - `potential`: R.
    - `limit`: the largest dose tried.

    **Returns:** the dose; inf if 0 is still in the range at `limit`.

    **Reference:** `flow`, the range effect.
    """
    return measure_of(potential).horizon(limit)


def measure_of(potential: AbstractPotential) -> AbstractMeasure:
    """How this potential is measured."""
    return BySolves(potential) if isinstance(potential, DerivedPotential) else ByFormula(potential)
