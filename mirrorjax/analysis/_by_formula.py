"""Position, type and range of a potential that has formulas."""

from typing import final

import jax
import jax.numpy as jnp
import numpy as np

from .._compile import quick_jit
from .._types import as_array
from ..potentials import AbstractPotential
from ._measure import AbstractMeasure, axis, local_exponent, typical


@final
class ByFormula(AbstractMeasure[AbstractPotential]):
    """Asks the maps of the potential at each point; the range is what `dual_domain` says."""

    def shape(self, a, unit, shown, scale):
        return *_shape(self.potential, a, unit, shown), self.dual_range(a, shown, scale)

    def dual_range(self, a, shown, scale):
        low, high = (np.asarray(end)[:shown, None] for end in self.potential.dual_domain(a))
        return np.where(low < high, np.hstack([low, high]), np.nan)

    def section(self, i, a, distance):
        return _section(self.potential, i, a, distance)

    def horizon(self, limit):
        inside, outside = 0.0, limit
        if self._contains_zero(limit):
            return float("inf")
        while outside - inside > 1e-12 * limit:
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if self._contains_zero(middle) else (inside, middle)
        return inside

    def _contains_zero(self, dose: float) -> bool:
        low, high = (np.asarray(end) for end in self.potential.dual_domain(as_array(-dose)))
        return bool(np.all((low < 0) & (high > 0)))


@quick_jit
def _shape(potential: AbstractPotential, a, unit, shown: int):
    zero = jnp.zeros(())
    metric = potential.hessian(potential.argmin(zero), zero)
    distance = unit * typical(1 / metric if metric.ndim == 1 else jnp.linalg.inv(metric))
    position = potential.argmin(a)
    start = potential.grad(position, a)

    def along(i):
        e = axis(potential.n, i)
        slope = jax.lax.map(lambda d: (potential.grad(position + d * e, a) - start)[i], distance)
        rise = jax.lax.map(lambda d: potential.bregman(position + d * e, position, a), distance)
        return local_exponent(distance, slope, rise)

    return position, distance, jax.lax.map(along, jnp.arange(shown))


@quick_jit
def _section(potential: AbstractPotential, i, a, distance):
    signs, e, position = jnp.array([-1.0, 1.0]), axis(potential.n, i), potential.argmin(a)
    sides = jax.lax.map(
        lambda sign: jax.lax.map(lambda d: potential.bregman(position + sign * d * e, position, a), distance), signs
    )
    return position, sides
