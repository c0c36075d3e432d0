"""Problems made of Python's help topics. Nothing here depends on what the running version says in them."""

from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax._errors import InputError
from mirrorjax.problems import topics_attention, topics_embedding, topics_lora, topics_text


def test_the_words_are_words():
    text = topics_text()
    assert len(text) > 50 and sum(map(len, text)) > 30_000
    assert all(word.isascii() and word.isalpha() and word.islower() for topic in text for word in topic)


def test_the_vocabulary_is_counted_and_the_embedding_standardized():
    words, E = topics_embedding(d=5)
    flat = [word for topic in topics_text() for word in topic]
    counts = [flat.count(word) for word in (*words[:5], *words[-5:])]
    assert counts == sorted(counts, reverse=True) and len(set(words)) == 128
    np.testing.assert_allclose(E.mean(0), 0.0, atol=1e-13)
    np.testing.assert_allclose(E.std(0), 1.0, rtol=1e-13)
    np.testing.assert_array_equal(topics_embedding(d=3)[1], E[:, :3])
    assert np.linalg.matrix_rank(E) == 5


def test_every_attention_sample_is_a_place_in_the_text():
    problem, (words, E) = topics_attention(samples=12, seed=4), topics_embedding(d=3)
    word_of = {tuple(np.round(e, 10)): word for word, e in zip(words, E)}
    assert len(word_of) == 128  # an embedding tells its word
    found = {True: set(), False: set()}
    for topic in topics_text():
        for i in range(4, len(topic)):
            found[topic[i] == "the"].add(tuple(topic[i - 4 : i]))
    for tokens, query, label in zip(problem.tokens, problem.queries, problem.labels):
        context = tuple(word_of[tuple(np.round(np.asarray(token), 10))] for token in tokens)
        assert context in found[bool(label > 0)]
        np.testing.assert_array_equal(query, tokens[-1])
    assert float(jnp.sum(problem.labels)) == 0


def test_a_value_tells_how_often_the_target_follows():
    problem, (words, E), flat = topics_attention(samples=40), topics_embedding(d=3), topics_text()
    follows = {word: [0, 0] for word in words}
    for topic in flat:
        for i in range(4, len(topic)):
            if all(word in follows for word in topic[i - 4 : i]):
                follows[topic[i - 1]][topic[i] == "the"] += 1
    no, yes = np.array(list(follows.values())).T
    value = np.log((yes + 0.5) / (no + 0.5)) - np.log(yes.sum() / no.sum())
    number = [int(np.argmin(np.sum((E - e) ** 2, axis=1))) for e in np.asarray(problem.tokens).reshape(-1, 3)]
    np.testing.assert_allclose(np.ravel(problem.values), value[number], rtol=1e-12)


def test_the_samples_are_seeded():
    first, again, other = (topics_attention(seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.tokens, again.tokens)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.tokens, other.tokens)


def test_the_map_is_least_squares_on_the_first_half_and_adapted_on_the_second():
    """Pair by pair, where the problem has only second moments."""
    problem, (words, E), text = topics_lora(d=4), topics_embedding(d=4), topics_text()
    number = {word: i for i, word in enumerate(words)}

    def pairs(topics):
        known = [(number[a], number[b]) for t in topics for a, b in pairwise(t) if a in number and b in number]
        left, right = np.array(known).T
        return E[left], E[right]

    half = len(text) // 2
    W0 = np.linalg.lstsq(*pairs(text[:half]))[0].T
    np.testing.assert_allclose(problem.W0, W0, atol=1e-10)
    X, Y = pairs(text[half:])
    for D in (np.zeros((4, 4)), np.random.default_rng(0).standard_normal((4, 4))):
        assert float(problem.loss(jnp.ravel(D))) == pytest.approx(np.mean((X @ (W0 + D).T - Y) ** 2) / 2, rel=1e-11)
    np.testing.assert_allclose(problem.least_squares(), np.linalg.lstsq(X, Y)[0].T - W0, atol=1e-9)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="1 ≤ d < 128"):
        topics_embedding(128)
    with pytest.raises(InputError, match="at least one token"):
        topics_attention(tokens=0)
    with pytest.raises(InputError, match="followed by 'qqq'"):
        topics_attention(target="qqq")
