"""The time-varying potential R_a and its conjugate Q_a."""

import abc
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import AbstractHostCompiled
from .._types import ArrayLike, Number, Scalar, Vector, as_array


class AbstractPotential(AbstractHostCompiled):
    """A family `R_a`, `a = −∫α ≤ 0`, with its conjugate `Q_a`.

    Normalized by `∂_a Q = h`, which fixes the constant of R_a that the flow does not see.

    Its methods raise nothing for a value: outside of `domain` and `dual_domain` the answer is NaN or ∞.

    **Reference:** `flow` Theorem 3.1.
    """

    host_compiled: ClassVar = (
        *("dual_value", "dual_grad", "grad", "hessian", "hessian_solve"),
        *("value", "excess", "bregman", "argmin", "grad_drift"),
    )

    @property
    @abc.abstractmethod
    def n(self) -> int:
        """The number of effective parameters."""

    @property
    def closed(self) -> bool:
        """Whether the mirror map is a formula; if not, every evaluation solves an ODE."""
        return True

    @abc.abstractmethod
    def dual_value(self, mu: Vector, a: Number) -> Scalar:
        """The conjugate, `Q(μ, a) = sup_x ⟨μ, x⟩ − R_a(x)`.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** scalar.
        """

    @abc.abstractmethod
    def dual_grad(self, mu: Vector, a: Number) -> Vector:
        """The mirror map from μ to x, `∇_μ Q(μ, a) = g(φ(μ, a))`.

        **Arguments:**

        - `mu`: the dual variable, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** x, shape `(n,)`.
        """

    @abc.abstractmethod
    def grad(self, x: Vector, a: Number) -> Vector:
        """The mirror map from x to μ, `∇R_a(x)`, the inverse of `dual_grad`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** μ, shape `(n,)`.
        """

    @abc.abstractmethod
    def hessian(self, x: Vector, a: Number) -> Array:
        """`∇²R_a(x) = (Jg Jgᵀ)⁻¹`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** the diagonal, shape `(n,)`, of a formula that is a sum over coordinates and of a derived potential
        with `diagonal`; else the matrix, shape `(n, n)`.
        """

    @abc.abstractmethod
    def hessian_solve(self, x: Vector, v: Vector, a: Number) -> Vector:
        """`(∇²R_a(x))⁻¹ v`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `v`: what is multiplied, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** the product, shape `(n,)`.
        """

    @abc.abstractmethod
    def domain(self, a: Number) -> tuple[Vector, Vector]:
        """The x for which R_a is finite, by coordinate.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** lower and upper ends, shape `(n,)` each.
        """

    @abc.abstractmethod
    def dual_domain(self, a: Number) -> tuple[Vector, Vector]:
        """The range of ∇R_a, by coordinate.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** lower and upper ends, shape `(n,)` each.
        """

    def value(self, x: Vector, a: Number) -> Scalar:
        """`R_a(x) = ⟨μ, x⟩ − Q(μ, a)` at `μ = ∇R_a(x)`.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** scalar.
        """
        mu = self.grad(x, a)
        return mu @ x - self.dual_value(mu, a)

    def excess(self, x: Vector, a: Number) -> Scalar:
        """`R_a(x) − R_a(0)`, the quantity that turns from ‖x‖₂² to ‖x‖₁.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** scalar.
        """
        return self.value(x, a) - self.value(jnp.zeros_like(x), a)

    def bregman(self, x: Vector, z: Vector, a: Number) -> Scalar:
        """The Bregman divergence, `D_{R_a}(x, z) = R_a(x) − R_a(z) − ⟨∇R_a(z), x − z⟩ ≥ 0`.

        **Arguments:**

        - `x`, `z`: effective parameters, shape `(n,)` each.
        - `a`: `−∫α`, scalar.

        **Returns:** scalar.
        """
        return self.value(x, a) - self.value(z, a) - self.grad(z, a) @ (x - z)

    def argmin(self, a: Number) -> Vector:
        """`argmin R_a = g(φ(0, a))`; meaningless where 0 is outside `dual_domain(a)`.

        **Arguments:**

        - `a`: `−∫α`, scalar.

        **Returns:** x, shape `(n,)`.
        """
        return self.dual_grad(jnp.zeros(self.n), a)

    def at_start(self, x0: Vector) -> tuple[Vector, Vector]:
        """`argmin R₀`, and how far one unit of μ, or all of a range of ∇R₀ that ends, takes x from there.

        **Arguments:**

        - `x0`: where the reach is measured, shape `(n,)`.

        **Returns:** the minimum and the reach, each of shape `(n,)`.
        """
        start = jnp.zeros(())
        low, high = self.dual_domain(start)
        width = jnp.where(jnp.isfinite(high - low), high - low, 1.0)
        return self.argmin(start), jnp.abs(self.hessian_solve(x0, jnp.ones_like(x0), start)) * width

    def along_another_path(self) -> Callable[[Vector, Number], Vector] | None:
        """`∇_μ Q` with φ followed along another path than in `dual_grad`; None where no path is followed.

        **Returns:** a function of μ, shape `(n,)`, and a to x, shape `(n,)`, or None.
        """
        return None

    def grad_drift(self, x: Vector, a: Number) -> Vector:
        """`∂_a ∇R_a(x) = −∇y_a(x)`: how decay moves the mirror map at a fixed x.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `a`: `−∫α`, scalar.

        **Returns:** the derivative, shape `(n,)`.
        """
        a = as_array(a)
        return jax.jvp(lambda s: self.grad(x, s), (a,), (jnp.ones_like(a),))[1]

    def distorted(
        self, mu_factor: ArrayLike = 1.0, a_factor: ArrayLike = 1.0, a_shift: ArrayLike = 0.0
    ) -> "AbstractPotential":
        """A control: this potential, but wrong. Without arguments it is right, in the same compiled program.

        **Arguments:**

        - `mu_factor`, `a_factor`, `a_shift`: those of `Distorted`, scalar each.

        **Returns:** a `Distorted`.
        """
        return Distorted(self, mu_factor, a_factor, a_shift)


