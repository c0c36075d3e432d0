"""The embedding of the help topics counted again, word by word."""

import numpy as np

from mirrorjax.problems import topics_embedding, topics_text


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
