"""Schedules that jump. Their breakpoints spare the step controller a search by rejected steps."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import Number, Scalar, as_array, is_traced
from ._base import AbstractSchedule, as_number, first_time
from ._smooth import require_positive


class SwitchOff(AbstractSchedule):
    """`α(t) = α` until `at`, 0 afterwards; the dose stays at `α · at` from then on.

    **Arguments:**

    - `strength`: α until then, scalar.
    - `at`: the time > 0 of the switch, scalar.

    **Raises:** `InputError` for what is not one finite number, and for a time that is not positive.

    !!! example
        >>> from mirrorjax.schedules import SwitchOff
        >>> schedule = SwitchOff(0.3, at=5.0)
        >>> float(schedule.total), float(schedule.alpha(6.0))
        (1.5, 0.0)
    """

    strength: Scalar
    at: Scalar

    def __init__(self, strength, at):
        self.strength, self.at = as_number("strength", strength), as_number("at", at)
        require_positive(at=self.at)

    def alpha(self, t):
        return jnp.where(t < self.at, self.strength, 0.0)

    def dose(self, t):
        return self.strength * jnp.minimum(t, self.at)

    def time_of(self, dose):
        # As a share of the total, so that rounding cannot put the whole dose out of reach.
        share = dose / self.total
        return first_time(dose, jnp.where(share <= 1, share * self.at, jnp.inf))

    @property
    def breakpoints(self) -> Array:
        return self.at[None]

    @property
    def total(self):
        return self.strength * self.at


class Piecewise(AbstractSchedule):
    """`α(t) = strengths[i]` on `[times[i−1], times[i])`, the last strength for ever.

    **Arguments:**

    - `strengths`: shape `(j+1,)`.
    - `times`: positive and increasing, shape `(j,)`.

    **Raises:** `InputError` for shapes that do not fit, times that are not positive and increasing, and numbers that
    are not finite.

    !!! example
        >>> from mirrorjax.schedules import Piecewise
        >>> float(Piecewise([1.0, 0.0, 0.5], times=[1.0, 2.0]).dose(4.0))
        2.0
    """

    strengths: Float[Array, " j+1"]
    times: Float[Array, " j"]

    def __init__(self, strengths, times):
        self.strengths, self.times = as_array(strengths), as_array(times)
        if self.strengths.shape != (self.times.size + 1,):
            raise InputError(
                "piecewise needs one strength more than times",
                f"{self.strengths.shape} strengths, {self.times.shape} times",
            )
        if not is_traced(self.times) and not np.all(np.diff(np.asarray(self.times), prepend=0.0) > 0):
            raise InputError("times must be positive and increasing", f"times = {self.times}")

    def _knots(self) -> tuple[Array, Array]:
        starts = jnp.concatenate([jnp.zeros(1), self.times])
        doses = jnp.concatenate([jnp.zeros(1), jnp.cumsum(self.strengths[:-1] * jnp.diff(starts))])
        return starts, doses

    def alpha(self, t):
        return self.strengths[jnp.searchsorted(self.times, t, side="right")]

    def dose(self, t):
        starts, doses = self._knots()
        i = jnp.searchsorted(self.times, t, side="right")
        return doses[i] + self.strengths[i] * (t - starts[i])

    def time_of(self, dose):
        starts, doses = self._knots()
        i = jnp.maximum(jnp.searchsorted(doses, dose, side="left") - 1, 0)
        rate = self.strengths[i]
        t = starts[i] + (dose - doses[i]) / jnp.where(rate > 0, rate, 1)
        return first_time(dose, jnp.where((rate > 0) | (dose == doses[i]), t, jnp.inf))

    @property
    def breakpoints(self) -> Array:
        return self.times

    @property
    def total(self):
        _, doses = self._knots()
        last = self.strengths[-1]
        return jnp.where(last == 0, doses[-1], jnp.sign(last) * jnp.inf)


class Geometric(AbstractSchedule):
    """`α(t) = α ρ^⌊t/p⌋`: cut by the factor ρ every p units of time.

    **Arguments:**

    - `strength`: α at t = 0, scalar.
    - `ratio`: ρ between 0 and 1, scalar.
    - `every`: p > 0, in units of t, scalar.
    - `stages`: how many jumps are among the breakpoints; later ones are too small to matter.

    **Raises:** `InputError` for what is not one finite number, a ratio outside (0, 1) and a p that is not positive.

    !!! example
        >>> from mirrorjax.schedules import Geometric
        >>> float(Geometric(1.0, ratio=0.5, every=1.0).dose(2.0))
        1.5
    """

    strength: Scalar
    ratio: Scalar
    every: Scalar
    stages: int = eqx.field(static=True)

    def __init__(self, strength, ratio, every, stages: int = 64):
        self.strength, self.ratio = as_number("strength", strength), as_number("ratio", ratio)
        self.every, self.stages = as_number("every", every), stages
        require_positive(ratio=self.ratio, every=self.every)
        if not is_traced(self.ratio) and not float(self.ratio) < 1:
            raise InputError("ratio must be below 1", f"ratio = {self.ratio}", "Constant(strength)")

    def _stage(self, t: Number) -> Array:
        """The k with `k p ≤ t < (k+1) p`, products rounded as in `breakpoints`: t/p rounds up to k below k p."""
        k = jnp.floor(t / self.every)
        return jnp.where(t < k * self.every, k - 1, jnp.where(t >= (k + 1) * self.every, k + 1, k))

    def alpha(self, t):
        return self.strength * self.ratio ** self._stage(t)

    def dose(self, t):
        k = self._stage(t)
        left = self.ratio**k
        return self.total * (1 - left) + self.strength * left * (t - k * self.every)

    def time_of(self, dose):
        share = jnp.clip(dose / self.total, 0, 1)
        inside = share < 1
        k = jnp.floor(jnp.log1p(-jnp.where(inside, share, 0)) / jnp.log(self.ratio))
        left = self.ratio**k
        t = k * self.every + (dose - self.total * (1 - left)) / (self.strength * left)
        return first_time(dose, jnp.where(inside, t, jnp.inf))

    @property
    def breakpoints(self) -> Array:
        return self.every * jnp.arange(1.0, self.stages + 1.0)

    @property
    def total(self):
        return self.strength * self.every / (1 - self.ratio)
