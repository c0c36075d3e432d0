"""Hyperbolic entropies that are wrong in a named way, for controls and for the audit."""

import equinox as eqx
import jax.numpy as jnp

from ..parameterizations import AbstractParameterization
from ..potentials import Distorted, HyperbolicEntropy, potential_of


def hyperbolic(param: AbstractParameterization, w0) -> HyperbolicEntropy:
    """The potential of w₀, known to be a hyperbolic entropy."""
    R = potential_of(param, w0)
    assert isinstance(R, HyperbolicEntropy)
    return R


def rescaled(R: HyperbolicEntropy, factor: float = 2.0) -> Distorted:
    """Another scale: c → factor · c."""
    return Distorted(eqx.tree_at(lambda r: r.log_c0, R, R.log_c0 + jnp.log(factor)))


def unshifted(R: HyperbolicEntropy) -> Distorted:
    """Without s: the minimum at 0. A mirror flow does not see the difference, a limit does."""
    return Distorted(eqx.tree_at(lambda r: r.s, R, 0.0 * R.s))
