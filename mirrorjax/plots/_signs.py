"""From which signs a neuron is recovered: the plane of the starts."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ..checks import StartMap
from ._given import series_of
from ._style import BLACK, BLUE, GREY, VERMILLION, Drawn, Sheet, styled

_MARGIN = 0.06  # of the width of the starts on either side


@styled
def sign_recovery(obj: Any, *, title: str = "", ax: Axes | None = None) -> Drawn:
    """Which starts (a₀, w₀) recovered the teacher, beside the predicted boundary.

    The abscissa is the output weight a₀, the ordinate the input weight w₀, both at the start. Mismatches with the
    prediction are ringed and counted.

    **Arguments:**

    - `obj`: a `StartMap`, or a `Verdict` that holds one, as those on signin/5.1, 5.2 and 5.4 do.
    - `title`: before the count of mismatches above the picture, by default the id and the instance of a verdict.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, and for a verdict without a `StartMap`.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import StartMap
        >>> a0, w0 = (part.ravel() for part in np.meshgrid(np.linspace(-2, 2, 6), np.linspace(0.1, 2, 6)))
        >>> right = (a0 > -w0).astype(float)
        >>> boundary = np.array([[0.0, 0.0], [-2.0, 2.0]])
        >>> figure = plots.sign_recovery(StartMap(a0, w0, right, right, boundary))
        >>> figure.axes[0].get_title(loc="left")
        '0 mismatches in 36 starts'
    """
    series, source = series_of(obj, StartMap, "a StartMap, or the Verdict on signin/5.1, signin/5.2 or signin/5.4")
    a0, w0, recovered, predicted = series.a0, series.w0, series.recovered, series.predicted
    decided = np.isfinite(recovered)
    wrong = decided & (recovered != predicted)
    there, elsewhere = recovered == 1, decided & (recovered != 1)
    size = float(np.clip(62 / np.sqrt(a0.size), 3.4, 7.0))

    sheet = Sheet(ax, 4.2)
    ax = sheet.ax
    handles: list[Artist] = [
        *ax.plot(a0[there], w0[there], "o", color=BLUE, mec="white", mew=0.06 * size, markersize=size,
                 label=f"recovered ({_count(there)})"),
        # Crosses last: of two starts at one place, on either side of the boundary, both are seen.
        *ax.plot(a0[elsewhere], w0[elsewhere], "x", color=VERMILLION, mew=0.25 * size, markersize=size,
                 label=f"not recovered ({_count(elsewhere)})"),
    ]  # fmt: skip
    if not np.all(decided):
        handles += ax.plot(a0[~decided], w0[~decided], "s", color=GREY, mfc="none", mew=0.2 * size, markersize=size,
                           label=f"undecided at the horizon ({_count(~decided)})")  # fmt: skip
    if np.any(wrong):
        handles += ax.plot(a0[wrong], w0[wrong], "o", color=BLACK, mfc="none", mew=2.4, markersize=size + 8,
                           label="mismatch with the prediction", zorder=4)  # fmt: skip
    _frame(ax, a0, w0)
    if series.boundary is not None:
        handles += ax.plot(*series.boundary.T, color=BLACK, linewidth=1.4, label="predicted boundary")
    ax.set(xlabel="output weight a₀ at the start (dimensionless)")
    ax.set_ylabel("input weight w₀ at the start (dimensionless)")
    ax.set_title(_title(title or source, wrong, predicted, decided))
    return sheet.finish(handles, 3)


def _count(chosen: np.ndarray) -> str:
    return str(int(np.sum(chosen)))


def _title(title: str, wrong: np.ndarray, predicted: np.ndarray, decided: np.ndarray) -> str:
    count = int(np.sum(wrong))
    found = f"{count} mismatch{'' if count == 1 else 'es'} in {wrong.size} starts"
    if np.ptp(predicted) == 0:
        found += f", predicted: {'all' if predicted[0] else 'none'} recovered"
    return f"{title}: {found}" if title else found


def _frame(ax: Axes, a0: np.ndarray, w0: np.ndarray) -> None:
    """Limits from the starts alone, so that a long boundary is cut off; the axes of the plane where they are inside."""
    for values, limit, zero in ((a0, ax.set_xlim, ax.axvline), (w0, ax.set_ylim, ax.axhline)):
        low, high = float(np.min(values)), float(np.max(values))
        edge = _MARGIN * (high - low or 1.0)
        limit(low - edge, high + edge)
        if low - edge < 0 < high + edge:
            zero(0.0, color=GREY, linewidth=0.8, zorder=0.5)
