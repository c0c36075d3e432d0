"""Several families as one parameterization: one compiled solve for all of them."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._types import Scalar, Vector
from ._base import AbstractParameterization


class SideBySide(AbstractParameterization):
    """x is the x of every part, one after the other; the state is the tuple of their states.

    Gradient flow acts on each part as if the others were not there, apart from what they share: f
    and α. Tracing a solve costs a second however small it is, so six families are compared in one.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Hadamard, SideBySide, SquaredDifference
        >>> both = SideBySide((Hadamard(), SquaredDifference()))
        >>> w = jnp.array([[2.0], [3.0]])
        >>> both.g((w, w)).tolist(), both.slices((w, w))
        ([6.0, -5.0], [slice(0, 1, None), slice(1, 2, None)])
    """

    parts: tuple[AbstractParameterization, ...]

    def g(self, w: tuple[Array, ...]) -> Vector:
        return jnp.concatenate([part.g(v) for part, v in zip(self.parts, w)])

    def h(self, w: tuple[Array, ...]) -> Scalar:
        return sum((part.h(v) for part, v in zip(self.parts, w)), start=jnp.zeros(()))

    def slices(self, w: tuple[Array, ...]) -> list[slice]:
        """Where in x each part is."""
        ends = np.cumsum([0, *(jax.eval_shape(part.g, v).shape[0] for part, v in zip(self.parts, w))])
        return [slice(int(a), int(b)) for a, b in itertools.pairwise(ends)]
