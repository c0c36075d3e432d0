"""Which samples each seed trains, validates and tests on, and in which order: rows of one array for all seeds."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from ._datasets import FOLDS, VALIDATION, Data
from ._ensemble import Rows

REFERENCE = 512
"""Training samples by which a tested network's normalizations take their statistics."""


@dataclasses.dataclass(frozen=True)
class SplitRows:
    """The parts of `split_data` for several seeds, as rows of one array.

    **Fields:**

    - `x`, `y`: all samples, inputs shifted and scaled by mean and deviation of those that do not test.
    - `train`, `validation`: rows for each seed, shape `(seeds, …)`.
    - `test`: rows that test, the same for every seed.
    """

    x: np.ndarray
    y: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray

    @property
    def seen(self) -> np.ndarray:
        """Training samples of each seed, for the statistics of normalizations."""
        return self.train[:, :REFERENCE]

    def rows(self, seeds: Sequence[int], which: Sequence[int], epochs: int, batch: int) -> Rows:
        """Every training sample once an epoch; what does not fill a batch waits for another epoch.

        **Arguments:**

        - `seeds`: those of the shuffles, one for each plane.
        - `which`: the plane of each member.
        - `epochs`: how many.
        - `batch`: samples of a step.
        """
        return Rows(
            jnp.asarray(self.x),
            jnp.asarray(self.y),
            jnp.asarray(np.stack([self._order(i, seed, epochs, batch) for i, seed in enumerate(seeds)]), jnp.int32),
            jnp.asarray(which, jnp.int32),
        )

    def steps_per_epoch(self, batch: int) -> int:
        """Full batches of the training part.

        **Raises:** `InputError` where there is none.
        """
        if batch > self.train.shape[1]:
            raise InputError("a batch is larger than the training part", f"{batch} of {self.train.shape[1]}")
        return self.train.shape[1] // batch

    def _order(self, plane: int, seed: int, epochs: int, batch: int) -> np.ndarray:
        rng, mine = np.random.default_rng([2, seed]), self.train[plane]
        full = self.steps_per_epoch(batch) * batch
        return np.concatenate([rng.permutation(mine)[:full] for _ in range(epochs)]).reshape(-1, batch)


def split_rows(data: Data, seeds: Sequence[int], fold: int) -> SplitRows:
    """60, 20 and 20 % of the samples for each seed; the `fold`-th fifth tests for every one."""
    n = len(data.y)
    parts = np.array_split(np.random.default_rng(0).permutation(n), FOLDS)
    test = parts.pop(fold)
    others = np.concatenate(parts)
    rest = [np.random.default_rng([1, seed]).permutation(others) for seed in seeds]
    validation, train = (np.stack(rows) for rows in zip(*(np.split(one, [round(VALIDATION * n)]) for one in rest)))
    mean, deviation = data.x[others].mean(dtype=np.float64), data.x[others].std(dtype=np.float64)
    return SplitRows(((data.x - mean) / (deviation or 1.0)).astype(np.float32), data.y, train, validation, test)
