"""One run of one method: train, prune, tune what is left; goes on where it was interrupted."""

import dataclasses
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PyTree

from .._errors import InputError, SolverError
from ..training import (
    TrainLog,
    apply_mask,
    magnitude_mask,
    measurements,
    merge,
    random_mask,
    reparameterize,
    sign_flips,
    weights_of,
)
from ._checkpoint import load_checkpoint, save_checkpoint
from ._datasets import Split
from ._epoch import Phase, accuracy, epoch, start
from ._job import Run
from ._methods import Method, Setting, descent, method
from ._networks import network

FINE_TUNE_RATE = 0.05
REFERENCE = 500  # samples of the training part, in random order, whose statistics normalize in evaluation
FINE_TUNE = Method("fine-tune", "what is left under the mask", "", descent, (), ())


class DivergedError(SolverError):
    """A loss or a weight that is no number any more.

    **Arguments:**

    - `step`: the first at which it is, counted from the start of the run.
    - `where`: in which run.
    """

    def __init__(self, step: int, where: str):
        super().__init__(f"the loss is not finite at step {step}", where, "a smaller learning rate")
        self.step = step


@dataclasses.dataclass(frozen=True)
class Score:
    """What a run has reached at a density.

    **Fields:**

    - `density`: the share of weights that it was pruned to.
    - `validation`: the share of right labels in the validation part.
    - `test`: that in the test part; None where it was not looked at.
    - `flips`: how many weights went from one sign to the other since the start.
    - `kept`: how many weights are not 0.
    """

    density: float
    validation: float
    test: float | None
    flips: int
    kept: int


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run stands between two epochs; `model` and `state` are None between two phases.

    `initial` is the plain model that it began with, `trained` the one at the end of the first phase.
    """

    initial: PyTree
    trained: PyTree
    phase: int = 0
    epoch: int = 0
    model: PyTree = None
    state: Any = None
    log: TrainLog = dataclasses.field(default_factory=TrainLog)
    scores: tuple[Score, ...] = ()


def run(
    job: Run,
    data: Split,
    *,
    checkpoint: Path | None = None,
    every: int = 5,
    tested: bool = True,
    say: Callable[[], None] = lambda: None,
) -> tuple[TrainLog, tuple[Score, ...]]:
    """The log of the training, an epoch a row, and the scores at each density.

    With a `checkpoint` it goes on from that file if there is one, and rewrites it every so many epochs; it removes
    it at the end. An interrupted run ends like an uninterrupted one, bit for bit.

    **Arguments:**

    - `job`: what is run.
    - `data`: the parts of `split_data`.
    - `checkpoint`: the file to go on from; None to keep none.
    - `every`: how many epochs are between two checkpoints.
    - `tested`: whether the test part is looked at.
    - `say`: called after each epoch, without arguments.

    **Returns:** the log of the first phase, and the scores, a `Score` for each density.

    **Raises:** `DivergedError` at the end of an epoch with a loss or weight that is not finite: the last good
    checkpoint stays. `InputError` for a checkpoint of another run, and a batch larger than the data.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import experiments
        >>> rng = np.random.default_rng(0)
        >>> y = rng.integers(0, 2, 100)
        >>> data = experiments.split_data(experiments.Data(rng.normal(size=(100, 4)) + 3 * y[:, None], y), seed=0)
        >>> job = experiments.Run("magnitude", 0.0, 0.1, densities=(0.5,), epochs=2, fine_tuning=1, batch=20)
        >>> log, [score] = experiments.run(job, data)
        >>> len(log), score.kept, score.test > 0.8
        (2, 15700, True)
    """
    if job.batch > len(data.train.y):
        raise InputError("a batch is larger than the data", f"{job.batch} of {len(data.train.y)}", "a smaller batch")
    plain = network(job.network, jax.random.key(job.seed), data.train.x.shape[1:], data.classes)
    now = Progress(plain, plain)
    if checkpoint is not None and checkpoint.exists():
        now = _resumed(job, data, now, checkpoint)
    arrays = jnp.asarray(data.train.x), jnp.asarray(data.train.y)
    while now.phase < len(job.phases):
        phase, epochs = _phase(job, data, now), job.phases[now.phase]
        if now.model is None:
            now = _begun(job, now, phase)
        while now.epoch < epochs:
            now = _advanced(job, data, now, phase, arrays)
            if checkpoint is not None and (now.epoch % every == 0 or now.epoch == epochs):
                save_checkpoint(checkpoint, _about(job, data, now), (now.model, now.state, now.trained))
            say()
        now = _closed(job, data, now, tested)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return now.log, now.scores


def _phase(job: Run, data: Split, now: Progress) -> Phase:
    """The job's method in the first phase, fine-tuning in the others."""
    trainer, *numbers = (FINE_TUNE, 0.0, FINE_TUNE_RATE) if now.phase else (method(job.method), job.strength, job.rate)
    l1 = sum(np.abs(weight).sum() for weight in weights_of(now.initial))
    strength, rate, l1 = (jnp.asarray(value, jnp.float32) for value in (*numbers, l1))
    steps = job.phases[now.phase] * (len(data.train.y) // job.batch)
    return Phase(trainer, Setting(strength, rate, jnp.asarray(steps, jnp.int32), l1), _mask(job, now))


def _mask(job: Run, now: Progress) -> PyTree:
    """Of the seed, or of the trained weights; None where nothing is pruned."""
    if method(job.method).kind == "masked":
        return random_mask(now.trained, job.densities[0], jax.random.key(job.seed), allocation="balanced")
    return magnitude_mask(now.trained, job.densities[now.phase - 1]) if now.phase else None


def _begun(job: Run, now: Progress, phase: Phase) -> Progress:
    """The first moment of a phase: the model to train, and the optimizer's fresh state."""
    model, scale = now.trained, phase.method.scale_of(job.strength)
    if scale is not None:
        model = reparameterize(model, scale=scale)
    if phase.mask is not None:
        model = apply_mask(model, phase.mask)
    return dataclasses.replace(now, epoch=0, model=model, state=start(phase, model))


def _advanced(job: Run, data: Split, now: Progress, phase: Phase, arrays: tuple[Array, Array]) -> Progress:
    """One epoch later, with a row more in the log if this is the first phase."""
    n = len(data.train.y)
    # Every sample once; what does not fill a batch waits for another epoch. On the host: a sort costs 1 s to compile.
    order = np.random.default_rng([job.seed, now.phase, now.epoch]).permutation(n)[: n // job.batch * job.batch]
    order = jnp.asarray(order.reshape(-1, job.batch), jnp.int32)
    model, state, losses, finite = epoch(phase, now.model, now.state, arrays, order)
    losses, done = np.asarray(losses), now.epoch * len(losses)
    fine = np.append(np.isfinite(losses), finite)  # a weight may be lost in the last step
    if not fine.all():
        raise DivergedError(sum(job.phases[: now.phase]) * len(losses) + done + int(np.argmin(fine)), job.name)
    log = now.log
    if now.phase == 0:
        found = accuracy(model, data.validation, data.train.x[:REFERENCE])
        row = measurements(model, state, start=now.initial)
        log = log.append(step=done + len(losses), loss=losses.mean(dtype=np.float64), accuracy=found, **row)
    return dataclasses.replace(now, epoch=now.epoch + 1, model=model, state=state, log=log)


def _closed(job: Run, data: Split, now: Progress, tested: bool) -> Progress:
    """The end of a phase, scored where the model is final."""
    model, scores = merge(now.model), now.scores
    if now.phase or method(job.method).kind != "one-shot":
        density = job.densities[max(now.phase - 1, 0)]
        flips, kept = sign_flips(now.initial, model), sum(np.count_nonzero(weight) for weight in weights_of(model))
        reference = data.train.x[:REFERENCE]
        test = accuracy(model, data.test, reference) if tested else None
        scores = (*scores, Score(density, accuracy(model, data.validation, reference), test, flips, int(kept)))
    trained = now.trained if now.phase else model
    return Progress(now.initial, trained, now.phase + 1, log=now.log, scores=scores)


def _about(job: Run, data: Split, now: Progress) -> dict[str, Any]:
    place = {"phase": now.phase, "epoch": now.epoch, "log": now.log.rows}
    scores = [dataclasses.asdict(score) for score in now.scores]
    return {"job": dataclasses.asdict(job), "data": _digest(data)} | place | {"scores": scores}


def _digest(data: Split) -> int:
    return zlib.crc32(data.train.x.tobytes() + data.train.y.tobytes())


def _resumed(job: Run, data: Split, now: Progress, checkpoint: Path) -> Progress:
    def like(about: dict[str, Any]) -> PyTree:
        same = dataclasses.asdict(job) | {"densities": list(job.densities)}
        if about["job"] != same or about["data"] != _digest(data):
            raise InputError("the checkpoint is that of another run", f"{checkpoint}", f"remove {checkpoint}")
        place = dataclasses.replace(now, phase=about["phase"])
        fresh = _begun(job, place, _phase(job, data, place))
        return fresh.model, fresh.state, fresh.trained

    about, (model, state, trained) = load_checkpoint(checkpoint, like)
    log = TrainLog(tuple(map(tuple, about["log"])))
    scores = tuple(Score(**score) for score in about["scores"])
    return Progress(now.initial, trained, about["phase"], about["epoch"], model, state, log, scores)
