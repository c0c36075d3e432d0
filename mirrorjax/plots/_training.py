"""Training runs: how one went, and how methods compare over densities."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from .._errors import InputError
from ..training import Row, TrainLog, estimate
from ._style import BLACK, BLUE, COLOURS, GREEN, GREY, MARKERS, VERMILLION, legend_below, log_y, new_figure, styled

PANELS = (
    (("loss",), "loss", True),
    (("accuracy",), "validation accuracy", False),
    (("alpha",), "α", True),
    (("l1",), "‖x‖₁", True),
    (("scale",), "scale c", True),
)


@styled
def training(log: TrainLog, *, title: str = "") -> Figure:
    """Loss, accuracy, α, ‖x‖₁ and scale against the step, as far as the log has them.

    A panel for each; all but the accuracy are logarithmic.

    **Arguments:**

    - `log`: of a run.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` for a log without rows, or with nothing to draw.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.training import TrainLog
        >>> log = TrainLog().append(step=0, loss=1.0, l1=5.0).append(step=10, loss=0.25, l1=3.0)
        >>> [ax.get_ylabel() for ax in plots.training(log).axes]
        ['loss', '‖x‖₁']
    """
    columns = log.as_dict()
    drawn = [panel for panel in PANELS if np.isfinite(columns[panel[0][0]]).any()]
    if not drawn:
        raise InputError("the log has nothing to draw", f"{len(log)} rows", "TrainLog().append(step=…, loss=…)")
    figure = new_figure(0.8 + 1.25 * len(drawn))
    axes = np.atleast_1d(figure.subplots(len(drawn), 1, sharex=True, gridspec_kw={"hspace": 0.18}))
    for ax, ((name,), label, logarithmic), colour in zip(axes, drawn, (BLUE, BLACK, VERMILLION, GREEN, GREY)):
        values = columns[name]
        ax.plot(columns["step"], values, color=colour, marker="o", markersize=2.5)
        if logarithmic and np.any(values > 0):
            ax.lines[-1].set_ydata(np.where(values > 0, values, np.nan))
            ax.relim()
            log_y(ax)
        ax.set_ylabel(label)
    axes[0].set_title(title)
    axes[-1].set_xlabel("step")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.align_ylabels()
    return figure


@styled
def densities(rows: Sequence[Row], *, title: str = "") -> Figure:
    """Test accuracy against the density with 95 % intervals over seeds.

    The abscissa is the share of weights kept, in percent and logarithmic; the ordinate the share of right answers. A
    method without pruning is a line across.

    **Arguments:**

    - `rows`: of `mirrorjax.training.rows`.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` where there is nothing to draw.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.training import Row
        >>> rows = [Row("pilot", d, 0.1, 0.1, (0, 1), (0.9, 0.92), (5, 7), (9, 9), ()) for d in (0.1, 0.05)]
        >>> plots.densities(rows).axes[0].get_xlabel()
        'density, share of weights kept'
    """
    found = [row for row in rows if row.test]
    if not found:
        raise InputError("no runs to draw", f"{len(rows)} rows", "training.rows of a comparison with reported runs")
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
