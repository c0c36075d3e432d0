"""One instance of each closed form, with its flow map and its fields written out by hand in numpy."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from mirrorjax.parameterizations import (
    DepthDifference,
    ExponentiatedGradient,
    Linear,
    LogRatio,
    PowerDifference,
    Quadratic,
    SymmetricFactorization,
)

N = 3
DOSES = np.array([0.0, 0.5, 1.5, 4.0])
RNG = np.random.default_rng(7)


@dataclasses.dataclass(frozen=True)
class Instance:
    """`mu` (m, n) and `a` (m,) are admissible; `fields(w, mu, a)` is `Σ μ_i ∇g_i + a ∇h`, `flow_map` its time-1 map.

    `ends(a)` are those of ran ∇R_a, infinite where it is all of Rⁿ. `signed`: x takes both signs.
    """

    name: str
    param: Any
    w0: np.ndarray
    mu: np.ndarray
    a: np.ndarray
    fields: Callable[..., np.ndarray]
    flow_map: Callable[..., np.ndarray]
    ends: Callable[[float], tuple[np.ndarray, np.ndarray]]
    signed: bool = True
    decays: bool = True


def everywhere(_):
    return np.full(N, -np.inf), np.full(N, np.inf)


def between(ends, levels):
    """μ at fixed fractions of the range, up to 1 % from its ends, and each of `levels`."""
    fractions = np.array([[0.01, 0.45, 0.99], [0.3, 0.99, 0.6], [0.9, 0.2, 0.01], [0.6, 0.7, 0.4]])
    mu = []
    for fraction, a in zip(fractions, levels, strict=True):
        low, high = ends(a)
        mu.append(low + fraction * (high - low))
    return np.array(mu), np.asarray(levels)


def power_pair(p, w0, decays):
    """u^p − v^p, with decay on u^p + v^p, or without decay."""
    kappa = p * (p - 2)

    def ends(a):
        return a - w0[1] ** (2.0 - p) / kappa, w0[0] ** (2.0 - p) / kappa - a

    def fields(w, mu, a):
        return np.stack([p * w[0] ** (p - 1) * (mu + a), p * w[1] ** (p - 1) * (a - mu)])

    def flow_map(w0, mu, a):
        U, V = w0[0] ** (2.0 - p) - kappa * (mu + a), w0[1] ** (2.0 - p) - kappa * (a - mu)
        return np.stack([U ** (-1 / (p - 2)), V ** (-1 / (p - 2))])

    param = PowerDifference(p // 2) if decays else DepthDifference(p)
    mu, a = between(ends, -DOSES if decays else np.zeros(4))
    name = f"power difference {p}" if decays else f"depth difference {p}"
    return Instance(name, param, w0, mu, a, fields, flow_map, ends, decays=decays)


def log_ratio(name, w0, levels):
    def ends(a):
        return -(w0[0] ** 2) / 2 - a, w0[1] ** 2 / 2 + a

    def fields(w, mu, a):
        return np.stack([(mu + a) / w[0], (a - mu) / w[1]])

    def flow_map(w0, mu, a):
        return np.sqrt(np.stack([w0[0] ** 2 + 2 * (mu + a), w0[1] ** 2 + 2 * (a - mu)]))

    mu, a = between(ends, levels)
    return Instance(name, LogRatio(), w0, mu, a, fields, flow_map, ends)


def exponentiated_gradient():
    return Instance(
        "exponentiated gradient",
        ExponentiatedGradient(),
        np.array([0.7, -1.3, 0.05]),
        RNG.uniform(-2, 2, (4, N)),
        -DOSES,
        lambda w, mu, a: 2 * w * (mu + a),
        lambda w0, mu, a: w0 * np.exp(2 * (mu + a)),
        everywhere,
        signed=False,
    )


def orthogonal(size):
    return np.linalg.qr(RNG.standard_normal((size, size)))[0]


def quadratic():
    E, modes, decay = orthogonal(4), RNG.standard_normal((N, 4)), RNG.uniform(0.1, 0.6, 4)
    A, B = np.einsum("ab,ib,cb->iac", E, modes, E), (E * decay) @ E.T
    A, B = (A + A.swapaxes(1, 2)) / 2, (B + B.T) / 2
    return Instance(
        "quadratic",
        Quadratic(A, B),
        np.array([0.8, -0.4, 1.1, 0.6]),
        RNG.uniform(-0.8, 0.8, (4, N)),
        -DOSES,
        lambda w, mu, a: np.einsum("i,iab,b->a", mu, A, w) + a * B @ w,
        lambda w0, mu, a: E @ (np.exp(mu @ modes + a * decay) * (E.T @ w0)),
        everywhere,
    )


def matrix_sensing():
    E, modes = orthogonal(3), 0.5 * RNG.standard_normal((N, 3))
    A = np.einsum("ab,ib,cb->iac", E, modes, E)
    A = (A + A.swapaxes(1, 2)) / 2
    return Instance(
        "matrix sensing",
        SymmetricFactorization(A),
        np.eye(3) + 0.3 * RNG.standard_normal((3, 3)),
        RNG.uniform(-0.8, 0.8, (4, N)),
        -DOSES,
        lambda w, mu, a: 2 * np.einsum("i,iab,bc->ac", mu, A, w) + 2 * a * w,
        lambda w0, mu, a: E @ (np.exp(2 * mu @ modes + 2 * a)[:, None] * (E.T @ w0)),
        everywhere,
    )


def linear():
    G, b = RNG.standard_normal((N, 4)), RNG.standard_normal(4)
    return Instance(
        "linear",
        Linear(G, b),
        RNG.standard_normal(4),
        RNG.uniform(-2, 2, (4, N)),
        -DOSES,
        lambda w, mu, a: G.T @ mu + a * b,
        lambda w0, mu, a: w0 + G.T @ mu + a * b,
        everywhere,
    )


INSTANCES = [
    power_pair(4, np.array([[0.9, 0.5, 1.4], [0.7, 1.2, 0.3]]), decays=True),
    power_pair(6, np.array([[0.9, 0.6, 1.2], [0.8, 1.1, 0.5]]), decays=True),
    power_pair(3, np.array([[0.9, 0.2, 1.2], [0.8, 1.1, 0.5]]), decays=False),
    power_pair(5, np.array([[0.9, 0.6, 1.2], [0.8, 1.1, 0.5]]), decays=False),
    log_ratio("log ratio", np.array([[3.0, 4.0, 1.0], [3.5, 2.0, 4.5]]), -DOSES),
    log_ratio("log ratio nearly empty", np.array([[1.0, 2.0, 0.5], [2.0, 1.0, 2.4]]), -np.array([0, 0.4, 0.9, 1.24])),
    exponentiated_gradient(),
    quadratic(),
    matrix_sensing(),
    linear(),
]
