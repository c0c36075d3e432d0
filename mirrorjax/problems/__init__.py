"""Losses f(x): what the flows descend on."""

from ._adaptation import LowRankAdaptation as LowRankAdaptation
from ._attention import Attention as Attention, Diagonal as Diagonal
from ._base import AbstractProblem as AbstractProblem
from ._coding import SparseCoding as SparseCoding, mnist_patches as mnist_patches
from ._csv import read_csv as read_csv, standardize as standardize
from ._losses import (
    half_mean_square as half_mean_square,
    mean_log_cosh as mean_log_cosh,
    mean_logistic as mean_logistic,
)
from ._neurons import ReluNeurons as ReluNeurons, relu_kernel as relu_kernel
from ._nutrimouse import nutrimouse as nutrimouse, nutrimouse_arrays as nutrimouse_arrays
from ._regression import LinearRegression as LinearRegression
from ._sensing import MatrixSensing as MatrixSensing
from ._sparse import (
    basis_pursuit as basis_pursuit,
    lasso as lasso,
    lasso_violation as lasso_violation,
    normal_equations as normal_equations,
    on_support as on_support,
)
from ._spectra import glucose_spectra as glucose_spectra, spectra_arrays as spectra_arrays
from ._text import (
    topics_attention as topics_attention,
    topics_embedding as topics_embedding,
    topics_lora as topics_lora,
    topics_text as topics_text,
)