class Distorted(AbstractPotential):
    r"""A potential that is wrong on purpose: `Q'(μ, a) = Q(f μ, k a + b) / f`.

    The control of every check: `mu_factor = 2` is a wrong constant, `a_factor = 0` drops the time variation,
    `a_factor = ½` is a wrong exponent, and `mu_factor = 1 + 1e-6` is a small error, to find the smallest one that a
    check refutes. All factors at their defaults give the potential itself, so that right and wrong share one
    compilation.

    **Arguments:**

    - `potential`: the right one.
    - `mu_factor`: f, not 0, scalar.
    - `a_factor`: k, scalar.
    - `a_shift`: b, scalar.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.potentials import Distorted, HyperbolicEntropy
        >>> R = HyperbolicEntropy(log_c0=jnp.zeros(1), s=jnp.zeros(1), kappa=2.0)
        >>> wrong = Distorted(R, a_factor=0.5)
        >>> bool(jnp.allclose(wrong.grad(jnp.ones(1), -2.0), R.grad(jnp.ones(1), -1.0)))
        True
    """

    potential: AbstractPotential
    mu_factor: Float[Array, ""] = eqx.field(converter=as_array, default=1.0)
    a_factor: Float[Array, ""] = eqx.field(converter=as_array, default=1.0)
    a_shift: Float[Array, ""] = eqx.field(converter=as_array, default=0.0)

    def _a(self, a: Number) -> Scalar:
        return self.a_factor * a + self.a_shift

    @property
    def n(self) -> int:
        return self.potential.n

    @property
    def closed(self) -> bool:
        return self.potential.closed

    def dual_value(self, mu, a):
        return self.potential.dual_value(self.mu_factor * mu, self._a(a)) / self.mu_factor

    def dual_grad(self, mu, a):
        return self.potential.dual_grad(self.mu_factor * mu, self._a(a))

    def grad(self, x, a):
        return self.potential.grad(x, self._a(a)) / self.mu_factor

    def hessian(self, x, a):
        return self.potential.hessian(x, self._a(a)) / self.mu_factor

    def hessian_solve(self, x, v, a):
        return self.mu_factor * self.potential.hessian_solve(x, v, self._a(a))

    def domain(self, a):
        return self.potential.domain(self._a(a))

    def dual_domain(self, a):
        low, high = self.potential.dual_domain(self._a(a))
        return low / self.mu_factor, high / self.mu_factor

    # The base class's value ⟨μ, x⟩ − Q loses every digit at c = 1e9, where the potential's own does not.
    def value(self, x, a):
        return self.potential.value(x, self._a(a)) / self.mu_factor

    def excess(self, x, a):
        return self.potential.excess(x, self._a(a)) / self.mu_factor

    def bregman(self, x, z, a):
        return self.potential.bregman(x, z, self._a(a)) / self.mu_factor
