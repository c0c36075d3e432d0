"""The rank at the end against the dose, beside a linear parameterization."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ..checks import RankPath
from ._given import series_of
from ._style import BLACK, BLUE, VERMILLION, Drawn, Handle, Sheet, styled

_PANELS = {"ratio": "nuclear/Frobenius", "effective_rank": "effective rank"}
_KINDS = {"": ("M = KᵀQ", BLUE, "o-", -1), "_linear": ("control: M trained itself", VERMILLION, "s--", 1)}
_APART = 0.006  # of the width, so that the intervals of the two do not cover each other


@styled
def rank_path(obj: Any, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Nuclear over Frobenius norm and effective rank minus those at dose 0, with intervals, against the dose.

    Both panels are dimensionless, as the dose ∫α is; the second is drawn on a figure of its own only.

    **Arguments:**

    - `obj`: a `RankPath`, or a `Verdict` that holds one, as that on flow/attention does.
    - `title`: above the picture, by default the id and the instance of a verdict.
    - `ax`: where to draw the upper panel; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and for a verdict without a `RankPath`.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import RankPath
        >>> change = np.array([[0.0, 0.0], [-0.3, 0.1]])
        >>> figure = plots.rank_path(RankPath(np.array([0.0, 1.0]), change, 4 * change))
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['nuclear/Frobenius', 'effective rank']
    """
    series, source = series_of(obj, RankPath, "a RankPath, or the Verdict on flow/attention")
    dose = series.dose
    sheet = Sheet(ax, 4.8, 2, sharex=True, gridspec_kw={"hspace": 0.25})
    handles: dict[str, Handle] = {}
    for panel, (key, label) in zip(sheet.panels, _PANELS.items()):
        panel.axhline(0.0, color=BLACK, linewidth=0.8, zorder=0.5)
        for suffix, (name, colour, style, side) in _KINDS.items():
            changes = getattr(series, key + suffix)
            if changes is None:
                continue
            mean, half = changes.T
            at = dose + side * _APART * np.ptp(dose)
            handles[name] = panel.errorbar(
                at, mean, half, fmt=style, color=colour, capsize=2.5, elinewidth=1.2, label=name
            )
        panel.set_ylabel(label)
    sheet.panels[-1].set_title("paired differences to dose 0: mean over the seeds, 98 % intervals", fontsize=8.5)
    if title or source:
        sheet.ax.set_title(title or source)
    sheet.panels[-1].set_xlabel("dose ∫α (dimensionless)")
    return sheet.finish(list(handles.values()), 2)
