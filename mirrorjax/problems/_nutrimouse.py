"""Genes and fatty acids of 40 mice; see data/PROVENANCE.md."""

import numpy as np

from .._errors import InputError
from ._csv import standardize
from ._regression import LinearRegression
from ._shipped import shipped


def nutrimouse_arrays() -> dict[str, np.ndarray]:
    """The measurements, values unchanged; their source states no unit of the lipids.

    **Returns:** arrays by name: `genes`, shape `(40, 120)`; `lipids`, shape `(40, 21)`; their names, `gene_names` and
    `lipid_names`; each mouse's `genotype` and `diet`, shape `(40,)` each.

    !!! example
        >>> from mirrorjax.problems import nutrimouse_arrays
        >>> {name: array.shape for name, array in sorted(nutrimouse_arrays().items())}
        {'diet': (40,), 'gene_names': (120,), 'genes': (40, 120), 'genotype': (40,), 'lipid_names': (21,),
         'lipids': (40, 21)}
    """
    return shipped("nutrimouse")


def nutrimouse(lipid: str = "C22.6n.3") -> LinearRegression:
    """The concentration of one fatty acid in the liver from the expression of 120 genes, 40 mice, standardized.

    **Arguments:**

    - `lipid`: the fatty acid, a name of the 21.

    **Returns:** the problem. n = 120 > d = 40; after centring the rank is 39 and y stays in the range of Z.

    **Raises:** `InputError` for a fatty acid that was not measured.

    !!! example
        >>> from mirrorjax.problems import nutrimouse
        >>> problem = nutrimouse("C16.0")
        >>> problem.d, problem.n
        (40, 120)
    """
    raw = nutrimouse_arrays()
    names = raw["lipid_names"].tolist()
    if lipid not in names:
        raise InputError(f"no fatty acid {lipid!r} among the 21", "nutrimouse", f"one of {', '.join(names)}")
    return standardize(raw["genes"], raw["lipids"][:, names.index(lipid)])
