"""The potential of x = log u − log v."""

import equinox as eqx
import jax.numpy as jnp

from .._types import Number, Vector, as_array
from ..parameterizations import log_cosh
from ._base import AbstractPotential
from ._interval import from_line, line_unless_empty, to_line


class LogRatioEntropy(AbstractPotential):
    r"""`R_a(x) = ¼ Σ p log(1+e^{2x}) + q log(1+e^{−2x}) − S log S + S`, `p = v₀²+2a`, `q = u₀²+2a`, `S = p+q`.

    Equally `¼ Σ (p−q) x + S (log cosh x + log 2 − log S + 1)`. Its conjugate is
    `Q = ¼ Σ U log U + V log V − (U + V)`, `U = u₀² + 2(μ+a)`, `V = v₀² + 2(a−μ)`, so `x = ½ log(U/V)`.

    The range `(−u₀²/2 − a, v₀²/2 + a)` **shrinks** with the dose and is empty from A = (u₀²+v₀²)/4 on:
    outside of it `dual_grad` and `dual_value` are NaN, and once it is empty so is everything else.

    **Arguments:**

    - `u_squared`, `v_squared`: u₀² and v₀², positive, shape `(n,)` each.

    **Reference:** `flow` Theorem 3.2: its Bregman balls are not bounded.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import LogRatioEntropy
        >>> R = LogRatioEntropy(u_squared=jnp.array([1.0]), v_squared=jnp.array([4.0]))
        >>> [round(float(end[0]), 12) for end in R.dual_domain(-0.5)]
        [0.0, 1.5]
    """

    u_squared: Vector = eqx.field(converter=as_array)
    v_squared: Vector = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.u_squared.shape[0]

    def _sum(self, a: Number) -> Vector:
        """`S = u² + v²`; NaN where the range is empty."""
        total = self.u_squared + self.v_squared + 4 * a
        return jnp.where(total > 0, total, jnp.nan)

    def dual_value(self, mu, a):
        low, high = self.dual_domain(a)
        inside = (mu > low) & (mu < high)
        U, V = (2 * jnp.where(inside, side, jnp.nan) for side in (mu - low, high - mu))
        return jnp.sum(U * jnp.log(U) + V * jnp.log(V) - (U + V)) / 4

    def dual_grad(self, mu, a):
        return to_line(mu, *self.dual_domain(a))

    def grad(self, x, a):
        return from_line(x, *self.dual_domain(a))

    def value(self, x, a):
        total = self._sum(a)
        terms = total * (log_cosh(x) + jnp.log(2.0) - jnp.log(total) + 1)
        return jnp.sum((self.v_squared - self.u_squared) * x + terms) / 4

    def excess(self, x, a):
        return jnp.sum((self.v_squared - self.u_squared) * x + self._sum(a) * log_cosh(x)) / 4

    def bregman(self, x, z, a):
        # log(cosh x/cosh z) as log(1 + …) where x is close to z, else the difference loses it.
        step = x - z
        close = jnp.abs(step) < 1
        d = jnp.where(close, step, 0.0)
        near = jnp.log1p(2 * jnp.sinh(d / 2) ** 2 + jnp.tanh(z) * jnp.sinh(d))
        rise = jnp.where(close, near, log_cosh(x) - log_cosh(z))
        return jnp.sum(self._sum(a) * (rise - jnp.tanh(z) * step)) / 4

    def hessian(self, x, a):
        return self._sum(a) / 4 * jnp.exp(-2 * log_cosh(x))

    def hessian_solve(self, x, v, a):
        return 4 / self._sum(a) * jnp.exp(2 * log_cosh(x)) * v

    def domain(self, a):
        return line_unless_empty(*self.dual_domain(a))

    def dual_domain(self, a):
        """`(−u₀²/2 − a, v₀²/2 + a)`; empty where the lower end is not below the upper one.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** lower and upper ends, shape `(n,)` each.
        """
        return -self.u_squared / 2 - a, self.v_squared / 2 + a
