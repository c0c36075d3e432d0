"""Limits of a step size η → 0 by Richardson's extrapolation."""

import numpy as np

from ._compare import locate
from ._evidence import Evidence, ladder

RICHARDSON_RUNGS = 4


def extrapolated(values: np.ndarray) -> np.ndarray:
    """Richardson's limits η → 0 from the first 1, 2, … runs (axis 0), each of half the step of the one before.

    **Arguments:**

    - `values`: the results of the runs, the coarsest first, shape `(k, …)`.

    **Returns:** the limits, shape `(k, …)`; the first is the first run itself, the last uses all.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import extrapolated
        >>> eta = np.array([0.4, 0.2, 0.1])
        >>> extrapolated(2.0 + 3.0 * eta + 5.0 * eta**2).round(9).tolist()  # its limit is 2
        [4.0, 1.6, 2.0]
    """
    found, column = [values[0]], values
    for k in range(1, len(values)):
        column = column[1:] + (column[1:] - column[:-1]) / (2**k - 1)
        found.append(column[0])
    return np.stack(found)


def tends_to(limits: np.ndarray, end: np.ndarray, error: float, start: np.ndarray, coarsest: float) -> Evidence:
    """Whether Richardson's limits reach `end`, known to `error`; the rungs are the four finest steps.

    The budget of a limit is how far it moved from the one before.

    **Arguments:**

    - `limits`: those of `extrapolated`, shape `(k, …)`.
    - `end`: where they should tend, `limits.shape[1:]`, such as `(n,)`.
    - `error`: the numerical error of `end`.
    - `start`: where the runs begin, such as `(n,)`; how far `end` is from it says how far they moved.
    - `coarsest`: the step size η of the first run.

    **Returns:** the `Evidence`, for `decide`.

    **Raises:** `InputError` for a negative `error`.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import decide, extrapolated, tends_to
        >>> eta = 0.1 / 2.0 ** np.arange(8)
        >>> limits = extrapolated(np.exp(1 + eta)[:, None])
        >>> ends = np.array([np.e]), np.array([2.7])
        >>> [str(decide(tends_to(limits, end, 1e-13, np.zeros(1), 0.1)).outcome) for end in ends]
        ['holds', 'refuted']
    """
    axes = tuple(range(1, limits.ndim))
    gaps, moves = np.abs(limits - end), np.abs(np.diff(limits, axis=0))
    return ladder(
        coarsest / 2.0 ** np.arange(len(limits))[-RICHARDSON_RUNGS:],
        np.max(gaps, axis=axes)[-RICHARDSON_RUNGS:],
        np.maximum(np.max(moves, axis=axes), error)[-RICHARDSON_RUNGS:],
        of="step size η",
        scale=float(np.max(np.abs(end))),
        moved=float(np.max(np.abs(end - start))),
        where=locate(gaps[-1:]),
    )
