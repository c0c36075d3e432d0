"""How training methods compare over densities."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from .._errors import InputError
from ..experiments import Comparison, MethodResult, estimate
from ._given import refused
from ._style import COLOURS, GREY, MARKERS, Drawn, Sheet, styled

MANY = 8
"""More densities than that are a curve: ticks at round numbers, the band without its ends."""
DECADES = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0]


@styled
def sparsity_accuracy(rows: Sequence[MethodResult], *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Test accuracy against the density, a line for each method with the band of its 95 % interval over seeds.

    The abscissa is the share of weights kept, in percent and logarithmic; the ordinate the share of right answers. A
    method without pruning is a line across.

    **Arguments:**

    - `rows`: of `mirrorjax.experiments.method_results`.
    - `title`: above the picture.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and where there is nothing to draw.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.experiments import MethodResult
        >>> rows = [MethodResult("pilot", d, 0.1, 0.1, (0, 1), (0.9, 0.92), (5, 7), (9, 9), ()) for d in (0.1, 0.05)]
        >>> plots.sparsity_accuracy(rows).axes[0].get_xlabel()
        'density, share of weights kept'
    """
    if isinstance(rows, Comparison):
        raise InputError(
            "a Comparison is the plan alone, without results",
            f"of {', '.join(rows.methods)}",
            "experiments.method_results(plan, experiments.load_results(plan, data, folder)['records'])",
        )
    if not isinstance(rows, Sequence) or not all(isinstance(row, MethodResult) for row in rows):
        raise refused(rows, "the rows of experiments.method_results")
    found = [row for row in rows if row.test]
    if not found:
        raise InputError("no runs to draw", f"{len(rows)} rows", "those of a comparison with reported runs")
    sheet, handles = Sheet(ax, 3.6), []
    pruned = {row.method for row in found if row.density < 1}
    ticks = sorted({row.density for row in found if row.method in pruned} or {1.0})
    for k, name in enumerate(dict.fromkeys(row.method for row in found)):
        mine = sorted((row for row in found if row.method == name), key=lambda row: row.density)
        colour = COLOURS[k % len(COLOURS)]
        results = [estimate(row.test) for row in mine]
        means, halves = (np.array([getattr(r, key) for r in results]) for key in ("mean", "half"))
        halves = np.nan_to_num(halves)  # of one seed there is no interval
        if len(mine) == 1 and mine[0].density == 1:
            handles.append(sheet.ax.axhline(means[0], color=GREY, linestyle="--", label=name))
            sheet.ax.axhspan(means[0] - halves[0], means[0] + halves[0], color=GREY, alpha=0.15, linewidth=0)
            continue
        density = np.array([row.density for row in mine])
        sheet.ax.fill_between(density, means - halves, means + halves, color=colour, alpha=0.15, linewidth=0)
        # The ends of the interval too: bands of one density have no width, and of many methods they cover each other.
        many = len(density) > MANY
        handles.append(
            sheet.ax.errorbar(
                density, means, None if many else halves, color=colour, marker=MARKERS[k % len(MARKERS)], capsize=2.5,
                linestyle="-" if k < len(COLOURS) else "--", elinewidth=0.8, label=name,
                markersize=3.0 if many else None,
            )
        )  # fmt: skip
    sheet.ax.set_xscale("log")
    sheet.ax.xaxis.set_major_locator(FixedLocator(ticks if len(ticks) <= MANY else DECADES))
    sheet.ax.xaxis.set_minor_locator(NullLocator())
    sheet.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{100 * value:.3g} %"))
    sheet.ax.set(title=title, xlabel="density, share of weights kept", ylabel="test accuracy (share of right answers)")
    low, high = sheet.ax.get_ylim()
    sheet.ax.set_ylim(max(low, -0.02), min(high, 1.02))  # the interval of two seeds may reach beyond all shares
    return sheet.finish(handles, min(4, len(handles)))
