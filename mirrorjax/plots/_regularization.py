"""The limit against the dose, beside the LASSO path."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .._errors import InputError
from .._types import ArrayLike
from ..flows import limit_path
from ..potentials import AbstractPotential
from ..problems import LinearRegression, basis_pursuit, lasso, normal_equations
from ._given import as_doses, check_potential, listed
from ._potential import left_out, named_after
from ._style import BLACK, COLOURS, GREY, Drawn, Sheet, note, styled

WEIGHTS = np.concatenate([np.linspace(1.0, 0.06, 40), np.geomspace(0.05, 1e-3, 12)])
"""Of the ℓ1 norm in the LASSO, over the least one whose solution is 0."""


@styled
def regularization_path(
    problem: LinearRegression,
    R: AbstractPotential,
    doses: ArrayLike,
    *,
    coordinates: int = 5,
    ax: Axes | None = None,
) -> Drawn:
    """The limit x∞ against the dose, and beside the LASSO path, which ends where x = m ⊙ w tends to.

    Above, the coordinates of x∞ against the dose ∫α, dimensionless, with those of basis pursuit, the interpolator of
    least ℓ1 norm, at the right edge. Below, on a figure of its own only, the same coordinates against ‖x‖₁: dashed the
    LASSO path, whose norm grows to that of basis pursuit as its weight falls to 0, and solid the limit. No interpolator
    has a smaller norm, so that the two have no other point in common. Doses without a limit are named and not drawn.

    **Arguments:**

    - `problem`: a regression whose loss is least at Zx = y.
    - `R`: of as many coordinates, as `mj.potential_of` returns it.
    - `doses`: ∫α ≥ 0, two or more, shape `(k,)`; a = −dose.
    - `coordinates`: how many are drawn, the largest.
    - `ax`: where to draw the upper panel; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` as `mj.limit_path` does, and where no dose has a limit.

    **Reference:** `mask` Theorem 3.3.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift([0.0, 0.0, 0.0], scale=1.0))
        >>> problem = mj.problems.LinearRegression([[2.0, 1.0, 0.5]], [1.0])
        >>> figure = mj.plots.regularization_path(problem, R, [0.0, 1.0, 4.0])
        >>> [ax.get_xlabel() for ax in figure.axes]
        ['dose ∫α (dimensionless)', '‖x‖₁ (units of x)']
    """
    check_potential(R)
    levels = as_doses(doses)
    path = limit_path(problem, R, -levels)
    ok = np.asarray(path.ok)
    if not np.any(ok):
        raise InputError("no dose has a limit", path.failure(), "smaller doses")
    levels, missing, limits = levels[ok], levels[~ok], np.asarray(path.x)[ok]
    Z, y = np.asarray(problem.as_dense().Z), np.asarray(problem.y)
    end = basis_pursuit(Z, y)
    sizes = np.maximum(np.max(np.abs(limits), axis=0), np.abs(end))
    chosen = [int(i) for i in np.argsort(-sizes, kind="stable")[: min(coordinates, len(COLOURS))]]

    sheet = Sheet(ax, 5.6, 2, sharey=True, gridspec_kw={"hspace": 0.36})
    marker = "o" if len(levels) == 1 else None
    for i, colour in zip(chosen, COLOURS):
        sheet.ax.plot(levels, limits[:, i], color=colour, marker=marker)
        sheet.ax.plot(levels[-1], end[i], "D", color=colour, mfc="white", markersize=6, clip_on=False, zorder=4)
    sheet.ax.set(xlabel="dose ∫α (dimensionless)", ylabel="limit x∞ (units of x)")
    sheet.ax.set_title(f"{named_after(R)}: the limit as the dose grows")
    _frame(sheet.ax, levels)
    if len(missing):
        beyond = not np.all(np.isfinite(np.asarray(path.x)))
        why = f"not drawn: dose {listed(missing.tolist())} (no limit with a certificate)"
        note(sheet.ax, left_out(R, missing.tolist()) if beyond else why, 0.5, room=True)
    if sheet.figure is not None:
        _against_norm(sheet.panels[1], limits, np.vstack([_lasso_path(Z, y), end]), chosen)
    handles = [
        Line2D([], [], color=BLACK, marker=marker, label="limit x∞"),
        *([Line2D([], [], color=BLACK, linestyle="--", label="LASSO")] if sheet.figure is not None else []),
        Line2D([], [], color=BLACK, marker="D", mfc="white", linestyle="none", label="basis pursuit"),
        *(Line2D([], [], color=colour, linewidth=3, label=f"x[{i}]") for i, colour in zip(chosen, COLOURS)),
    ]
    return sheet.finish(handles, beside=True)


def _frame(ax: Axes, levels: np.ndarray) -> None:
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    if levels[-1] > levels[0]:
        ax.set_xlim(levels[0], levels[-1])


def _against_norm(ax: Axes, limits: np.ndarray, lasso_path: np.ndarray, chosen: list[int]) -> None:
    for i, colour in zip(chosen, COLOURS):
        ax.plot(np.abs(lasso_path).sum(axis=1), lasso_path[:, i], color=colour, linestyle="--")
        ax.plot(np.abs(limits).sum(axis=1), limits[:, i], color=colour)
        ax.plot(np.abs(lasso_path[-1]).sum(), lasso_path[-1, i], "D", color=colour, mfc="white", markersize=6, zorder=4)
    ax.axhline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    ax.axvline(np.abs(lasso_path[-1]).sum(), color=GREY, linewidth=0.8, zorder=0.5)
    ax.set(xlabel="‖x‖₁ (units of x)", ylabel="x (units of x)")
    ax.set_title(
        "left of the line the LASSO, right of it the limits; on the line the least ‖x‖₁ with Zx = y", fontsize=8.5
    )


def _lasso_path(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solutions of the LASSO from 0 on, under falling weights; columns of zeros stay 0."""
    moved = np.any(Z != 0, axis=0)
    H, b = normal_equations(Z[:, moved], y)
    k = len(WEIGHTS)
    found = np.zeros((k, Z.shape[1]))
    found[:, moved] = lasso(np.tile(H, (k, 1, 1)), np.tile(b, (k, 1)), WEIGHTS * np.max(np.abs(b)))
    return found
