"""The mirror map from μ to x as the dose grows."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from matplotlib.axes import Axes

from .._compile import quick_jit
from .._types import ArrayLike, Scalar, as_array
from ..analysis import dual_range
from ..potentials import AbstractPotential, DerivedPotential
from ._given import as_doses, as_window, check_potential, listed
from ._potential import dose_colours, named, named_after
from ._style import BLACK, GREY, Drawn, Sheet, note, styled

POINTS = 121
SPAN = 1.5
"""μ_i is drawn from −1.5 to 1.5 where its range does not end."""
_INSIDE = 1e-2  # of the angle whose sine goes through the range: it keeps off its ends


@styled
def dual_map(
    R: AbstractPotential,
    doses: ArrayLike,
    *,
    coordinate: int = 0,
    mu: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Drawn:
    """x = ∇Q_a(μ) in one coordinate against μ_i, a curve for each dose, the ends of the range of μ_i marked.

    Abscissa and ordinate are in the units of μ and x. The range is that of ∇R_a, dotted lines in the colour of the
    dose. A dose at which it is empty is named in the picture and not drawn.

    **Arguments:**

    - `R`: of a parameterization and its start, as `mj.potential_of` returns it.
    - `doses`: ∫α ≥ 0, dimensionless, shape `(k,)`; a = −dose.
    - `coordinate`: i; the other μ_j are 0.
    - `mu`: the μ_i drawn, shape `(j,)`; by default the range, or from −1.5 to 1.5 where that does not end.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for what is no potential, no such coordinate, doses that are negative or none, or a window
    without two numbers.

    !!! example
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.LogRatio()
        >>> R = mj.potential_of(param, param.lift([0.5], scale=4.0))
        >>> figure = mj.plots.dual_map(R, [0.0, 0.5, 2.0])
        >>> figure.axes[0].texts[0].get_text()
        'not drawn: dose 2 (the range of μ is empty)'
    """
    check_potential(R, coordinate)
    sheet = Sheet(ax, 3.6)
    levels = as_doses(doses)
    asked = None if mu is None else as_window("μ", mu)
    ranges = [_range(R, coordinate, float(dose)) for dose in levels]
    drawn = [(float(dose), ends) for dose, ends in zip(levels, ranges) if ends is not None]
    handles = []
    sheet.ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    marked, seen = False, []
    for k, ((dose, (low, high)), colour) in enumerate(zip(drawn, dose_colours(len(drawn)))):
        at = _grid(low, high) if asked is None else asked
        x = np.asarray(_mapped(R, as_array(at), jnp.asarray(coordinate), as_array(-dose)))
        x = np.where((at > low) & (at < high) & np.isfinite(x), x, np.nan)
        seen.append(x[len(x) // 6 : -len(x) // 6])
        [line] = sheet.ax.plot(at, x, color=colour, label=f"dose {dose:.4g}")
        handles += [line] if named(k, len(drawn)) else []
        for end in (low, high):
            if np.isfinite(end):
                sheet.ax.axvline(end, color=colour, linestyle=":", linewidth=1.1)
                marked = True
    if marked:
        _look_at(sheet.ax, np.concatenate(seen))
        handles += sheet.ax.plot([], [], color=BLACK, linestyle=":", linewidth=1.1, label="end of the range of μ")
    sheet.ax.set(xlabel=f"μ, coordinate {coordinate} (units of ∇R)", ylabel=f"x, coordinate {coordinate} (units of x)")
    sheet.ax.set_title(f"{named_after(R)}: x = ∇Qₐ(μ) as the dose grows")
    missing = [float(dose) for dose, ends in zip(levels, ranges) if ends is None]
    if missing:
        note(sheet.ax, f"not drawn: dose {listed(missing)} (the range of μ is empty)", 0.3)
    return sheet.finish(handles, 5)


def _range(R: AbstractPotential, i: int, dose: float) -> tuple[float, float] | None:
    """Ends of the μ_i; infinite where they do not end or are not known, None where no μ_i exists."""
    if not isinstance(R, DerivedPotential):
        low, high = (float(np.asarray(end)[i]) for end in R.dual_domain(-dose))
        return (low, high) if low < high else None
    measured = dual_range(R, -dose)
    low, high = measured[i] if i < len(measured) else (-np.inf, np.inf)
    return None if np.isnan(low) else (float(low), float(high))


def _grid(low: float, high: float) -> np.ndarray:
    if np.isfinite(low) and np.isfinite(high):
        turn = np.pi / 2 * (1 - _INSIDE) * np.linspace(-1.0, 1.0, POINTS)
        return (low + high) / 2 + (high - low) / 2 * np.sin(turn)  # denser where x diverges
    return np.linspace(max(low, min(-SPAN, high - SPAN)), min(high, max(SPAN, low + SPAN)), POINTS)


def _look_at(ax: Axes, middle: np.ndarray) -> None:
    """Limits from the x inside of the ranges: at their ends x diverges, and the curves would be one flat line."""
    if np.any(np.isfinite(middle)):
        low, high = float(np.nanmin(middle)), float(np.nanmax(middle))
        ax.set_ylim(low - 0.6 * (high - low or 1.0), high + 0.6 * (high - low or 1.0))


@quick_jit
def _mapped(R: AbstractPotential, mu: Float[Array, " j"], i: Int[Array, ""], a: Scalar) -> Float[Array, " j"]:
    def one(value):
        return R.dual_grad(jnp.zeros(R.n).at[i].set(value), a)[i]

    return jax.lax.map(one, mu)
