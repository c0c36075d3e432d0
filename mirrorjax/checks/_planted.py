"""The sizes of errors that are planted on purpose."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from .._thresholds import FLOAT32_SIZES
from .._types import x64_on

_planting = ContextVar("planting", default=True)


def planted_sizes(*sizes: float) -> tuple[float, ...]:
    """The relative sizes of errors to plant.

    **Arguments:**

    - `*sizes`: those of float64.

    **Returns:** `sizes` themselves, or without float64 the ones that float32 may see. None of them inside
    `without_planted_errors`, where a smoke test saves their solves.

    !!! example
        >>> from mirrorjax.checks import planted_sizes, without_planted_errors
        >>> planted_sizes(1e-4, 1e-6)
        (0.0001, 1e-06)
        >>> with without_planted_errors():
        ...     planted_sizes(1e-4, 1e-6)
        ()
    """
    if not _planting.get():
        return ()
    return sizes if x64_on() else FLOAT32_SIZES


@contextlib.contextmanager
def without_planted_errors() -> Iterator[None]:
    """Inside, checks plant no errors, so that what they find has no detection limit.

    **Returns:** a context manager.

    !!! example
        >>> from mirrorjax.checks import planted_sizes, without_planted_errors
        >>> with without_planted_errors():
        ...     {size: "solved" for size in planted_sizes(1e-4)}
        {}
    """
    token = _planting.set(False)
    try:
        yield
    finally:
        _planting.reset(token)


def slight(size: float) -> float:
    """The error of a control that is to be small.

    **Arguments:**

    - `size`: the relative error in float64.

    **Returns:** `size`, or without float64 a tenth, which float32 sees for certain.

    !!! example
        >>> import jax
        >>> from mirrorjax.checks import slight, written
        >>> with jax.enable_x64(False):
        ...     slight(1e-6), written(1e-6)
        (0.1, '1e-1')
    """
    return size if x64_on() else FLOAT32_SIZES[0]


def written(size: float) -> str:
    """`slight(size)` for the name of a control.

    **Arguments:**

    - `size`: the relative error in float64.

    **Returns:** the size as text, as `1e-6`.
    """
    return f"{slight(size):.0e}".replace("e-0", "e-")
