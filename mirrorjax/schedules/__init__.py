"""Strength schedules α(t) with exact doses."""

from ._base import AbstractSchedule as AbstractSchedule, dose_for as dose_for
from ._smooth import (
    Constant as Constant,
    Exponential as Exponential,
    Harmonic as Harmonic,
    Quadratic as Quadratic,
)
from ._stepped import Geometric as Geometric, Piecewise as Piecewise, SwitchOff as SwitchOff
from ._switch_on import SwitchOn as SwitchOn
