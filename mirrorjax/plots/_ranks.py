"""The rank at the end against the dose, beside a linear parameterization."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Array, Float
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from .._errors import InputError
from ._style import BLACK, BLUE, VERMILLION, legend_below, new_figure, styled

_PANELS = {"ratio": "nuclear/Frobenius", "effective_rank": "effective rank"}
_KINDS = {"": ("M = KᵀQ", BLUE, "o-", -1), "_linear": ("control: M trained itself", VERMILLION, "s--", 1)}
_APART = 0.006  # of the width, so that the intervals of the two do not cover each other


@styled
def rank_path(series: Mapping[str, Float[Array, "..."] | np.ndarray], *, title: str = "") -> Figure:
    """Nuclear over Frobenius norm and effective rank minus those at dose 0, with intervals, against the dose.

    Both panels are dimensionless, as the dose ∫α is.

    **Arguments:**

    - `series`: arrays by name: `dose`, shape `(k,)`; `ratio` and `effective_rank`, shape `(k, 2)`: mean of the paired
      difference and half of its interval; `ratio_linear` and `effective_rank_linear` of the control, where there is
      one.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` naming what is missing, or for shapes that do not fit.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> change = np.array([[0.0, 0.0], [-0.3, 0.1]])
        >>> figure = plots.rank_path({"dose": np.array([0.0, 1.0]), "ratio": change, "effective_rank": 4 * change})
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['nuclear/Frobenius', 'effective rank']
    """
    missing = [key for key in ("dose", *_PANELS) if key not in series]
    if missing:
        raise InputError("rank_path lacks series", ", ".join(missing), "the finding of flow/attention")
    dose = np.asarray(series["dose"], dtype=float)
    drawn = [key + suffix for key in _PANELS for suffix in _KINDS if key + suffix in series]
    wrong = [f"{key} {np.shape(series[key])}" for key in drawn if np.shape(series[key]) != (*dose.shape, 2)]
    if wrong or dose.ndim != 1:
        raise InputError("rank_path needs means and half intervals, (doses, 2)", ", ".join(wrong) or str(dose.shape))

    figure = new_figure(4.8)
    handles: dict[str, Artist] = {}
    for ax, (key, label) in zip(figure.subplots(2, 1, sharex=True, gridspec_kw={"hspace": 0.25}), _PANELS.items()):
        ax.axhline(0.0, color=BLACK, linewidth=0.8, zorder=0.5)
        for suffix, (name, colour, style, side) in _KINDS.items():
            if key + suffix not in series:
                continue
            mean, half = np.asarray(series[key + suffix]).T
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
