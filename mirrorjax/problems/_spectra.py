"""Real measurements that ship with the package; see data/PROVENANCE.md."""

import numpy as np

from ._csv import standardize
from ._regression import LinearRegression
from ._shipped import shipped


def spectra_arrays() -> dict[str, np.ndarray]:
    """The raw arrays: `channel` (1047,), `spectra` (21, 1047), `glucose` (21,), in the source's units.

    !!! example
        >>> from mirrorjax.problems import spectra_arrays
        >>> {name: array.shape for name, array in sorted(spectra_arrays().items())}
        {'channel': (1047,), 'glucose': (21,), 'spectra': (21, 1047)}
    """
    return shipped("glucose_spectra")


def glucose_spectra() -> LinearRegression:
    """Glucose concentration from 21 spectra of 1047 channels, every column standardized.

    n = 1047 ≫ d = 21, with constant and duplicate columns, as real data have. After centring the
    rank is 20 and y stays in the range of Z.

    !!! example
        >>> from mirrorjax.problems import glucose_spectra
        >>> problem = glucose_spectra()
        >>> problem.d, problem.n
        (21, 1047)
    """
    raw = spectra_arrays()
    return standardize(raw["spectra"], raw["glucose"])
