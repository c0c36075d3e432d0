"""Potentials R_a, their conjugates and their mirror maps."""

# Registers the closed forms with `potential_of`.
from . import _catalogue as _catalogue
from ._base import AbstractPotential as AbstractPotential, Distorted as Distorted
from ._derived import DerivedPotential as DerivedPotential
from ._dispatch import potential_of as potential_of, rescaled_potential_of as rescaled_potential_of
from ._hyperbolic import HyperbolicEntropy as HyperbolicEntropy
from ._linear import LinearPotential as LinearPotential
from ._log_ratio import LogRatioEntropy as LogRatioEntropy
from ._power import PowerEntropy as PowerEntropy
from ._quadratic import QuadraticPotential as QuadraticPotential
from ._rescaled import RescaledPotential as RescaledPotential
from ._signed_entropy import SignedEntropy as SignedEntropy
from ._without_decay import WithoutDecay as WithoutDecay
