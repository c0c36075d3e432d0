"""The limit against the dose: from least norm to least ℓ1."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from .._errors import InputError
from ._style import BLACK, BLUE, GREEN, VERMILLION, legend_below, new_figure, styled

_KEYS = ("dose", "l1", "active", "basis_pursuit", "least_norm")


@styled
def dose_path(series: Mapping[str, Float[Array, "..."] | np.ndarray], *, title: str = "") -> Figure:
    """ℓ1 norm and number of active coordinates of the limit against the dose, between two known solutions.

    Above, ‖x∞‖₁ in units of x; below, how many |x_i| are above 10⁻³ max |x|, on a logarithmic axis; both against the
    dose ∫α, dimensionless.

    **Arguments:**

    - `series`: arrays by name: `dose`, `l1` and `active`, shape `(k,)`; `basis_pursuit` and `least_norm`, the ℓ1 norms
      of two interpolators, scalars.
    - `title`: above the figure.

    **Returns:** the figure.

    **Raises:** `InputError` naming what is missing.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> figure = plots.dose_path({
        ...     "dose": np.array([0.0, 1.0, 2.0]), "l1": np.array([3.0, 2.0, 1.5]), "active": np.array([9, 4, 2]),
        ...     "basis_pursuit": np.array(1.4), "least_norm": np.array(3.2)})
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['‖x∞‖₁', 'active coordinates']
    """
    missing = [key for key in _KEYS if key not in series]
    if missing:
        raise InputError("dose_path lacks series", ", ".join(missing), "the finding of mask/3.3 on real data")
    dose, l1, active, pursuit, least = (np.asarray(series[key]) for key in _KEYS)

    figure = new_figure(4.5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1), gridspec_kw={"hspace": 0.25})
    [norm] = top.plot(dose, l1, color=BLUE, label="limit of the flow")
    low = top.axhline(float(pursuit), color=VERMILLION, linestyle="--", linewidth=1.2, label="basis pursuit")
    high = top.axhline(float(least), color=BLACK, linestyle=":", linewidth=1.2, label="least-norm solution")
    bottom.plot(dose, active, color=GREEN, drawstyle="steps-mid")
    bottom.set_yscale("log")
    bottom.yaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    bottom.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    bottom.yaxis.set_minor_locator(NullLocator())
    top.set(title=title, ylabel="‖x∞‖₁")
    bottom.set(xlabel="dose ∫α (dimensionless)", ylabel="active coordinates")
    bottom.set_title("coordinates with |x| > 10⁻³ max |x|", fontsize=8.5)
    figure.align_ylabels()
    legend_below(figure, [high, norm, low], columns=3)
    return figure
