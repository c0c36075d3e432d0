"""The hyperbolic entropy of a start, its hypothesis, and variants that are wrong in a named way."""

import equinox as eqx
import numpy as np

from .._errors import InputError
from ..checks import Hypothesis
from ..parameterizations import AbstractParameterization
from ..potentials import Distorted, HyperbolicEntropy, potential_of


def hyperbolic(param: AbstractParameterization, w0) -> HyperbolicEntropy:
    """The potential of w₀, known to be a hyperbolic entropy."""
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
