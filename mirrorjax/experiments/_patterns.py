"""Signals to be told apart, made on the spot: no package and no file is needed."""

import numpy as np

from .._errors import InputError
from ._datasets import Data

LENGTH, CLASSES, POINTS = 40, 10, 12
NOISE = 0.2


def patterns(samples: int = 4000, seed: int = 0) -> Data:
    """Ten curves, each somewhere in a noisy signal of 40 points: which one is it?

    In the manner of MNIST-1D: a template of 12 points, stretched, scaled and put at a random place, with smooth noise
    over the whole signal. What a linear classifier gets of it is little, since the place differs.

    **Arguments:**

    - `samples`: how many, 20 or more.
    - `seed`: of templates and samples.

    **Returns:** the `Data`, named "patterns", inputs of shape `(samples, 40)`.

    **Raises:** `InputError` for fewer samples.

    !!! example
        >>> from mirrorjax.experiments import patterns
        >>> data = patterns(100)
        >>> data.x.shape, data.classes
        ((100, 40), 10)
    """
    if samples < 20:
        raise InputError("20 samples or more", f"samples = {samples}")
    rng = np.random.default_rng([5, seed])
    templates = _smooth(rng.standard_normal((CLASSES, POINTS)), 1)
    templates = (templates - templates.mean(axis=1, keepdims=True)) / templates.std(axis=1, keepdims=True)
    labels = np.arange(samples) % CLASSES
    x = NOISE * 2 * _smooth(rng.standard_normal((samples, LENGTH)), 1)
    for row, label in zip(x, labels):
        width = int(rng.integers(POINTS, 2 * POINTS))
        curve = np.interp(np.linspace(0, POINTS - 1, width), np.arange(POINTS), templates[label])
        at = int(rng.integers(0, LENGTH - width))
        row[at : at + width] += rng.uniform(0.7, 1.3) * curve
    return Data(x, labels, "patterns")


def _smooth(rows: np.ndarray, times: int) -> np.ndarray:
    """Weights ¼, ½, ¼ along the last axis, so many times."""
    for _ in range(times):
        wide = np.pad(rows, ((0, 0), (1, 1)), mode="edge")
        rows = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return rows
