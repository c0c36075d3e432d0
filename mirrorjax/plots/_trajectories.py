"""Two or more routes to x, overlaid."""

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from .._errors import InputError
from ..checks import Routes
from ..flows import Trajectory
from ._given import refused, series_of
from ._style import BLACK, COLOURS, Drawn, Sheet, log_y, note, power_of_ten, styled

_LONG = 100  # times the first step: more would crowd most points onto the left edge
_OVERLAYS = ("o", "x", "+", "D")


@styled
def trajectories(obj: Any, *, title: str = "", coordinates: int = 5, ax: Axes | None = None) -> Drawn:
    """One route to x as lines, the others as markers on top; their distance in the panel below.

    Above, x in its units against the flow's time t, dimensionless; below, on a figure of its own only and for two or
    more routes, the largest |difference| from the first over all coordinates, logarithmic. Long horizons get a
    logarithmic time axis, without t = 0. What a flow did not reach is said and not drawn.

    **Arguments:**

    - `obj`: a `Trajectory` of `mj.integrate`, or several with the same times by name; `Routes`; or a `Verdict` that
      holds them. The first route is drawn as lines; a limit is marked at the end.
    - `title`: above the picture, by default the id and the instance of a verdict.
    - `coordinates`: how many are drawn, those that move most.
    - `ax`: where to draw the upper panel; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and for trajectories at different times or of different n.

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
    ts, routes, source, remark = _routes(obj)
    line, *overlays = routes
    logarithmic = any(routes[key].ndim == 1 for key in overlays) or ts[-1] > _LONG * ts[1] > 0
    shown = slice(1, None) if logarithmic and ts[0] <= 0 else slice(None)
    reached = np.isfinite(routes[line][:, 0])
    moves = np.ptp(routes[line][reached], axis=0)
    chosen = [int(i) for i in np.argsort(-moves, kind="stable")[: min(coordinates, len(COLOURS))]]

    sheet = Sheet(ax, 4.8, 2, sharex=True, height_ratios=(3, 1.2)) if overlays else Sheet(ax, 3.6)
    for index, colour in zip(chosen, COLOURS):
        sheet.ax.plot(ts[shown], routes[line][shown, index], color=colour)
    for key, marker in zip(overlays, _OVERLAYS):
        _overlay(sheet.ax, ts[shown], routes[key], shown, chosen, marker)
    if sheet.figure is not None and overlays:
        _gaps(sheet.panels[1], ts[shown], {key: x if x.ndim == 1 else x[shown] for key, x in routes.items()})
    if logarithmic:
        sheet.ax.set_xscale("log")
        sheet.ax.xaxis.set_major_formatter(power_of_ten)
        sheet.ax.xaxis.set_minor_locator(NullLocator())
    sheet.panels[-1].set_xlabel("time t (dimensionless" + (", logarithmic)" if logarithmic else ")"))
    sheet.ax.set(title=title or source, ylabel="effective parameter x")
    note(sheet.ax, remark, 0.5, room=True)
    return sheet.finish(_handles(line, overlays, chosen), beside=True)


def _routes(given: Any) -> tuple[np.ndarray, dict[str, np.ndarray], str, str]:
    """Times, x by name, a title, and in words what was not reached."""
    if isinstance(given, Trajectory):
        name = type(given.flow).__name__
        return _paths({name: given}, name)
    if isinstance(given, Mapping) and given and all(isinstance(path, Trajectory) for path in given.values()):
        return _paths(given, "")
    takes = "a Trajectory, {name: Trajectory}, Routes, or a Verdict that holds Routes"
    if isinstance(given, Mapping):
        raise refused(given, takes)
    series, title = series_of(given, Routes, takes)
    return series.ts, dict(series.x), title, ""


def _paths(paths: Mapping[str, Trajectory], title: str) -> tuple[np.ndarray, dict[str, np.ndarray], str, str]:
    first = next(iter(paths.values()))
    ts = np.asarray(first.ts)
    for name, path in paths.items():
        if path.x.shape != first.x.shape or not np.array_equal(np.asarray(path.ts), ts):
            raise InputError(
                "trajectories of one picture have the same times and the same n",
                f"{name}: {path.x.shape} from t = {float(path.ts[0]):g} to {float(path.ts[-1]):g}",
                "mj.integrate(flow, ts=ts) with the same ts for each",
            )
    stopped = [f"{name} ends at t = {float(p.t_last):.4g} of {ts[-1]:.4g}" for name, p in paths.items() if not p.ok]
    return ts, {name: np.where(np.isfinite(p.x), p.x, np.nan) for name, p in paths.items()}, title, "; ".join(stopped)


def _gaps(ax: Axes, ts: np.ndarray, routes: Mapping[str, np.ndarray]) -> None:
    line, *overlays = routes
    for key, marker in zip(overlays, _OVERLAYS):
        gap = np.max(np.abs(routes[line] - routes[key]), axis=1)
        ax.plot(ts, _positive(gap), marker=marker, markersize=3.5, color=BLACK, linewidth=1)
    log_y(ax)
    ax.set_ylabel("max |difference|")


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
