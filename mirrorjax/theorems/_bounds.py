"""Bounds along a flow: the excess over the bound against the measured error of the flow."""

from collections.abc import Sequence

import numpy as np

from .._types import ArrayLike
from ..checks import MAIN, Evidence, Exact, FlowRoute, at_most, compare
from ._measured import budget_of


def stays_below(route: FlowRoute, bound: ArrayLike, rungs: Sequence[float], scale: float) -> Evidence:
    """Whether what the route observes is at every time at most `bound`, relative to `scale`."""
    limits = np.atleast_2d(np.asarray(bound))
    return excess_over(route, limits, budget_of(compare(route, Exact(limits), rungs)), rungs, scale)


def excess_over(route: FlowRoute, bound: np.ndarray, budget: float, rungs: Sequence[float], scale: float) -> Evidence:
    """The same with the budget known, so that many bounds cost one ladder."""
    return at_most(float(np.max(route(rungs[-1], MAIN).values - bound)), 0.0, budget, scale)
