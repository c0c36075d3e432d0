"""What a problem and a schedule say of themselves, measured before a theorem is blamed for it."""

import jax
import numpy as np

from .._compile import once_jit
from .._types import Number, Vector, ulp
from ..problems import AbstractProblem
from ..schedules import AbstractSchedule, measured
from ._evidence import Hypothesis

OFF = 1e-6
"""Relative: a written-out gradient rounds otherwise than a derived one, and is wrong by no less than this."""


def declared(problem: AbstractProblem, schedule: AbstractSchedule, x0: Vector, t1: float) -> tuple[Hypothesis, ...]:
    """Whether dose, strength and breakpoints belong together, and a written-out `grad` is that of `loss`.

    Both flows would follow a wrong gradient alike; a wrong dose looks like a wrong theorem.
    """
    fault = measured(schedule, t1)
    hypotheses = (Hypothesis("the schedule's dose is the integral of its strength", fault or "yes", not fault),)
    if type(problem).grad is AbstractProblem.grad:
        return hypotheses
    worst = 0.0
    for x, t in ((x0, 0.0), (x0 + 0.5, t1)):
        written, derived = (np.asarray(side) for side in _gradients(problem, x, t))
        size = max(float(np.max(np.abs(derived))), float(np.max(np.abs(written))))
        worst = max(worst, float(np.max(np.abs(written - derived))) / size if size > 0 else 0.0)
    name = "the problem's grad is the gradient of its loss (relative difference)"
    return (*hypotheses, Hypothesis(name, worst, worst <= max(OFF, 1e2 * ulp())))


@once_jit
def _gradients(problem: AbstractProblem, x: Vector, t: Number) -> tuple[Vector, Vector]:
    return problem.grad(x, t), jax.grad(problem.loss)(x, t)
