"""Limits of a step size η → 0 by Richardson's extrapolation."""

import numpy as np

from ._compare import locate
from ._evidence import Evidence, ladder

RICHARDSON_RUNGS = 4


def extrapolated(values: np.ndarray) -> np.ndarray:
    """Richardson's limits η → 0 from the first 1, 2, … runs (axis 0), each of half the step of the one before."""
    found, column = [values[0]], values
    for k in range(1, len(values)):
        column = column[1:] + (column[1:] - column[:-1]) / (2**k - 1)
        found.append(column[0])
    return np.stack(found)


def tends_to(limits: np.ndarray, end: np.ndarray, error: float, start: np.ndarray, coarsest: float) -> Evidence:
    """Whether Richardson's limits reach `end`, known to `error`; the rungs are the four finest steps.

    The budget of a limit is how far it moved from the one before.
    """
    axes = tuple(range(1, limits.ndim))
    gaps, moves = np.abs(limits - end), np.abs(np.diff(limits, axis=0))
    return ladder(
        coarsest / 2.0 ** np.arange(len(limits))[-RICHARDSON_RUNGS:],
        np.max(gaps, axis=axes)[-RICHARDSON_RUNGS:],
        np.maximum(np.max(moves, axis=axes), error)[-RICHARDSON_RUNGS:],
        of="step size η",
        scale=float(np.max(np.abs(end))),
        moved=float(np.max(np.abs(end - start))),
        where=locate(gaps[-1:]),
    )
