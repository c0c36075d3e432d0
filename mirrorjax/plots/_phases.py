"""A quantity over two others."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullFormatter

from .._errors import InputError
from ._labelled import Cells, cells_of, is_labelled
from ._style import Drawn, Handle, Sheet, power_of_ten, styled

_EVEN = 1e-6  # how far ratios of neighbours may differ for the axis to be logarithmic
_MISSING, _HATCH = "#C4C4C4", "#5A5A5A"
_PARTS = ("x", "y", "values")


@styled
def phase_diagram(
    values: Any,
    *given: Any,
    x: Any = None,
    y: Any = None,
    columns: str = "",
    reduce: Mapping[str, str | float] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    label: str = "",
    title: str = "",
    limits: Sequence[float] | None = None,
    log: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """A cell of colour for each pair of x and y, and what the colours mean beside it.

    Of arrays, `phase_diagram(values, x, y, …)`; of what `mj.sweep` returns, `phase_diagram(dataset, "output",
    x="scale", y="dose", reduce={"seed": "mean"})`. An axis whose values have equal ratios, three or more of them, is
    logarithmic. A value that is not finite is grey.

    Points of a dataset whose status is not 0 failed: they enter no reduction. A cell without any other point is
    grey and hatched, one that lacks some of its points is hatched, and the title counts them.

    **Arguments:**

    - `values`: shape `(len(y), len(x))`, NaN where there is none; or an `xarray.Dataset` or `DataArray`.
    - `*given`: of arrays x and y, which may be keywords; of a Dataset the name of the output.
    - `x`, `y`: increasing, shape `(j,)` and `(i,)`; of a dataset the names of its axes, in any order of values.
    - `columns`: an axis of the dataset that has a panel for each of its values.
    - `reduce`: what becomes of every other axis of the dataset: "mean", "median", or a number q for the quantile.
    - `xlabel`, `ylabel`: with their units; by default those of the dataset.
    - `label`: of the colours, with the unit; by default that of the dataset.
    - `title`: above the picture.
    - `limits`: of the colours, the lowest and the highest value; by default those of the values.
    - `log`: which of "x", "y" and "values" are logarithmic; by default x and y where their values have equal ratios.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for shapes that do not fit, x or y that do not increase, and labels that are empty; for an
    axis of a dataset that is neither shown nor reduced, and for names that it lacks.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> dose, scale = np.linspace(0.0, 2.0, 5), np.geomspace(1e-3, 1.0, 4)
        >>> found = np.exp(-dose) * scale[:, None]
        >>> axes = {"xlabel": "dose (dimensionless)", "ylabel": "scale (units of x)", "label": "distance (units of x)"}
        >>> figure = plots.phase_diagram(found, dose, scale, **axes)
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['scale (units of x)', 'distance (units of x)']
    """
    if is_labelled(values):
        cells = cells_of(values, *_output(given), tuple(filter(None, (columns, *_names(x, y)))), reduce or {})
    elif columns or reduce:
        raise InputError("columns and reduce are about the axes of a dataset", f"got {type(values).__name__}")
    else:
        cells = _of_arrays(values, *_pair(given, x, y))
    named = [*cells.axes][-2:]
    texts = [
        own or cells.labels.get(name, "") for own, name in ((xlabel, named[1]), (ylabel, named[0]), (label, "values"))
    ]
    for name, text in zip(("xlabel", "ylabel", "label"), texts):
        if not text:
            raise InputError(f"{name} is empty", "", "what it is, with its unit")
    logarithmic = _logarithmic(log, cells)
    return _draw(
        cells, texts, _counted(title, cells.points), columns, _norm(cells.values, limits, logarithmic), logarithmic, ax
    )


def _draw(
    cells: Cells, texts: Sequence[str], title: str, columns: str, norm: Normalize, log: set[str], ax: Axes | None
) -> Drawn:
    if ax is not None and columns:
        raise InputError("columns need a figure of their own", "ax was given", "one value of it: data.sel(…)")
    of_columns = cells.axes[columns] if columns else np.array([""])
    count = len(of_columns)
    # The bar of several panels in a column of its own: one that steals their room does not follow when they move.
    widths = {"width_ratios": [1.0] * count + [0.05]} if columns else {}
    sheet = Sheet(ax, 4.0, 1, count + len(widths), **widths)
    shape = (count, *cells.values.shape[-2:])
    colours = matplotlib.colormaps["viridis"].with_extremes(bad=_MISSING)
    up, across = (np.asarray(ticks, dtype=float) for ticks in [*cells.axes.values()][-2:])
    edges = _edges(across, "x" in log), _edges(up, "y" in log)
    handles: dict[str, Handle] = {}
    mesh = None
    for i, (panel, shown, failed) in enumerate(
        zip(sheet.panels, cells.values.reshape(shape), cells.failed.reshape(shape))
    ):
        mesh = panel.pcolormesh(*edges, np.ma.masked_invalid(shown), cmap=colours, norm=norm, rasterized=True)
        handles |= _mark(panel, edges, shown, failed)
        for name, scale, axis in (("x", panel.set_xscale, panel.xaxis), ("y", panel.set_yscale, panel.yaxis)):
            if name in log:
                scale("log")
                axis.set_major_formatter(power_of_ten)
                axis.set_minor_formatter(NullFormatter())
        panel.grid(visible=False)
        panel.tick_params(labelleft=i == 0)
        panel.set(xlabel=texts[0], ylabel="" if i else texts[1])
        panel.set_title(f"{cells.labels[columns]}: {_said(of_columns[i])}" if columns else title)
    owner = sheet.ax.get_figure(root=False)
    assert owner is not None and mesh is not None
    bar = owner.colorbar(mesh, cax=sheet.panels[-1]) if columns else owner.colorbar(mesh, ax=sheet.ax, pad=0.03)
    bar.set_label(texts[2])
    drawn = sheet.finish([*handles.values()], len(handles) or 1)
    if columns:
        _make_room(drawn, title)
    return drawn


def _make_room(figure: Figure, title: str) -> None:
    """For what stands beside the bar, and for a title above those of the panels."""
    title = fill(title, 78)
    height, added = figure.get_figheight(), 0.15 * bool(title) + 0.17 * len(title.splitlines())
    bottom = figure.subplotpars.bottom * height / (height + added)
    figure.set_figheight(height + added)
    figure.subplots_adjust(bottom=bottom, top=1 - (0.35 + added) / (height + added), right=0.89, wspace=0.08)
    figure.suptitle(title, x=figure.subplotpars.left, y=1 - 0.1 / (height + added), ha="left", va="top", fontsize=10.5)


def _said(value: Any) -> str:
    return str(value) if value.dtype.kind == "b" else f"{value:.6g}"


def _mark(
    panel: Axes, edges: tuple[np.ndarray, np.ndarray], shown: np.ndarray, failed: np.ndarray
) -> dict[str, Handle]:
    """Hatches the cells of points that failed; what the legend says of cells without a value and of these."""
    handles: dict[str, Handle] = {}
    if np.any(~np.isfinite(shown) & (failed < 1)):
        handles["none"] = Patch(facecolor=_MISSING, label="no value")
    for name, cells, face in (
        ("all points failed", failed == 1, _MISSING), ("some points failed", (failed > 0) & (failed < 1), "none"),
    ):  # fmt: skip
        if not np.any(cells):
            continue
        x, y = edges
        corners = [
            [(x[j], y[i]), (x[j + 1], y[i]), (x[j + 1], y[i + 1]), (x[j], y[i + 1])] for i, j in np.argwhere(cells)
        ]
        look = {"facecolor": face, "edgecolor": _HATCH, "hatch": "////", "linewidth": 0.0}
        panel.add_collection(PolyCollection(corners, **look), autolim=False)
        handles[name] = Patch(label=name, **look)
    return handles


def _of_arrays(values: Any, x: Any, y: Any) -> Cells:
    cells, across, up = (np.asarray(part, dtype=float) for part in (values, x, y))
    if across.ndim != 1 or up.ndim != 1 or not across.size or cells.shape != (up.size, across.size):
        raise InputError("values must be (len(y), len(x))", f"values {cells.shape}, x {across.shape}, y {up.shape}")
    for name, ticks in (("x", across), ("y", up)):
        if not np.all(np.isfinite(ticks)) or np.any(np.diff(ticks) <= 0):
            raise InputError(f"{name} must increase and be finite", f"{name} = {ticks}", "np.linspace or np.geomspace")
    return Cells(cells, np.zeros(cells.shape), (cells.size, 0), {"y": up, "x": across}, {})


def _pair(given: tuple[Any, ...], x: Any, y: Any) -> tuple[Any, Any]:
    both = [*given, *(part for part in (x, y) if part is not None)]
    if len(both) != 2 or (len(given) == 1 and y is None):
        raise InputError("of arrays a phase diagram needs values, x and y", f"got {1 + len(both)} of them")
    return both[0], both[1]


def _output(given: tuple[Any, ...]) -> tuple[str]:
    if len(given) > 1 or not all(isinstance(name, str) for name in given):
        raise InputError(
            "of a dataset the axes are named", f"got {given}", 'phase_diagram(data, "l1", x="scale", y="dose")'
        )
    return (given[0] if given else "",)


def _names(x: Any, y: Any) -> tuple[str, str]:
    if not isinstance(x, str) or not isinstance(y, str) or x == y:
        raise InputError("x and y are the names of two axes of the dataset", f"x = {x!r}, y = {y!r}", 'x="scale"')
    return y, x


def _logarithmic(asked: Sequence[str] | None, cells: Cells) -> set[str]:
    up, across = [*cells.axes.values()][-2:]
    if asked is None:
        return {name for name, ticks in (("x", across), ("y", up)) if _even_ratios(ticks)}
    for name in asked:
        if name not in _PARTS:
            raise InputError(f"log is about {', '.join(_PARTS)}, not {name!r}")
    for name, ticks in (("x", across), ("y", up)):
        if name in asked and ticks[0] <= 0:
            raise InputError(f"{name} is not positive, and a logarithmic axis is", f"from {ticks[0]:g}")
    return set(asked)


def _norm(values: np.ndarray, limits: Sequence[float] | None, log: set[str]) -> Normalize:
    """The same colours in every panel."""
    shown = values[np.isfinite(values) & ((values > 0) | ("values" not in log))]
    low, high = (shown.min(), shown.max()) if limits is None and shown.size else limits or (0.1, 1.0)
    if not low <= high or ("values" in log and low <= 0):
        raise InputError(
            "limits are the lowest value and the highest", f"limits = {limits}", "positive ones, if logarithmic"
        )
    return LogNorm(low, high) if "values" in log else Normalize(low, high)


def _counted(title: str, points: tuple[int, int]) -> str:
    every, failed = points
    return " · ".join(filter(None, [title, f"{failed} of {every} points failed" if failed else ""]))


def _even_ratios(ticks: np.ndarray) -> bool:
    if ticks.size < 3 or ticks[0] <= 0:
        return False
    ratios = ticks[1:] / ticks[:-1]
    return bool(np.ptp(ratios) < _EVEN * ratios[0])


def _edges(ticks: np.ndarray, log: bool) -> np.ndarray:
    """The sides of the cells, halfway between neighbours; on a logarithmic axis by ratio."""
    if log:
        return np.exp(_edges(np.log(ticks), False))
    if ticks.size == 1:
        half = 0.5 * abs(ticks[0]) or 0.5
        return np.array([ticks[0] - half, ticks[0] + half])
    middles = (ticks[1:] + ticks[:-1]) / 2
    return np.concatenate([[2 * ticks[0] - middles[0]], middles, [2 * ticks[-1] - middles[-1]]])
