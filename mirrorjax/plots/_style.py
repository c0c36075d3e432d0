"""The style of every figure."""

import functools
from collections.abc import Callable, Sequence
from io import BytesIO
from textwrap import fill
from typing import Any, ParamSpec, TypeAlias, cast, final

import matplotlib
import numpy as np
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import NullFormatter

from .._errors import InputError

P = ParamSpec("P")
Handle: TypeAlias = Artist | Container  # the two that a legend takes
Drawn: TypeAlias = Figure | Any
"""A new figure, or the Axes that were given: as `Figure | Axes` every caller would have to ask which."""

# Okabe and Ito's palette: told apart with every common form of colour blindness, and in grey print.
BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)
BLACK, GREY = "#222222", "#8A8A8A"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")

WIDTH = 7.4
_PIXELS = 100  # per inch, in a notebook
STYLE = {
    "font.size": 9.5,
    "text.parse_math": False,  # names of users' theorems may have a $, and half a formula is an error
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": BLACK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E2E2E2",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "lines.markersize": 5.0,
}


def styled(draw: Callable[P, Drawn]) -> Callable[P, Drawn]:
    """Draws in this style, whatever the user's matplotlibrc says, and restores the user's afterwards."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Drawn:
        with style.context(STYLE, after_reset=True):
            return draw(*args, **kwargs)

    return drawn


@final
class Picture(Figure):
    """A figure that is the output of a notebook cell whose last line it is, without pyplot.

    Its arguments are those of `matplotlib.figure.Figure`.
    """

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Opaque, since a dark page would show through, and of two pixels for each that is shown."""
        buffer = BytesIO()
        with matplotlib.rc_context({"savefig.bbox": "standard", "savefig.transparent": False}):
            self.savefig(buffer, format="png", dpi=2 * _PIXELS, facecolor="white")
        width, height = (round(_PIXELS * inches) for inches in self.get_size_inches())
        return buffer.getvalue(), {"width": width, "height": height}


class Sheet:
    """What one function draws on: its panels on a figure of its own, or the one Axes that it was given.

    **Arguments:**

    - `ax`: the Axes given; None for a new figure.
    - `height`: of the new figure, in inches.
    - `rows`, `columns`: of panels on the new figure.
    - `**layout`: of `Figure.subplots`.

    **Raises:** `InputError` for an `ax` that is no Axes.
    """

    def __init__(self, ax: Axes | None, height: float, rows: int = 1, columns: int = 1, **layout: Any):
        if ax is not None and not isinstance(ax, Axes):
            raise InputError("ax must be an Axes of matplotlib", f"got {type(ax).__name__}", "figure.subplots()")
        self.figure = new_figure(height) if ax is None else None
        panels: Any = ax if self.figure is None else self.figure.subplots(rows, columns, **layout)
        self.panels: list[Axes] = list(np.ravel(panels))
        self.ax = self.panels[0]

    def finish(self, handles: Sequence[Handle] = (), columns: int = 1, beside: bool = False) -> Drawn:
        """Adds the legend, outside of the panels of an own figure and inside of Axes given; returns what is drawn."""
        if self.figure is None:
            if handles:
                self.ax.legend(handles=list(handles), fontsize=7.5, frameon=True, framealpha=0.85, edgecolor="none")
            for text in self.ax.findobj(Text):  # its title and labels are older than the style
                cast(Text, text).set_parse_math(False)
            return self.ax
        if handles and beside:
            legend_right(self.figure, handles)
        elif handles:
            legend_below(self.figure, handles, columns)
        self.figure.align_ylabels()
        return self.figure


def new_figure(height: float) -> Picture:
    """An empty figure of the width of a page, `height` in inches."""
    figure = Picture(figsize=(WIDTH, height))
    _margins(figure)
    return figure


def _margins(figure: Figure, right: float = 0.15, below: float = 0.0) -> None:
    # In inches and fixed: matplotlib's constrained layout draws a figure three times to find them.
    height = figure.get_figheight()
    figure.subplots_adjust(
        left=0.85 / WIDTH, right=1 - right / WIDTH, top=1 - 0.35 / height, bottom=(0.5 + below) / height
    )


def legend_right(figure: Figure, handles: Sequence[Handle], inches: float = 1.6) -> None:
    """A legend beside the axes, where it cannot cover data."""
    _margins(figure, right=inches)
    figure.legend(handles=list(handles), loc="upper left", bbox_to_anchor=(1 - inches / WIDTH, 1.0), handlelength=2.2)


def legend_below(figure: Figure, handles: Sequence[Handle], columns: int) -> None:
    """A legend under the axes, where it cannot cover data; the figure grows by its height."""
    below = 0.15 + 0.2 * -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + below)
    _margins(figure, below=below)
    figure.legend(handles=list(handles), loc="lower center", ncols=columns, handlelength=2.2)


def note(ax: Axes, text: str, x: float, y: float = 0.97, room: bool = False) -> None:
    """A remark inside the Axes, around the middle `x` of its width and below `y` of its height; none if it is empty.

    With `room` the Axes reach a quarter further up, so that it covers nothing.
    """
    if text:
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + room * 0.25 * (high - low))
        box = {"facecolor": "white", "edgecolor": "#C8C8C8", "boxstyle": "round,pad=0.35", "linewidth": 0.6}
        ax.text(x, y, fill(text, 46), transform=ax.transAxes, ha="center", va="top", fontsize=8, bbox=box, zorder=5)


def log_y(ax: Axes) -> None:
    """A logarithmic y axis over whole decades, once everything is drawn.

    Whole decades, since within a single one no power of ten would be labelled; powers as Unicode text,
    since matplotlib's own labels are parsed as TeX, which took half of the time of a figure.
    """
    ax.set_yscale("log")
    low, high = max(ax.dataLim.y0, ax.dataLim.minposy), ax.dataLim.y1
    if 0 < low <= high < np.inf:
        ax.set_ylim(10 ** np.floor(np.log10(low) - 0.3), 10 ** np.ceil(np.log10(high) + 0.1))
    ax.yaxis.set_major_formatter(power_of_ten)
    ax.yaxis.set_minor_formatter(NullFormatter())


def power_of_ten(value: float, position: float = 0) -> str:
    """A tick label: 10⁻⁶ where the value is a power of ten, else 2e-06."""
    exponent = round(np.log10(value))
    if not np.isclose(value, 10.0**exponent, atol=0):
        return f"{value:.0e}"
    return "10" + str(exponent).translate(SUPERSCRIPTS)
