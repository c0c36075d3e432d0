"""Genes and fatty acids of mice, as shipped and as a problem."""

import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import nutrimouse, nutrimouse_arrays

RAW = nutrimouse_arrays()


def test_the_arrays_are_what_their_provenance_says():
    shapes = {"genes": (40, 120), "gene_names": (120,), "lipids": (40, 21), "lipid_names": (21,)}
    assert {name: part.shape for name, part in RAW.items()} == shapes | {"genotype": (40,), "diet": (40,)}
    assert np.all(np.isfinite(RAW["genes"])) and np.all(RAW["lipids"] >= 0)
    assert len(set(RAW["gene_names"])) == 120 and len(set(RAW["lipid_names"])) == 21


def test_the_design_is_balanced():
    """Four mice per genotype and diet: what the package's loader says of them."""
    pairs = list(zip(RAW["genotype"].tolist(), RAW["diet"].tolist()))
    assert len(set(pairs)) == 10 and all(pairs.count(pair) == 4 for pair in pairs)


def test_fatty_acids_are_percentages():
    np.testing.assert_allclose(RAW["lipids"].sum(1), 100.0, atol=0.5)


@pytest.mark.parametrize("lipid", RAW["lipid_names"].tolist())
def test_every_fatty_acid_is_a_problem_that_interpolates(lipid):
    problem = nutrimouse(lipid)
    Z, y = np.asarray(problem.Z), np.asarray(problem.y)
    assert Z.shape == (40, 120)
    np.testing.assert_allclose(np.concatenate([Z.mean(0), [y.mean()]]), 0.0, atol=1e-13)
    np.testing.assert_allclose(np.concatenate([Z.std(0), [y.std()]]), 1.0, rtol=1e-12)
    column = RAW["lipids"][:, RAW["lipid_names"].tolist().index(lipid)]
    np.testing.assert_allclose(np.corrcoef(y, column)[0, 1], 1.0, rtol=1e-12)
    x, _, rank, _ = np.linalg.lstsq(Z, y, rcond=1e-10)
    assert rank == 39
    np.testing.assert_allclose(Z @ x, y, atol=1e-10)


def test_it_can_be_whitened():
    white = nutrimouse().whitened()
    assert (white.d, white.n) == (39, 120)


def test_an_unknown_fatty_acid_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="no fatty acid 'C99'") as caught:
        nutrimouse("C99")
    assert "C22.6n.3" in str(caught.value)
