"""The entropy of one orthant: x = u², and m ⊙ w from a balanced start."""

import equinox as eqx
import jax.numpy as jnp
import jax.scipy.special as special
from jaxtyping import Array, Float

from .._types import Number, Vector, as_array
from ._base import AbstractPotential


class SignedEntropy(AbstractPotential):
    r"""`R_a(x) = (1/κ) Σ |x| log(|x|/X) − |x|` with `X = |x₀| e^{4a}`, on the orthant of x₀.

    Its conjugate is `Q(μ, a) = (1/κ) Σ X e^{κ sign(x₀) μ}`, so `x = x₀ e^{κ sign(x₀) μ + 4a}`: no
    coordinate changes sign. Off the orthant the value is ∞ and `grad` NaN; at x = 0 `grad` is ∓∞.

    **Arguments:**

    - `log_x0`: log |x₀|, shape `(n,)`.
    - `sign`: the sign of x₀, ±1, shape `(n,)`.
    - `kappa`: 4 for u², 2 for m ⊙ w with |m₀| = |w₀|, scalar.
    - `rate`: how fast log X falls with the dose, 4 for both, scalar.

    **Reference:** `amid`; `spred` for the balanced m ⊙ w.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import SignedEntropy
        >>> R = SignedEntropy(log_x0=jnp.log(jnp.array([2.0])), sign=jnp.ones(1), kappa=4.0)
        >>> round(float(R.grad(jnp.array([2.0 * jnp.e]), 0.0)[0]), 12)
        0.25
    """

    log_x0: Vector = eqx.field(converter=as_array)
    sign: Vector = eqx.field(converter=as_array)
    kappa: Float[Array, ""] = eqx.field(converter=as_array)
    rate: Float[Array, ""] = eqx.field(converter=as_array, default=4.0)

    @property
    def n(self) -> int:
        return self.log_x0.shape[0]

    def _log_scale(self, a: Number) -> Vector:
        return self.log_x0 + self.rate * a

    def dual_value(self, mu, a):
        return jnp.sum(jnp.abs(self.dual_grad(mu, a))) / self.kappa

    def dual_grad(self, mu, a):
        return self.sign * jnp.exp(self.kappa * self.sign * mu + self._log_scale(a))

    def grad(self, x, a):
        size = self.sign * x
        return self.sign * (jnp.log(jnp.where(size >= 0, size, jnp.nan)) - self._log_scale(a)) / self.kappa

    def value(self, x, a):
        size = self.sign * x
        inside = size >= 0
        held = jnp.where(inside, size, 1.0)
        terms = special.xlogy(held, held) - held * (self._log_scale(a) + 1)
        return jnp.sum(jnp.where(inside, terms, jnp.inf)) / self.kappa

    def bregman(self, x, z, a):
        size, other = self.sign * x, self.sign * z
        inside = (size >= 0) & (other > 0)
        size, other = jnp.where(inside, size, 1.0), jnp.where(inside, other, 1.0)
        # Near z through log1p: the difference of the two values loses d²/2 below ε.
        d = (size - other) / other
        close = jnp.abs(d) < 0.5
        near = other * ((1 + d) * jnp.log1p(jnp.where(close, d, 0.0)) - d)
        far = special.xlogy(size, size) - size * jnp.log(other) - size + other
        return jnp.sum(jnp.where(inside, jnp.where(close, near, far), jnp.inf)) / self.kappa

    def hessian(self, x, a):
        size = self.sign * x
        return 1 / (self.kappa * jnp.where(size >= 0, size, jnp.nan))

    def hessian_solve(self, x, v, a):
        size = self.sign * x
        return self.kappa * jnp.where(size >= 0, size, jnp.nan) * v

    def domain(self, a):
        return jnp.where(self.sign > 0, 0.0, -jnp.inf), jnp.where(self.sign > 0, jnp.inf, 0.0)

    def dual_domain(self, a):
        return jnp.full(self.n, -jnp.inf), jnp.full(self.n, jnp.inf)
