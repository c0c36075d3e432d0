"""The potential of x = u^p − v^p with h = Σ u^p + v^p."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Number, Scalar, Vector, as_array
from ..parameterizations import balance, log_cosh
from ._base import AbstractPotential
from ._interval import from_line, line_unless_empty, to_line
from ._scaled import scaled_sinh


class PowerEntropy(AbstractPotential):
    r"""The potential with `x = U^{−r} − V^{−r}`, `U = κ(c_u − a − μ)`, `V = κ(c_v − a + μ)`.

    `κ = p(p−2)`, `r = p/(p−2)`, `u = U^{−1/(p−2)}`, and `Q(μ, a) = (1/2p) Σ u² + v²`. Its range
    `(−c_v + a, c_u − a)` widens with the dose; outside of it `dual_grad` and `dual_value` are NaN.

    The sum `S = U + V` does not depend on μ. With `c = 2(S/2)^{−r}` and `ℓ = ½ log(V/U)` it is
    `x = c cosh^r(ℓ) sinh(rℓ)`, and `μ = (c_u − c_v)/2 + (S/2κ) tanh ℓ`: the hyperbolic entropy for p → 2.

    **Arguments:**

    - `c_u`, `c_v`: the distances `u₀^{2−p}/κ` and `v₀^{2−p}/κ` from μ = 0 to the ends of ran ∇R₀, shape `(n,)` each.
    - `p`: the degree, above 2, scalar.

    **Reference:** `flow`, the range example; `gunasekar` for a = 0.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import PowerEntropy
        >>> R = PowerEntropy(c_u=jnp.array([0.125]), c_v=jnp.array([0.125]), p=4.0)
        >>> mu = R.grad(jnp.array([3.0]), -0.5)
        >>> bool(jnp.allclose(R.dual_grad(mu, -0.5), 3.0))
        True
        >>> bool(jnp.isnan(R.dual_grad(jnp.array([0.7]), -0.5)[0]))
        True
    """

    c_u: Vector = eqx.field(converter=as_array)
    c_v: Vector = eqx.field(converter=as_array)
    p: Float[Array, ""] = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.c_u.shape[0]

    @property
    def r(self) -> Scalar:
        """`p/(p−2)`, scalar."""
        return self.p / (self.p - 2)

    def _log_half_sum(self, a: Number) -> Vector:
        """`log (S/2)`; NaN where the range is empty."""
        half = self.p * (self.p - 2) * ((self.c_u + self.c_v) / 2 - a)
        return jnp.log(jnp.where(half > 0, half, jnp.nan))

    def log_c(self, a: Number) -> Vector:
        """The logarithm of the scale c, which is `u^p + v^p` where x = 0.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** log c, shape `(n,)`.
        """
        return jnp.log(2.0) - self.r * self._log_half_sum(a)

    def _ell(self, x: Vector, a: Number) -> Vector:
        return balance(x, self.log_c(a), self.r)

    def _conjugate(self, ell: Vector, a: Number) -> Vector:
        """The terms of Q, `(1/p)(S/2)^{1−r} cosh^{r−1}(ℓ) cosh((r−1)ℓ)`."""
        power = self.r - 1
        return jnp.exp(power * (log_cosh(ell) - self._log_half_sum(a)) + log_cosh(power * ell)) / self.p

    def _conjugate_rise(self, ell: Vector, a: Number) -> Vector:
        """The terms of Q less their value at ℓ = 0, without the cancellation at small ℓ."""
        power = self.r - 1
        small = jnp.abs(ell) < 1
        z = jnp.where(small, ell, 0.0)
        rise = jnp.expm1(power * log_cosh(z)) * jnp.cosh(power * z) + 2 * jnp.sinh(power * z / 2) ** 2
        at_zero = jnp.exp(-power * self._log_half_sum(a)) / self.p
        return jnp.where(small, at_zero * rise, self._conjugate(ell, a) - at_zero)

    def dual_value(self, mu, a):
        return jnp.sum(self._conjugate(to_line(mu, *self.dual_domain(a)), a))

    def dual_grad(self, mu, a):
        ell = to_line(mu, *self.dual_domain(a))
        return scaled_sinh(self.r * ell, self.log_c(a) + self.r * log_cosh(ell))

    def grad(self, x, a):
        return from_line(self._ell(x, a), *self.dual_domain(a))

    def value(self, x, a):
        ell = self._ell(x, a)
        return jnp.sum(x * from_line(ell, *self.dual_domain(a)) - self._conjugate(ell, a))

    def excess(self, x, a):
        ell = self._ell(x, a)
        return jnp.sum(x * from_line(ell, *self.dual_domain(a)) - self._conjugate_rise(ell, a))

    def bregman(self, x, z, a):
        at_x, at_z = self._ell(x, a), self._ell(z, a)
        low, high = self.dual_domain(a)
        turn = from_line(at_x, low, high) - from_line(at_z, low, high)
        return jnp.sum(x * turn - (self._conjugate_rise(at_x, a) - self._conjugate_rise(at_z, a)))

    def _log_metric(self, x: Vector, a: Number) -> Vector:
        """`log Jg Jgᵀ = log p²(u^{2p−2} + v^{2p−2})`."""
        ell, power = self._ell(x, a), self.r + 1
        log_sum = jnp.log(2.0) + power * (log_cosh(ell) - self._log_half_sum(a)) + log_cosh(power * ell)
        return 2 * jnp.log(self.p) + log_sum

    def hessian(self, x, a):
        return jnp.exp(-self._log_metric(x, a))

    def hessian_solve(self, x, v, a):
        return jnp.exp(self._log_metric(x, a)) * v

    def domain(self, a):
        return line_unless_empty(*self.dual_domain(a))

    def dual_domain(self, a):
        """`(−c_v + a, c_u − a)`; empty, the lower end not below the upper one, for a ≥ (c_u + c_v)/2.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** lower and upper ends, shape `(n,)` each.
        """
        return a - self.c_v, self.c_u - a
