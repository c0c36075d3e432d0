"""What a problem says of itself, measured before a theorem is blamed for it."""

import equinox as eqx
import jax
import numpy as np

from .._types import Vector
from ..problems import AbstractProblem
from ._evidence import Hypothesis

OFF = 1e-6
"""Relative: a written-out gradient rounds otherwise than a derived one, and is wrong by no less than this."""


def declared(problem: AbstractProblem, x0: Vector, t1: float) -> tuple[Hypothesis, ...]:
    """Whether a `grad` that the problem writes out is that of its `loss`: both flows would follow a wrong one alike."""
    if type(problem).grad is AbstractProblem.grad:
        return ()
    worst = 0.0
    for x, t in ((x0, 0.0), (x0 + 0.5, t1)):
        written, derived = (np.asarray(side) for side in _gradients(problem, x, t))
        size = max(float(np.max(np.abs(derived))), float(np.max(np.abs(written))))
        worst = max(worst, float(np.max(np.abs(written - derived))) / size if size > 0 else 0.0)
    return (Hypothesis("the problem's grad is the gradient of its loss (relative difference)", worst, worst <= OFF),)


@eqx.filter_jit
def _gradients(problem: AbstractProblem, x: Vector, t: float) -> tuple[Vector, Vector]:
    return problem.grad(x, t), jax.grad(problem.loss)(x, t)
