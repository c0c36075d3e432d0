"""How a training run went."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .._errors import InputError
from ..training import TrainLog
from ._style import BLACK, BLUE, GREEN, GREY, VERMILLION, log_y, new_figure, styled

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
