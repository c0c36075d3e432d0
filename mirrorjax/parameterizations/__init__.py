"""Reparameterizations x = g(w) with their regularizers h(w)."""

from ._base import (
    AbstractLiftable as AbstractLiftable,
    AbstractParameterization as AbstractParameterization,
    effective_shape as effective_shape,
    start_of as start_of,
)
from ._custom import Custom as Custom
from ._depth_difference import DepthDifference as DepthDifference
from ._depth_product import DepthProduct as DepthProduct
from ._exponentiated_gradient import ExponentiatedGradient as ExponentiatedGradient
from ._factorization import Factorization as Factorization
from ._hadamard import Hadamard as Hadamard, SquaredDifference as SquaredDifference
from ._linear import Linear as Linear
from ._log_ratio import LogRatio as LogRatio
from ._neuron_mask import NeuronMask as NeuronMask
from ._power_balance import balance as balance, log_cosh as log_cosh
from ._power_difference import PowerDifference as PowerDifference
from ._quadratic import Quadratic as Quadratic
from ._side_by_side import SideBySide as SideBySide
from ._symmetric_factorization import SymmetricFactorization as SymmetricFactorization
