"""Data small enough to train on in a test."""

import numpy as np

from mirrorjax import experiments


def blobs(n=100, features=(4,), classes=3, seed=0):
    """Gaussian clouds, well apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    centres = 3 * rng.standard_normal((classes, *features))
    return experiments.Data(centres[y] + rng.standard_normal((n, *features)), y, "blobs")
