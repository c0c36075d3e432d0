"""Algebraic identities, judged against a measured round-off floor."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from .._types import ArrayLike
from ._evidence import Evidence
from ._sampled import agree, sampled


def identity(
    left: Callable[..., ArrayLike],
    right: Callable[..., ArrayLike],
    *points: ArrayLike,
    seed: int = 0,
) -> Evidence:
    """Whether `left(*points) = right(*points)`, up to round-off that is measured.

    Both sides are evaluated again at points moved by one unit in the last place. The residual of a true identity is
    round-off and changes by its own size; that change is the floor. A floor taken as ε times the result would call
    every cancellation a contradiction.

    **Arguments:**

    - `left`, `right`: from the points to arrays of one shape.
    - `*points`: arrays, scalar or of any shape `(…, n)`.
    - `seed`: of the moves.

    **Returns:** the `Evidence`, for `decide`.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.checks import decide, identity
        >>> at = jnp.array([0.3, 1.7])
        >>> str(decide(identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1 + jnp.sinh(x) ** 2, at)).outcome)
        'holds'
        >>> str(decide(identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1 + jnp.cosh(x) ** 2, at)).outcome)
        'refuted'
    """

    def both(*at: ArrayLike) -> np.ndarray:
        points = [jnp.asarray(point) for point in at]
        return np.stack(np.broadcast_arrays(*(np.asarray(side(*points)) for side in (left, right))))

    # In one call, so that both sides are taken at the same moved points.
    values = sampled(both, *points, seed=seed)
    return agree(values[:, 0], values[:, 1])
