"""Claims about averages: paired differences over seeds with a confidence bound."""

import numpy as np

from .._thresholds import DISAGREE
from ._bounds import at_most
from ._evidence import Evidence

CONFIDENCE = 0.99


def upper_bound(difference: np.ndarray) -> float:
    """The one-sided 99 % bound of the mean, from Student's t."""
    from scipy.stats import t

    count = len(difference)
    return float(np.mean(difference) + t.ppf(CONFIDENCE, count - 1) * np.std(difference, ddof=1) / np.sqrt(count))


def interval(difference: np.ndarray) -> tuple[float, float]:
    """The mean and half the width of its two-sided 98 % interval, from Student's t."""
    mean = float(np.mean(difference))
    return mean, upper_bound(difference) - mean


def paired_below(left: np.ndarray, right: np.ndarray, floor: float) -> Evidence:
    """Whether `left < right` on average over paired seeds: the bound of the mean difference is below 0.

    `floor` is the numerical error of one value. Without an effect the bound is positive, so a null is refuted; where
    the two are one, the bound is 0 and their difference has no spread: below 0 has to be by more than `floor` can hide.
    """
    return at_most(upper_bound(left - right), -2 * DISAGREE * floor, floor, float(np.mean(np.abs(right))))


def summary(left: np.ndarray, right: np.ndarray) -> str:
    """For the table: mean paired difference with its two-sided 98 % interval, and how many seeds agree."""
    difference = left - right
    mean, half = interval(difference)
    return f"{mean:+.4f} ± {half:.4f}, lower in {int(np.sum(difference < 0))} of {len(difference)}"
