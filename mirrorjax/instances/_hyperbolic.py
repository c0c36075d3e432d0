"""The hyperbolic entropy of a start, its hypothesis, and variants that are wrong in a named way."""

import equinox as eqx
import numpy as np

from .._errors import InputError
from .._types import State
from ..checks import Hypothesis
from ..parameterizations import AbstractParameterization
from ..potentials import AbstractPotential, Distorted, HyperbolicEntropy, potential_of


def hyperbolic(param: AbstractParameterization, w0: State) -> HyperbolicEntropy:
    """The potential of w₀, known to be a hyperbolic entropy.

    **Raises:** `InputError` where it is another.
    """
    R = potential_of(param, w0)
    if not isinstance(R, HyperbolicEntropy):
        raise InputError(
            f"this theorem is about hyperbolic entropies, and {type(param).__name__} has a {type(R).__name__}",
            "param",
            "Hadamard() or SquaredDifference(); flow/3.1 and mj.checks.agreement are for any other",
        )
    return R


def positive_scale(R: HyperbolicEntropy) -> Hypothesis:
    """|m₀| ≠ |w₀| in every coordinate, measured as the least scale c₀."""
    least = float(np.min(np.exp(np.asarray(R.log_c0))))
    return Hypothesis("|m₀| ≠ |w₀|: least scale c₀", least, least > 0)


def rescaled(R: HyperbolicEntropy, factor: float = 2.0) -> Distorted:
    """Another scale: c → factor · c."""
    return Distorted(eqx.tree_at(lambda r: r.log_c0, R, R.log_c0 + np.log(factor)))


def unshifted(R: HyperbolicEntropy) -> Distorted:
    """Without s: the minimum at 0. A mirror flow does not see the difference, a limit does."""
    return Distorted(eqx.tree_at(lambda r: r.s, R, 0.0 * R.s))


def wrong_potentials(R: HyperbolicEntropy, a_end: float) -> dict[str, AbstractPotential]:
    """Potentials whose limit must not be the flow's."""
    wrong: dict[str, AbstractPotential] = {
        "scale doubled": rescaled(R),
        "scale wrong by 1e-6": Distorted(R, a_shift=1e-6 / 4),
        "shift s dropped": unshifted(R),
    }
    if a_end != 0:
        wrong["time variation dropped"] = Distorted(R, a_factor=0.0)
        wrong["exponent halved"] = Distorted(R, a_factor=0.5)
    return wrong
