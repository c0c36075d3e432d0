"""How a training run went."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .._errors import InputError
from ..training import TrainLog
from ._given import refused
from ._style import BLACK, BLUE, GREEN, GREY, VERMILLION, Drawn, Sheet, log_y, styled

PANELS = (
    (("loss",), "loss", True),
    (("accuracy",), "validation\naccuracy", False),
    (("alpha",), "α", True),
    (("l1",), "‖x‖₁", True),
    (("scale",), "scale c", True),
)


@styled
def training(log: TrainLog, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Loss, accuracy, α, ‖x‖₁ and scale against the step, as far as the log has them.

    A panel for each; all but the accuracy are logarithmic. Into an `ax` only the first of them, the loss, is drawn.

    **Arguments:**

    - `log`: of a run.
    - `title`: above the picture.
    - `ax`: where to draw the first panel; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for what is no log, and for a log without rows or with nothing to draw.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.training import TrainLog
        >>> log = TrainLog().append(step=0, loss=1.0, l1=5.0).append(step=10, loss=0.25, l1=3.0)
        >>> [ax.get_ylabel() for ax in plots.training(log).axes]
        ['loss', '‖x‖₁']
    """
    if not isinstance(log, TrainLog):
        raise refused(log, "a TrainLog, as of experiments.log_of(record)")
    columns = log.as_dict()
    drawn = [panel for panel in PANELS if np.isfinite(columns[panel[0][0]]).any()]
    if not drawn:
        raise InputError("the log has nothing to draw", f"{len(log)} rows", "TrainLog().append(step=…, loss=…)")
    sheet = Sheet(ax, 0.8 + 1.25 * len(drawn), len(drawn), sharex=True, gridspec_kw={"hspace": 0.18})
    colours = (BLUE, BLACK, VERMILLION, GREEN, GREY)
    for panel, ((name,), label, logarithmic), colour in zip(sheet.panels, drawn, colours):
        values = columns[name]
        panel.plot(columns["step"], values, color=colour, marker="o", markersize=2.5)
        if logarithmic and np.any(values > 0):
            panel.lines[-1].set_ydata(np.where(values > 0, values, np.nan))
            panel.relim()
            log_y(panel)
        panel.set_ylabel(label)
    sheet.ax.set_title(title)
    sheet.panels[-1].set_xlabel("step")
    sheet.panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    return sheet.finish()
