"""The numbers of the verdict, each beside the case that fixed it (tests/checks/test_margins.py).

Case: x = u² − v², decay switched off at t = 5. Discrepancy over budget of the true statement
stayed between 0.5 and 0.7 from rtol 1e-4 to 1e-12; a potential wrong by 1e-6 stood still at 2.4e-7.
"""

import dataclasses
from collections.abc import Sequence

from ._types import x64_on

RUNGS = (1e-6, 1e-8, 1e-10)
DEEP_RUNGS = (1e-6, 1e-8, 1e-10, 1e-12)
REFERENCE_FACTOR = 0.1
"""The self-convergence reference runs at this fraction of the last rung."""

AGREE = 5.0
"""Holds needs e ≤ 5 b: ten times the 0.5 … 0.7 that the true statement shows."""

DISAGREE = 30.0
"""Refuted needs e ≥ 30 b; between 5 and 30 nothing is said."""

CONVERGE = 30.0
"""Holds needs the budget to fall 30-fold from the first to the last rung (tolerance falls 1e4-fold)."""

STANDSTILL = 0.3
"""Refuted needs the last two discrepancies to agree within 30 %: an error of the formula stands still."""

MOTION = 1e3
MOTION_RELATIVE = 1e-9
"""A flow that moved less than 10³ budgets, or than 1e-9 of its scale, has tested nothing."""

ROUNDING = 16
"""No budget is below this many ulp of the scale: two solvers may agree to the last bit by chance."""

SETTLED = 1e-9
"""A budget below this share of the scale on the first rung has nowhere to fall: the steps that the compared
times force are already at round-off. Measured on README's 2 × 3 problem to t = 1: 6e-12 on every rung."""

COARSE = 1e-6
"""A resolution coarser than this is said in the outcome line."""

ROUNDOFF_SAMPLES = 16
"""Perturbed evaluations from which the round-off floor of an identity is measured."""

VANISHES = 1e-12
"""A bracket, or the slope of a loss at its minimum, relative to its terms: round-off of a few hundred operations."""

REGULAR = 1e-6
"""Least conditioning of Jg; it comes from Jg Jgᵀ, so 1e-8 is round-off."""

INTERPOLATES = 1e-8
"""‖Zx − y‖/‖y‖ up to which the end of a run counts as interpolating."""

KKT_TOLERANCE = 1e-9
"""The KKT residual up to which a limit counts as found."""

FLOAT32_RUNGS = (1e-2, 1e-3, 1e-4)
FLOAT32_SIZES = (1e-1, 1e-2, 1e-3, 1e-4)
FINEST_FLOAT32 = 1e-5
"""Finer rungs say nothing in float32: its round-off is 2e-6 of the scale, 16 ulp, and the reference runs at 0.1 of the
last rung. Rungs that are not were asked for: the default is finer."""


@dataclasses.dataclass(frozen=True)
class Tuning:
    """The numbers that the precision of the floats decides.

    `amplified` is the share of a coordinate up to which what an ulp of the start makes of it counts as round-off,
    `identity` how many ulp of the scale the floor of an identity has at least.
    """

    converge: float
    settled: float
    amplified: float
    identity: float


FLOAT64 = Tuning(converge=CONVERGE, settled=SETTLED, amplified=SETTLED, identity=1.0)
FLOAT32 = Tuning(converge=5.0, settled=1e-3, amplified=1.0, identity=16.0)
"""Measured on the 200 true statements of tests/checks/statements.py, seed 0: e/b on the last rung was 0.06 in the
median and 0.84 at most, as in float64, so `AGREE`, `DISAGREE` and `ROUNDING` are the same. The tolerance falls 1e2-fold
and not 1e4-fold: √30 is 5. Where the budget did not fall at all it was round-off: 2e-6 to 1e-3 of the scale in 10 cases
of 11, beyond which `MOTION` says nothing anyway; up to 0.1 where x = u² − v² is small, so what an ulp makes of a
coordinate is counted to the full. Sides of a true identity were 3 ulp apart at most, over the 37 claims
of mask/2.1, C.1, only-m, 3.1, beyond/degree-2 and signin/reset."""


def tuning(x64: bool | None = None) -> Tuning:
    """Those of float64 or of float32; by default, of the session."""
    return FLOAT64 if (x64_on() if x64 is None else x64) else FLOAT32


def resolved_by_float32(rungs: Sequence[float]) -> bool:
    """Whether float32 has digits for the finest of them."""
    return len(rungs) > 0 and min(rungs) >= FINEST_FLOAT32
