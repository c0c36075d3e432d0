"""Schedules without jumps."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._errors import InputError
from .._types import Scalar, is_traced
from ._base import AbstractSchedule, as_number, first_time


def require_positive(**values: Array):
    """Raises for the first named value that is not positive."""
    for name, value in values.items():
        if not is_traced(value) and not np.all(np.asarray(value) > 0):
            raise InputError(f"{name} must be positive", f"{name} = {value}", f"{name} > 0")


class _Smooth(AbstractSchedule):
    @property
    def breakpoints(self) -> Array:
        return jnp.zeros((0,))


class Constant(_Smooth):
    """`α(t) = α`, `A(t) = α t`. The dose has no limit, so that the convergence theorems do not apply.

    **Arguments:**

    - `strength`: α, scalar.

    **Raises:** `InputError` for a strength that is not one finite number.

    !!! example
        >>> from mirrorjax.schedules import Constant
        >>> float(Constant(0.3).dose(10.0))
        3.0
    """

    strength: Scalar

    def __init__(self, strength):
        self.strength = as_number("strength", strength)

    def alpha(self, t):
        return self.strength * jnp.ones_like(t)

    def dose(self, t):
        return self.strength * t

    def time_of(self, dose):
        return first_time(dose, dose / self.strength)

    @property
    def total(self):
        return jnp.where(self.strength == 0, 0.0, jnp.sign(self.strength) * jnp.inf)


class Exponential(_Smooth):
    """`α(t) = α e^{−t/τ}`, `A(t) = α τ (1 − e^{−t/τ})`.

    **Arguments:**

    - `strength`: α at t = 0, scalar.
    - `tau`: τ > 0, in units of t, scalar.

    **Raises:** `InputError` for what is not one finite number, and for a τ that is not positive.

    !!! example
        >>> from mirrorjax.schedules import Exponential
        >>> float(Exponential(0.3, tau=2.0).total)
        0.6
    """

    strength: Scalar
    tau: Scalar

    def __init__(self, strength, tau):
        self.strength, self.tau = as_number("strength", strength), as_number("tau", tau)
        require_positive(tau=self.tau)

    def alpha(self, t):
        return self.strength * jnp.exp(-t / self.tau)

    def dose(self, t):
        return -self.total * jnp.expm1(-t / self.tau)

    def time_of(self, dose):
        share = dose / self.total
        t = jnp.where(share < 1, -self.tau * jnp.log1p(-jnp.minimum(share, 1)), jnp.inf)
        return first_time(dose, t)

    @property
    def total(self):
        return self.strength * self.tau


class Harmonic(_Smooth):
    """`α(t) = α / (1 + t/τ)`, `A(t) = α τ log(1 + t/τ)`: α tends to 0 and the dose has no limit.

    **Arguments:**

    - `strength`: α at t = 0, scalar.
    - `tau`: τ > 0, in units of t, scalar.

    **Raises:** `InputError` for what is not one finite number, and for a τ that is not positive.

    !!! example
        >>> from mirrorjax.schedules import Harmonic
        >>> float(Harmonic(1.0, tau=1.0).alpha(1.0))
        0.5
    """

    strength: Scalar
    tau: Scalar

    def __init__(self, strength, tau):
        self.strength, self.tau = as_number("strength", strength), as_number("tau", tau)
        require_positive(tau=self.tau)

    def alpha(self, t):
        return self.strength / (1 + t / self.tau)

    def dose(self, t):
        return self.strength * self.tau * jnp.log1p(t / self.tau)

    def time_of(self, dose):
        return first_time(dose, self.tau * jnp.expm1(dose / (self.strength * self.tau)))

    @property
    def total(self):
        return jnp.where(self.strength == 0, 0.0, jnp.sign(self.strength) * jnp.inf)


class InverseSquare(_Smooth):
    """`α(t) = α / (1 + t/τ)²`, `A(t) = α t / (1 + t/τ)`, total dose α τ.

    **Arguments:**

    - `strength`: α at t = 0, scalar.
    - `tau`: τ > 0, in units of t, scalar.

    **Raises:** `InputError` for what is not one finite number, and for a τ that is not positive.

    !!! example
        >>> from mirrorjax.schedules import InverseSquare
        >>> float(InverseSquare(1.0, tau=2.0).dose(2.0))
        1.0
    """

    strength: Scalar
    tau: Scalar

    def __init__(self, strength, tau):
        self.strength, self.tau = as_number("strength", strength), as_number("tau", tau)
        require_positive(tau=self.tau)

    def alpha(self, t):
        return self.strength / (1 + t / self.tau) ** 2

    def dose(self, t):
        return self.strength * t / (1 + t / self.tau)

    def time_of(self, dose):
        share = dose / self.total
        t = self.tau * share / jnp.where(share < 1, 1 - share, 1)
        return first_time(dose, jnp.where(share < 1, t, jnp.inf))

    @property
    def total(self):
        return self.strength * self.tau
