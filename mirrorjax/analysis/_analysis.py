"""What was found out about a pair (g, h)."""

import dataclasses
import math
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from .._display import html_of
from .._errors import InputError
from .._types import State
from ..geometry import Closure, Commutation, Degree, Points, Swap
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential
from ._classify import Kind
from ._effects import Effects, Section, dual_range, effects, horizon, section


@dataclasses.dataclass(frozen=True)
class Region:
    """Where a pair was probed: at `points` points, up to `distance` times ‖w₀‖ from w₀ (‖w₀‖ = 0: absolute)."""

    points: int
    distance: float

    def __str__(self) -> str:
        return f"probed at {self.points} points up to {self.distance:.3g} ‖w₀‖ away"


@dataclasses.dataclass(frozen=True)
class Analysis:
    """The answer of `analyze`; print it for a table.

    **Fields:**

    - `kind`: "mirror" (a time-varying mirror flow), "rescaled-mirror" (homogeneous g under plain decay), "not-mirror"
      or "undecided".
    - `reason`: why, in a sentence.
    - `n`: effective parameters.
    - `D`: weights.
    - `commuting`: whether all probed brackets vanish; None where some are too close to round-off to say.
    - `regular`: whether Jg has rank n at the points near w₀.
    - `degree`: p where g is homogeneous up to constants, else None.
    - `brackets`: sizes of the probed brackets relative to their terms, with their round-off floors, by name.
    - `laws`: how many conservation laws hold for every loss; None where open.
    - `potential`: R_a, where the kind is "mirror".
    - `contracting`: whether h is bounded below where decay leads.
    - `h_min`: the least h met there. The theory wants h ≥ 0, which a constant added to h arranges.
    - `horizon`: the dose at which decay alone ends the flow, inf where it does not, NaN without a potential.
    - `detection_limit`: a non-commuting part of g smaller than this, relatively, would not be called "not-mirror".
    - `separable`: whether the weights split into blocks of one coordinate each.
    - `commutation`, `closure`, `euler`, `swap`: what was measured of brackets, their span, the degree and the order of
      controls.
    - `region`: where the pair was probed; elsewhere nothing is known of it.
    - `param`: g and h.
    - `w0`: the start, pytree.

    **Reference:** `flow` Theorem 3.1; `li` Theorems 4.9 and 4.10.
    """

    kind: Kind
    reason: str
    n: int
    D: int
    commuting: bool | None
    regular: bool | None
    degree: float | None
    brackets: dict[str, float]
    laws: int | None
    potential: AbstractPotential | None
    contracting: bool | None
    h_min: float
    horizon: float
    detection_limit: float
    separable: bool
    commutation: Commutation
    closure: Closure | None
    euler: Degree
    swap: Swap
    region: Region
    param: AbstractParameterization
    w0: State

    def effects(self, a: float) -> Effects | None:
        """Position, type and range of the potential after the dose −a.

        **Arguments:**

        - `a`: `−∫α`.

        **Returns:** the `Effects`; None without a potential.
        """
        return None if self.potential is None else effects(self.potential, a)

    def section(self, i: int, a: float, span: float) -> Section:
        """R_a along coordinate i, to either side of its minimum.

        **Arguments:**

        - `i`: the coordinate.
        - `a`: `−∫α`.
        - `span`: how far to either side, in units of x.

        **Returns:** the `Section`.

        **Raises:** `InputError` without a potential.
        """
        return section(self._known_potential(), i, a, span)

    def dual_range(self, a: float) -> np.ndarray:
        """Ends of the μ_i for which `φ(μ_i e_i, a)` exists.

        **Arguments:**

        - `a`: `−∫α`.

        **Returns:** of the first coordinates, `(k, 2)`; NaN where none does.

        **Raises:** `InputError` without a potential.
        """
        return dual_range(self._known_potential(), a)

    def _known_potential(self) -> AbstractPotential:
        if self.potential is None:
            raise InputError("this pair has no potential", f"it is {self.kind}: {self.reason}")
        return self.potential

    def plot(self):
        """A picture of the potential under growing dose; without one, of the brackets against round-off.

        **Returns:** the figure of `mirrorjax.plots.analysis`.
        """
        from .. import plots

        return plots.analysis(self)

    def as_json(self) -> dict[str, Any]:
        """The answer in JSON types.

        **Returns:** a dictionary; what is not finite becomes None, the potential the name of its class.
        """
        skip = {"potential", "commutation", "closure", "euler", "swap", "region", "param", "w0"}
        fields = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in skip}
        fields["potential"] = None if self.potential is None else type(self.potential).__name__
        fields["order_swap"] = {"gap": self.swap.gap, "budget": self.swap.budget}
        fields["region"] = dataclasses.asdict(self.region)
        fields["lie_dimension"] = None if self.closure is None else self.closure.dim
        fields["spectral_gap"] = self.closure.ranks[-1].gap if self.closure and self.closure.ranks else None
        return {key: _json(value) for key, value in fields.items()}

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What `str()` prints, as (name, value)."""
        return [
            ("kind", f"{self.kind}  ({self.reason})"),
            ("size", f"n = {self.n} effective, D = {self.D} weights" + (", separable" if self.separable else "")),
            ("region", str(self.region)),
            ("commuting", _yes(self.commuting)),
            *((f"  {name}", f"{size:.1e}") for name, size in self.brackets.items()),
            ("  order swap", f"gap {self.swap.gap:.1e}, numerical error {self.swap.budget:.1e}"),
            ("  detection limit", f"{self.detection_limit:.1e} of g, relative"),
            ("regular", _yes(self.regular)),
            ("degree of g", "none" if self.degree is None else f"{self.degree:g}"),
            ("conservation laws", "undecided" if self.laws is None else f"{self.laws}"),
            ("  Lie closure", self._closure_text()),
            ("contracting", f"{_yes(self.contracting)}, least h met {self.h_min:.3g}"),
            ("decay alone ends at dose", "–" if math.isnan(self.horizon) else f"{self.horizon:.6g}"),
            ("potential", "none" if self.potential is None else type(self.potential).__name__),
        ]

    def _closure_text(self) -> str:
        if self.closure is None:
            return "by blocks" if self.laws is not None else "the rank is not constant around w0"
        return self.closure.reason

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows)

    def _repr_html_(self) -> str:
        return html_of(self)


def _yes(value: bool | None) -> str:
    return "undecided" if value is None else "yes" if value else "no"


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value


def horizon_of(potential: AbstractPotential | None) -> float:
    """The horizon, NaN without a potential."""
    return float("nan") if potential is None else horizon(potential)


def region_of(points: Points, w0: Float[Array, " D"]) -> Region:
    """Where the points lie."""
    size = float(np.linalg.norm(w0))
    return Region(
        len(points),
        float(np.max(np.linalg.norm(np.asarray(points) - np.asarray(w0), axis=1))) / (size if size > 0 else 1.0),
    )
