"""Identities between costly routines, run once for every closed form that they are compared with."""

from collections.abc import Callable

import numpy as np

from .._thresholds import ROUNDOFF_SAMPLES, tuning
from .._types import ArrayLike, ulp
from ._compare import locate
from ._evidence import Evidence, floor


def sampled(
    function: Callable[..., ArrayLike], *points: ArrayLike, seed: int = 0, samples: int = ROUNDOFF_SAMPLES
) -> np.ndarray:
    """`function` at the points, then at points moved by one unit in the last place; axis 0 counts them.

    **Arguments:**

    - `function`: of as many arrays as there are points, and of their shapes, to one array.
    - `*points`: its arguments, each of any shape, such as `(n,)`.
    - `seed`: of the random moves.
    - `samples`: how many moved ones, 1 or more.

    **Returns:** shape `(1 + samples, …)`; the first is that of the points themselves.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import sampled
        >>> sampled(np.sin, np.ones(3)).shape
        (17, 3)
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(point, dtype=float) for point in points]
    first = np.asarray(function(*arrays))
    # A routine in NumPy is in float64 also where the session is not.
    eps = max(float(np.finfo(first.dtype).eps), ulp())
    moved = [[a * (1 + eps * rng.choice([-1.0, 0.0, 1.0], size=a.shape)) for a in arrays] for _ in range(samples)]
    return np.stack([first, *(np.asarray(function(*at)) for at in moved)])


def agree(left: np.ndarray, right: np.ndarray, scale: float | None = None) -> Evidence:
    """Whether two sampled results are the same; how their difference answers to one ulp is the floor.

    **Arguments:**

    - `left`, `right`: results of `sampled`, of one shape `(k, …)`.
    - `scale`: the size of what is compared, by default the larger of both sides: were the left one 0, a right one that
      is not could never refute the identity.

    **Returns:** the `Evidence`, for `decide`.

    **Raises:** `InputError` for a negative `scale`.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import agree, decide, sampled
        >>> at = np.array([0.3, 1.7])
        >>> left = sampled(lambda x: np.cosh(x) ** 2, at)
        >>> [str(decide(agree(left, sampled(lambda x: k + np.sinh(x) ** 2, at))).outcome) for k in (1.0, 1.1)]
        ['holds', 'refuted']
    """
    gap = left - right
    size = float(np.max(np.maximum(np.abs(left[0]), np.abs(right[0])))) if scale is None else scale
    eps = max(float(np.finfo(gap.dtype).eps), ulp())
    least = tuning().identity * eps * size
    moved = np.maximum(least, np.max(np.abs(gap - gap[:1])))  # NaN where an ulp leaves the domain
    worst = np.abs(gap[0])
    return floor(float(np.max(worst)), moved, scale=size, where=locate(np.atleast_2d(worst)), own_units=True)
