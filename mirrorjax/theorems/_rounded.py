"""Identities between routines of NumPy and SciPy, against the round-off that their inputs cause."""

from collections.abc import Callable

import numpy as np

from ..checks import Evidence, Row, locate

SAMPLES = 16


def sampled(function: Callable[..., np.ndarray], *points: np.ndarray, samples: int = SAMPLES) -> np.ndarray:
    """`function` at the points, then at points moved by one unit in the last place; axis 0 counts them.

    Unlike `identity`, which calls both sides anew for every control, this runs a costly routine once
    for all the closed forms that it is compared with.
    """
    rng = np.random.default_rng(0)
    arrays = [np.asarray(point, dtype=float) for point in points]
    eps = np.finfo(float).eps
    moved = [[a * (1 + eps * rng.choice([-1.0, 0.0, 1.0], size=a.shape)) for a in arrays] for _ in range(samples)]
    return np.stack([np.asarray(function(*at)) for at in (arrays, *moved)])


def agree(left: np.ndarray, right: np.ndarray, scale: float | None = None) -> Evidence:
    """Whether two sampled results are the same; how their difference answers to one ulp is the floor."""
    gap = left - right
    size = float(np.max(np.maximum(np.abs(left), np.abs(right)))) if scale is None else scale
    floor = max(float(np.finfo(float).eps) * size, float(np.max(np.abs(gap - gap[:1]))))
    row = Row(0.0, float(np.max(np.abs(gap[0]))), floor, 0)
    return Evidence((row,), size, size, locate(np.atleast_2d(np.abs(gap[0]))), kind="floor")
