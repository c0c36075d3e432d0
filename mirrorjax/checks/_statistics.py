"""Claims about averages: paired differences over seeds with a confidence bound."""

import functools
from typing import Any

import numpy as np

from .._thresholds import DISAGREE
from ._bounds import at_most
from ._evidence import Evidence

CONFIDENCE = 0.99


def upper_bound(difference: np.ndarray) -> float:
    """The one-sided 99 % bound of the mean, from Student's t.

    **Arguments:**

    - `difference`: independent values, two or more, shape `(k,)`.

    **Returns:** the bound, a number.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import upper_bound
        >>> round(upper_bound(np.arange(1.0, 6.0)), 4)
        5.6495
    """
    mean, half = interval(difference, 2 * CONFIDENCE - 1)
    return mean + half


def interval(difference: np.ndarray, level: float = 2 * CONFIDENCE - 1) -> tuple[float, float]:
    """The mean and half the width of its two-sided interval, from Student's t.

    **Arguments:**

    - `difference`: independent values, two or more, shape `(k,)`.
    - `level`: of the interval, by default 98 %.

    **Returns:** the mean and half the width, two numbers.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import interval
        >>> [round(value, 4) for value in interval(np.arange(1.0, 6.0))]
        [3.0, 2.6495]
    """
    count = len(difference)
    half = _quantile((1 + level) / 2, count - 1) * np.std(difference, ddof=1) / np.sqrt(count)
    return float(np.mean(difference)), float(half)


@functools.cache
def _quantile(level: float, freedom: int) -> float:
    from scipy.stats import t

    return float(t.ppf(level, freedom))


def paired_below(left: np.ndarray, right: np.ndarray, floor: float) -> Evidence:
    """Whether `left < right` on average over paired seeds: the bound of the mean difference is below 0.

    Without an effect the bound is positive, so a null is refuted. Where the two are one, the bound is 0 and their
    difference has no spread: below 0 has to be by more than `floor` can hide.

    **Arguments:**

    - `left`, `right`: a value for each seed, shape `(k,)` with k ≥ 2.
    - `floor`: the numerical error of one value.

    **Returns:** the `Evidence`, for `decide`.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import decide, paired_below
        >>> left, right = np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.2, 1.9])
        >>> [str(decide(paired_below(*pair, floor=1e-12)).outcome) for pair in ((left, right), (right, left))]
        ['holds', 'refuted']
    """
    return at_most(upper_bound(left - right), -2 * DISAGREE * floor, floor, float(np.mean(np.abs(right))))


def summary(left: np.ndarray, right: np.ndarray) -> str:
    """For the table: mean paired difference with its two-sided 98 % interval, and how many seeds agree.

    **Arguments:**

    - `left`, `right`: a value for each seed, shape `(k,)` with k ≥ 2.

    **Returns:** one line of text.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import summary
        >>> summary(np.array([1.0, 1.1, 0.9]), np.array([2.0, 2.2, 1.9]))
        '-1.0333 ± 0.2322, lower in 3 of 3'
    """
    difference = left - right
    mean, half = interval(difference)
    return f"{mean:+.4f} ± {half:.4f}, lower in {int(np.sum(difference < 0))} of {len(difference)}"


def detectable(difference: np.ndarray, power: float = 0.9) -> float:
    """The smallest mean that `paired_below` would have seen: with that chance, at this spread and number of seeds.

    It is δ s/√k, where the noncentral t of k − 1 degrees of freedom and noncentrality δ lies above `t_{0.99}` with that
    chance. The sum `t_{0.99} + t_power` in place of δ gives 73 % for two seeds and 86 % for five, not 90 %: the spread
    is of the same seeds.

    **Arguments:**

    - `difference`: independent paired differences, two or more, shape `(k,)`.
    - `power`: the chance, between ½ and 1.

    **Returns:** the size of the mean, a number.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import detectable
        >>> round(detectable(np.arange(1.0, 6.0)), 4)
        3.9882
    """
    count = len(difference)
    return float(_noncentrality(count, power) * np.std(difference, ddof=1) / np.sqrt(count))


@functools.cache
def _noncentrality(count: int, power: float) -> float:
    """δ. A page asks for that of a few numbers of seeds a hundred times, and each takes milliseconds."""
    from scipy.optimize import brentq
    from scipy.stats import chi, nct, norm

    bound, each = _quantile(CONFIDENCE, count - 1), np.sqrt(power)
    # Spread and mean are independent: where each is good enough with the chance √power, so are both with `power`.
    high = bound * chi.ppf(each, count - 1) / np.sqrt(count - 1) + norm.ppf(each)
    size: Any = brentq(lambda shift: nct.sf(bound, count - 1, shift) - power, 0.0, high)
    return float(size)
