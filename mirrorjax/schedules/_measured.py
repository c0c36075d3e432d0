"""Whether a schedule's dose, strength and breakpoints belong together."""

import jax.numpy as jnp
import numpy as np

from ._base import AbstractSchedule
from ._quadrature import integrals, jump_between, sampled

PANELS = 128
DEPTH = 8
AGREES = 1e-11
"""As a share of ∫|α|: a dose that is further from the integral changes x by more than a comparison resolves."""


def measured(schedule: AbstractSchedule, t1: float) -> str:
    """What is wrong with `dose = ∫₀ᵗ α` up to t1, or with the breakpoints. On the host only.

    α is integrated between the breakpoints by two rules of Gauss. Where they agree with each other and not with the
    dose, the dose is wrong. Where they do not agree on ever shorter panels, α has a jump that is not among the
    breakpoints.

    **Arguments:**

    - `schedule`: what is measured.
    - `t1`: the time up to which it is measured.

    **Returns:** a sentence with the time and both numbers; empty where nothing is wrong.

    **Raises:** `InputError` for an α that cannot be traced or is no number.

    !!! example
        >>> from mirrorjax.schedules import Constant, FromFunction, measured
        >>> measured(Constant(0.3), 2.0)
        ''
    """
    start = float(schedule.dose(jnp.zeros(())))
    if start != 0:
        return f"the schedule's dose is {start:.6g} at t = 0, where it must be 0"
    jumps = np.asarray(schedule.breakpoints, dtype=float)
    edges = np.unique(np.concatenate([np.linspace(0.0, t1, PANELS + 1), jumps[(jumps > 0) & (jumps < t1)]]))
    parts, unsure = integrals(schedule.alpha, edges)
    doses = sampled(schedule.dose, edges)
    for name, values, at in (("alpha", parts, edges[1:]), ("dose", doses, edges)):
        if not np.all(np.isfinite(values)):
            return f"the schedule's {name} is not finite around t = {at[np.argmin(np.isfinite(values))]:.6g}"
    tolerance = max(AGREES, 1e3 * float(jnp.finfo(jnp.result_type(float)).eps)) * float(np.sum(np.abs(parts)))
    wrong = _fault(schedule, edges, tolerance, DEPTH)
    if wrong:
        return wrong
    # Gaps below the tolerance on every panel may add up. Panels in doubt were looked at and are not counted.
    gap = np.cumsum(np.where(unsure <= tolerance, parts - np.diff(doses), 0.0))
    if np.max(np.abs(gap)) <= 8 * tolerance:
        return ""
    return _of_dose(0.0, edges[-1], float(doses[-1] - doses[0] + gap[-1]), float(doses[-1]))


def _fault(schedule: AbstractSchedule, edges: np.ndarray, tolerance: float, depth: int) -> str:
    """The first fault on the panels between the edges, those in doubt looked at more closely."""
    parts, unsure = integrals(schedule.alpha, edges)
    doses = sampled(schedule.dose, edges)
    gap = np.abs(parts - np.diff(doses))
    for i in np.flatnonzero((gap > tolerance) | (unsure > tolerance)):
        p, q = edges[i], edges[i + 1]
        jump = jump_between(schedule.alpha, p, q)
        if jump is not None and p < jump < q:
            return f"the schedule's alpha jumps at t = {jump:.10g}, which is not among its breakpoints"
        if unsure[i] <= tolerance or depth == 0:
            return _of_dose(p, q, float(parts[i]), float(doses[i + 1] - doses[i]))
        closer = _fault(schedule, np.linspace(p, q, PANELS + 1), tolerance, depth - 1)
        if closer:
            return closer
    return ""


def _of_dose(p: float, q: float, integral: float, grown: float) -> str:
    return (
        f"the schedule's dose is not the integral of its alpha: from t = {p:.6g} to {q:.6g} "
        f"∫α is {integral:.10g} and the dose grows by {grown:.10g}"
    )
