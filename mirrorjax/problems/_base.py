"""What a flow descends on."""

import abc
from typing import ClassVar

import jax

from .._compile import AbstractHostCompiled
from .._types import Number, Scalar, Vector


class AbstractProblem(AbstractHostCompiled):
    """A loss `f(x, t)` of the effective parameter x ∈ Rⁿ; it may depend on time."""

    host_compiled: ClassVar = ("loss", "grad")

    @property
    @abc.abstractmethod
    def n(self) -> int:
        """The number of effective parameters."""

    @abc.abstractmethod
    def loss(self, x: Vector, t: Number = 0.0) -> Scalar:
        """`f(x, t)`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `t`: the flow's time, scalar; most losses do not depend on it.

        **Returns:** scalar.
        """

    def grad(self, x: Vector, t: Number = 0.0) -> Vector:
        """`∇ₓ f(x, t)`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `t`: the flow's time, scalar.

        **Returns:** the gradient, shape `(n,)`.
        """
        return jax.grad(self.loss)(x, t)
