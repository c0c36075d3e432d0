"""The hyperbolic entropy of a start, its hypothesis, and the same at another scale."""

import equinox as eqx
import numpy as np

from .._errors import InputError
from .._types import State
from ..checks import Hypothesis
from ..parameterizations import AbstractParameterization
from ..potentials import Distorted, HyperbolicEntropy, potential_of


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
