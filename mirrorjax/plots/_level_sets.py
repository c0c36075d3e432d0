"""Why the limit is where it is: the level sets of R_a touch the line of interpolators."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.axes import Axes

from .._compile import quick_jit
from .._errors import InputError
from .._types import Scalar, Vector, as_array
from ..flows import limit
from ..potentials import AbstractPotential
from ..problems import LinearRegression
from ._given import as_doses, check_potential
from ._potential import named_after
from ._style import BLACK, BLUE, GREEN, VERMILLION, Drawn, Sheet, styled

GRID, DERIVED_GRID = 121, 25
"""Points along an axis; of a derived potential each is a solve."""
_LEVELS = (0.1, 0.4, 1.0, 1.9)  # R_a − min R_a over its value at the limit


@styled
def level_sets(R: AbstractPotential, problem: LinearRegression, dose: float = 0.0, *, ax: Axes | None = None) -> Drawn:
    """Level sets of R_a in the plane, the line Zx = y, and the limit, where one touches the other.

    Both axes are in units of x. The level set through the limit is thick; the others are at fixed multiples of its
    R_a − min R_a. At a large dose the level sets are the squares of the ℓ1 norm, and the point of contact is a corner.

    **Arguments:**

    - `R`: of two coordinates, as `mj.potential_of` returns it.
    - `problem`: of two coordinates and one equation.
    - `dose`: ∫α ≥ 0, dimensionless; a = −dose.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for n ≠ 2, several equations, a dose at which R_a has no minimum, and where there is no
    limit.

    **Reference:** `mask` Theorem 3.3.

    !!! example
        >>> import jax; jax.config.update("jax_enable_x64", True)
        >>> import mirrorjax as mj
        >>> param = mj.parameterizations.Hadamard()
        >>> R = mj.potential_of(param, param.lift([0.0, 0.0], scale=1.0))
        >>> problem = mj.problems.LinearRegression([[2.0, 1.0]], [1.0])
        >>> figure = mj.plots.level_sets(R, problem, dose=4.0)
        >>> [text.get_text() for text in figure.legends[0].get_texts()][:2]
        ['Rₐ at its value at the limit', 'Zx = y']
    """
    _refuse(R, problem)
    [dose] = as_doses([dose]).tolist()
    bottom = np.asarray(R.argmin(-dose))
    if not np.all(np.isfinite(bottom)):
        raise InputError(
            f"R_a has no minimum at dose {dose:g}", f"{named_after(R)}, argmin {bottom}", "a smaller dose"
        )  # fmt: skip
    found = limit(problem, R, -dose)
    if not bool(found.ok):
        raise InputError("there is no limit to draw", found.failure(), "a smaller dose")
    touch = np.asarray(found.x)
    x, y = _grid(bottom, touch, DERIVED_GRID if not R.closed else GRID)
    heights = np.asarray(_heights(R, as_array(x), as_array(y), as_array(bottom), as_array(-dose)))
    level = float(_heights(R, as_array(touch[:1]), as_array(touch[1:]), as_array(bottom), as_array(-dose))[0, 0])

    sheet = Sheet(ax, 4.6)
    if level > 0 and np.any(np.isfinite(heights)):
        shown = np.ma.masked_invalid(heights)
        sheet.ax.contour(x, y, shown, [level * share for share in _LEVELS if share != 1], colors=BLUE, linewidths=0.8)
        sheet.ax.contour(x, y, shown, [level], colors=BLUE, linewidths=2.2)
    handles = [
        *sheet.ax.plot([], [], color=BLUE, linewidth=2.2, label="Rₐ at its value at the limit"),
        _line(sheet.ax, np.asarray(problem.as_dense().Z)[0], touch, x, y),
        *sheet.ax.plot(*touch, "o", color=VERMILLION, markersize=8, mec="white", zorder=4, label="limit x∞"),
        *sheet.ax.plot(*bottom, "*", color=BLACK, markersize=11, mec="white", zorder=3, label="argmin Rₐ"),
    ]
    sheet.ax.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]), aspect="equal")
    sheet.ax.set(xlabel="x, coordinate 0 (units of x)", ylabel="x, coordinate 1 (units of x)")
    sheet.ax.locator_params(nbins=6)
    sheet.ax.set_title(f"{named_after(R)} at dose {dose:.4g}")
    return sheet.finish(handles, 4)


def _refuse(R: AbstractPotential, problem: LinearRegression) -> None:
    check_potential(R)
    if not isinstance(problem, LinearRegression):
        raise InputError("problem must be a regression", f"got {type(problem).__name__}", "problems.LinearRegression")
    if R.n != 2 or problem.n != 2:
        raise InputError(
            "level sets are drawn in the plane: two coordinates, no other number of them",
            f"the potential has {R.n}, the problem {problem.n}",
            "plots.regularization_path for any number",
        )
    if problem.d != 1:
        raise InputError(
            "one equation makes a line; this problem has another number of them",
            f"{problem.d} rows of Z",
            "LinearRegression(problem.Z[:1], problem.y[:1])",
        )


def _grid(bottom: np.ndarray, touch: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """A square around the minimum, wide enough for the level set through the limit."""
    half = 1.5 * float(np.max(np.abs(touch - bottom))) or 1.0
    x, y = (np.linspace(middle - half, middle + half, points) for middle in bottom)
    return x, y


def _line(ax: Axes, z: np.ndarray, through: np.ndarray, x: np.ndarray, y: np.ndarray):
    along = np.array([-z[1], z[0]]) / np.linalg.norm(z)
    length = 2 * (x[-1] - x[0] + y[-1] - y[0])
    ends = through + np.outer([-length, length], along)
    return ax.plot(*ends.T, color=GREEN, linestyle="--", linewidth=1.6, label="Zx = y")[0]


@quick_jit
def _heights(
    R: AbstractPotential, x: Float[Array, " i"], y: Float[Array, " j"], bottom: Vector, a: Scalar
) -> Float[Array, "j i"]:
    """R_a − min R_a at the points of a grid."""
    if R.closed:
        return jax.vmap(lambda v: jax.vmap(lambda u: R.bregman(jnp.stack([u, v]), bottom, a))(x))(y)
    low = R.value(bottom, a)
    return jax.vmap(lambda v: jax.vmap(lambda u: R.value(jnp.stack([u, v]), a) - low)(x))(y)
