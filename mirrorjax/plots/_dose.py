"""The limit against the dose: from least norm to least ℓ1."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from .._errors import InputError
from ..checks import DosePath
from ..flows import Limit
from ._given import series_of
from ._style import BLACK, BLUE, GREEN, VERMILLION, Drawn, Sheet, note, styled


@styled
def dose_path(obj: Any, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """ℓ1 norm and number of active coordinates of the limit against the dose, between two known solutions.

    Above, ‖x∞‖₁ in units of x; below, on a figure of its own only, how many |x_i| are above 10⁻³ max |x|, on a
    logarithmic axis; both against the dose ∫α, dimensionless. The two solutions, of least ℓ₂ and ℓ1 norm, are drawn
    where they are known; a `Limit` does not know them.

    **Arguments:**

    - `obj`: the `Limit` of `mj.limit_path`; a `DosePath`; or a `Verdict` that holds one, as that on mask/3.3 does.
    - `title`: above the picture, by default the id and the instance of a verdict.
    - `ax`: where to draw the upper panel; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, for the limit at one dose, and where no dose has a limit.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import DosePath
        >>> dose, l1, active = np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.5]), np.array([9, 4, 2])
        >>> figure = plots.dose_path(DosePath(dose, l1, active, basis_pursuit=1.4, least_norm=3.2))
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['‖x∞‖₁ (units of x)', 'active coordinates']
    """
    series, source, missing = _series(obj)
    sheet = Sheet(ax, 4.5, 2, sharex=True, height_ratios=(1.6, 1), gridspec_kw={"hspace": 0.25})
    marker = "o" if len(series.dose) == 1 else None
    handles = sheet.ax.plot(series.dose, series.l1, color=BLUE, marker=marker, label="limit of the flow")
    for level, name, colour, style, place in (
        (series.least_norm, "least-norm solution", BLACK, ":", 0),
        (series.basis_pursuit, "basis pursuit", VERMILLION, "--", 2),
    ):
        if np.isfinite(level):
            handles.insert(
                place, sheet.ax.axhline(float(level), color=colour, linestyle=style, linewidth=1.2, label=name)
            )
    sheet.ax.set(title=title or source, ylabel="‖x∞‖₁ (units of x)")
    if missing:
        note(sheet.ax, f"not drawn: {missing} without a limit", 0.5, room=True)
    if sheet.figure is not None:
        _active(sheet.panels[1], series)
    sheet.panels[-1].set_xlabel("dose ∫α (dimensionless)")
    return sheet.finish(handles, 3)


def _series(given: Any) -> tuple[DosePath, str, str]:
    """What is drawn, a title, and how many doses are left out."""
    if not isinstance(given, Limit):
        takes = "the Limit of mj.limit_path, a DosePath, or the Verdict on mask/3.3"
        return *series_of(given, DosePath, takes), ""
    x, ok = np.asarray(given.x), np.asarray(given.ok)
    if x.ndim != 2:
        raise InputError(
            "this is the limit at one dose", f"a = {float(given.a):g}", "mj.limit_path(problem, R, -doses)"
        )
    if not np.any(ok):
        raise InputError("no dose has a limit", given.failure(), "smaller doses")
    size = np.abs(x[ok])
    active = np.sum(size > 1e-3 * np.max(size, axis=1, keepdims=True), axis=1)
    series = DosePath(-np.asarray(given.a)[ok], size.sum(axis=1), active, np.nan, np.nan)
    count = int(np.sum(~ok))
    return series, "limits at several doses", f"{count} dose{'s' * (count > 1)}" if count else ""


def _active(ax: Axes, series: DosePath) -> None:
    ax.plot(
        series.dose, series.active, color=GREEN, drawstyle="steps-mid", marker="o" if len(series.dose) == 1 else None
    )
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    ax.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set(ylabel="active coordinates")
    ax.set_title("coordinates with |x| > 10⁻³ max |x|", fontsize=8.5)
