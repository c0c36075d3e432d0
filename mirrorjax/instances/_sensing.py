"""Matrix sensing with commuting measurements: A_i = O diag(e_i) Oᵀ, X = UUᵀ from U₀U₀ᵀ = c₀ I."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from ..checks import POINTS, FlowRoute, Hypothesis
from ..flows import GradientFlow, Trajectory
from ..parameterizations import SymmetricFactorization
from ..potentials import SignedEntropy
from ..problems import LinearRegression
from ..schedules import AbstractSchedule
from ._draw import draw
from ._frame import orthonormal

SIZE, MEASUREMENTS = 6, 3


@dataclasses.dataclass(frozen=True)
class Sensing:
    """Eigenvalues E (m, n) of the A_i in the common basis O, data y = 𝒜(X*), a start U₀ = √c₀ · orthogonal."""

    name: str
    O: np.ndarray
    E: np.ndarray
    y: np.ndarray
    w0: np.ndarray
    c0: float

    @property
    def A(self) -> np.ndarray:
        return np.einsum("ik,mk,jk->mij", self.O, self.E, self.O)

    @property
    def entropy(self) -> SignedEntropy:
        """`¼ Σ λ log(λ/c) − λ` of the eigenvalues of X, `c = c₀ e^{4a}`."""
        return SignedEntropy(jnp.full(SIZE, np.log(self.c0)), jnp.ones(SIZE), 4.0)

    @property
    def spectral(self) -> LinearRegression:
        """The loss as one of the eigenvalues."""
        return LinearRegression(self.E, self.y)

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """Commuting, independent A_i and U₀U₀ᵀ = c₀ I."""
        A = self.A
        commutator = max(float(np.max(np.abs(X @ Y - Y @ X))) for X in A for Y in A)
        independent = float(np.linalg.svd(A.reshape(MEASUREMENTS, -1), compute_uv=False)[-1])
        start = float(np.max(np.abs(self.w0 @ self.w0.T / self.c0 - np.eye(SIZE))))
        return (
            Hypothesis("largest entry of [A_i, A_j]", commutator, commutator < 1e-13),
            Hypothesis("least singular value of the A_i", independent, independent > 1e-6),
            Hypothesis("U₀U₀ᵀ = c₀ I, worst relative entry", start, start < 1e-13),
        )

    def gradient(self, schedule: AbstractSchedule, t1: float, w0: np.ndarray | None = None) -> FlowRoute:
        """Gradient flow in U, from U₀ or from `w0` (6, 6); what is compared is all of X."""
        problem = LinearRegression(np.eye(MEASUREMENTS), self.y)
        flow = GradientFlow(problem, SymmetricFactorization(self.A), schedule)
        ts = np.linspace(0.0, t1, POINTS)
        return FlowRoute(flow, self.w0 if w0 is None else w0, ts=ts, observe=all_of_X)


def sensing(seed: int, tag: int, c0: tuple[float, float], count: int = 3) -> list[Sensing]:
    """Random instances; X* has full rank, so that something interpolates."""
    instances = []
    for name, rng in draw(seed, tag, count):
        O, E = orthonormal(rng, SIZE, SIZE), orthonormal(rng, SIZE, MEASUREMENTS).T
        scale = rng.uniform(*c0)
        turn = orthonormal(rng, SIZE, SIZE)
        y = E @ rng.uniform(0.3, 1.5, SIZE)
        instances.append(Sensing(name, O, E, y, np.sqrt(scale) * turn, scale))
    return instances


def all_of_X(path: Trajectory) -> np.ndarray:
    """UUᵀ at every time, row by row."""
    U = np.asarray(path.state)
    return (U @ np.swapaxes(U, 1, 2)).reshape(len(U), -1)
