"""What was measured, before anything is concluded from it."""

import dataclasses
import functools
import math
import operator
from collections.abc import Sequence

import numpy as np

from .._errors import InputError
from .._types import ArrayLike, x64_on
from ._series import Series

RTOL, ROUND_OFF = "rtol", "round-off"


@dataclasses.dataclass(frozen=True)
class Row:
    """One rung: the discrepancy of two routes beside what numerics alone may cause.

    **Arguments:**

    - `at`: size of the rung, of what `of` names; 0 for round-off.
    - `discrepancy`: e, the largest difference.
    - `budget`: b, the numerical error.
    - `steps`: of the solver, 0 where there is none.
    - `of`: what it is a rung of: "rtol", "step size η", "round-off".
    """

    at: float
    discrepancy: float
    budget: float
    steps: int = 0
    of: str = RTOL


@dataclasses.dataclass(frozen=True)
class Coordinates:
    """The numbers of a comparison for each of n coordinates, over k rungs.

    One scale for all of them would let a coordinate of size 1e-13 be wrong 5-fold beside one of size 1.

    **Arguments:**

    - `discrepancy`: the largest difference over the times, shape `(k, n)`.
    - `budget`: the numerical error, shape `(k, n)`.
    - `scale`: the size of what is compared, shape `(n,)`.
    - `moved`: how far it moved, shape `(n,)`.
    """

    discrepancy: np.ndarray
    budget: np.ndarray
    scale: np.ndarray
    moved: np.ndarray


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The rows of one comparison, made by `compare`, `identity`, `at_most`, `ladder`, `floor` or `failed`.

    **Arguments:**

    - `rows`: one for each rung.
    - `scale`: the size of the compared object.
    - `moved`: how far it moved.
    - `where`: the time and coordinate of the largest discrepancy.
    - `failure`: why there is nothing to compare; empty where there is.
    - `kind`: "ladder" (rungs of a tolerance or a step size) or "floor" (one row, of round-off).
    - `opposite`: whether the claim is that the two routes are *not* the same, see `differs`.
    - `own_units`: whether budget or floor are measured in ulps of `dtype`: without, the numbers say nothing in float32.
    - `each`: the numbers of every coordinate, where they are judged apart.
    - `dtype`: that of the session that made it.
    """

    rows: tuple[Row, ...]
    scale: float
    moved: float
    where: str = ""
    failure: str = ""
    kind: str = "ladder"
    opposite: bool = False
    own_units: bool = False
    each: Coordinates | None = dataclasses.field(default=None, repr=False)
    dtype: str = dataclasses.field(default_factory=lambda: "float64" if x64_on() else "float32")

    @property
    def x64(self) -> bool:
        """Whether float64 was on when it was made."""
        return self.dtype == "float64"

    @property
    def budget(self) -> float:
        """The numerical error measured on the last rung; NaN, which no check survives, where there is none."""
        return self.rows[-1].budget if self.rows else math.nan

    def loosened(self, error: float) -> "Evidence":
        """The same with a further error in every budget, relative to the scale: that of a Newton iteration, say.

        **Arguments:**

        - `error`: the further error, relative to the scale; of a coordinate that is judged apart, to its own.

        **Returns:** the `Evidence` with the larger budgets.

        **Raises:** `InputError` for an error below 0.
        """
        more = float(_sizes((), error=error)["error"])
        each, rows = self.each, (dataclasses.replace(r, budget=r.budget + more * self.scale) for r in self.rows)
        if each is not None:
            each = dataclasses.replace(each, budget=each.budget + more * each.scale)
        return dataclasses.replace(self, rows=tuple(rows), each=each)

    def on_the_last_rung(self) -> "Evidence":
        """That rung alone, for routes whose error is not the tolerance's: a quadrature, whose nodes set the steps.

        **Returns:** the `Evidence` of one row, of kind "floor".
        """
        return dataclasses.replace(self, rows=self.rows[-1:], kind="floor", each=None)

    def differs(self) -> "Evidence":
        """The same numbers for the claim that the two routes are *not* the same.

        **Returns:** the `Evidence` of the opposite claim.

        !!! example
            >>> from mirrorjax.checks import decide, floor
            >>> str(decide(floor(0.3, 1e-16).differs()).outcome), str(decide(floor(0.0, 1e-16).differs()).outcome)
            ('holds', 'refuted')
        """
        return dataclasses.replace(self, opposite=not self.opposite)


def ladder(
    at: ArrayLike,
    discrepancy: ArrayLike,
    budget: ArrayLike,
    *,
    scale: float,
    moved: float,
    of: str,
    steps: ArrayLike = 0,
    where: str = "",
) -> Evidence:
    """Discrepancies that are to fall with the budget, rung by rung, the finest last.

    **Arguments:**

    - `at`: sizes of the rungs, `(k,)`.
    - `discrepancy`: e on every rung, `(k,)`.
    - `budget`: what numerics alone may cause on every rung, `(k,)`.
    - `scale`: the size of the compared object.
    - `moved`: how far it moved.
    - `of`: what the rungs are rungs of, as "step size η".
    - `steps`: of the solver, `(k,)` or one for all.
    - `where`: the largest discrepancy is.

    **Returns:** the `Evidence`, for `decide`.

    **Raises:** `InputError` for sizes below 0, shapes that differ, and rungs that do not get finer.

    !!! example
        >>> from mirrorjax.checks import decide, ladder
        >>> eta = (1e-2, 1e-3, 1e-4)
        >>> falls = ladder(eta, [1e-2, 1e-3, 1e-4], eta, scale=1.0, moved=1.0, of="step size η")
        >>> stands = ladder(eta, [0.1, 0.1, 0.1], eta, scale=1.0, moved=1.0, of="step size η")
        >>> str(decide(falls).outcome), str(decide(stands).outcome)
        ('holds', 'refuted')
    """
    rungs = _sizes((np.size(at),), at=at)["at"]
    if not rungs.size or not np.all(np.diff(rungs) < 0):
        raise InputError("a ladder has at least one rung, the finest last", f"at = {at}", "at=(1e-2, 1e-3, 1e-4)")
    sizes = _sizes(rungs.shape, discrepancy=discrepancy, budget=budget)
    counts = np.broadcast_to(np.asarray(steps, dtype=int), rungs.shape)
    rows = zip(rungs.tolist(), sizes["discrepancy"].tolist(), sizes["budget"].tolist(), counts.tolist())
    whole = _sizes((), scale=scale, moved=moved)
    return Evidence(tuple(Row(*row, of) for row in rows), float(whole["scale"]), float(whole["moved"]), where)


def floor(
    discrepancy: ArrayLike,
    budget: ArrayLike,
    *,
    scale: ArrayLike = 1.0,
    moved: ArrayLike | None = None,
    where: str = "",
    own_units: bool = False,
    each: Coordinates | None = None,
    of: str = ROUND_OFF,
    at: float = 0.0,
    steps: int = 0,
) -> Evidence:
    """A discrepancy that is to stay below a known floor, round-off or the error of a solve.

    **Arguments:**

    - `discrepancy`: e, scalar.
    - `budget`: the floor, scalar.
    - `scale`: the size of the compared object, scalar.
    - `moved`: how far it moved, scalar; by default `scale`.
    - `where`: the largest discrepancy is.
    - `own_units`: whether the floor is measured in ulps of the session's dtype.
    - `each`: the numbers of every coordinate, where they are judged apart.
    - `of`, `at`, `steps`: name, size and steps of the solve, where one set the floor.

    **Returns:** the `Evidence`, for `decide`.

    **Raises:** `InputError` for sizes below 0 and for arrays.

    !!! example
        >>> from mirrorjax.checks import decide, floor
        >>> str(decide(floor(1e-16, 2e-16)).outcome), str(decide(floor(1e-6, 2e-16)).outcome)
        ('holds', 'refuted')
    """
    moved = scale if moved is None else moved
    size = {
        n: float(v) for n, v in _sizes((), discrepancy=discrepancy, budget=budget, scale=scale, moved=moved).items()
    }
    row = Row(float(at), size["discrepancy"], size["budget"], int(steps), of)
    return Evidence((row,), size["scale"], size["moved"], where, kind="floor", own_units=own_units, each=each)


def _sizes(shape: tuple[int, ...], **named: ArrayLike) -> dict[str, np.ndarray]:
    """The arrays in float64. No sign: `left − right` in place of its size would be agreement, however negative."""
    found = {}
    for name, value in named.items():
        try:
            array = np.asarray(value)
            array = array if np.iscomplexobj(array) else array.astype(float)
        except (TypeError, ValueError):
            raise InputError(f"{name} must be numbers", f"{name} = {value!r}") from None
        if array.shape != shape or np.iscomplexobj(array) or np.any(array < 0):
            what = f"{name} must be real, not negative, and of shape {shape}"
            raise InputError(what, f"{name} = {value}", "np.abs(left - right)" if name == "discrepancy" else "")
        found[name] = array
    return found


def solve_failed(reason: str, rows: tuple[Row, ...] = ()) -> Evidence:
    """That a solve did not reach its end, and what to try."""
    return failed(f"solve failed: {reason}; try more steps or an earlier end", rows)


def failed(reason: str, rows: tuple[Row, ...] = ()) -> Evidence:
    """That there is nothing to compare, and why.

    **Arguments:**

    - `reason`: why, and what to try.
    - `rows`: those of the rungs before.

    **Returns:** the `Evidence`, which `decide` finds inconclusive.

    !!! example
        >>> from mirrorjax.checks import decide, failed
        >>> decide(failed("the table has no column y")).reason
        'the table has no column y'
    """
    return Evidence(rows, 0.0, 0.0, failure=reason)


@dataclasses.dataclass(frozen=True)
class Hypothesis:
    """A condition of the theorem, measured on the instance.

    **Arguments:**

    - `name`: what is required.
    - `measured`: what was found.
    - `ok`: whether that meets it.
    """

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

    **Arguments:**

    - `claims`: evidence of what must hold, by name.
    - `controls`: evidence of what must be refuted, by name.
    - `hypotheses`: the conditions of the theorem.
    - `planted`: evidence by the relative size of the error that was planted; the smallest one refuted is the detection
      limit.
    - `printed`: evidence of formulas as a paper prints them, by name, where others hold: `mirrorjax audit` says which
      of them fall. They do not decide the verdict.
    - `observations`: numbers that are reported and not judged, by name.
    - `series`: `Routes`, `DosePath`, `StartMap` and `RankPath` for the pictures.

    **Raises:** `InputError` where `claims`, `controls`, `planted` or `printed` map a name to what is no `Evidence`.
    """

    claims: dict[str, Evidence]
    controls: dict[str, Evidence]
    hypotheses: tuple[Hypothesis, ...] = ()
    planted: dict[float, Evidence] = dataclasses.field(default_factory=dict)
    observations: dict[str, float | str] = dataclasses.field(default_factory=dict)
    series: tuple[Series, ...] = ()
    printed: dict[str, Evidence] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        for kind in ("claims", "controls", "planted", "printed"):
            for name, evidence in getattr(self, kind).items():
                if not isinstance(evidence, Evidence):
                    raise InputError(
                        f"{kind} map names to what compare, identity, at_most, ladder or floor return",
                        f"{name!r} has a {type(evidence).__name__}",
                        "the Evidence itself, not what decide() says of it",
                    )


def merged(findings: Sequence[Finding]) -> Finding:
    """One finding of several on the same instance.

    **Arguments:**

    - `findings`: at least one.

    **Returns:** all that they hold; of errors planted in several, those of the last.

    !!! example
        >>> from mirrorjax.checks import Finding, at_most, merged
        >>> small, large = (Finding({name: at_most(0.0, 1.0, 1e-9)}, {}) for name in ("0 ≤ 1", "still 0 ≤ 1"))
        >>> list(merged([small, large]).claims)
        ['0 ≤ 1', 'still 0 ≤ 1']
    """
    fields = ("claims", "controls", "hypotheses", "planted", "observations", "series", "printed")
    return Finding(
        **{
            name: functools.reduce(operator.or_ if isinstance(values[0], dict) else operator.add, values)
            for name in fields
            for values in [[getattr(finding, name) for finding in findings]]
        }
    )
