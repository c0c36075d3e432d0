"""flow/3.3: quadratic parameterizations with commuting matrices."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare, identity
from ...instances import FAMILY_SIZE as N

D = N + 1


@dataclasses.dataclass(frozen=True)
class Point:
    """Matrices with a common eigenbasis, a start, and a dual point."""

    name: str
    param: mj.parameterizations.Quadratic
    w0: np.ndarray
    mu: np.ndarray
    a: float


def cases(seed, data=None):
    """Three random families."""
    instances = []
    for name, rng in mj.instances.draw(seed, 51):
        param = mj.instances.commuting_quadratic(rng)
        # With (μ, a) half as large, three steps of the solver are exact to 1e-16 at every tolerance.
        instances.append(Point(name, param, rng.standard_normal(D), 0.8 * rng.standard_normal(N), -1.2))
    return instances


@mj.theorem(
    id="flow/3.3",
    title="commuting quadratic families: φ is one matrix exponential",
    statement=r"For $g_i = \frac{1}{2} w^\top A_i w$, $h = \frac{1}{2} w^\top B w$, all $A_i$, $B$ symmetric and commuting: "
    r"$\varphi(\mu, a) = \exp(aB + \sum_i \mu_i A_i)\,w_0$ and $Q = \frac{1}{4}\|\varphi\|^2$ where $g, h$ have degree 2; "
    r"$B \succeq 0$ makes it contracting.",
    source="flow, Theorem 3.3",
    instances=cases,
)
def theorem_(case: Point, rungs) -> Finding:
    mu, a = jnp.asarray(case.mu), jnp.asarray(case.a)
    control = (mu, a)
    path = FlowRoute(mj.geometry.ControlledFlow(case.param, control, control), case.w0, ts=np.array([0.0, 1.0, 2.0]))

    def state_at_one(trajectory):
        return trajectory.state[1][None]

    def against(matrix) -> Evidence:
        end = jax.scipy.linalg.expm(matrix) @ jnp.asarray(case.w0)
        moved = float(jnp.max(jnp.abs(end - case.w0)))
        return compare(path.observing(state_at_one), mj.checks.Exact(end), rungs, moved=moved)

    A, B = case.param.A, case.param.B
    exponent = a * B + jnp.einsum("i,ijk->jk", mu, A)
    mixed = jnp.asarray(np.random.default_rng(0).permutation(D))
    claims, controls = potential_value(case)
    least = float(np.linalg.eigvalsh(np.asarray(B))[0])
    h = float(case.param.h(path.path(rungs[-1]).state[1]))
    return Finding(
        hypotheses=(
            mj.checks.Hypothesis(
                "largest commutator, relative", commutator(case.param), commutator(case.param) < 1e-12
            ),
            mj.checks.Hypothesis("least eigenvalue of B", least, least >= 0),
        ),
        claims={
            "φ(μ, a) = exp(aB + ΣμA) w₀": against(exponent),
            "B ⪰ 0 makes h ≥ 0": mj.checks.at_most(-h, 0.0, np.finfo(float).eps * max(1.0, h), max(1.0, h)),
            **claims,
        },
        controls={
            "B ⪰ 0 makes h ≤ 0": mj.checks.at_most(h, 0.0, np.finfo(float).eps * max(1.0, h), max(1.0, h)),
            "decay halved": against(exponent - a * B / 2),
            "A_i permuted": against(a * B + jnp.einsum("i,ijk->jk", mu, A[:, mixed][:, :, mixed])),
            "exponent wrong by 1e-6": against((1 + 1e-6) * exponent),
            **controls,
        },
        planted={d: against((1 + d) * exponent) for d in mj.checks.planted_sizes(1e-6, 1e-8)},
    )


def potential_value(case: Point):
    """The gradient of `¼‖φ‖²` by autodiff of the exponential, against g of a φ from the common eigenbasis.

    The matrices are points of the identity too: what an eigenbasis makes of one ulp of them is in its floor.
    """

    def quarter(mu, A, B, w0):
        phi = jax.scipy.linalg.expm(case.a * B + jnp.einsum("i,ijk->jk", mu, A)) @ w0
        return jnp.sum(phi**2) / 4

    gradient = quick_jit(jax.grad(quarter))
    points = (case.mu, case.param.A, case.param.B, case.w0)

    def value(factor, turned=1.0):
        def right(mu, A, B, w0):
            phi = from_eigenbasis(turned * np.asarray(mu), case.a, np.asarray(A), np.asarray(B), np.asarray(w0))
            return factor / 2 * np.einsum("j,ijk,k->i", phi, np.asarray(A), phi)

        return right

    return (
        {"∇_μ ¼‖φ‖² = g(φ)": identity(gradient, value(1.0), *points)},
        {
            "∇_μ ½‖φ‖² = g(φ)": identity(gradient, value(0.5), *points),
            "∇_μ ¼‖φ‖² = g(φ) at −μ": identity(gradient, value(1.0, -1.0), *points),
        },
    )


def from_eigenbasis(mu: np.ndarray, a: float, A: np.ndarray, B: np.ndarray, w0: np.ndarray) -> np.ndarray:
    """`exp(aB + ΣμA) w₀` as exponentials of numbers: no matrix exponential, and no flow."""
    mixture = B + np.einsum("i,ijk->jk", 1 / np.arange(2.0, len(A) + 2), A)
    V = np.linalg.eigh(mixture)[1]
    powers = a * np.einsum("jk,jl,lk->k", V, B, V) + np.einsum("i,jk,ijl,lk->k", mu, V, A, V)
    return V @ (np.exp(powers) * (V.T @ w0))


def commutator(param: mj.parameterizations.Quadratic) -> float:
    """Largest `‖MN − NM‖ / (‖M‖‖N‖)` over all pairs of the A_i and B."""
    matrices = [*np.asarray(param.A), np.asarray(param.B)]
    return max(
        float(np.linalg.norm(M @ N - N @ M) / (np.linalg.norm(M) * np.linalg.norm(N)))
        for M in matrices
        for N in matrices
    )
