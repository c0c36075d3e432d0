"""What was measured, before anything is concluded from it."""

import dataclasses

import numpy as np

from .._types import x64_on


@dataclasses.dataclass(frozen=True)
class Row:
    """One rung: the discrepancy of two routes beside what numerics alone may cause."""

    rtol: float
    discrepancy: float
    budget: float
    steps: int


@dataclasses.dataclass(frozen=True)
class Coordinates:
    """The numbers of a comparison for each of n coordinates, over k rungs.

    `discrepancy`, `budget` (k, n); `scale`, `moved` (n,). One scale for all of them would let a coordinate of
    size 1e-13 be wrong 5-fold beside one of size 1.
    """

    discrepancy: np.ndarray
    budget: np.ndarray
    scale: np.ndarray
    moved: np.ndarray


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The rows of one comparison. `kind` is "ladder" (tolerances) or "floor" (one round-off row).

    `scale` is the size of the compared object, `moved` how far it moved, `where` the time and
    coordinate of the largest discrepancy, `failure` why a solve did not end. `differs` turns the
    question round: the claim is that the two routes are *not* the same. `each` has the numbers of
    every coordinate, where they are judged apart. `x64` is whether float64 was on when it was made,
    `own_units` whether budget or floor are measured in ulps of the precision it was made in: without, the
    numbers say nothing in float32.
    """

    rows: tuple[Row, ...]
    scale: float
    moved: float
    where: str = ""
    failure: str = ""
    x64: bool = dataclasses.field(default_factory=x64_on)
    kind: str = "ladder"
    differs: bool = False
    own_units: bool = False
    each: Coordinates | None = dataclasses.field(default=None, repr=False)


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A condition of the theorem, measured on the instance."""

    name: str
    measured: float | str | np.number
    ok: bool | np.bool

    def __post_init__(self):
        # NumPy's booleans and integers, which a comparison of arrays yields, are not JSON.
        object.__setattr__(self, "ok", bool(self.ok))
        if isinstance(self.measured, np.generic):
            object.__setattr__(self, "measured", self.measured.item())

    def __str__(self) -> str:
        value = f"{self.measured:.3g}" if isinstance(self.measured, float) else self.measured
        return f"{'ok ' if self.ok else 'NOT MET'} {self.name}: {value}"


@dataclasses.dataclass(frozen=True)
class Finding:
    """Everything one instance of a theorem yields.

    `planted` maps the relative size of a planted error to its evidence; the smallest one refuted
    is the detection limit. `series` feeds the plots, `observations` are reported, not judged.
    """

    claims: dict[str, Evidence]
    controls: dict[str, Evidence]
    hypotheses: tuple[Hypothesis, ...] = ()
    planted: dict[float, Evidence] = dataclasses.field(default_factory=dict)
    observations: dict[str, float | str] = dataclasses.field(default_factory=dict)
    series: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
