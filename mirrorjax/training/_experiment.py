"""One run of one method: train, prune, tune what is left; goes on where it was interrupted."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from .._errors import InputError, SolverError
from .._types import Scalar
from ._checkpoint import load_checkpoint, save_checkpoint
from ._datasets import Split
from ._epoch import accuracy, epoch, l1_norm, start
from ._factors import merge
from ._log import TrainLog, measurements
from ._methods import Method, Setting, descent, method
from ._networks import network
from ._pruning import apply_mask, magnitude_mask, random_mask, sign_flips
from ._reparameterize import reparameterize

TUNE_RATE = 0.05
TUNE = Method("tune", "what is left under the mask", "", descent, (), (TUNE_RATE,))


class DivergedError(SolverError):
    """A loss or a weight that is no number any more; `step` says when."""

    def __init__(self, step: int, where: str, checkpoint: str):
        super().__init__(f"the loss is not finite at step {step}", where, f"a smaller learning rate{checkpoint}")
        self.step = step


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: a method at a strength and a rate, from a seed, pruned to some densities.

    "one-shot": `epochs` of training, then for each density a magnitude mask of the merged weights and `tuning` epochs
    of plain SGD under it, without regularization, the same for every method. "dense" and "masked" train for
    `epochs + tuning` epochs at once.

    **Raises:** `InputError` for an unknown method and for numbers outside their ranges.

    !!! example
        >>> from mirrorjax.training import Run
        >>> Run("magnitude", strength=1e-4, rate=0.1, densities=(0.1,)).name
        'magnitude, strength 0.0001, rate 0.1, seed 0, density 0.1'
    """

    method: str
    strength: float
    rate: float
    densities: tuple[float, ...] = (1.0,)
    seed: int = 0
    network: str = "mlp"
    epochs: int = 20
    tuning: int = 10
    batch: int = 100

    def __post_init__(self):
        kind = method(self.method).kind
        for density in self.densities:
            if not 0 < density <= 1:
                raise InputError("density must be in (0, 1]", f"density = {density}", "0.1 keeps one weight in ten")
        if kind == "masked" and len(self.densities) != 1:
            raise InputError(f"{self.method} trains under one mask from the start", f"{self.densities}", "one density")
        if not (np.isfinite(self.strength) and self.strength >= 0 and np.isfinite(self.rate) and self.rate > 0):
            raise InputError("strength must be finite and ≥ 0, rate finite and > 0", f"{self.strength}, {self.rate}")
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive", f"{name} = {getattr(self, name)}")
        if self.tuning < 0:
            raise InputError("tuning must not be negative", f"tuning = {self.tuning}")

    @property
    def name(self) -> str:
        """What tells it from the other runs of a comparison."""
        densities = ", ".join(f"{density:g}" for density in self.densities)
        return f"{self.method}, strength {self.strength:g}, rate {self.rate:g}, seed {self.seed}, density {densities}"

    @property
    def phases(self) -> list[int]:
        """Epochs of each phase: training, then one for each density."""
        if method(self.method).kind == "one-shot":
            return [self.epochs, *(self.tuning for _ in self.densities)]
        return [self.epochs + self.tuning]


@dataclasses.dataclass(frozen=True)
class Score:
    """Shares of right labels at a density; `flips` weights of another sign than at the start, `kept` there are."""

    density: float
    validation: float
    test: float
    flips: int
    kept: int


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run stands, between two epochs."""

    phase: int
    epoch: int
    model: PyTree
    state: Any
    trained: PyTree
    """The plain model after the first phase; before it, the one at the start."""
    log: TrainLog = TrainLog()
    scores: tuple[Score, ...] = ()


Say = Callable[[int, float], None]
"""Told after every epoch: epochs done by this call, and the mean loss."""


def run(
    job: Run,
    data: Split,
    *,
    checkpoint: Path | None = None,
    every: int = 5,
    say: Say | None = None,
    stop_after: int | None = None,
) -> tuple[TrainLog, tuple[Score, ...]]:
    """The log of the first phase, and the scores at each density.

    With a `checkpoint` it goes on from that file if there is one, rewrites it every so many epochs and removes it
    at the end: an interrupted run and an uninterrupted one give the same, bit for bit.

    **Arguments:** `job`; `data` of `split_data`; `say(epochs, loss)`; `stop_after` so many epochs, for tests.

    **Raises:** `DivergedError` at the end of an epoch in which the loss or a weight is not finite; the last
    checkpoint stays. `InputError` for a checkpoint of another run, or a batch larger than the data.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import training
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 100)
        >>> data = training.split_data(training.Data(rng.normal(size=(100, 4)) + 3 * y[:, None], y), seed=0)
        >>> job = training.Run("magnitude", 0.0, 0.1, densities=(0.5,), epochs=2, tuning=1, batch=20)
        >>> log, [score] = training.run(job, data)
        >>> len(log), score.kept, score.test > 0.8
        (2, 15900, True)
    """
    if job.batch > len(data.train.y):
        raise InputError("a batch is larger than the data", f"{job.batch} of {len(data.train.y)}", "a smaller batch")
    if checkpoint is not None and checkpoint.exists():
        now = _resumed(job, data, checkpoint)
    else:
        now = _begin(job, data, 0, _network(job, data))
    parts, done = _Arrays(data), 0
    while now.phase < len(job.phases):
        now = _ended(job, data, parts, now) if now.epoch == job.phases[now.phase] else _epoch(job, parts, now, checkpoint)
        done += 1
        if say is not None and now.epoch:
            say(1, now.log.rows[-1][1])
        if checkpoint is not None and now.epoch and (now.epoch % every == 0 or now.epoch == job.phases[now.phase]):
            _save(job, now, checkpoint)
        if stop_after is not None and done >= stop_after:
            raise KeyboardInterrupt
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return now.log, now.scores
