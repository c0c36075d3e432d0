"""How far every claim and control is from the two thresholds."""

import math
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._errors import InputError
from ..checks import AGREE, DISAGREE, Evidence
from ._given import finding_of
from ._style import BLACK, BLUE, GREY, VERMILLION, WIDTH, Drawn, Sheet, power_of_ten, styled

MOST = 30
"""Claims, and controls, that one picture shows: those nearest to the wrong side of their threshold."""
_NAMES, _CHARACTERS = 3.4, 54  # inches left of the axes for the names, and how many characters fit there
_LINE, _GAP = 0.142, 0.09  # inches of a line of a name, and between two names


@styled
def margins(obj: Any, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Discrepancy over error budget, e/b at the finest tolerance, of every claim and control; identities too.

    The abscissa is e/b, logarithmic and dimensionless; e = 0 is drawn at the left edge, over the tick “0”. A row for
    each name. Claims lie left of the threshold of agreement, controls right of that of refutation; both are sorted,
    what is nearest to the wrong side first. Of more than 30 claims or controls the 30 weakest are drawn, and the legend
    says so.

    **Arguments:**

    - `obj`: what `ladder` takes.
    - `title`: above the picture, by default the id and the instance of a verdict.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and where no claim or control has a row.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import Finding, floor
        >>> right, wrong = floor(1e-16, 2e-16), floor(1e-6, 2e-16)
        >>> figure = plots.margins(Finding({"equal": right}, {"wrong by 1e-6": wrong}), title="by hand")
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['equal', 'wrong by 1e-6']
    """
    finding, title = finding_of(obj, title)
    groups = [_weakest(group, wanted) for group, wanted in ((finding.claims, False), (finding.controls, True))]
    names, ratios = zip(*(item for group in groups for item in group)) if any(groups) else ((), ())
    if not names:
        raise InputError("margins has nothing to draw", "no claim or control has a row", "a finished solve")
    place, height = _places(names)

    sheet = Sheet(ax, height + 0.85)
    ax = sheet.ax
    edge = _axis(ax, ratios)
    claims = len(groups[0])
    for inside, colour, marker in ((slice(claims), BLUE, "o"), (slice(claims, None), VERMILLION, "s")):
        _points(ax, ratios[inside], place[inside], edge, colour, marker)
    ax.set_yticks(place, names, fontsize=8)
    ax.tick_params(axis="y", length=0, pad=8)  # clear of the marks of e = 0
    ax.set(ylim=(height, 0.0), xlabel="discrepancy / error budget, e/b (dimensionless)")
    handles = [
        _key(BLUE, "o", "claim", claims, finding.claims),
        _key(VERMILLION, "s", "control: wrong on purpose", len(groups[1]), finding.controls),
        ax.axvline(AGREE, color=BLACK, linestyle="--", linewidth=1, label=f"holds: e ≤ {AGREE:g} b"),
        ax.axvline(DISAGREE, color=BLACK, linestyle=":", linewidth=1.3, label=f"refuted: e ≥ {DISAGREE:g} b"),
    ]
    drawn = sheet.finish(handles, 2)
    if sheet.figure is None:
        ax.set_title(title)
        return drawn
    sheet.figure.subplots_adjust(left=_NAMES / WIDTH)
    # The title spans the names too: the axes have half of the width and titles are long.
    sheet.figure.text(0.1 / WIDTH, 1 - 0.1 / sheet.figure.get_figheight(), title, fontsize=10.5, va="top")
    return drawn


def _weakest(evidence: dict[str, Evidence], wanted: bool) -> list[tuple[str, float]]:
    """Wrapped names and e/b of those with rows. `wanted`: whether a difference is (controls) or not (claims)."""
    found = []
    for name, e in evidence.items():
        if e.rows:
            ratio = e.rows[-1].discrepancy / e.rows[-1].budget if e.rows[-1].budget > 0 else math.nan
            name += " (claimed to differ)" if e.opposite else ""
            small_first = wanted != e.opposite
            found.append((_rank(ratio, small_first), fill(name, _CHARACTERS), ratio))
    return [(name, ratio) for _, name, ratio in sorted(found, key=lambda item: item[0])[:MOST]]


def _rank(ratio: float, small_first: bool) -> float:
    """Orders, in decades from the threshold; what is not finite comes first, since it decides nothing."""
    if not math.isfinite(ratio):
        return -math.inf
    decades = math.log10(max(ratio, 1e-300))
    return decades - math.log10(DISAGREE) if small_first else math.log10(AGREE) - decades


def _places(names: tuple[str, ...]) -> tuple[np.ndarray, float]:
    """Where each name has its middle, in inches from the top, and the height of all."""
    heights = np.array([(name.count("\n") + 1) * _LINE + _GAP for name in names])
    return np.cumsum(heights) - heights / 2 + _GAP / 2, float(np.sum(heights)) + _GAP


def _axis(ax: Axes, ratios: tuple[float, ...]) -> float:
    """A logarithmic axis over both thresholds and all ratios; returns where 0 is drawn."""
    drawn = [ratio for ratio in ratios if math.isfinite(ratio) and ratio > 0]
    low = math.floor(math.log10(min([AGREE / 10, *drawn])) - 0.2)
    high = math.ceil(math.log10(max([DISAGREE * 10, *drawn])) + 0.2)
    step = max(1, -(-(high - low) // 6))
    ticks = {10.0**k: power_of_ten(10.0**k) for k in range(low, high + 1, step)}
    edge = 10.0**low
    if 0 in ratios:
        edge = 10.0 ** (low - max(1, 0.7 * step))
        ticks[edge] = "0"
    ax.set_xscale("log")
    ax.set_xlim(edge, 10.0**high)
    ax.set_xticks(list(ticks), list(ticks.values()))
    ax.minorticks_off()
    return edge


def _points(ax: Axes, ratios: tuple[float, ...], place: np.ndarray, edge: float, colour: str, marker: str) -> None:
    for ratio, at in zip(ratios, place):
        if math.isfinite(ratio):
            fill = colour if ratio > 0 else "white"
            ax.plot(ratio or edge, at, marker, color=colour, mfc=fill, markersize=5.5, clip_on=False, zorder=3)
        else:
            ax.annotate("not finite", (edge, at), xytext=(4, 0), textcoords="offset points", va="center",
                        fontsize=8, color=GREY)  # fmt: skip


def _key(colour: str, marker: str, label: str, drawn: int, evidence: dict[str, Evidence]) -> Artist:
    total = sum(bool(e.rows) for e in evidence.values())
    if drawn < total:
        label += f" ({drawn} weakest of {total})"
    return Line2D([], [], color=colour, marker=marker, linestyle="none", label=label)
