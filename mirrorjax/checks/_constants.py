"""The numbers of the verdict, each beside the case that fixed it (tests/checks/test_margins.py).

Case: x = u² − v², decay switched off at t = 5. Discrepancy over budget of the true statement
stayed between 0.5 and 0.7 from rtol 1e-4 to 1e-12; a potential wrong by 1e-6 stood still at 2.4e-7.
"""

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
