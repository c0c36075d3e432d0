"""Any g and h."""

from collections.abc import Callable

import equinox as eqx

from .._types import Scalar, State, Vector
from ._base import AbstractParameterization


class Custom(AbstractParameterization):
    """`x = g(w)` with `h(w)` from two functions of the user; the state is any pytree.

    Give module-level functions: a lambda made anew on every call is compiled anew on every call.

    **Arguments:**

    - `g`: from w to x, shape `(n,)`; differentiable by jax.
    - `h`: from w to a scalar; differentiable by jax.

    **Fields:**

    - `g_function`, `h_function`: the two functions.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.parameterizations import Custom
        >>> def g(w): return w**3
        >>> def h(w): return jnp.sum(w**2)
        >>> Custom(g, h).g(jnp.array([2.0])).tolist()
        [8.0]
    """

    g_function: Callable[[State], Vector] = eqx.field(static=True)
    h_function: Callable[[State], Scalar] = eqx.field(static=True)

    def __init__(self, g: Callable[[State], Vector], h: Callable[[State], Scalar]):
        self.g_function, self.h_function = g, h

    @property
    def degree(self) -> None:
        """None: the degree of g is not declared."""
        return None

    def g(self, w: State) -> Vector:
        return self.g_function(w)

    def h(self, w: State) -> Scalar:
        return self.h_function(w)
