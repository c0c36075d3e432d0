"""The potential as the dose grows."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure

from .._compile import quick_jit
from .._errors import InputError
from .._types import Scalar, Vector
from ..parameterizations import Hadamard
from ..potentials import AbstractPotential, potential_of
from ._style import BLACK, legend_below, new_figure, styled

DOSES = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 4.0, 16.0)
_POINTS = 301


@styled
def potential_path(
    potential: AbstractPotential | None = None,
    doses: Sequence[float] = DOSES,
    *,
    edge: float = 1.5,
    title: str = "",
) -> Figure:
    """R_a of one coordinate for several doses, its moving minimum marked, between a parabola and |x|.

    Each curve is R_a(x) − min R_a against x, divided by its value at the right `edge`: without that the growth of R_a
    with the dose would hide the change of its shape. The colour is the dose ∫α, dimensionless.

    **Arguments:**

    - `potential`: of one coordinate, by default that of x = m ⊙ w from x₀ = ½ with scale ½.
    - `doses`: ∫α ≥ 0, at least two and increasing.
    - `edge`: x from −`edge` to `edge`.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` for a potential of several coordinates or doses that do not increase.

    !!! example
        >>> from mirrorjax import plots
        >>> figure = plots.potential_path(doses=(0.0, 0.5, 4.0))
        >>> [ax.get_ylabel() for ax in figure.axes][1]
        'dose ∫α (dimensionless)'
    """
    if potential is None:
        potential = potential_of(Hadamard(), Hadamard().lift(np.array([0.5]), scale=0.5))
        title = title or "x = m ⊙ w from x₀ = ½, scale ½: the potential under decay"
    if potential.n != 1:
        raise InputError("potential_path draws one coordinate", f"the potential has {potential.n}", "a w0 of one")
    if len(doses) < 2 or np.any(np.diff(doses) <= 0):
        raise InputError("doses must increase, two at least", f"got {tuple(doses)}", "doses=(0.0, 0.5, 4.0)")
    x = np.linspace(-edge, edge, _POINTS)
    curves, minima = _curves(potential, x, np.asarray(doses, dtype=float))

    figure = new_figure(3.9)
    ax = figure.subplots()
    colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.88, len(doses)))
    ax.plot(x, np.abs(x) / edge, color=BLACK, linestyle=":", label=f"|x| / {edge:g}")
    for curve, minimum, colour in zip(curves, minima, colours):
        ax.plot(x, curve, color=colour)
        ax.plot(minimum, 0.0, "o", color=colour, markersize=7, mec="white", clip_on=False, zorder=3)
    ax.plot([], [], "o", color=BLACK, label="argmin Rₐ", markersize=7, mec="white")
    ax.set(
        title=title, xlabel="effective parameter x", ylim=(-0.05, 2.0), xlim=(-edge, edge),
        ylabel="Rₐ(x) − min Rₐ, scaled to 1 at the right edge",
    )  # fmt: skip
    norm = BoundaryNorm(np.arange(len(doses) + 1) - 0.5, len(doses))
    bar = figure.colorbar(ScalarMappable(norm, ListedColormap(list(colours))), ax=ax, ticks=range(len(doses)), pad=0.03)
    bar.ax.set_yticklabels([f"{dose:g}" for dose in doses])
    bar.ax.tick_params(length=0)
    bar.set_label("dose ∫α (dimensionless)")
    legend_below(figure, ax.get_legend_handles_labels()[0], 2)
    return figure


def _curves(potential: AbstractPotential, x: np.ndarray, doses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows = [_curve(potential, jnp.asarray(x), -jnp.asarray(dose)) for dose in doses]
    curves, minima = zip(*rows)
    return np.asarray(curves), np.asarray(minima)


@quick_jit
def _curve(potential: AbstractPotential, x: Vector, a: Scalar) -> tuple[Vector, Scalar]:
    bottom = potential.argmin(a)
    rise = jax.vmap(lambda at: potential.excess(at[None], a))(x) - potential.excess(bottom, a)
    return rise / rise[-1], bottom[0]
