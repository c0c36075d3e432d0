"""What a training run leaves to plot."""

import dataclasses
import functools
from os import PathLike
from typing import Any

import jax
import numpy as np
import optax
from jaxtyping import PyTree

from .._errors import InputError
from ..parameterizations import DepthProduct, Hadamard, SquaredDifference
from ._decay import DecayState
from ._factors import Factors, all_factors
from ._pilot import PilotState, l1_of
from ._pruning import sign_flips

COLUMNS = ("step", "loss", "accuracy", "alpha", "dose", "l1", "scale", "flips")


@dataclasses.dataclass(frozen=True)
class TrainLog:
    """Columns of equal length, a row for every step or epoch; what was not measured is NaN.

    `alpha` is the strength of decay last applied and `dose` the sum of all, `l1` is ‖x‖₁ of the factors, `scale` the
    median of their c, `flips` the weights of another sign than at the start.

    **Arguments:**

    - `rows`: a number for each of the columns `step`, `loss`, `accuracy`, `alpha`, `dose`, `l1`, `scale` and `flips`.

    !!! example
        >>> from mirrorjax.training import TrainLog
        >>> log = TrainLog().append(step=0, loss=1.0).append(step=10, loss=0.25, l1=3.0)
        >>> log.as_dict()["loss"].tolist(), len(log)
        ([1.0, 0.25], 2)
    """

    rows: tuple[tuple[float, ...], ...] = ()

    def append(self, **values: Any) -> "TrainLog":
        """The log with one row more.

        **Arguments:**

        - `**values`: a number for each column by its name; those left out are NaN.

        **Returns:** the longer log; this one stays as it is.

        **Raises:** `InputError` for an unknown column, or what is not one number.
        """
        unknown = sorted(set(values) - set(COLUMNS))
        if unknown:
            raise InputError("unknown column", ", ".join(unknown), f"one of {', '.join(COLUMNS)}")
        many = [name for name, value in values.items() if np.size(value) != 1]
        if many:
            raise InputError("a row has one number for each column", ", ".join(many), "its mean")
        row = tuple(float(np.asarray(values.get(name, np.nan)).item()) for name in COLUMNS)
        return TrainLog((*self.rows, row))

    def __len__(self) -> int:
        return len(self.rows)

    def __getattr__(self, name: str) -> np.ndarray:
        if name not in COLUMNS:
            raise AttributeError(f"{type(self).__name__!r} has no column {name!r}")
        return self.as_dict()[name]

    def as_dict(self) -> dict[str, np.ndarray]:
        """Every column as an array of float64.

        **Returns:** arrays by the names of the columns, each of shape `(k,)` for k rows.
        """
        table = np.asarray(self.rows, np.float64).reshape(len(self.rows), len(COLUMNS))
        return dict(zip(COLUMNS, table.T))

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the columns as one npz file, exactly at `path`.

        **Arguments:**

        - `path`: of the file.
        """
        with open(path, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **self.as_dict())

    @staticmethod
    def load(path: str | PathLike[str]) -> "TrainLog":
        """The log that `save` wrote.

        **Arguments:**

        - `path`: of the file.

        **Returns:** the log.

        **Raises:** `InputError` for a file that is no such log, `FileNotFoundError` where there is none.
        """
        try:
            with np.load(path, allow_pickle=False) as columns:
                return TrainLog(tuple(map(tuple, np.stack([columns[name] for name in COLUMNS], axis=1).tolist())))
        except FileNotFoundError:
            raise
        except Exception as error:
            raise InputError("not a saved TrainLog", f"{path}: {error}", "TrainLog.save") from error


def measurements(model: PyTree, state: optax.OptState | None = None, start: PyTree = None) -> dict[str, float]:
    """The columns of a `TrainLog` that can be read from the model and its optimizer's state.

    **Arguments:**

    - `model`: plain or in factors, pytree.
    - `state`: of the optimizer, for α and dose, those of the first decay in it.
    - `start`: the model to count the sign flips from.

    **Returns:** numbers by the names of their columns, for `TrainLog.append`; without those that cannot be read.

    **Raises:** `InputError` where `start` has other weights than `model`, or none.

    !!! example
        >>> import equinox as eqx, jax
        >>> from mirrorjax import training
        >>> model = training.reparameterize(eqx.nn.Linear(3, 2, key=jax.random.key(0)), scale=0.25)
        >>> found = training.measurements(model, start=model)
        >>> round(found["scale"], 6), found["flips"]
        (0.25, 0.0)
    """
    found: dict[str, float] = {}
    factors = all_factors(model)
    if factors:
        found["l1"] = float(l1_of(factors))
        found["scale"] = float(np.median(np.concatenate([np.ravel(effective_scale(node)) for node in factors])))
    decays = jax.tree.leaves(state, is_leaf=_is_decay)
    for decay in [node for node in decays if _is_decay(node)][:1]:
        found |= {"alpha": float(decay.alpha), "dose": float(decay.dose)}
    if start is not None:
        found["flips"] = float(sign_flips(start, model))
    return found


def _is_decay(node: Any) -> bool:
    return isinstance(node, DecayState | PilotState)


def effective_scale(node: Factors) -> np.ndarray:
    """c of every weight, as `lift` would be given it: `(m² − w²)/2` for `Hadamard`; NaN where none is known.

    **Arguments:**

    - `node`: a weight in factors.

    **Returns:** the scales, in the shape of the weight.

    !!! example
        >>> from mirrorjax.parameterizations import Hadamard
        >>> from mirrorjax.training import Factors, effective_scale
        >>> [round(c, 6) for c in effective_scale(Factors(Hadamard(), Hadamard().lift([3.0, 0.0], scale=0.1))).tolist()]
        [0.1, 0.1]
    """
    w = np.moveaxis(np.asarray(node.w, np.float64), node.members, 0)
    return _scale_of(node.param, w)


@functools.singledispatch
def _scale_of(param: Any, w: np.ndarray) -> np.ndarray:
    return np.full(w.shape[1:], np.nan)


@_scale_of.register
def _(param: Hadamard, w: np.ndarray) -> np.ndarray:
    return np.abs((w[0] - w[1]) * (w[0] + w[1])) / 2  # m² − w² would lose its digits for |θ| ≫ c


@_scale_of.register
def _(param: DepthProduct, w: np.ndarray) -> np.ndarray:
    return np.abs((w[0] - w[-1]) * (w[0] + w[-1])) / 2


@_scale_of.register
def _(param: SquaredDifference, w: np.ndarray) -> np.ndarray:
    return 2 * np.abs(w[0] * w[1])
