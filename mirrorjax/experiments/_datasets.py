"""Labelled data to train on, and its three parts."""

import dataclasses
from typing import NamedTuple

import numpy as np

from .._errors import InputError

FOLDS, VALIDATION = 5, 0.2
FEWEST = 20
RENUMBERED = "y = np.unique(y, return_inverse=True)[1]"


@dataclasses.dataclass(frozen=True, eq=False)
class Data:
    """Labelled data: inputs, and labels from 0 to classes − 1.

    **Arguments:**

    - `x`: inputs, one row a sample, kept in float32, shape `(n, …)`.
    - `y`: labels, integers, shape `(n,)`.
    - `name`: what results call it.

    **Raises:** `InputError` for shapes that do not fit, inputs that are not real or not finite in float32, labels that
    are no integers, leave out one of 0 … classes − 1 (they are never renumbered in silence) or are of one class, or
    fewer than 20 samples.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.experiments import Data
        >>> Data(np.ones((20, 3)), np.arange(20) % 2).classes
        2
    """

    x: np.ndarray
    y: np.ndarray
    name: str = "data"

    def __post_init__(self):
        x, y = np.asarray(self.x), np.asarray(self.y)
        if x.ndim < 2 or y.ndim != 1:
            raise InputError("x is (n, …) and y is (n,)", f"{self.name}: x {x.shape}, y {y.shape}", "one row a sample")
        if len(x) != len(y):
            raise InputError("x and y have different lengths", f"{self.name}: {len(x)} and {len(y)}", "one label a row")
        if len(x) < FEWEST:
            raise InputError(f"fewer than {FEWEST} samples cannot be split in three", f"{self.name}: {len(x)}")
        if x.dtype.kind not in "fiub":
            raise InputError("x must hold real numbers", f"{self.name}: {x.dtype}")
        with np.errstate(over="ignore"):
            narrow = x.astype(np.float32)
        bad = np.argwhere(~np.isfinite(narrow))
        if len(bad):
            raise InputError("x must be finite in float32", f"{self.name}: sample {bad[0][0]} has {x[tuple(bad[0])]}")
        if y.dtype.kind not in "iu":
            raise InputError("labels are integers 0 … classes − 1", f"{self.name}: {y.dtype}", RENUMBERED)
        found = np.unique(y)
        if len(found) < 2:
            raise InputError("labels are of two classes or more", f"{self.name}: only {found[0]}")
        if found[0] != 0 or found[-1] != len(found) - 1:
            raise InputError(
                "labels are 0 … classes − 1, none left out: more classes than there are would be trained",
                f"{self.name}: {len(found)} classes, {found[0]} … {found[-1]}",
                RENUMBERED,
            )
        object.__setattr__(self, "x", narrow)
        object.__setattr__(self, "y", y.astype(np.int32))

    @property
    def classes(self) -> int:
        """The number of classes."""
        return int(self.y.max()) + 1


class Part(NamedTuple):
    """Some rows of data.

    **Fields:**

    - `x`: inputs, shape `(m, …)`.
    - `y`: labels, shape `(m,)`.
    """

    x: np.ndarray
    y: np.ndarray


class Split(NamedTuple):
    """What is trained on, what strengths are chosen by, and what is only ever reported.

    **Fields:**

    - `train`: what is trained on.
    - `validation`: what strengths and rates are chosen by.
    - `test`: what is only ever reported.
    - `classes`: the number of classes.
    """

    train: Part
    validation: Part
    test: Part
    classes: int


def split_data(data: Data, seed: int, fold: int = 0) -> Split:
    """Train, validation and test parts of 60, 20 and 20 %; the test part is the `fold`-th fifth for every seed.

    Inputs are shifted and scaled by mean and deviation of all entries of the training part.

    **Arguments:**

    - `data`: to be split.
    - `seed`: of the division into training and validation part.
    - `fold`: which fifth tests, 0, 1, 2, 3 or 4.

    **Returns:** the parts.

    **Raises:** `InputError` for a fold that is not 0, 1, 2, 3 or 4.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import experiments
        >>> data = experiments.Data(np.arange(100.0).reshape(50, 2), np.arange(50) % 3)
        >>> one, two = experiments.split_data(data, 1), experiments.split_data(data, 2)
        >>> [len(part.y) for part in (one.train, one.validation, one.test)], bool((one.test.y == two.test.y).all())
        ([30, 10, 10], True)
    """
    if fold not in range(FOLDS):
        raise InputError(f"there are {FOLDS} folds, from 0 on", f"fold = {fold}")
    n = len(data.y)
    parts = np.array_split(np.random.default_rng(0).permutation(n), FOLDS)
    tested = parts.pop(fold)
    rest = np.random.default_rng([1, seed]).permutation(np.concatenate(parts))
    validated, trained = np.split(rest, [round(VALIDATION * n)])
    mean, deviation = data.x[trained].mean(dtype=np.float64), data.x[trained].std(dtype=np.float64)
    x = ((data.x - mean) / (deviation or 1.0)).astype(np.float32)
    train, validation, test = (Part(x[rows], data.y[rows]) for rows in (trained, validated, tested))
    return Split(train, validation, test, data.classes)
