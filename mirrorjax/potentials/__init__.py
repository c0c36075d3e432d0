"""Potentials R_a, their conjugates and their mirror maps."""

from ._base import AbstractPotential as AbstractPotential, Distorted as Distorted
from ._dispatch import potential_of as potential_of
from ._hyperbolic import HyperbolicEntropy as HyperbolicEntropy
