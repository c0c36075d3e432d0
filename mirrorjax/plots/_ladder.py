"""Discrepancy against tolerance: what the verdict was read from."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from .._errors import InputError
from ..checks import AGREE, Evidence
from ._given import finding_of
from ._style import (
    BLUE,
    GREEN,
    GREY,
    MARKERS,
    PURPLE,
    SKY,
    VERMILLION,
    Drawn,
    Sheet,
    log_y,
    power_of_ten,
    styled,
)

_CLAIMS = (BLUE, GREEN, PURPLE, SKY)
_SIZES = (8.0, 5.5, 3.5)  # so that claims that coincide stay visible
_NAMES = {"rtol": "relative tolerance of the solver"}
NAMED = 20
"""Claims and controls that a legend names; a longer one would leave the picture less room than its own."""
_WIDTH = 104  # characters of two legend entries that fit beside each other


@styled
def ladder(obj: Any, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Discrepancies of claims and controls against the tolerance, with the error budget of the claims.

    The abscissa is the relative tolerance of the solver, the ordinate discrepancy over the scale of what was compared;
    both are logarithmic and dimensionless. A true claim falls with the tolerance and stays in the band, which ends at
    five budgets; a wrong variant comes to a standstill above it. Planted errors are faint lines with their size beside
    them. Identities have no tolerance: their one residual is in the column “round-off”, and the dash is the end of its
    band. Of more than 20, and in Axes that are given, the legend has their numbers alone, all claims are of one colour,
    and `margins` has the names.

    **Arguments:**

    - `obj`: a `Verdict`, of which the deciding instance is drawn; a `Judgement` or the `Finding` of one instance; or a
      dictionary of `Evidence` by the name of the claim.
    - `title`: above the picture, by default the id and the instance of a verdict.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and where no claim or control has a row.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax import checks
        >>> made = {"budget": [3e-7, 4e-9], "scale": 1.0, "moved": 1.0, "of": "rtol"}
        >>> right = checks.ladder([1e-6, 1e-8], [2e-7, 2e-9], **made)
        >>> wrong = checks.ladder([1e-6, 1e-8], [0.1, 0.1], **made)
        >>> figure = plots.ladder(checks.Finding({"equal": right}, {"constant doubled": wrong}), title="by hand")
        >>> figure.axes[0].get_xlabel()
        'relative tolerance of the solver'
    """
    finding, title = finding_of(obj, title)
    claims, controls = _with_rows(finding.claims), _with_rows(finding.controls)
    if not claims and not controls:
        raise InputError("ladder has nothing to draw", "no claim or control has a row", "a finished solve")
    planted = {size: e for size, e in finding.planted.items() if e.rows and e.kind == "ladder"}
    everything = [*claims.values(), *controls.values()]
    axis = _Abscissa(everything)

    sheet = Sheet(ax, 3.4)
    ax = sheet.ax
    ax.set(xscale="log", title=title, ylabel="discrepancy / scale (dimensionless)")
    _plant(ax, axis, planted)
    handles: list[Artist] = []
    named = len(everything) <= NAMED and sheet.figure is not None  # inside of given Axes names would cover the data
    looks = (MARKERS, _CLAIMS, _SIZES) if named else (MARKERS[:1], _CLAIMS[:1], _SIZES[1:2])
    for (name, evidence), marker, colour, size in zip(claims.items(), *map(cycle, looks)):
        _band(ax, axis, evidence, colour)
        handles.append(_line(ax, axis, evidence, f"claim: {name}", colour, marker, size))
    # From top to bottom, so that the legend reads like the picture.
    wrong = sorted(controls.items(), key=lambda item: -_relative(item[1])[0][-1])
    for (name, evidence), marker in zip(wrong, cycle(MARKERS[::-1] if named else MARKERS[1:2])):
        handles.append(_line(ax, axis, evidence, f"control: {name}", VERMILLION, marker))
    if not named:
        handles = _numbers(len(claims), len(controls))
    axis.dress(ax)
    log_y(ax)
    handles += _keys(bool(planted), bool(claims))
    return sheet.finish(handles, _columns([str(h.get_label()) for h in handles]))


