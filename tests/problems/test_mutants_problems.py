"""The embedding of the help topics counted again, word by word."""

import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import LinearRegression, read_csv, topics_embedding, topics_text


def test_the_embedding_is_that_of_words_at_most_four_apart():
    """Positive pointwise mutual information of unordered pairs; the largest entry of a singular vector is positive."""
    words, E = topics_embedding(d=3)
    number = {word: i for i, word in enumerate(words)}
    together = np.zeros((len(words), len(words)))
    for topic in topics_text():
        for i, word in enumerate(topic):
            for other in topic[i + 1 : i + 5]:
                if word in number and other in number:
                    together[number[word], number[other]] += 1
                    together[number[other], number[word]] += 1
    share = np.maximum(together.sum(1), 1.0) / together.sum()
    expected = np.outer(share, share) * together.sum()
    information = np.log(np.maximum(together / expected, 1.0))
    values, vectors = np.linalg.eigh(information)
    order = np.argsort(-np.abs(values))[:3]
    assert np.min(-np.diff(np.abs(values[np.argsort(-np.abs(values))[:4]]))) > 1e-3 * abs(values[order[0]])
    U = vectors[:, order]
    U = U * np.sign(U[np.argmax(np.abs(U), axis=0), range(3)])
    np.testing.assert_allclose(E, (U - U.mean(0)) / U.std(0), atol=1e-9)


def test_nearly_dependent_rows_are_two_rows():
    """Rows 1e-6 apart in angle still ask two things of x; at 1e-12 round-off has decided."""
    rows = np.array([[1.0, 0.0, 0.0], [1.0, 1e-6, 0.0]])
    problem = LinearRegression(rows, np.array([1.0, 1.0 + 2e-6]))
    assert problem.whitened().d == 2
    np.testing.assert_allclose(np.linalg.lstsq(problem.whitened().Z, problem.whitened().y)[0], [1, 2, 0], rtol=1e-8)
    rows[1, 1] = 1e-12
    assert LinearRegression(rows, np.ones(2)).whitened().d == 1


@pytest.mark.parametrize(("samples", "fits"), [(2, True), (3, False)])
def test_a_table_needs_more_columns_than_rows(samples, fits, tmp_path):
    """With as many samples as features there is one interpolator, and every potential picks it."""
    rows = np.random.default_rng(0).standard_normal((samples, 4))
    path = tmp_path / "table.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c,target", comments="")
    if fits:
        assert read_csv(path, "target").n == 3
    else:
        with pytest.raises(InputError, match="more columns than rows"):
            read_csv(path, "target")
