"""The hyperbolic entropy, potential of x = m ⊙ w and of x = u² − v²."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Number, Vector, as_array
from ._base import AbstractPotential
from ._scaled import safe_hypot, scaled_asinh, scaled_cosh, scaled_sinh


class HyperbolicEntropy(AbstractPotential):
    r"""`R_a(x) = (1/κ) Σ x asinh(x/c) − √(x²+c²) − s x` with `c = c₀ e^{4a}`.

    Its conjugate is `Q(μ, a) = (1/κ) Σ c cosh(κμ + s)`, so `x = c sinh(κμ + s)`. A parabola around its minimum for |x|
    ≪ c, a multiple of |x| (up to a logarithm) for |x| ≫ c.

    `log c` is carried because c itself underflows: c = 1e-120 is ordinary here.

    **Arguments:**

    - `log_c0`: log c₀, shape `(n,)`.
    - `s`: the shift, log|u₀/v₀|, shape `(n,)`.
    - `kappa`: 2 for m ⊙ w and 4 for u² − v², scalar.
    - `rate`: how fast log c falls with the dose, 4 for `h = m² + w²` and `h = u² + v²`, scalar.

    **Reference:** `mask` Theorem 3.1, with the constants that hold; Ghai et al. call it hypentropy.

    !!! example
        >>> import jax, jax.numpy as jnp
        >>> from mirrorjax.potentials import HyperbolicEntropy
        >>> R = HyperbolicEntropy(log_c0=jnp.log(jnp.array([0.5])), s=jnp.zeros(1), kappa=2.0)
        >>> mu = R.grad(jnp.array([3.0]), 0.0)
        >>> bool(jnp.allclose(R.dual_grad(mu, 0.0), 3.0))
        True
    """

    # Not by `as_array`: numbers in float32, off by 3e-8, would pass for float64, and `limit` refuses them.
    log_c0: Vector = eqx.field(converter=jnp.asarray)
    s: Vector = eqx.field(converter=jnp.asarray)
    kappa: Float[Array, ""] = eqx.field(converter=as_array)
    rate: Float[Array, ""] = eqx.field(converter=as_array, default=4.0)

    @property
    def n(self) -> int:
        return self.log_c0.shape[0]

    def log_c(self, a: Number) -> Vector:
        """`log c_a = log c₀ + 4a`.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** the logarithm of the scale, shape `(n,)`.
        """
        return self.log_c0 + self.rate * a

    def dual_value(self, mu, a):
        return jnp.sum(scaled_cosh(self.kappa * mu + self.s, self.log_c(a))) / self.kappa

    def dual_grad(self, mu, a):
        return scaled_sinh(self.kappa * mu + self.s, self.log_c(a))

    def grad(self, x, a):
        return (scaled_asinh(x, self.log_c(a)) - self.s) / self.kappa

    def value(self, x, a):
        log_c = self.log_c(a)
        terms = x * (scaled_asinh(x, log_c) - self.s) - safe_hypot(x, log_c)
        return jnp.sum(terms) / self.kappa

    def excess(self, x, a):
        # x²/(√(x²+c²)+c) is √(x²+c²) − c without the cancellation that returns 0.0 at c = 1e9.
        log_c = self.log_c(a)
        root = safe_hypot(x, log_c)
        terms = x * (scaled_asinh(x, log_c) - self.s) - x * (x / (root + jnp.exp(log_c)))
        return jnp.sum(terms) / self.kappa

    def bregman(self, x, z, a):
        log_c = self.log_c(a)
        at_x, at_z = safe_hypot(x, log_c), safe_hypot(z, log_c)
        rise = (x - z) * ((x + z) / (at_x + at_z))
        terms = x * (scaled_asinh(x, log_c) - scaled_asinh(z, log_c)) - rise
        return jnp.sum(terms) / self.kappa

    def hessian(self, x, a):
        return 1 / (self.kappa * safe_hypot(x, self.log_c(a)))

    def hessian_solve(self, x, v, a):
        return self.kappa * safe_hypot(x, self.log_c(a)) * v

    def domain(self, a):
        return jnp.full(self.n, -jnp.inf), jnp.full(self.n, jnp.inf)

    def dual_domain(self, a):
        return self.domain(a)
