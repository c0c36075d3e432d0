"""marcotte/count: how many conservation laws hold whatever the loss."""

import dataclasses

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding


@dataclasses.dataclass(frozen=True)
class Counted:
    """A parameterization at a random state, with the number of laws that the theorem gives."""

    name: str
    param: mj.parameterizations.AbstractParameterization
    w: np.ndarray
    n: int
    expected: int
    wrong: int


class ProductOf:
    """`UVᵀ` with U (n, r) above V (m, r) in one array."""

    def __init__(self, n: int):
        self.n = n

    def __call__(self, w):
        return jnp.ravel(w[: self.n] @ w[self.n :].T)


def plain(w):
    """Not used: laws are counted without decay."""
    return jnp.sum(w**2)


def matrix_laws(n: int, m: int, r: int) -> int:
    """Laws of UVᵀ where (U; V) has full rank."""
    return r * (r + 1) // 2 if n + m >= r else (n + m) * (2 * r + 1 - n - m) // 2


def cases(seed, data=None):
    """m ⊙ w, and UVᵀ of three shapes, one of them with r > n + m."""
    rng = np.random.default_rng([seed, 61])
    found = [Counted("m ⊙ w, n = 4", mj.parameterizations.Hadamard(), rng.standard_normal((2, 4)), 4, 4, 5)]
    for n, m, r in ((2, 3, 2), (3, 2, 1), (1, 2, 4)):
        w = rng.standard_normal((n + m, r))
        laws = matrix_laws(n, m, r)
        other = r * r if n + m >= r else r * (r + 1) // 2
        wrong = other if other != laws else laws + 1
        found.append(
            Counted(f"U Vᵀ, {(n, m, r)}", mj.parameterizations.Custom(ProductOf(n), plain), w, n * m, laws, wrong)
        )
    return found


def count_evidence(measured: int | None, expected: int, closure: mj.geometry.Closure) -> Evidence:
    """Whether two integers are equal; the spectral gap behind the measured one sets what it could miss."""
    if measured is None:
        return mj.checks.failed(closure.reason)
    gap = float(np.clip(1 / closure.ranks[-1].gap, 1e-15, 1e-3))
    return mj.checks.floor(abs(measured - expected), gap, scale=max(1.0, float(expected)))


@mj.theorem(
    id="marcotte/count",
    title="the number of conservation laws is D minus the dimension of the Lie algebra",
    statement=r"Where the rank is locally constant, the independent functions conserved for every loss number "
    r"$D - \mathrm{dim}\,\mathrm{Lie}\{\nabla g_i\}(w)$. For $m \odot w$: $n$. For $U V^\top$ with $(U; V)$ of full rank: "
    r"$r(r+1)/2$ if $n + m \geq r$, else $(n+m)(2r+1-n-m)/2$.",
    source="marcotte, counting theorem",
    instances=cases,
)
def theorem_(case: Counted, rungs) -> Finding:
    """No errors are planted: a number of laws is whole."""
    pair, w = mj.geometry.flatten(case.param, jnp.asarray(case.w))
    closure = mj.geometry.lie_closure(pair, w, case.n)
    laws = None if closure.dim is None else w.shape[0] - closure.dim

    def equals(expected: int):
        return count_evidence(laws, expected, closure)

    gap = closure.ranks[-1].gap
    return Finding(
        hypotheses=(mj.checks.Hypothesis("spectral gap of the rank ≥ 10³", gap, gap >= 1e3),),
        claims={f"{case.expected} laws": equals(case.expected)},
        controls={
            f"{case.wrong} laws": equals(case.wrong),
            f"{case.expected - 1} laws": equals(case.expected - 1),
        },
        observations={"rank by depth": ", ".join(str(rank.value) for rank in closure.ranks)},
    )
