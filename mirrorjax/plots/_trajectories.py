"""Two or more routes to x, overlaid."""

from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from ..checks import Routes
from ._style import BLACK, COLOURS, legend_right, log_y, new_figure, power_of_ten, styled

_LONG = 100  # times the first step: more would crowd most points onto the left edge
_OVERLAYS = ("o", "x", "+", "D")


@styled
def trajectories(series: Routes, *, title: str = "", coordinates: int = 5) -> Figure:
    """Gradient flow as lines, the other routes as markers on top; their distance in the panel below.

    Above, x against the flow's time t, dimensionless; below, the largest |difference| from the first route over all
    coordinates, logarithmic. Long horizons get a logarithmic time axis, without t = 0.

    **Arguments:**

    - `series`: two or more routes; the first is drawn as lines, a limit is marked at the end.
    - `title`: above the figure.
    - `coordinates`: how many are drawn, those that move most.

    **Returns:** the figure.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import Routes
        >>> ts = np.linspace(0.0, 1.0, 5)
        >>> x = np.exp(-ts)[:, None] * np.array([1.0, -2.0])
        >>> routes = Routes(ts, {"gradient flow": x, "mirror flow": x + 1e-9})
        >>> figure = plots.trajectories(routes, title="decay")
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['effective parameter x', 'max |difference|']
    """
    ts, routes = series.ts, series.x
    line, *overlays = routes
    logarithmic = any(routes[key].ndim == 1 for key in overlays) or ts[-1] > _LONG * ts[1]
    shown = slice(1, None) if logarithmic else slice(None)
    moves = np.ptp(routes[line], axis=0)
    chosen = [int(i) for i in np.argsort(-moves, kind="stable")[:coordinates]]

    figure = new_figure(4.8)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
    if logarithmic:
        top.set_xscale("log")
        top.xaxis.set_major_formatter(power_of_ten)
        top.xaxis.set_minor_locator(NullLocator())
    for index, colour in zip(chosen, COLOURS):
        top.plot(ts[shown], routes[line][shown, index], color=colour)
    for key, marker in zip(overlays, _OVERLAYS):
        _overlay(top, ts[shown], routes[key], shown, chosen, marker)
        gap = np.max(np.abs(routes[line] - routes[key]), axis=1)
        bottom.plot(ts[shown], _positive(gap[shown]), marker=marker, markersize=3.5, color=BLACK, linewidth=1)
    log_y(bottom)
    bottom.set(xlabel="time t" + (" (logarithmic)" if logarithmic else ""), ylabel="max |difference|")
    top.set(title=title, ylabel="effective parameter x")
    figure.align_ylabels()
    legend_right(figure, _handles(line, overlays, chosen))
    return figure


def _overlay(ax: Axes, ts: np.ndarray, x: np.ndarray, shown: slice, chosen: list[int], marker: str) -> None:
    for index, colour in zip(chosen, COLOURS):
        if x.ndim == 1:
            end = {"markersize": 8, "clip_on": False}
            ax.plot(ts[-1:], x[index : index + 1], marker, mfc="none", color=colour, **end)
        else:
            ax.plot(ts, x[shown, index], marker, markersize=5.5, mfc="none", color=colour)


def _positive(values: np.ndarray) -> np.ndarray:
    return np.where(values > 0, values, np.nan)


def _handles(line: str, overlays: list[str], chosen: list[int]) -> list[Line2D]:
    routes = [Line2D([], [], color=BLACK, label=fill(line, 16))]
    routes += [
        Line2D([], [], color=BLACK, linestyle="none", marker=marker, mfc="none", label=fill(key, 16))
        for key, marker in zip(overlays, _OVERLAYS)
    ]
    colours = [Line2D([], [], color=c, linewidth=3, label=f"x[{i}]") for i, c in zip(chosen, COLOURS)]
    return [*routes, *colours]
