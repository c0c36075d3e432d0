"""Reparameterizations x = g(w) with their regularizers h(w)."""

from ._base import (
    AbstractLiftable as AbstractLiftable,
    AbstractParameterization as AbstractParameterization,
)
from ._custom import Custom as Custom
from ._hadamard import Hadamard as Hadamard, SquaredDifference as SquaredDifference
from ._neuron_mask import NeuronMask as NeuronMask
