"""Plain weight decay on a homogeneous g of any degree: the potential shrinks with the weights."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._types import Number, Scalar, Vector, as_array
from ._base import AbstractPotential


class RescaledPotential(AbstractPotential):
    r"""`R_s(x) = s² R(x/s^p)` with `s = e^{2a}`, for g of degree p and `h = ‖w‖²`.

    Its flow is **not** `d∇R = −∇f dt` unless p = 2 or α = 0, so `MirrorFlow` is wrong for it:
    `d∇R_s(x) = −(∇f − 2(p−2) α ∇R_s(x)) dt`. In the clock of g, `μ̃ = s^{p−2} ∇R_s(x)`:
    `dμ̃ = −s^{p−2} ∇f dt`, `x = s^p g(φ(μ̃)) = effective(μ̃, a)`.

    `argmin {R_s : Zx = y}` at the final s is still the limit in regression, as μ̃ stays in the row
    space of Z; `limit` may be used.

    For `h = λ‖w‖²` use λa in place of a.

    **Arguments:**

    - `potential`: that of g alone; it is taken at a = 0.
    - `degree`: p, any real number (0: log ratio), scalar.

    **Reference:** beyond/rescaled.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import PowerEntropy, RescaledPotential
        >>> R = RescaledPotential(PowerEntropy(jnp.array([1.0]), jnp.array([0.5]), 3.0), degree=3)
        >>> round(float(R.argmin(-0.5)[0] / R.argmin(0.0)[0] / jnp.exp(-3.0)), 12)
        1.0
    """

    potential: AbstractPotential
    degree: Float[Array, ""] = eqx.field(converter=as_array)

    @property
    def n(self) -> int:
        return self.potential.n

    @property
    def closed(self) -> bool:
        return self.potential.closed

    def size(self, a: Number, power: Number) -> Scalar:
        """`s^power` with `s = e^{2a}`.

        **Arguments:**

        - `a`: `−∫α`, scalar.
        - `power`: the exponent, scalar.

        **Returns:** scalar.
        """
        return jnp.exp(2 * power * as_array(a))

    def clock(self, a: Number) -> Scalar:
        """`s^{p−2}`, the speed of μ̃.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** scalar.
        """
        return self.size(a, self.degree - 2)

    def effective(self, clocked: Vector, a: Number) -> Vector:
        """`x = s^p ∇Q(μ̃)`.

        **Arguments:**

        - `clocked`: μ̃, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** x, shape `(n,)`.
        """
        return self.size(a, self.degree) * self.potential.dual_grad(clocked, as_array(0.0))

    def _inner(self, x: Vector, a: Number) -> Vector:
        return self.size(a, -self.degree) * x

    def dual_value(self, mu, a):
        return self.size(a, 2.0) * self.potential.dual_value(self.clock(a) * mu, as_array(0.0))

    def dual_grad(self, mu, a):
        return self.effective(self.clock(a) * mu, a)

    def grad(self, x, a):
        return self.potential.grad(self._inner(x, a), as_array(0.0)) / self.clock(a)

    def value(self, x, a):
        return self.size(a, 2.0) * self.potential.value(self._inner(x, a), as_array(0.0))

    def excess(self, x, a):
        return self.size(a, 2.0) * self.potential.excess(self._inner(x, a), as_array(0.0))

    def bregman(self, x, z, a):
        return self.size(a, 2.0) * self.potential.bregman(self._inner(x, a), self._inner(z, a), as_array(0.0))

    def hessian(self, x, a):
        return self.size(a, 2 - 2 * self.degree) * self.potential.hessian(self._inner(x, a), as_array(0.0))

    def hessian_solve(self, x, v, a):
        return self.size(a, 2 * self.degree - 2) * self.potential.hessian_solve(self._inner(x, a), v, as_array(0.0))

    def domain(self, a):
        low, high = self.potential.domain(as_array(0.0))
        return self.size(a, self.degree) * low, self.size(a, self.degree) * high

    def dual_domain(self, a):
        low, high = self.potential.dual_domain(as_array(0.0))
        return low / self.clock(a), high / self.clock(a)
