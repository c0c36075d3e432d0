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
from ._epoch import accuracy, epoch, start
from ._job import Run
from ._methods import Method, Setting, descent, method
from ._networks import network

FINE_TUNE_RATE = 0.05
FINE_TUNE = Method("fine-tune", "what is left under the mask", "", descent, (), ())


class DivergedError(SolverError):
    """A loss or a weight that is no number any more; `step` says when."""

    def __init__(self, step: int, where: str):
        super().__init__(f"the loss is not finite at step {step}", where, "a smaller learning rate")
        self.step = step


@dataclasses.dataclass(frozen=True)
class Score:
    """Shares of right labels at a density; `flips` weights of another sign than at the start, `kept` not 0."""

    density: float
    validation: float
    test: float | None
    flips: int
    kept: int


@dataclasses.dataclass(frozen=True)
class Progress:
    """Where a run stands between two epochs; `trained` is the plain model at the end of the first phase."""

    phase: int
    epoch: int
    model: PyTree
    state: Any
    trained: PyTree
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

    **Arguments:** `job`; `data` of `split_data`; `tested` whether the test part is looked at; `say` is called after
    each epoch.

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
    if checkpoint is not None and checkpoint.exists():
        now = _resumed(job, data, plain, checkpoint)
    else:
        now = _phase(job, data, plain, Progress(0, 0, None, None, plain))
    arrays = jnp.asarray(data.train.x), jnp.asarray(data.train.y)
    while now.phase < len(job.phases):
        setting, mask = _setting(job, data, now.phase, plain), _mask(job, now.phase, now.trained)
        while now.epoch < job.phases[now.phase]:
            now = _advanced(job, data, now, plain, setting, mask, arrays)
            if checkpoint is not None and (now.epoch % every == 0 or now.epoch == job.phases[now.phase]):
                save_checkpoint(checkpoint, _about(job, data, now), (now.model, now.state, now.trained))
            say()
        now = _closed(job, data, now, plain, tested)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return now.log, now.scores


def _trainer(job: Run, phase: int) -> Method:
    return FINE_TUNE if phase else method(job.method)


def _setting(job: Run, data: Split, phase: int, plain: PyTree) -> Setting:
    steps = job.phases[phase] * (len(data.train.y) // job.batch)
    strength, rate = (0.0, FINE_TUNE_RATE) if phase else (job.strength, job.rate)
    l1 = sum(np.abs(weight).sum() for weight in weights_of(plain))
    strength, rate, l1 = (jnp.asarray(value, jnp.float32) for value in (strength, rate, l1))
    return Setting(strength, rate, jnp.asarray(steps, jnp.int32), l1)


def _mask(job: Run, phase: int, trained: PyTree) -> PyTree:
    """The mask of a phase: of the trained weights, or of the seed; None where nothing is pruned."""
    kind = method(job.method).kind
    if kind == "masked":
        return random_mask(trained, job.densities[0], jax.random.key(job.seed), allocation="balanced")
    return magnitude_mask(trained, job.densities[phase - 1]) if phase else None


def _phase(job: Run, data: Split, plain: PyTree, now: Progress) -> Progress:
    """The first moment of a phase: the model to train, and the optimizer's fresh state."""
    if now.phase == len(job.phases):
        return dataclasses.replace(now, model=None, state=None)
    trainer, model = _trainer(job, now.phase), now.trained
    scale = trainer.scale_of(job.strength)
    if scale is not None:
        model = reparameterize(model, scale=scale)
    mask = _mask(job, now.phase, now.trained)
    model = model if mask is None else apply_mask(model, mask)
    state = start(trainer, _setting(job, data, now.phase, plain), model, mask)
    return dataclasses.replace(now, epoch=0, model=model, state=state)


def _advanced(
    job: Run, data: Split, now: Progress, plain: PyTree, setting: Setting, mask: PyTree, arrays: tuple[Array, Array]
) -> Progress:
    """One epoch later, with a row more in the log if this is the first phase."""
    n, trainer = len(data.train.y), _trainer(job, now.phase)
    # Every sample once; what does not fill a batch waits for another epoch. On the host: a sort costs 1 s to compile.
    order = np.random.default_rng([job.seed, now.phase, now.epoch]).permutation(n)[: n // job.batch * job.batch]
    order = jnp.asarray(order.reshape(-1, job.batch), jnp.int32)
    model, state, losses, finite = epoch(trainer, setting, now.model, now.state, mask, arrays, order)
    losses, done = np.asarray(losses), now.epoch * len(losses)
    fine = np.append(np.isfinite(losses), finite)  # a weight may be lost in the last step
    if not fine.all():
        raise DivergedError(sum(job.phases[: now.phase]) * len(losses) + done + int(np.argmin(fine)), job.name)
    log = now.log
    if now.phase == 0:
        found = accuracy(model, data.validation)
        row = measurements(model, state, start=plain)
        log = log.append(step=done + len(losses), loss=losses.mean(dtype=np.float64), accuracy=found, **row)
    return dataclasses.replace(now, epoch=now.epoch + 1, model=model, state=state, log=log)


def _closed(job: Run, data: Split, now: Progress, plain: PyTree, tested: bool) -> Progress:
    """The end of a phase: scored where the model is final, and the next phase begun."""
    model, kind, scores = merge(now.model), method(job.method).kind, now.scores
    if now.phase or kind != "one-shot":
        density = job.densities[max(now.phase - 1, 0)]
        kept = sum(int(np.count_nonzero(weight)) for weight in weights_of(model))
        test = accuracy(model, data.test) if tested else None
        scores = (*scores, Score(density, accuracy(model, data.validation), test, sign_flips(plain, model), kept))
    trained = now.trained if now.phase else model
    return _phase(job, data, plain, dataclasses.replace(now, phase=now.phase + 1, trained=trained, scores=scores))


def _about(job: Run, data: Split, now: Progress) -> dict[str, Any]:
    place = {"phase": now.phase, "epoch": now.epoch, "log": now.log.rows}
    scores = [dataclasses.asdict(score) for score in now.scores]
    return {"job": dataclasses.asdict(job), "data": _digest(data)} | place | {"scores": scores}


def _digest(data: Split) -> int:
    return zlib.crc32(data.train.x.tobytes() + data.train.y.tobytes())


def _resumed(job: Run, data: Split, plain: PyTree, checkpoint: Path) -> Progress:
    def like(about: dict[str, Any]) -> PyTree:
        same = dataclasses.asdict(job) | {"densities": list(job.densities)}
        if about["job"] != same or about["data"] != _digest(data):
            raise InputError("the checkpoint is that of another run", f"{checkpoint}", f"remove {checkpoint}")
        fresh = _phase(job, data, plain, Progress(about["phase"], 0, None, None, plain))
        return fresh.model, fresh.state, plain

    about, (model, state, trained) = load_checkpoint(checkpoint, like)
    log = TrainLog(tuple(map(tuple, about["log"])))
    scores = tuple(Score(**score) for score in about["scores"])
    return Progress(about["phase"], about["epoch"], model, state, trained, log, scores)
