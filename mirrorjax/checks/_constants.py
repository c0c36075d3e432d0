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

ROUNDOFF_SAMPLES = 16
"""Perturbed evaluations from which the round-off floor of an identity is measured."""
