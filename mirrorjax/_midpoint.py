"""A step of order 8 that holds six states, for states so large that the stages of a Runge–Kutta pair do not fit."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ._types import Scalar, Vector

ROWS = (2, 4, 6, 8)
"""Substeps of the modified midpoint rule. All are even, so its error has even powers of the substep alone."""
ORDER, ERROR_ORDER = 8, 7


def _weights(rows: tuple[int, ...]) -> np.ndarray:
    """Of the rows in the polynomial in 1/n² through their results, at 0."""
    squares = [float(n) ** 2 for n in rows]
    return np.array([np.prod([s / (s - other) for other in squares if other != s]) for s in squares])


def _pairs() -> tuple[np.ndarray, ...]:
    """For every pair of substeps, row after row: n, its number in the row, and two weights, 0 but at a row's end.

    The second weight is that of the estimated error: all rows less all but the first.
    """
    weights = _weights(ROWS)
    errors = weights - np.append(0.0, _weights(ROWS[1:]))
    numbers = [(n, pair, last * w, last * e) for n, w, e in zip(ROWS, weights, errors)
               for pair in range(n // 2) for last in [pair == n // 2 - 1]]  # fmt: skip
    n, pair, weight, error = np.array(numbers).T
    return n, pair, weight, error


PAIRS = _pairs()


def midpoint_step(
    field: Callable[[Scalar, Vector], Vector], t: Scalar, length: Scalar, y: Float[Array, " m"]
) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    """The state at t + length and the estimated error: the modified midpoint rule, extrapolated (Gragg, Bulirsch,
    Stoer).

    The extrapolation is a fixed sum over the rows, so each is added up as it ends, and a row itself needs its last two
    states: with y and one slope that makes six vectors, where a pair of order 8 keeps 14 slopes.
    """
    n, pair, weight, error = (jnp.asarray(numbers, y.dtype) for numbers in PAIRS)

    def two_substeps(i, carry):
        even, odd, gained, missed = carry  # less y, which rounds less
        first, h = pair[i] == 0, length / n[i]
        even, odd = jnp.where(first, 0.0, even), jnp.where(first, 0.0, odd)
        at = t + 2 * pair[i] * h
        odd = odd + jnp.where(first, h, 2 * h) * field(at, y + even)
        even = even + 2 * h * field(at + h, y + odd)
        return even, odd, gained + weight[i] * even, missed + error[i] * even

    zero = jnp.zeros_like(y)
    _, _, gained, missed = jax.lax.fori_loop(0, len(PAIRS[0]), two_substeps, (zero, zero, zero, zero))
    return y + gained, missed
