"""α at many times, its integrals over panels, and its jumps: on the host, by few compiled shapes."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from .._compile import quick_jit
from .._errors import InputError
from .._types import as_array

BATCH = 1024
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
_COARSE_NODES, _COARSE_WEIGHTS = np.polynomial.legendre.leggauss(8)
_LASTING = 0.5
"""A change that a thousandfold shorter interval keeps by this share is a jump; a slope keeps a thousandth."""


@quick_jit
def _batch(function: Callable, ts):
    return jax.vmap(lambda t: as_array(function(t)))(ts)


def sampled(function: Callable, ts: np.ndarray) -> np.ndarray:
    """`function` at every time, in batches of one size so that it compiles once."""
    flat = np.resize(np.ravel(ts), max(1, -(-np.size(ts) // BATCH)) * BATCH)
    try:
        with jax.ensure_compile_time_eval():
            parts = [np.asarray(_batch(function, as_array(part))) for part in flat.reshape(-1, BATCH)]
    except (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError) as error:
        raise InputError(
            f"the strength cannot be traced: {str(error).splitlines()[0]}",
            "alpha(t)",
            "jax.numpy instead of numpy, jnp.where instead of if",
        ) from None
    values = np.concatenate(parts)[: np.size(ts)]
    if values.ndim != 1:
        raise InputError("alpha(t) must be a number, shape ()", f"shape {values.shape[1:]}")
    return values.reshape(np.shape(ts))


def integrals(alpha: Callable, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`∫α` over every panel between the edges, and how far a rule of half the order is from it."""
    p, q = edges[:-1, None], edges[1:, None]
    nodes = np.concatenate([NODES, _COARSE_NODES])
    values = sampled(alpha, p + (q - p) / 2 * (1 + nodes)) * (q - p) / 2
    fine, coarse = values[:, :16] @ WEIGHTS, values[:, 16:] @ _COARSE_WEIGHTS
    return fine, np.abs(fine - coarse)


def jump_between(alpha: Callable, p: float, q: float) -> float | None:
    """The first float of the new strength where α jumps between p and q; None where it does not."""
    first = None
    dtype = np.dtype(jnp.result_type(float))
    if q - p <= 2 * BATCH**2 * np.spacing(dtype.type(q)):
        return None  # too narrow to tell a jump from a slope or from rounding
    while True:
        ts = np.linspace(p, q, BATCH, dtype=dtype)
        changes = np.abs(np.diff(sampled(alpha, ts)))
        i = int(np.argmax(changes))
        first = changes[i] if first is None else first
        if changes[i] == 0 or changes[i] < _LASTING * first:
            return None
        p, q = ts[i], ts[i + 1]
        if q <= np.nextafter(p, dtype.type(np.inf)):
            return float(q)
