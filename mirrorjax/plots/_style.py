"""The style of every figure."""

import functools
from collections.abc import Callable, Sequence
from typing import ParamSpec, TypeAlias

import numpy as np
from matplotlib import style
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

P = ParamSpec("P")
Handle: TypeAlias = Artist | Container  # the two that a legend takes

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
STYLE = {
    "font.size": 9.5,
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


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draws in this style, whatever the user's matplotlibrc says, and restores the user's afterwards."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with style.context(STYLE, after_reset=True):
            return draw(*args, **kwargs)

    return drawn


def new_figure(height: float) -> Figure:
    """An empty figure of the width of a page, `height` in inches."""
    figure = Figure(figsize=(WIDTH, height))
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
