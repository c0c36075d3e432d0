"""What may stand where a schedule is taken."""

from numbers import Real
from typing import Any

import jax
import numpy as np

from .._errors import InputError
from ._base import AbstractSchedule
from ._from_function import FromFunction
from ._smooth import Constant


def as_schedule(value: Any) -> AbstractSchedule:
    """A schedule from what may stand in its place.

    **Arguments:**

    - `value`: a schedule, which is returned as it is; a number, made a `Constant`; or a function of t (an optax
      schedule too), made a `FromFunction`.

    **Returns:** the schedule.

    **Raises:** `InputError` for anything else, and as `Constant` and `FromFunction`.

    !!! example
        >>> from mirrorjax.schedules import as_schedule
        >>> float(as_schedule(0.3).dose(10.0)), round(float(as_schedule(lambda t: 2 * t).dose(3.0)), 12)
        (3.0, 9.0)
    """
    if isinstance(value, AbstractSchedule):
        return value
    if isinstance(value, Real | np.ndarray | jax.Array) and not isinstance(value, bool):
        return Constant(value)
    if callable(value) and not isinstance(value, type):
        return FromFunction(value)
    got = f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__
    raise InputError(
        f"a schedule must be one of mirrorjax.schedules, a number or a function of t, got {got}",
        "",
        "Constant(0.1), 0.1, or lambda t: 0.1 * jnp.exp(-t)",
    )
