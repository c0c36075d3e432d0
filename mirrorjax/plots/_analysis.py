"""What `analyze` found, as a picture."""

import math

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from .._types import as_array
from ..analysis import Analysis, Section
from ._given import refused
from ._style import BLACK, BLUE, VERMILLION, Drawn, Sheet, power_of_ten, styled

DOSES = (0.0, 0.25, 0.5, 1.0, 2.0)
PANELS = 3
LEAST = 1e-17
"""A bracket of exactly 0 is drawn here."""


@styled
def analysis(analysis: Analysis, *, ax: Axes | None = None) -> Drawn:
    """R_a along the first coordinates under growing dose; without a potential the brackets against round-off.

    With a potential: a panel for each of the first 3 coordinates, x_i against R_a − min R_a along that coordinate
    through the minimum, divided by its largest value in the picture; a curve for each dose, its minimum marked. The
    range of μ_i at the first and last dose and the horizon are written above. Without one: a bar for each bracket and
    for the order swap, its size relative to its terms on a logarithmic axis, with the measured floor.

    **Arguments:**

    - `analysis`: the `Analysis` that `analyze` returned, which draws itself by this function.
    - `ax`: where to draw the brackets or the first coordinate; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> def g(w): return w[0] * w[1:]
        >>> def h(w): return jnp.sum(w**2)
        >>> figure = mj.plots.analysis(mj.analyze(g, h, jnp.array([1.0, 0.5, -0.3])))
        >>> figure.axes[0].get_xlabel()
        'size, relative to the terms'
    """
    if not isinstance(analysis, Analysis):
        raise refused(analysis, "the Analysis of mj.analyze(g, h, w0)")
    return _brackets(analysis, ax) if analysis.potential is None else _sections(analysis, ax)


def _sections(found: Analysis, ax: Axes | None) -> Drawn:
    potential = found.potential
    assert potential is not None
    doses = [dose for dose in DOSES if dose < found.horizon]
    if math.isfinite(found.horizon):
        doses = [share * found.horizon for share in (0.0, 0.25, 0.5, 0.75, 0.95)]
    panels = min(potential.n, PANELS) if ax is None else 1
    first, last = (found.dual_range(-dose) for dose in (doses[0], doses[-1]))
    minima = np.stack([np.asarray(potential.argmin(as_array(-dose))) for dose in doses])
    typical = 0.25 * float(np.max(np.abs(minima[0])))
    sheet = Sheet(ax, 3.6, columns=panels, sharey=True, gridspec_kw={"wspace": 0.12})
    colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, len(doses)))
    for i, panel in enumerate(sheet.panels):
        span = 1.6 * max(float(np.max(np.abs(minima[:, i]))), typical, 1e-300)
        cuts = [found.section(i, -dose, 2 * span) for dose in doses]
        for dose, colour, cut in zip(doses, colours, cuts):
            _curve(panel, cut, span, colour, dose)
        exists = [x for cut in cuts for x in cut.x[np.isfinite(cut.rise)]] or [-span, span]
        panel.set(
            xlim=(max(-span, min(exists) - 0.05 * span), min(span, max(exists) + 0.05 * span)), ylim=(-0.04, 1.05)
        )
        panel.set_xlabel(f"x, coordinate {i} (units of x)")
        panel.set_title(_ends(first[i]) if np.allclose(first[i], last[i], equal_nan=True)
                     else f"{_ends(first[i])} → {_ends(last[i])}", fontsize=8.5)  # fmt: skip
        panel.locator_params(axis="x", nbins=5)
    sheet.ax.set_ylabel("Rₐ − min Rₐ, scaled (dimensionless)")
    end = "decay alone never ends it" if not math.isfinite(found.horizon) else f"it ends at dose {found.horizon:.4g}"
    sheet.ax.plot([], [], "o", color=BLACK, mec="white", label="argmin Rₐ")
    drawn, figure = sheet.finish(sheet.ax.get_legend_handles_labels()[0], 6), sheet.figure
    if figure is None:
        return drawn
    figure.suptitle(f"{found.kind}; {end}; above each panel: range of μ at the first and last dose", x=0.02, ha="left",
                    fontsize=9.5)  # fmt: skip
    figure.set_figheight(figure.get_figheight() + 0.3)
    figure.subplots_adjust(top=1 - 0.62 / figure.get_figheight())
    return drawn


def _curve(ax: Axes, cut: Section, span: float, colour, dose: float) -> None:
    seen = np.abs(cut.x) <= span
    top = np.nanmax(np.where(seen & np.isfinite(cut.rise), cut.rise, np.nan), initial=0.0)
    if not math.isfinite(cut.minimum) or top <= 0:
        return
    ax.plot(cut.x, cut.rise / top, color=colour, label=f"dose {dose:.3g}")
    ax.plot(cut.minimum, 0.0, "o", color=colour, markersize=7, mec="white", clip_on=False, zorder=3)


def _ends(ends: np.ndarray) -> str:
    if np.any(np.isnan(ends)):
        return "empty"
    low, high = (f"{end:.3g}".replace("-", "−").replace("inf", "∞") for end in ends)
    return f"({low}, {high})"


def _brackets(found: Analysis, ax: Axes | None) -> Drawn:
    sizes = {name: size for name, size in found.brackets.items() if not name.endswith("floor")}
    floors = [found.brackets[f"{name} floor"] for name in sizes] + [found.swap.budget]
    names, values = [*sizes, "order swap"], [*sizes.values(), found.swap.gap]
    sheet = Sheet(ax, 2.6)
    ax = sheet.ax
    place = np.arange(len(names))[::-1]
    drawn = np.maximum(np.nan_to_num(np.asarray(values), posinf=1.0), LEAST)
    stands = np.asarray(values) >= 30 * np.asarray(floors)
    ax.barh(place, drawn, left=0.0, height=0.55, color=[VERMILLION if s else BLUE for s in stands])
    ax.plot(np.maximum(floors, LEAST), place, "|", color=BLACK, markersize=18, mew=2)
    ax.set_xscale("log")
    ax.set_xlim(LEAST, 10 ** math.ceil(math.log10(max(float(drawn.max()), 1.0)) + 0.2))
    ax.xaxis.set_major_formatter(power_of_ten)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_yticks(place, names)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="size, relative to the terms", title=found.kind)
    handles = [
        ax.bar(0, 0, color=VERMILLION, label="30 times its floor or more"),
        ax.bar(0, 0, color=BLUE, label="less"),
        ax.plot([], [], "|", color=BLACK, markersize=12, mew=2, label="measured floor")[0],
    ]
    drawn = sheet.finish(handles, 3)
    if sheet.figure is not None:
        sheet.figure.subplots_adjust(left=0.16)
    return drawn
