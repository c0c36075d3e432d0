"""Hypotheses of theorems about regression, measured on an instance."""

import jax.numpy as jnp
import numpy as np

from .._thresholds import INTERPOLATES, VANISHES
from ..checks import Hypothesis
from ..parameterizations import Hadamard
from ..problems import LinearRegression, half_mean_square
from ._instance import Regression


def interpolation_is_least(problem: LinearRegression) -> Hypothesis:
    """The loss is least at the interpolators: for a logistic one there is no x∞ with Zx∞ = y.

    **Arguments:**

    - `problem`: the regression.

    **Returns:** the `Hypothesis`, measured.
    """
    slope = problem.slope_at_interpolation
    return Hypothesis("ℓ is least where Zx = y, |∇ℓ(0)|/|∇ℓ(−y)| ≤ 1e-12", slope, problem.least_at_interpolation)


def mean_square_loss(problem: LinearRegression, name: str = "") -> Hypothesis:
    """ℓ is the one whose constants the theorem writes out, ½ · mean square: compared at a random residual.

    **Arguments:**

    - `problem`: the regression.
    - `name`: begins the name of the hypothesis.

    **Returns:** the `Hypothesis`, measured.
    """
    r = jnp.asarray(np.random.default_rng(problem.d).standard_normal(problem.d))
    risen = float(problem.residual_loss(r) - problem.residual_loss(0 * r))
    gap = abs(risen - float(half_mean_square(r))) / float(half_mean_square(r))
    return Hypothesis(f"{name}ℓ(r) = ½ mean r², relative gap", gap, gap <= VANISHES)


def no_decay(case: Regression) -> Hypothesis:
    """The schedule that was handed in, if one was, has no dose.

    **Arguments:**

    - `case`: the instance.

    **Returns:** the `Hypothesis`, measured.
    """
    dose = float(case.schedule.total)
    return Hypothesis("no decay, ∫α = 0", dose, dose == 0)


def product_of_factors(case: Regression) -> Hypothesis:
    """The parameterization that was handed in, if one was, is the one that the statement is about.

    **Arguments:**

    - `case`: the instance.

    **Returns:** the `Hypothesis`, measured.
    """
    return Hypothesis("x = m ⊙ w", type(case.param).__name__, isinstance(case.param, Hadamard))


def interpolation(case: Regression, x_end: np.ndarray) -> Hypothesis:
    """Interpolation at the end of the run."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    residual = float(np.linalg.norm(Z @ x_end - y) / np.linalg.norm(y))
    return Hypothesis("interpolation, ‖Zx − y‖/‖y‖ ≤ 1e-8", residual, residual <= INTERPOLATES)


def finite_dose(case: Regression) -> Hypothesis:
    """Non-negative decay that ends."""
    dose = float(case.schedule.total)
    return Hypothesis("0 ≤ ∫α < ∞", dose, 0 <= dose < np.inf)
