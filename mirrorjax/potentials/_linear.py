"""The potential of x = Gw."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Number, Vector, as_array
from ._base import AbstractPotential


class LinearPotential(AbstractPotential):
    """`R_a(x) = ½ (x − x_a)ᵀ (G Gᵀ)⁻¹ (x − x_a) − ½ ‖w₀ + a b‖²`, `x_a = G (w₀ + a b)`.

    `φ = w₀ + Gᵀμ + a b` and `Q = ½ ‖φ‖²`. The dose moves the minimum and leaves the shape alone.

    **Arguments:**

    - `G`: the matrix of `x = G w`, of rank n, shape `(n, D)`.
    - `b`: the regularizer `h = b·w`, shape `(D,)`.
    - `w0`: the start, shape `(D,)`.

    **Reference:** `flow` Theorem 3.1, for linear g and h.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import LinearPotential
        >>> R = LinearPotential(G=2 * jnp.eye(1), b=jnp.ones(1), w0=jnp.ones(1))
        >>> R.dual_grad(jnp.array([0.5]), -1.0).tolist()
        [2.0]
    """

    G: Float[Array, "n D"] = eqx.field(converter=as_array)
    b: Float[Array, " D"] = eqx.field(converter=as_array)
    w0: Float[Array, " D"] = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.G.shape[0]

    def flow_map(self, mu: Vector, a: Number) -> Float[Array, " D"]:
        """`φ(μ, a) = w₀ + Gᵀμ + a b`.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** w, shape `(D,)`.
        """
        return self.w0 + self.G.T @ mu + a * self.b

    def dual_value(self, mu, a):
        return 0.5 * jnp.sum(self.flow_map(mu, a) ** 2)

    def dual_grad(self, mu, a):
        return self.G @ self.flow_map(mu, a)

    def grad(self, x, a):
        return jnp.linalg.solve(self.G @ self.G.T, x - self.argmin(a))

    def value(self, x, a):
        centre = self.w0 + a * self.b
        return 0.5 * (self.grad(x, a) @ (x - self.argmin(a)) - centre @ centre)

    def excess(self, x, a):
        return jnp.linalg.solve(self.G @ self.G.T, x) @ (0.5 * x - self.argmin(a))

    def bregman(self, x, z, a):
        return 0.5 * (x - z) @ jnp.linalg.solve(self.G @ self.G.T, x - z)

    def argmin(self, a):
        return self.G @ (self.w0 + a * self.b)

    def hessian(self, x, a):
        return jnp.linalg.inv(self.G @ self.G.T)

    def hessian_solve(self, x, v, a):
        return self.G @ (self.G.T @ v)

    def domain(self, a):
        return jnp.full(self.n, -jnp.inf), jnp.full(self.n, jnp.inf)

    def dual_domain(self, a):
        return self.domain(a)
