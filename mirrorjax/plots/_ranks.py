"""The rank at the end against the dose, beside a linear parameterization."""

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from ..checks import RankPath
from ._style import BLACK, BLUE, VERMILLION, legend_below, new_figure, styled

_PANELS = {"ratio": "nuclear/Frobenius", "effective_rank": "effective rank"}
_KINDS = {"": ("M = KᵀQ", BLUE, "o-", -1), "_linear": ("control: M trained itself", VERMILLION, "s--", 1)}
_APART = 0.006  # of the width, so that the intervals of the two do not cover each other


@styled
def rank_path(series: RankPath, *, title: str = "") -> Figure:
    """Nuclear over Frobenius norm and effective rank minus those at dose 0, with intervals, against the dose.

    Both panels are dimensionless, as the dose ∫α is.

    **Arguments:**

    - `series`: as the finding of flow/attention has it.
    - `title`: above the figure.

    **Returns:** the figure.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import RankPath
        >>> change = np.array([[0.0, 0.0], [-0.3, 0.1]])
        >>> figure = plots.rank_path(RankPath(np.array([0.0, 1.0]), change, 4 * change))
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['nuclear/Frobenius', 'effective rank']
    """
    dose = series.dose
    figure = new_figure(4.8)
    handles: dict[str, Artist] = {}
    for ax, (key, label) in zip(figure.subplots(2, 1, sharex=True, gridspec_kw={"hspace": 0.25}), _PANELS.items()):
        ax.axhline(0.0, color=BLACK, linewidth=0.8, zorder=0.5)
        for suffix, (name, colour, style, side) in _KINDS.items():
            changes = getattr(series, key + suffix)
            if changes is None:
                continue
            mean, half = changes.T
            at = dose + side * _APART * np.ptp(dose)
            handles[name] = ax.errorbar(
                at, mean, half, fmt=style, color=colour, capsize=2.5, elinewidth=1.2, label=name
            )
        ax.set_ylabel(label)
    top, bottom = figure.axes
    top.set_title(title)
    bottom.set_title("paired differences to dose 0: mean over the seeds, 98 % intervals", fontsize=8.5)
    bottom.set_xlabel("dose ∫α (dimensionless)")
    figure.align_ylabels()
    legend_below(figure, list(handles.values()), 2)
    return figure
