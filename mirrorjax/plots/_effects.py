"""The three effects of decay: where the minimum is, which μ exist, and how the potential is curved."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._errors import InputError
from .._types import ArrayLike
from ..analysis import Analysis, Effects
from ._given import as_doses, check_potential, listed, refused
from ._potential import named_after
from ._style import BLACK, BLUE, GREEN, GREY, VERMILLION, Drawn, Sheet, log_y, note, styled

DOSES = (0.0, 0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""By default, or shares of them up to 95 % of the horizon."""


@styled
def effects(obj: Any, doses: ArrayLike | None = None, *, coordinate: int = 0, ax: Axes | None = None) -> Drawn:
    """Position, range and type of R_a in one coordinate against the dose.

    The dose ∫α is dimensionless. From above: argmin R_a, in units of x; the μ_i that exist while the other μ_j are 0,
    in units of ∇R, to the edge of the picture where they do not end; and the distance from the minimum at which R_a
    turns from a parabola (exponent 2) into |x| (exponent 1), where the exponent is 1.5, in units of x. Doses at which
    R_a has no minimum are named and not drawn in the panels that need one.

    **Arguments:**

    - `obj`: the `Analysis` of `mj.analyze`.
    - `doses`: ∫α ≥ 0, shape `(k,)`; by default up to 2, or to just below the horizon.
    - `coordinate`: i, one of the first 8.
    - `ax`: where to draw the uppermost panel, the position; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for another kind of object, an analysis without a potential, no such coordinate among the
    first 8, and doses that are negative or none.

    **Reference:** `flow`, the effects of position, type and range.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import jax.numpy as jnp
        >>> import mirrorjax as mj
        >>> def g(w): return w[:1] * w[1:]
        >>> def h(w): return jnp.sum(w**2)
        >>> found = mj.analyze(g, h, jnp.array([1.0, 0.5]))
        >>> figure = mj.plots.effects(found, [0.0, 0.5, 1.0])
        >>> [ax.get_ylabel().split(" (")[0] for ax in figure.axes]
        ['argmin Rₐ', 'range of μ', 'turn']
    """
    if not isinstance(obj, Analysis):
        raise refused(obj, "the Analysis of mj.analyze(g, h, w0)")
    R = obj.potential
    if R is None:
        raise InputError("this pair has no potential", f"it is {obj.kind}: {obj.reason}", "plots.analysis(analysis)")
    check_potential(R, coordinate)
    share = 0.95 * obj.horizon / DOSES[-1] if np.isfinite(obj.horizon) else 1.0
    levels = as_doses(share * np.array(DOSES) if doses is None else doses)
    found = [effect for effect in (obj.effects(-float(dose)) for dose in levels) if effect is not None]
    if coordinate >= len(found[0].range):
        raise InputError(f"effects are measured in the first {len(found[0].range)} coordinates", f"not {coordinate}")
    position = np.array([effect.position[coordinate] for effect in found])
    position = np.where(np.isfinite(position), position, np.nan)

    sheet = Sheet(ax, 6.2, 3, sharex=True, gridspec_kw={"hspace": 0.22})
    sheet.ax.plot(levels, position, color=BLUE, marker="o", markersize=4)
    sheet.ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    edge = 0.03 * float(levels[-1] - levels[0]) or 0.1
    sheet.ax.set_xlim(levels[0] - edge, levels[-1] + edge)  # up to the doses that are not drawn
    sheet.ax.set_ylabel("argmin Rₐ (units of x)")
    end = f", horizon {obj.horizon:.4g}" if np.isfinite(obj.horizon) else ""
    sheet.ax.set_title(f"{named_after(R)}, coordinate {coordinate}{end}")
    missing = levels[np.isnan(position)].tolist()
    if missing:
        note(sheet.ax, f"not drawn: dose {listed(missing)} (Rₐ has no minimum there)", 0.5, room=True)
    if sheet.figure is not None:
        _range(sheet.panels[1], levels, np.array([effect.range[coordinate] for effect in found]))
        _type(sheet.panels[2], levels, found, coordinate)
    sheet.panels[-1].set_xlabel("dose ∫α (dimensionless)")
    return sheet.finish()


def _range(ax: Axes, levels: np.ndarray, ends: np.ndarray) -> None:
    """A band between both ends; an end at infinity is the edge of the picture."""
    seen = np.abs(ends[np.isfinite(ends)])
    edge = 1.3 * float(np.max(seen, initial=0.0)) or 1.0
    drawn = np.clip(ends, -edge, edge)
    ax.fill_between(levels, drawn[:, 0], drawn[:, 1], color=GREEN, alpha=0.18, linewidth=0)
    for k in range(2):
        ax.plot(levels, np.where(np.isfinite(ends[:, k]), ends[:, k], np.nan), color=GREEN, marker="o", markersize=4)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    ax.set(ylim=(-edge, edge), ylabel="range of μ (units of ∇R)")
    exists = ~np.isnan(ends[:, 0])
    words = ["every μ exists"] if exists.any() and not seen.size else []
    words += [f"no μ at dose {listed(levels[~exists].tolist())}"] if not exists.all() else []
    note(ax, "; ".join(words), 0.5)


def _type(ax: Axes, levels: np.ndarray, found: list[Effects], i: int) -> None:
    turn = np.array([effect.turn[i] for effect in found])
    ax.set_ylabel("turn (units of x)")
    if not np.any(turn > 0):
        ax.set(ylim=(0.0, 1.0), yticks=[])
        note(ax, "the exponent does not pass 1.5 between 10⁻⁶ and 10⁴ times the scale of the start", 0.5, 0.6)
        return
    ax.plot(levels, turn, color=VERMILLION, marker="o", markersize=4)
    log_y(ax)
    ax.annotate("Rₐ like |x|", (0.99, 0.92), xycoords="axes fraction", ha="right", va="top", fontsize=8, color=BLACK)
    ax.annotate("Rₐ like x²", (0.01, 0.06), xycoords="axes fraction", ha="left", va="bottom", fontsize=8, color=BLACK)
