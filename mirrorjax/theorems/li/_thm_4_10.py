"""li/4.10: what every mirror flow must satisfy."""

import dataclasses

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding

N = 4
DEPTH = 3


@dataclasses.dataclass(frozen=True)
class Mixed:
    """A parameterization whose brackets x can see, at a random state."""

    name: str
    param: mj.parameterizations.AbstractParameterization
    w: np.ndarray
    n: int
    seed: int


def outer(w):
    """`U Vᵀ` of rank one factors: (2, 2) from U (2, 1), V (2, 1) stacked, all four entries."""
    return jnp.ravel(jnp.outer(w[:2], w[2:]))[:3]


def twisted(w):
    """`m ⊙ w` with a rotation that depends on the neighbour: smooth, and commuting with nothing."""
    return w[0] * w[1] + 0.3 * jnp.sin(jnp.roll(w[0], 1)) * w[1]


def plain(w):
    """Plain weight decay; the statement is about α = 0 and does not use it."""
    return jnp.sum(w**2)


def cases(seed, data=None):
    """A neuron-wise mask, three entries of an outer product, a twisted mask."""
    rng = np.random.default_rng([seed, 21])
    return [
        Mixed("m·w", mj.parameterizations.NeuronMask(), rng.standard_normal(N + 1), N, seed),
        Mixed("entries of u vᵀ", mj.parameterizations.Custom(outer, plain), rng.standard_normal(4), 3, seed),
        Mixed("twisted m ⊙ w", mj.parameterizations.Custom(twisted, plain), rng.standard_normal((2, N)), N, seed),
    ]


@mj.theorem(
    id="li/4.10",
    title="if x is a mirror flow for every loss and start, brackets of the ∇g_i are invisible to x",
    statement=r"If for every time-dependent loss and every start in an open set $x = g(w)$ is a mirror flow, then "
    r"$J_g b = 0$ for every bracket $b$ of length $\geq 2$ of the $\nabla g_i$. Measured from the other side: where some "
    r"$J_g b \neq 0$, two losses with equal $\int \nabla f$ in different order end at different $x$.",
    source="li, Theorem 4.10 (necessary condition)",
    instances=cases,
)
def theorem_(case: Mixed, rungs) -> Finding:
    """No errors are planted: the claims are that something is not 0."""
    good = mj.parameterizations.Hadamard()
    start = np.stack([case.w.ravel()[:2] + 2.0, case.w.ravel()[:2]])
    return Finding(
        claims={
            "some Jg b ≠ 0": invisible(case.param, case.w, case.n).differs(),
            "the order of losses matters": swapped(case.param, case.w, case.seed, rungs).differs(),
        },
        controls={
            "some Jg b ≠ 0, for m ⊙ w": invisible(good, start, 2).differs(),
            "the order of losses matters, for m ⊙ w": swapped(good, start, case.seed, rungs).differs(),
        },
    )


def invisible(param: mj.parameterizations.AbstractParameterization, w, n: int) -> Evidence:
    """`Jg b` over random brackets b up to length three, in units in which round-off is ε."""
    pair, flat = mj.geometry.flatten(param, jnp.asarray(w))
    eps = float(np.finfo(float).eps)
    size = float(mj.geometry.image_of_brackets(pair, flat, n, DEPTH))
    return mj.checks.floor(size, 4 * eps)


def swapped(param: mj.parameterizations.AbstractParameterization, w, seed: int, rungs) -> Evidence:
    """The order-swap experiment with losses alone."""
    return mj.checks.swapped_controls(param, jnp.asarray(w), seed, rungs, decay=0.0)[0]
