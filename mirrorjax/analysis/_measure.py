"""What is measured of a potential, whichever way."""

import abc
import dataclasses
from typing import Any, Generic, TypeVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._types import Scalar, Vector
from ..potentials import AbstractPotential

R = TypeVar("R", bound=AbstractPotential)


@dataclasses.dataclass(frozen=True)
class AbstractMeasure(abc.ABC, Generic[R]):
    """Position, type and range of R_a; k coordinates are measured, at j distances from the minimum."""

    potential: R

    @abc.abstractmethod
    def shape(self, a: Scalar, unit: Float[Array, " j"], shown: int, scale: float) -> tuple[Any, ...]:
        """argmin R_a `(n,)`, distances `(j,)`, local exponents `(k, j)`, and `dual_range`."""

    @abc.abstractmethod
    def dual_range(self, a: Scalar, shown: int, scale: float) -> np.ndarray:
        """Ends of the μ_i, `(k, 2)`; NaN where no μ_i exists."""

    @abc.abstractmethod
    def section(self, i: Array, a: Scalar, distance: Float[Array, " j"]) -> tuple[Vector, Float[Array, "2 j"]]:
        """argmin R_a, and `R_a − min R_a` to either side of it along coordinate i; NaN outside of the domain."""

    @abc.abstractmethod
    def horizon(self, limit: float) -> float:
        """The dose at which decay alone leaves the range; inf if 0 is still in it at `limit`."""


def local_exponent(distance, slope, rise) -> Float[Array, " j"]:
    """The local exponent; NaN where x leaves the domain."""
    ratio = distance * slope / rise
    return jnp.where(jnp.isfinite(ratio), ratio, jnp.nan)


def typical(gram: Array) -> Array:
    """A distance over which the start is curved: the middle entry of the metric."""
    curvature = gram if gram.ndim == 1 else 1 / jnp.diag(jnp.linalg.inv(gram))
    return jnp.maximum(jnp.median(curvature), jnp.finfo(gram.dtype).tiny)


def axis(n: int, i) -> Float[Array, " n"]:
    """The unit vector of coordinate i."""
    return jnp.zeros(n).at[i].set(1.0)
