"""Losses f(x): what the flows descend on."""

from ._attention import Attention as Attention, Diagonal as Diagonal
from ._base import AbstractProblem as AbstractProblem
from ._csv import read_csv as read_csv, standardize as standardize
from ._losses import (
    half_mean_square as half_mean_square,
    mean_log_cosh as mean_log_cosh,
    mean_logistic as mean_logistic,
)
from ._regression import LinearRegression as LinearRegression
from ._spectra import glucose_spectra as glucose_spectra, spectra_arrays as spectra_arrays
