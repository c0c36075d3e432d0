"""Algebraic identities, judged against a measured round-off floor."""

from collections.abc import Callable

import jax
import numpy as np

from .._types import ArrayLike, ulp
from ._compare import locate
from ._constants import ROUNDOFF_SAMPLES, tuning
from ._evidence import Evidence, Row


def identity(
    left: Callable[..., ArrayLike],
    right: Callable[..., ArrayLike],
    *points: ArrayLike,
    seed: int = 0,
) -> Evidence:
    """Whether `left(*points) = right(*points)`, up to round-off that is measured.

    Both sides are evaluated again at points moved by one unit in the last place. The residual of
    a true identity is round-off and changes by its own size; that change is the floor. A floor
    taken as ε times the result would call every cancellation a contradiction.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.checks import decide, identity
        >>> at = jnp.array([0.3, 1.7])
        >>> str(decide(identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1 + jnp.sinh(x) ** 2, at)).outcome)
        'holds'
        >>> str(decide(identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1 + jnp.cosh(x) ** 2, at)).outcome)
        'refuted'
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(point, dtype=float) for point in points]

    def residual(*at: ArrayLike) -> tuple[np.ndarray | np.floating, np.ndarray | np.floating]:
        sides = [np.asarray(side(*[jax.numpy.asarray(p) for p in at])) for side in (left, right)]
        return sides[0] - sides[1], np.maximum(np.abs(sides[0]), np.abs(sides[1]))

    gap, size = residual(*arrays)
    # A side in NumPy is in float64 also where the other one is not.
    eps = max(float(np.finfo(size.dtype).eps), ulp())
    # Of both sides: were the left one 0, a right one that is not could never refute the identity.
    scale = float(np.max(size))
    floor = tuning().identity * eps * scale
    for _ in range(ROUNDOFF_SAMPLES):
        moved = [a * (1 + eps * rng.choice([-1.0, 0.0, 1.0], size=a.shape)) for a in arrays]
        floor = max(floor, float(np.max(np.abs(residual(*moved)[0] - gap))))
    row = Row(0.0, float(np.max(np.abs(gap))), floor, 0)
    return Evidence((row,), scale, scale, locate(np.atleast_2d(np.abs(gap))), kind="floor", own_units=True)


def at_most(left: float, right: float, floor: float, scale: float | None = None) -> Evidence:
    """Whether `left ≤ right`: the excess `max(0, left − right)` against a floor.

    !!! example
        >>> from mirrorjax.checks import at_most, decide
        >>> str(decide(at_most(1.0, 1.0 - 1e-15, floor=1e-15)).outcome), str(decide(at_most(2.0, 1.0, 1e-15)).outcome)
        ('holds', 'refuted')
    """
    size = max(abs(left), abs(right)) if scale is None else scale
    row = Row(0.0, max(0.0, left - right), floor, 0)
    return Evidence((row,), size, size, kind="floor")
