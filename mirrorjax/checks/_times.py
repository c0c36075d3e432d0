"""Where to compare: the times at which x moves."""

from collections.abc import Callable

import numpy as np

from .._thresholds import FINEST_FLOAT32, RUNGS
from .._types import State, x64_on
from ..flows import Trajectory, integrate

LARGEST_STEP = 0.5
"""Share of the motion that one gap of an even grid may hold before the grid follows the motion."""
SHORTEST = 1e-12
"""The first look is this far down, relative to t1: scales of 1e6 end their motion at 1e-7."""
PASSES = 3


def compared_times(flow: Callable, state0: State, t1: float, points: int) -> tuple[np.ndarray, str]:
    """`points` times from 0 to t1: evenly spaced, or so that x moves as far from each to the next.

    Beside them why the flow does not reach t1, and which t1 it does reach; empty where it does.

    To t1 = 1e4 an even grid sees nothing but the limit, which a potential with a wrong constant shares.
    Every solve has the shape of the comparison's own, so none is compiled for this.
    """
    even = np.linspace(0.0, t1, points)
    path = integrate(flow, state0, ts=even, rtol=_rtol(), throw=False)
    if not bool(path.ok):
        return even, f"{path.failure()}; t1 = {0.9 * float(path.t_last):.2g} would decide"
    motion = _motion(path)
    if motion is None or motion.max() <= LARGEST_STEP * motion.sum():
        return even, ""
    ts = np.concatenate([[0.0], np.geomspace(SHORTEST * t1, t1, points - 1)])
    for _ in range(PASSES):
        motion = _motion(integrate(flow, state0, ts=ts, rtol=_rtol(), throw=False))
        if motion is None:
            return even, ""
        # A thirtieth of every gap's share is kept whatever moves there: the next pass may find motion in it.
        share = motion / motion.sum() + 1 / 30 / (points - 1)
        travelled = np.concatenate([[0.0], np.cumsum(share)])
        ts = np.interp(np.linspace(0.0, travelled[-1], points), travelled, ts)
        ts[-1] = t1
        if not (x64_on() or np.all(np.diff(ts.astype(np.float32)) > 0)):
            return even, ""  # float32 does not tell these times apart
    return ts, ""


def _rtol() -> float:
    return RUNGS[0] if x64_on() else FINEST_FLOAT32


def _motion(path: Trajectory) -> np.ndarray | None:
    """How far x moves in every gap, each coordinate in units of its own way; None where that is not known."""
    x = np.asarray(path.x)
    if not (bool(path.ok) and np.all(np.isfinite(x))):
        return None
    steps = np.abs(np.diff(x, axis=0))
    way = steps.sum(0)
    moving = way > 1e3 * _rtol() * np.abs(x).max(0)
    if not np.any(moving):
        return None
    return (steps[:, moving] / way[moving]).sum(1)
