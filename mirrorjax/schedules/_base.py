"""The strength of the regularization over time, and its dose."""

import abc
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float

from .._compile import AbstractHostCompiled
from .._errors import InputError
from .._types import ArrayLike, Number, Scalar, as_array, has_nonfinite


class AbstractSchedule(AbstractHostCompiled):
    """A strength `α(t)` with its exact integral, the dose `A(t) = ∫₀ᵗ α`; t is the flow's time, dimensionless.

    Numbers that may vary are arrays: a Python float inside would be compiled in.

    **Raises:** `InputError` for numbers that are not finite.
    """

    host_compiled: ClassVar = ("alpha", "dose", "time_of", "total", "a")

    @abc.abstractmethod
    def alpha(self, t: Number) -> Scalar:
        """The strength α(t).

        **Arguments:**

        - `t`: the time, scalar.

        **Returns:** scalar.
        """

    @abc.abstractmethod
    def dose(self, t: Number) -> Scalar:
        """The exact dose A(t) = ∫₀ᵗ α.

        **Arguments:**

        - `t`: the time, scalar.

        **Returns:** scalar.
        """

    @abc.abstractmethod
    def time_of(self, dose: Number) -> Scalar:
        """The first t with A(t) = dose.

        **Arguments:**

        - `dose`: scalar.

        **Returns:** t, scalar; `inf` where the schedule never gives that much.
        """

    @property
    @abc.abstractmethod
    def breakpoints(self) -> Float[Array, " j"]:
        """The times at which α jumps, shape `(j,)`; the step controller stops there."""

    @property
    @abc.abstractmethod
    def total(self) -> Scalar:
        """The whole dose, `lim A(t)`, scalar; may be `inf`, and NaN where it is not known."""

    @property
    def known_until(self) -> float:
        """The time up to which the dose is known; `inf` unless the class says otherwise."""
        return float("inf")

    def a(self, t: Number) -> Scalar:
        """`a_t = −A(t)`, the one place where this sign is taken.

        **Arguments:**

        - `t`: the time, scalar.

        **Returns:** scalar.
        """
        return -self.dose(t)

    def __check_init__(self):
        if has_nonfinite(self):
            raise InputError("a schedule needs finite numbers", f"{self}", "replace NaN and inf")


def as_number(name: str, value: ArrayLike) -> Scalar:
    """`value` as a float scalar: a vector would be one strength per coordinate, of which no dose is one number."""
    number = as_array(value)
    if number.ndim:
        raise InputError(f"{name} must be one number", f"shape {number.shape}", "one schedule for each, or jax.vmap")
    return number


def first_time(dose: Number, t: Scalar) -> Array:
    """`t` where it is a time, else `inf`: 0 for no dose even at strength 0, where t is 0/0."""
    return jnp.where(dose == 0, 0.0, jnp.where(t >= 0, t, jnp.inf))


def dose_for(scale_from, scale_to, rate=4.0) -> Array:
    r"""The dose that takes the scale of a hyperbolic potential from one value to another.

    `c_∞ = c₀ e^{−rate·A}` gives `A = log(c₀/c_∞) / rate`. One dose sets one coordinate, or all where c₀ is uniform.

    **Arguments:**

    - `scale_from`: c₀ > 0, scalar or `(n,)`.
    - `scale_to`: c_∞ > 0, scalar or `(n,)`.
    - `rate`: 4 for `h = m² + w²` and 4λ for `λ(m² + w²)`.

    **Returns:** A, scalar or `(n,)`.

    **Raises:** `InputError` for a scale that is not positive.

    **Reference:** `mask` Theorem 3.1, with the constants that hold.

    !!! example
        >>> from mirrorjax.schedules import dose_for
        >>> round(float(dose_for(0.5, 1e-3)), 4)
        1.5537
    """
    scale_from, scale_to = as_array(scale_from), as_array(scale_to)
    if not (jnp.all(scale_from > 0) and jnp.all(scale_to > 0)):
        raise InputError("scales must be positive", f"from {scale_from} to {scale_to}", "c > 0")
    return (jnp.log(scale_from) - jnp.log(scale_to)) / rate
