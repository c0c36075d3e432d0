"""Pairs of seeds and intervals of a comparison, by hand."""

import numpy as np
import pytest
from scipy.stats import t

from mirrorjax.training import Row, estimate, paired


def row(name, seeds, test):
    return Row(name, 0.1, 0.2, 0.1, seeds, test, (0,) * len(seeds), (1,) * len(seeds), ())


def test_runs_are_paired_by_their_seeds():
    """One per cent better on every seed, in whatever order the seeds stand; by order or size it would be noise."""
    one = row("pilot", (0, 1, 2, 5), (0.90, 0.50, 0.70, 0.1))
    other = row("spred", (2, 7, 0, 1), (0.69, 0.2, 0.89, 0.49))
    found = paired(one, other)
    assert found.n == 3
    assert found.mean == pytest.approx(0.01, rel=1e-12) and found.half < 1e-12


@pytest.mark.parametrize("values", [[0.90, 0.92, 0.94], [0.3, 0.7], list(np.linspace(0, 1, 11) ** 2)])
def test_the_interval_is_students(values):
    low, high = t.interval(0.95, len(values) - 1, np.mean(values), np.std(values, ddof=1) / len(values) ** 0.5)
    found = estimate(values)
    assert found.mean == pytest.approx(np.mean(values), rel=1e-14)
    assert found.half == pytest.approx((high - low) / 2, rel=1e-10)
