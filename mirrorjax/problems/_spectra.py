"""Real measurements that ship with the package; see data/PROVENANCE.md."""

import numpy as np

from ._csv import standardize
from ._regression import LinearRegression
from ._shipped import shipped


def spectra_arrays() -> dict[str, np.ndarray]:
    """The measurements, values unchanged; their source states no units.

    **Returns:** arrays by name: `channel`, shape `(1047,)`; `spectra`, shape `(21, 1047)`; `glucose`, shape `(21,)`.

    !!! example
        >>> from mirrorjax.problems import spectra_arrays
        >>> {name: array.shape for name, array in sorted(spectra_arrays().items())}
        {'channel': (1047,), 'glucose': (21,), 'spectra': (21, 1047)}
    """
    return shipped("glucose_spectra")


def glucose_spectra() -> LinearRegression:
    """Glucose concentration from 21 spectra of 1047 channels, every column standardized.

    **Returns:** the problem. n = 1047 ≫ d = 21, with constant and duplicate columns, as real data have; after centring
    the rank is 20 and y stays in the range of Z.

    !!! example
        >>> from mirrorjax.problems import glucose_spectra
        >>> problem = glucose_spectra()
        >>> problem.d, problem.n
        (21, 1047)
    """
    raw = spectra_arrays()
    return standardize(raw["spectra"], raw["glucose"])
