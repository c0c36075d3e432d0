"""The user's two functions as a parameterization."""

from collections.abc import Callable

from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization


class Given(AbstractParameterization):
    """`x = g(w)` with `h(w)` from two functions, plain ones or modules with arrays in them.

    Unlike in `Custom` the functions are leaves: arrays inside a module cannot be hashed, and
    modules that differ in their numbers only share one compilation.
    """

    g_function: Callable[[State], Vector]
    h_function: Callable[[State], Scalar]

    def g(self, w: State) -> Vector:
        return self.g_function(w)

    def h(self, w: State) -> Scalar:
        return self.h_function(w)
