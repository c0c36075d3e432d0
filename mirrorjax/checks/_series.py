"""What a finding shows beside its numbers: the type of a series chooses its picture."""

import dataclasses
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from .._errors import InputError


def _as_arrays(series: object, **shapes: tuple[int, ...] | None) -> None:
    """Turns fields into arrays and refuses other shapes; None is a field that may be left out."""
    for name, shape in shapes.items():
        value = getattr(series, name)
        if value is None:
            continue
        array = np.asarray(value, dtype=float)
        if array.shape != shape:
            raise InputError(f"{type(series).__name__}: {name} must be of shape {shape}", f"got {array.shape}")
        object.__setattr__(series, name, array)


@dataclasses.dataclass(frozen=True)
class Routes:
    """Two or more routes to x.

    **Arguments:**

    - `ts`: times, `(k,)`.
    - `x`: by name. The first, `(k, n)`, is drawn as lines; each other is `(k, n)`, or `(n,)` for the limit.

    **Raises:** `InputError` for less than two routes and for shapes that do not fit.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.checks import Routes
        >>> x = np.ones((5, 2))
        >>> list(Routes(np.arange(5.0), {"gradient flow": x, "limit": x[-1]}).x)
        ['gradient flow', 'limit']
    """

    ts: np.ndarray
    x: Mapping[str, np.ndarray]

    def __post_init__(self):
        object.__setattr__(self, "ts", np.asarray(self.ts, dtype=float))
        object.__setattr__(self, "x", {name: np.asarray(value, dtype=float) for name, value in self.x.items()})
        shapes = [value.shape for value in self.x.values()]
        fits = len(shapes) > 1 and len(shapes[0]) == 2 and shapes[0][:1] == self.ts.shape
        if not (fits and all(shape in (shapes[0], shapes[0][1:]) for shape in shapes)):
            got = ", ".join(f"{name} {value.shape}" for name, value in self.x.items()) or "nothing"
            raise InputError("Routes needs two or more x, (k, n), the later ones also (n,)", f"{self.ts.shape}; {got}")


@dataclasses.dataclass(frozen=True)
class DosePath:
    """The limit against the dose, between two known interpolators.

    **Arguments:**

    - `dose`: ∫α, dimensionless, `(k,)`.
    - `l1`: ‖x∞‖₁ in units of x, `(k,)`.
    - `active`: how many coordinates count, `(k,)`.
    - `basis_pursuit`, `least_norm`: the ℓ1 norms of two interpolators, scalars.

    **Raises:** `InputError` for shapes that do not fit.
    """

    dose: np.ndarray
    l1: np.ndarray
    active: np.ndarray
    basis_pursuit: np.ndarray | float
    least_norm: np.ndarray | float

    def __post_init__(self):
        k = np.shape(self.dose)[:1]
        _as_arrays(self, dose=k, l1=k, active=k, basis_pursuit=(), least_norm=())


@dataclasses.dataclass(frozen=True)
class StartMap:
    """Which starts (a₀, w₀) recovered the teacher, and which were predicted to.

    **Arguments:**

    - `a0`, `w0`: output and input weight at the start, `(N,)`, N ≥ 1.
    - `recovered`: 1, 0, or NaN where undecided, `(N,)`.
    - `predicted`: 1 or 0, `(N,)`.
    - `boundary`: the predicted boundary as a path of (a₀, w₀), `(k, 2)`, where there is one.

    **Raises:** `InputError` for shapes that do not fit.
    """

    a0: np.ndarray
    w0: np.ndarray
    recovered: np.ndarray
    predicted: np.ndarray
    boundary: np.ndarray | None = None

    def __post_init__(self):
        N = (max(np.size(self.a0), 1),)
        boundary = () if self.boundary is None else (len(self.boundary), 2)
        _as_arrays(self, a0=N, w0=N, recovered=N, predicted=N, boundary=boundary)


@dataclasses.dataclass(frozen=True)
class RankPath:
    """How two measures of rank change with the dose: mean of the paired difference to dose 0 and half of its interval.

    **Arguments:**

    - `dose`: ∫α, dimensionless, `(k,)`.
    - `ratio`: of nuclear over Frobenius norm, `(k, 2)`.
    - `effective_rank`: of the exponential of the entropy of the singular values, `(k, 2)`.
    - `ratio_linear`, `effective_rank_linear`: the same of a control, `(k, 2)`, where there is one.

    **Raises:** `InputError` for shapes that do not fit.
    """

    dose: np.ndarray
    ratio: np.ndarray
    effective_rank: np.ndarray
    ratio_linear: np.ndarray | None = None
    effective_rank_linear: np.ndarray | None = None

    def __post_init__(self):
        k = np.shape(self.dose)[:1]
        pairs = dict.fromkeys(("ratio", "effective_rank", "ratio_linear", "effective_rank_linear"), (*k, 2))
        _as_arrays(self, dose=k, **pairs)


Series: TypeAlias = Routes | DosePath | StartMap | RankPath
