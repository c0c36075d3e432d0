"""A quantity over two others."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter

from .._errors import InputError
from .._types import ArrayLike
from ._style import GREY, Drawn, Sheet, power_of_ten, styled

_EVEN = 1e-6  # how far ratios of neighbours may differ for the axis to be logarithmic


@styled
def phase_diagram(
    values: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    *,
    xlabel: str,
    ylabel: str,
    label: str,
    title: str = "",
    ax: Axes | None = None,
) -> Drawn:
    """A cell of colour for each pair of x and y, and what the colours mean beside it.

    An axis whose values have equal ratios, three or more of them, is logarithmic. A value that is not finite is grey.

    **Arguments:**

    - `values`: shape `(len(y), len(x))`; NaN where there is none.
    - `x`, `y`: increasing, shape `(j,)` and `(i,)`.
    - `xlabel`, `ylabel`: with their units.
    - `label`: of the colours, with the unit.
    - `title`: above the picture.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for shapes that do not fit, x or y that do not increase, and labels that are empty.

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
    cells, across, up = (np.asarray(part, dtype=float) for part in (values, x, y))
    if across.ndim != 1 or up.ndim != 1 or not across.size or cells.shape != (up.size, across.size):
        raise InputError("values must be (len(y), len(x))", f"values {cells.shape}, x {across.shape}, y {up.shape}")
    for name, ticks in (("x", across), ("y", up)):
        if not np.all(np.isfinite(ticks)) or np.any(np.diff(ticks) <= 0):
            raise InputError(f"{name} must increase and be finite", f"{name} = {ticks}", "np.linspace or np.geomspace")
    for name, text in (("xlabel", xlabel), ("ylabel", ylabel), ("label", label)):
        if not text:
            raise InputError(f"{name} is empty", "", "what it is, with its unit")
    colours = matplotlib.colormaps["viridis"].with_extremes(bad="#C4C4C4")
    sheet = Sheet(ax, 4.0)
    shown = np.ma.masked_invalid(cells)
    mesh = sheet.ax.pcolormesh(_edges(across), _edges(up), shown, cmap=colours, rasterized=True)
    for ticks, scale, axis in (
        (across, sheet.ax.set_xscale, sheet.ax.xaxis),
        (up, sheet.ax.set_yscale, sheet.ax.yaxis),
    ):
        if _even_ratios(ticks):
            scale("log")
            axis.set_major_formatter(power_of_ten)
            axis.set_minor_formatter(NullFormatter())
    sheet.ax.grid(visible=False)
    sheet.ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    owner = sheet.ax.get_figure(root=False)
    assert owner is not None
    owner.colorbar(mesh, ax=sheet.ax, pad=0.03).set_label(label)
    if np.ma.is_masked(shown):
        return sheet.finish(sheet.ax.plot([], [], "s", color="#C4C4C4", mec=GREY, label="no value"), 1)
    return sheet.finish()


def _even_ratios(ticks: np.ndarray) -> bool:
    if ticks.size < 3 or ticks[0] <= 0:
        return False
    ratios = ticks[1:] / ticks[:-1]
    return bool(np.ptp(ratios) < _EVEN * ratios[0])


def _edges(ticks: np.ndarray) -> np.ndarray:
    """The sides of the cells, halfway between neighbours; on a logarithmic axis by ratio."""
    if ticks.size == 1:
        half = 0.5 * abs(ticks[0]) or 0.5
        return np.array([ticks[0] - half, ticks[0] + half])
    if _even_ratios(ticks):
        return np.exp(_edges(np.log(ticks)))
    middles = (ticks[1:] + ticks[:-1]) / 2
    return np.concatenate([[2 * ticks[0] - middles[0]], middles, [2 * ticks[-1] - middles[-1]]])
