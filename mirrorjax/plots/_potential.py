"""The potential as the dose grows."""

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._types import ArrayLike
from ..analysis import Section, horizon, section
from ..potentials import AbstractPotential
from ._given import as_doses, as_window, check_potential, listed
from ._style import BLACK, Drawn, Sheet, note, styled

POINTS = 150
"""Of a curve, to either side of its minimum."""
NAMED = 8
"""Doses that a legend names."""


@styled
def potential(
    R: AbstractPotential,
    doses: ArrayLike,
    *,
    coordinate: int = 0,
    x: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """R_a along a coordinate through its minimum, a curve for each dose, the minimum marked.

    The abscissa is x_i, in units of x; the ordinate `R_a − min R_a` divided by its largest value in the picture:
    without that the growth of R_a with the dose would hide the change of its shape. |x| is dotted, scaled alike. Doses
    at which R_a has no minimum, such as those beyond the horizon of x = log u − log v, are named in the picture and not
    drawn.

    **Arguments:**

    - `R`: of a parameterization and its start, as `mj.potential_of` returns it.
    - `doses`: ∫α ≥ 0, dimensionless, shape `(k,)`; a = −dose.
    - `coordinate`: i; the other coordinates are where R_a is least.
    - `x`: the x_i to draw from and to, shape `(j,)`; by default around the minima.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for what is no potential, no such coordinate, doses that are negative or none, or a window
    without two numbers.

    !!! example
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift([0.5], scale=0.5))
        >>> figure = mj.plots.potential(R, [0.0, 0.5, 4.0])
        >>> [text.get_text() for text in figure.legends[0].get_texts()]
        ['|x|, scaled alike', 'dose 0', 'dose 0.5', 'dose 4', 'argmin Rₐ']
    """
    curves = Curves(R, doses, coordinate, x)
    sheet = Sheet(ax, 3.6)
    handles = [curves.frame(sheet.ax)]
    count = len(curves.drawn)
    for k, ((dose, cut), colour) in enumerate(zip(curves.drawn, dose_colours(count))):
        [line] = sheet.ax.plot(cut.x, cut.rise, color=colour, label=f"dose {dose:.4g}")
        handles += [line] if named(k, count) else []
        sheet.ax.plot(cut.minimum, 0.0, "o", color=colour, markersize=7, mec="white", clip_on=False, zorder=3)
    if count:
        handles += sheet.ax.plot([], [], "o", color=BLACK, label="argmin Rₐ", markersize=7, mec="white")
    sheet.ax.set_title(f"{named_after(R)}: Rₐ as the dose grows")
    return sheet.finish(handles, 5)


class Curves:
    """R_a along a coordinate at several doses: what can be drawn, in which window, and what cannot.

    **Fields:**

    - `drawn`: the doses with a minimum and their `Section`, scaled to 1 at its largest value in the window.
    - `missing`: the other doses.
    - `low`, `high`: the window.
    """

    def __init__(self, R: AbstractPotential, doses: ArrayLike, i: int, x: ArrayLike | None = None):
        check_potential(R, i)
        levels = as_doses(doses)
        self.R, self.i = R, i
        self.low, self.high = _window(R, levels, i, x)
        cuts = {float(dose): _cut(R, i, float(dose), self.low, self.high) for dose in levels}
        self.drawn = [(dose, cut) for dose, cut in cuts.items() if cut is not None]
        self.missing = [dose for dose, cut in cuts.items() if cut is None]

    def frame(self, ax: Axes) -> Line2D:
        """Limits, labels, what is missing, and |x|, whose line it returns."""
        low, high = self.low, self.high
        ends = np.array([low, 0.0, high]) if low < 0 < high else np.array([low, high])
        edge = max(abs(low), abs(high)) or 1.0
        [line] = ax.plot(ends, np.abs(ends) / edge, color=BLACK, linestyle=":", label="|x|, scaled alike")
        ax.set(xlim=(low, high), ylim=(-0.05, 1.06), xlabel=f"x, coordinate {self.i} (units of x)")
        ax.set_ylabel("Rₐ − min Rₐ, scaled (dimensionless)")
        note(ax, left_out(self.R, self.missing), 0.5)
        return line


def _window(R: AbstractPotential, levels: np.ndarray, i: int, x: ArrayLike | None) -> tuple[float, float]:
    """The x_i to draw: those asked for, or as far as the minima lie on either side of 0."""
    if x is not None:
        asked = as_window("x", x)
        return float(asked[0]), float(asked[-1])
    minima = np.array([float(R.argmin(-float(dose))[i]) for dose in levels])
    minima = minima[np.isfinite(minima)]
    start, reach = (float(np.asarray(part)[i]) for part in R.at_start(R.argmin(0.0)))
    typical = reach if 0 < reach < np.inf else abs(start)
    span = 1.6 * float(np.max(np.abs(minima), initial=0.0)) or typical or 1.0
    low, high = (float(np.asarray(end)[i]) for end in R.domain(0.0))
    return float(np.fmax(low, -span)), float(np.fmin(high, span))


def _cut(R: AbstractPotential, i: int, dose: float, low: float, high: float) -> Section | None:
    """R_a between two x_i, scaled to 1 at its largest; None where it has no minimum or no value there."""
    minimum = float(R.argmin(-dose)[i])
    if not np.isfinite(minimum):
        return None
    found = section(R, i, -dose, max(high - minimum, minimum - low), POINTS)
    inside = (found.x >= low - 1e-9 * (high - low)) & (found.x <= high + 1e-9 * (high - low))
    rise = np.where(np.isfinite(found.rise), found.rise, np.nan)[inside]
    if not np.any(rise > 0):
        return None
    return Section(found.x[inside], rise / np.nanmax(rise), found.minimum)


def left_out(R: AbstractPotential, missing: list[float]) -> str:
    """In words which doses are not drawn, and why."""
    if not missing:
        return ""
    end = horizon(R)
    why = f"beyond the horizon, {end:.4g}" if 0 < end <= min(missing) else "Rₐ has no minimum there"
    return f"not drawn: dose {listed(missing)} ({why})"


def dose_colours(count: int) -> np.ndarray:
    """From dark to bright, told apart in grey print; without the yellow end, which white paper swallows."""
    return matplotlib.colormaps["viridis"](np.linspace(0.0, 0.85, count))


def named(k: int, count: int) -> bool:
    """Whether the legend names curve k: all of a few, of many the first, the last and some between."""
    return count <= NAMED or k in np.linspace(0, count - 1, NAMED).round().astype(int)


def named_after(R: AbstractPotential) -> str:
    """Which potential it is: its class, or what it is derived from, functions of the user by their names."""
    param = getattr(R, "param", None)
    if param is None:
        return type(R).__name__
    own = [getattr(getattr(param, field, None), "__name__", "") for field in ("g_function", "h_function")]
    return "potential derived from " + (" and ".join(own) if all(own) else type(param).__name__)
