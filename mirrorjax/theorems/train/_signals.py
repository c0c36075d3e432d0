"""Instances of the entries on classifiers: patterns in noise that a dozen networks learn to tell apart."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...experiments import Data, patterns

SAMPLES = 4000
EXACT = 1e-12
"""An accuracy and a number of flips are counts; their means have the rounding of a sum."""


@dataclasses.dataclass(frozen=True)
class Signals:
    """Data of ten classes."""

    name: str
    data: Data

    @property
    def w(self) -> np.ndarray:
        """What tells two instances apart."""
        return self.data.x


def signals(seed: int, tag: int) -> list[Signals]:
    """Three sets of patterns, of other templates each."""
    return [
        Signals(f"patterns {i} (seed {seed})", patterns(SAMPLES, int(rng.integers(2**31))))
        for i, (_, rng) in enumerate(mj.instances.draw(seed, tag))
    ]
