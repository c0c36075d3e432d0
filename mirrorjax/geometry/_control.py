"""Steering w by chosen controls: the black-box test of commutation."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Scalar, State, Vector
from ..parameterizations import AbstractParameterization


class ControlledFlow(eqx.Module):
    """`dw/dt = Σ_i v_i(t) ∇g_i + b(t) ∇h` on t ∈ [0, 2]: one control on [0, 1), another on [1, 2].

    Where the fields commute, w(2) depends on the integrals of the controls alone, not on their
    order. Exchanging `first` and `second` is therefore a test that knows nothing of brackets.

    **Arguments:** `first`, `second`: pairs (v (n,), b ()).
    """

    param: AbstractParameterization
    first: tuple[Float[Array, " n"], Float[Array, ""]]
    second: tuple[Float[Array, " n"], Float[Array, ""]]

    def __call__(self, t: Scalar, w: State, args: None = None) -> State:
        v = jnp.where(t < 1, self.first[0], self.second[0])
        b = jnp.where(t < 1, self.first[1], self.second[1])
        _, pull = jax.vjp(self.param.g, w)
        return jax.tree.map(lambda p, q: p + b * q, pull(v)[0], jax.grad(self.param.h)(w))

    def swapped(self) -> "ControlledFlow":
        """The same integrals in the other order."""
        return ControlledFlow(self.param, self.second, self.first)

    def effective(self, t: Scalar, w: State) -> Vector:
        """`x = g(w)`."""
        return self.param.g(w)
