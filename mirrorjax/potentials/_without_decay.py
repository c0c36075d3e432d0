"""A potential that is known for dose 0 only."""

import jax.numpy as jnp

from .._types import Number, as_array
from ._base import AbstractPotential


class WithoutDecay(AbstractPotential):
    """`R_0` of the given potential at a = 0, NaN at every other a.

    For a g whose plain decay does not commute: without decay it is a mirror flow, and with decay
    no R_a exists that a number could be returned for (`rescaled_potential_of` is for that flow).

    **Arguments:**

    - `potential`: that of g alone; it is taken at a = 0.

    **Reference:** `li` Theorem 4.9.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import PowerEntropy, WithoutDecay
        >>> R = WithoutDecay(PowerEntropy(jnp.ones(1), jnp.ones(1), 3.0))
        >>> bool(jnp.isnan(R.dual_grad(jnp.zeros(1), -0.1)[0])), float(R.dual_grad(jnp.zeros(1), 0.0)[0])
        (True, 0.0)
    """

    potential: AbstractPotential

    @property
    def n(self) -> int:
        return self.potential.n

    @property
    def closed(self) -> bool:
        return self.potential.closed

    def _mark(self, a: Number, value):
        return jnp.where(as_array(a) == 0, value, jnp.nan)

    def dual_value(self, mu, a):
        return self._mark(a, self.potential.dual_value(mu, as_array(0.0)))

    def dual_grad(self, mu, a):
        return self._mark(a, self.potential.dual_grad(mu, as_array(0.0)))

    def grad(self, x, a):
        return self._mark(a, self.potential.grad(x, as_array(0.0)))

    def value(self, x, a):
        return self._mark(a, self.potential.value(x, as_array(0.0)))

    def excess(self, x, a):
        return self._mark(a, self.potential.excess(x, as_array(0.0)))

    def bregman(self, x, z, a):
        return self._mark(a, self.potential.bregman(x, z, as_array(0.0)))

    def hessian(self, x, a):
        return self._mark(a, self.potential.hessian(x, as_array(0.0)))

    def hessian_solve(self, x, v, a):
        return self._mark(a, self.potential.hessian_solve(x, v, as_array(0.0)))

    def domain(self, a):
        low, high = self.potential.domain(as_array(0.0))
        return self._mark(a, low), self._mark(a, high)

    def dual_domain(self, a):
        low, high = self.potential.dual_domain(as_array(0.0))
        return self._mark(a, low), self._mark(a, high)
