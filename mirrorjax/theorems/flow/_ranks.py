"""How close a matrix is to low rank, from its singular values along the last axis."""

import numpy as np

import mirrorjax as mj


def nuclear_over_frobenius(values: np.ndarray) -> np.ndarray:
    """`‖X‖_* / ‖X‖_F`: 1 for rank one, √n for n equal singular values."""
    return np.sum(values, axis=-1) / np.sqrt(np.sum(values**2, axis=-1))


def effective_rank(values: np.ndarray) -> np.ndarray:
    """exp of the entropy of `σ / Σσ`: 1 for rank one, n for n equal singular values."""
    from scipy.special import entr

    return np.exp(np.sum(entr(values / np.sum(values, axis=-1, keepdims=True)), axis=-1))


MEASURES = {"nuclear/Frobenius": nuclear_over_frobenius, "effective rank": effective_rank}


def paired_ranks(left: np.ndarray, right: np.ndarray) -> str:
    """For the table: both measures of `left` minus those of `right`, singular values (seeds, n)."""
    return "; ".join(f"{name} {mj.checks.summary(measure(left), measure(right))}" for name, measure in MEASURES.items())
