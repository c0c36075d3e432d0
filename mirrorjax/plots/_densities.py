"""How training methods compare over densities."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from .._errors import InputError
from ..experiments import MethodResult, estimate
from ._style import COLOURS, GREY, MARKERS, legend_below, new_figure, styled


@styled
def densities(rows: Sequence[MethodResult], *, title: str = "") -> Figure:
    """Test accuracy against the density with 95 % intervals over seeds.

    The abscissa is the share of weights kept, in percent and logarithmic; the ordinate the share of right answers. A
    method without pruning is a line across.

    **Arguments:**

    - `rows`: of `mirrorjax.experiments.method_results`.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` where there is nothing to draw.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.experiments import MethodResult
        >>> rows = [MethodResult("pilot", d, 0.1, 0.1, (0, 1), (0.9, 0.92), (5, 7), (9, 9), ()) for d in (0.1, 0.05)]
        >>> plots.densities(rows).axes[0].get_xlabel()
        'density, share of weights kept'
    """
    found = [row for row in rows if row.test]
    if not found:
        raise InputError("no runs to draw", f"{len(rows)} rows", "those of a comparison with reported runs")
    figure = new_figure(3.6)
    ax, handles = figure.subplots(), []
    names = list(dict.fromkeys(row.method for row in found))
    ticks = sorted({row.density for row in found if row.density < 1} or {1.0})
    for k, name in enumerate(names):
        mine = sorted((row for row in found if row.method == name), key=lambda row: row.density)
        colour = COLOURS[k % len(COLOURS)]
        results = [estimate(row.test) for row in mine]
        means, halves = (np.array([getattr(r, key) for r in results]) for key in ("mean", "half"))
        if len(mine) == 1 and mine[0].density == 1:
            handles.append(ax.axhline(means[0], color=GREY, linestyle="--", label=name))
            if np.isfinite(halves[0]):
                ax.axhspan(means[0] - halves[0], means[0] + halves[0], color=GREY, alpha=0.15, linewidth=0)
            continue
        # Side by side: on one abscissa the intervals would hide each other.
        x = np.array([row.density for row in mine]) * 1.03 ** (k - (len(names) - 1) / 2)
        line = ax.errorbar(
            x, means, np.nan_to_num(halves), color=colour, marker=MARKERS[k % len(MARKERS)], capsize=2.5, label=name
        )
        handles.append(line)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{100 * value:g} %"))
    ax.set(title=title, xlabel="density, share of weights kept", ylabel="test accuracy")
    legend_below(figure, handles, columns=min(4, len(handles)))
    return figure
