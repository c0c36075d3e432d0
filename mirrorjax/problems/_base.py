"""What a flow descends on."""

import abc

import equinox as eqx
import jax

from .._types import Scalar, Vector


class AbstractProblem(eqx.Module):
    """A loss `f(x, t)` of the effective parameter x ∈ Rⁿ; it may depend on time."""

    @property
    @abc.abstractmethod
    def n(self) -> int:
        """The number of effective parameters."""

    @abc.abstractmethod
    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        """`f(x, t)`."""

    def grad(self, x: Vector, t: Scalar | float = 0.0) -> Vector:
        """`∇ₓ f(x, t)`."""
        return jax.grad(self.loss)(x, t)
