"""Position, type and range of a derived potential, whose φ is followed along lines."""

from typing import final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._compile import quick_jit
from .._types import as_array
from ..potentials import DerivedPotential
from ._measure import AbstractMeasure, axis, local_exponent, typical

_HALF = np.concatenate([np.linspace(0, 4, 25), np.geomspace(4.5, 1e2, 8)])
TRIALS = np.concatenate([_HALF, -_HALF[1:]])
"""The μ_i tried where μ = 0 does not exist any more."""
SEARCH_STEPS = 300


@final
class BySolves(AbstractMeasure[DerivedPotential]):
    """A point of R_a is an ODE; so is a whole line of points, whose end is a singularity that stops the solver."""

    def shape(self, a, unit, shown, scale):
        position, distance, exponent, ends = _shape(self.potential, a, unit, shown)
        if not np.all(np.isfinite(np.asarray(position))):
            ends = self.dual_range(a, shown, scale)
        return position, distance, exponent, ends

    def dual_range(self, a, shown, scale):
        return np.asarray(_searched(self.potential, scale * jnp.asarray(TRIALS), a, shown))

    def section(self, i, a, distance):
        return _section(self.potential, i, a, distance)

    def horizon(self, limit):
        return float(_decay_reach(self.potential, as_array(limit)))


@quick_jit
def _shape(potential: DerivedPotential, a, unit, shown: int):
    """All from φ(0, a): three solves to compile, where one each took twelve."""
    w, _ = potential.flow_map(jnp.zeros(potential.n), a)
    distance = unit * typical(potential._gram(potential.w0))
    index = jnp.arange(shown)
    exponent = jax.lax.map(
        lambda i: local_exponent(distance, *potential.profile(w, axis(potential.n, i), distance)), index
    )
    return potential.param.g(w), distance, exponent, jax.lax.map(lambda i: _ends(potential, w, i), index)


def _ends(potential: DerivedPotential, w, i) -> Float[Array, " 2"]:
    signs = jnp.array([-1.0, 1.0])
    return signs * jax.lax.map(lambda sign: potential.reach(w, sign * axis(potential.n, i)), signs)


@quick_jit
def _searched(potential: DerivedPotential, trials, a, shown: int) -> Float[Array, "k 2"]:
    def one(i):
        def search(carry):
            k, _, _ = carry
            # Most trials fail, and a failure takes every step it is given.
            w, _ = potential.flow_map(trials[k + 1] * axis(potential.n, i), a, SEARCH_STEPS)
            return k + 1, jnp.all(jnp.isfinite(potential.param.g(w))), w

        start = (jnp.asarray(-1), jnp.asarray(False), potential.w0)
        k, found, w = jax.lax.while_loop(lambda c: ~c[1] & (c[0] < trials.size - 1), search, start)
        return jnp.where(found, trials[k] + _ends(potential, w, i), jnp.nan)

    return jax.lax.map(one, jnp.arange(shown))


@quick_jit
def _section(potential: DerivedPotential, i, a, distance):
    signs, e = jnp.array([-1.0, 1.0]), axis(potential.n, i)
    w, _ = potential.flow_map(jnp.zeros(potential.n), a)
    sides = jax.lax.map(lambda sign: potential.profile(w, sign * e, distance)[1], signs)
    return potential.param.g(w), jnp.where(jnp.isfinite(sides) & (sides > 0), sides, jnp.nan)


@quick_jit
def _decay_reach(potential: DerivedPotential, limit):
    return potential.decay_reach(limit)
