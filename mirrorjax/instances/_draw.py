"""Seeded random numbers for every instance of a theorem."""

from collections.abc import Iterator

import numpy as np


def draw(seed: int, tag: int | None = None, count: int = 3) -> Iterator[tuple[str, np.random.Generator]]:
    """Names and generators of `count` instances.

    **Arguments:** `seed` of the run; `tag` tells two theorems apart, which share their numbers without; `count` ≥ 0.

    **Returns:** pairs of "random 0 (seed 0)" and a generator of NumPy that knows seed, tag and the place in the row, so
    that a fourth instance does not change the first three.

    !!! example
        >>> from mirrorjax.instances import draw
        >>> [(name, round(rng.uniform(), 3)) for name, rng in draw(0, tag=7, count=2)]
        [('random 0 (seed 0)', 0.039), ('random 1 (seed 0)', 0.162)]
    """
    tags = [] if tag is None else [tag]
    for i in range(count):
        yield f"random {i} (seed {seed})", np.random.default_rng([seed, *tags, i])
