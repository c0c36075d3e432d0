"""Strength schedules α(t) with exact doses.

Where a schedule is asked for, a number or a function of t also goes, as optax's schedules are (`FromFunction`: the
dose by quadrature, jumps found or given).
"""

from ._base import AbstractSchedule as AbstractSchedule, dose_for as dose_for
from ._convert import as_schedule as as_schedule
from ._from_function import FromFunction as FromFunction
from ._measured import measured as measured
from ._smooth import (
    Constant as Constant,
    Exponential as Exponential,
    Harmonic as Harmonic,
    InverseSquare as InverseSquare,
)
from ._stepped import Geometric as Geometric, Piecewise as Piecewise, SwitchOff as SwitchOff
from ._switch_on import SwitchOn as SwitchOn
