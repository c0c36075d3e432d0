"""Text without any download: the help topics of the running Python, `pydoc_data.topics`."""

import functools
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from .._errors import InputError
from ._adaptation import LowRankAdaptation
from ._attention import Attention

VOCABULARY = 128
"""How many of the most frequent words have an embedding."""
WINDOW = 4
"""How far apart two words count as occurring together."""


def topics_text() -> list[list[str]]:
    """The words of every topic of the running Python's own documentation; other versions, other words.

    **Returns:** a list of words in lower case for each topic, topics by their names.

    !!! example
        >>> from mirrorjax.problems import topics_text
        >>> max(len(topic) for topic in topics_text()) > 1000
        True
    """
    from pydoc_data.topics import topics

    return [re.findall(r"[a-z]+", text.lower()) for _, text in sorted(topics.items())]


@functools.cache
def _numbered() -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    """The vocabulary by frequency, and every topic as numbers in it, −1 for other words."""
    text = topics_text()
    counts = Counter(word for topic in text for word in topic)
    # Ties by the alphabet: a Counter breaks them by first occurrence.
    words = tuple(sorted(counts, key=lambda word: (-counts[word], word))[:VOCABULARY])
    number = {word: i for i, word in enumerate(words)}
    return words, tuple(np.array([number.get(word, -1) for word in topic], dtype=int) for topic in text)


def _pairs(topics: Sequence[np.ndarray], apart: int = 1) -> np.ndarray:
    """How often word i is `apart` words before word j, (vocabulary, vocabulary)."""
    counts = np.zeros((VOCABULARY, VOCABULARY))
    for topic in topics:
        left, right = topic[:-apart], topic[apart:]
        known = (left >= 0) & (right >= 0)
        np.add.at(counts, (left[known], right[known]), 1.0)
    return counts


@functools.cache
def _vectors() -> np.ndarray:
    """Left singular vectors of the positive pointwise mutual information, in descending order."""
    _, topics = _numbered()
    together = np.sum([_pairs(topics, apart) for apart in range(1, WINDOW + 1)], axis=0)
    together = together + together.T
    rows = np.maximum(together.sum(1), 1.0)
    with np.errstate(divide="ignore"):
        information = np.log(together * together.sum() / np.outer(rows, rows))
    U = np.linalg.svd(np.maximum(information, 0.0))[0]
    return U * np.sign(U[np.argmax(np.abs(U), axis=0), np.arange(VOCABULARY)])


def topics_embedding(d: int = 8) -> tuple[tuple[str, ...], np.ndarray]:
    """The 128 most frequent words and their embedding by co-occurrence, PPMI and SVD; coordinates standardized.

    **Arguments:**

    - `d`: the dimension.

    **Returns:** the words, and their embedding, shape `(128, d)`.

    **Raises:** `InputError` for d outside 1 … 127.

    !!! example
        >>> from mirrorjax.problems import topics_embedding
        >>> words, E = topics_embedding(d=3)
        >>> len(words), E.shape
        (128, (128, 3))
    """
    if not 1 <= d < VOCABULARY:
        raise InputError(f"needs 1 ≤ d < {VOCABULARY}", f"d = {d}")
    E = _vectors()[:, :d]
    return _numbered()[0], (E - E.mean(0)) / E.std(0)


def topics_attention(
    d: int = 3, tokens: int = 4, samples: int = 32, seed: int | Sequence[int] | np.random.Generator = 0,
    target: str = "the",
) -> Attention:  # fmt: skip
    """Whether the next word is `target`, from the last few words; half of the samples are.

    Tokens are the words' embeddings, the query is the last word's; the value of a word is the log odds that the target
    follows it, each count raised by ½, minus those of all words together.

    **Arguments:**

    - `d`: the dimension of the embedding.
    - `tokens`: how many words.
    - `samples`: how many places in the text.
    - `seed`: of the random numbers, or their generator.
    - `target`: the word to predict.

    **Returns:** the problem, n = d².

    **Raises:** `InputError` for sizes below 1, d above 127, and a target that follows known words too rarely.

    !!! example
        >>> from mirrorjax.problems import topics_attention
        >>> problem = topics_attention(samples=10)
        >>> problem.tokens.shape, float(problem.labels.sum())
        ((10, 4, 3), 0.0)
    """
    if tokens < 1 or samples < 1:
        raise InputError("needs at least one token and one sample", f"tokens {tokens}, samples {samples}")
    words, E = topics_embedding(d)
    contexts, followed = _places(tokens, target)
    yes, no = np.flatnonzero(followed), np.flatnonzero(~followed)
    if len(yes) < (samples + 1) // 2 or len(no) < samples // 2:
        raise InputError(
            f"only {len(yes)} of {len(followed)} places are followed by {target!r}", f"samples = {samples}",
            f"fewer samples, or another word, as {words[0]!r}",
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    chosen = np.concatenate([rng.choice(yes, (samples + 1) // 2, False), rng.choice(no, samples // 2, False)])
    chosen = rng.permutation(chosen)
    last = contexts[:, -1]
    yes, no = (np.bincount(last[which], minlength=VOCABULARY) for which in (yes, no))
    values = np.log((yes + 0.5) / (no + 0.5)) - np.log(yes.sum() / no.sum())
    context = contexts[chosen]
    return Attention(E[context[:, -1]], E[context], values[context], np.where(followed[chosen], 1.0, -1.0))


def _places(tokens: int, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Every run of known words, (places, tokens), and whether the target is what follows, (places,)."""
    contexts, followed = [], []
    for topic, text in zip(_numbered()[1], topics_text()):
        if len(topic) > tokens:
            runs = np.lib.stride_tricks.sliding_window_view(topic[:-1], tokens)
            known = np.all(runs >= 0, axis=1)
            contexts.append(runs[known])
            followed.append(np.array(text[tokens:])[known] == target)
    return np.concatenate(contexts), np.concatenate(followed)


def topics_lora(d: int = 8) -> LowRankAdaptation:
    """The map from a word's embedding to the next word's, fitted to the first half of the topics, for the second.

    The loss is the mean over all pairs of the second half, whatever their number: inputs and targets are 2d
    columns with the same second moments, and the loss depends on nothing else.

    **Arguments:**

    - `d`: the dimension of the embedding.

    **Returns:** the problem, n = d².

    **Raises:** `InputError` for d outside 1 … 127.

    !!! example
        >>> from mirrorjax.problems import topics_lora
        >>> problem = topics_lora(d=4)
        >>> problem.W0.shape, problem.inputs.shape
        ((4, 4), (4, 8))
    """
    _, E = topics_embedding(d)
    topics = _numbered()[1]
    half = len(topics) // 2
    first, second = (_moments(E, _pairs(part)) for part in (topics[:half], topics[half:]))
    W0 = np.linalg.solve(first[:d, :d], first[:d, d:]).T
    values, vectors = np.linalg.eigh(second)
    # mean over outputs and 2d columns, where the moments are means over pairs
    columns = np.sqrt(2 * d * np.maximum(values, 0.0)) * vectors
    return LowRankAdaptation(W0, columns[:d], columns[d:])


def _moments(E: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Second moments of (embedding, next embedding), (2d, 2d)."""
    here, following, cross = counts.sum(1), counts.sum(0), E.T @ counts @ E
    return np.block([[E.T @ (here[:, None] * E), cross], [cross.T, E.T @ (following[:, None] * E)]]) / counts.sum()