class _Abscissa:
    """Where evidence stands: at its tolerances, or in a column of its own where there are none."""

    def __init__(self, everything: list[Evidence]):
        self.rungs = sorted({r.at for e in everything if e.kind == "ladder" for r in e.rows}, reverse=True)
        self.of = sorted({r.of for e in everything if e.kind == "ladder" for r in e.rows})
        floors = [id(e) for e in everything if e.kind == "floor"]
        self.column = self.rungs[-1] * 1e-2 if self.rungs else 1.0
        spread = 10 ** np.linspace(0.45, -0.45, len(floors)) if len(floors) > 1 else np.ones(1)
        self.floors = dict(zip(floors, self.column * spread))

    def __call__(self, evidence: Evidence) -> np.ndarray:
        if evidence.kind == "floor":
            return np.array([self.floors[id(evidence)]])
        return np.array([row.at for row in evidence.rows])

    def dress(self, ax: Axes) -> None:
        ticks = {rung: power_of_ten(rung) for rung in self.rungs}
        if self.floors:
            ticks[self.column] = "round-off"
        if self.floors and self.rungs:
            ax.axvline(self.rungs[-1] * 10**-1.2, color=GREY, linewidth=0.8)
        ax.set_xticks(list(ticks), list(ticks.values()))
        ax.minorticks_off()
        ax.set_xlim(max(ticks) * 10**0.7, min(ticks) * 10**-0.8)
        ax.set_xlabel("; ".join(_NAMES.get(of, of) for of in self.of) or "identities, evaluated in float64")


def _with_rows(evidence: Mapping[str, Evidence]) -> dict[str, Evidence]:
    return {key: e for key, e in evidence.items() if e.rows}


def _relative(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Discrepancy and budget over scale. A discrepancy of 0 is drawn at a hundredth of its budget."""
    scale = evidence.scale or 1.0
    budget = np.array([row.budget for row in evidence.rows]) / scale
    gap = np.array([row.discrepancy for row in evidence.rows]) / scale
    return np.where(gap > 0, gap, budget / 100), budget


def _line(
    ax: Axes, axis: _Abscissa, evidence: Evidence, label: str, colour: str, marker: str, size: float = 5.0
) -> Line2D:
    label += " (claimed to differ)" if evidence.opposite else ""
    dash = "none" if evidence.kind == "floor" else "-"
    [line] = ax.plot(
        axis(evidence), _relative(evidence)[0], linestyle=dash, linewidth=1.3, color=colour, marker=marker,
        markersize=size, mfc="none", label=label,
    )  # fmt: skip
    return line


def _band(ax: Axes, axis: _Abscissa, evidence: Evidence, colour: str) -> None:
    at, (_, budget) = axis(evidence), _relative(evidence)
    if evidence.kind == "floor":
        ax.plot(at, AGREE * budget, color=colour, marker="_", markersize=14, linestyle="none")
        return
    ax.plot(at, budget, color=colour, linestyle="--", linewidth=1)
    ax.fill_between(at, budget / 100, AGREE * budget, color=colour, alpha=0.1, linewidth=0)


def _plant(ax: Axes, axis: _Abscissa, planted: Mapping[float, Evidence]) -> None:
    above = np.inf
    for size, evidence in sorted(planted.items(), reverse=True):
        at, (gap, _) = axis(evidence), _relative(evidence)
        ax.plot(at, gap, color=GREY, linewidth=0.9, alpha=0.6)
        if gap[-1] > above / 10:
            continue  # two labels within a decade would lie on each other
        above = gap[-1]
        ax.annotate(
            power_of_ten(size), (at[-1], gap[-1]), xytext=(8, 0), textcoords="offset points", va="center",
            fontsize=7.5, color="#5A5A5A",
        )  # fmt: skip


def _numbers(claims: int, controls: int) -> list[Artist]:
    """Keys of roles in place of names."""
    roles = ((f"claims ({claims})", BLUE, MARKERS[0]), (f"controls ({controls})", VERMILLION, MARKERS[1]))
    return [Line2D([], [], color=colour, marker=marker, mfc="none", label=label) for label, colour, marker in roles]


def _keys(planted: bool, claims: bool) -> list[Artist]:
    keys: list[Artist] = []
    if claims:
        keys.append(Line2D([], [], color=GREY, linestyle="--", linewidth=1, label="error budget of the claim"))
        keys.append(Patch(color=GREY, alpha=0.25, label=f"up to {AGREE:g} × budget (dash: of an identity): agreement"))
    if planted:
        keys.append(Line2D([], [], color=GREY, linewidth=0.9, alpha=0.6, label="planted error of the size beside it"))
    return keys


def _columns(labels: list[str]) -> int:
    """Two where they fit: matplotlib cuts off without a word what is too wide."""
    half = -(-len(labels) // 2)
    widths = [max(map(len, part), default=0) for part in (labels[:half], labels[half:])]
    return 2 if sum(widths) <= _WIDTH else 1
