"""A schedule that begins late."""

import jax.numpy as jnp
from jaxtyping import Array

from .._types import Scalar
from ._base import AbstractSchedule, as_number, first_time
from ._convert import as_schedule
from ._smooth import require_positive


class SwitchOn(AbstractSchedule):
    """0 before `at`, the given schedule's `α(t)` from then on; its dose counts from `at`.

    A flow that begins at w₀ at the time t₀ has the potential of w₀ at dose 0, so that its schedule must count from t₀:
    `SwitchOn(schedule, at=t₀)`. α(t) itself is not shifted.

    **Arguments:**

    - `schedule`: a schedule, a number or a function of t.
    - `at`: the time > 0 from which it counts, scalar.

    **Raises:** `InputError` for a time that is not one positive number, and for what is no schedule.

    !!! example
        >>> from mirrorjax.schedules import Constant, SwitchOn
        >>> late = SwitchOn(Constant(0.3), at=2.0)
        >>> float(late.alpha(1.0)), float(late.dose(2.0)), round(float(late.dose(3.0)), 12)
        (0.0, 0.0, 0.3)
    """

    schedule: AbstractSchedule
    at: Scalar

    def __init__(self, schedule, at):
        self.schedule, self.at = as_schedule(schedule), as_number("at", at)
        require_positive(at=self.at)

    def alpha(self, t):
        return jnp.where(t < self.at, 0.0, self.schedule.alpha(t))

    def dose(self, t):
        return jnp.where(t < self.at, 0.0, self.schedule.dose(t) - self.schedule.dose(self.at))

    def time_of(self, dose):
        t = self.schedule.time_of(dose + self.schedule.dose(self.at))
        # A time before `at`, but for rounding, is no answer: the dose was reached before it began to count.
        return first_time(dose, jnp.where(t >= self.at * (1 - 1e-9), jnp.maximum(t, self.at), jnp.inf))

    @property
    def known_until(self) -> float:
        return self.schedule.known_until

    @property
    def breakpoints(self) -> Array:
        return jnp.concatenate([self.at[None], self.schedule.breakpoints])

    @property
    def total(self):
        return self.schedule.total - self.schedule.dose(self.at)
