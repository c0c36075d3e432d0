"""The limit against the dose: from least norm to least ℓ1."""

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from ..checks import DosePath
from ._style import BLACK, BLUE, GREEN, VERMILLION, legend_below, new_figure, styled


@styled
def dose_path(series: DosePath, *, title: str = "") -> Figure:
    """ℓ1 norm and number of active coordinates of the limit against the dose, between two known solutions.

    Above, ‖x∞‖₁ in units of x; below, how many |x_i| are above 10⁻³ max |x|, on a logarithmic axis; both against the
    dose ∫α, dimensionless.

    **Arguments:**

    - `series`: as the finding of mask/3.3 has it on real data.
    - `title`: above the figure.

    **Returns:** the figure.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax import plots
        >>> from mirrorjax.checks import DosePath
        >>> dose, l1, active = np.array([0.0, 1.0, 2.0]), np.array([3.0, 2.0, 1.5]), np.array([9, 4, 2])
        >>> figure = plots.dose_path(DosePath(dose, l1, active, basis_pursuit=1.4, least_norm=3.2))
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['‖x∞‖₁', 'active coordinates']
    """
    figure = new_figure(4.5)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1.6, 1), gridspec_kw={"hspace": 0.25})
    [norm] = top.plot(series.dose, series.l1, color=BLUE, label="limit of the flow")
    low = top.axhline(series.basis_pursuit, color=VERMILLION, linestyle="--", linewidth=1.2, label="basis pursuit")
    high = top.axhline(series.least_norm, color=BLACK, linestyle=":", linewidth=1.2, label="least-norm solution")
    bottom.plot(series.dose, series.active, color=GREEN, drawstyle="steps-mid")
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
