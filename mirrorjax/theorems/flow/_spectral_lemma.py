"""flow/spectral-lemma: aligned low-rank factors are m ⊙ w in their singular values."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

ROWS, COLUMNS, RANK = 5, 4, 3
T1 = 20.0
ROUND_OFF = 1e-13


@dataclasses.dataclass(frozen=True)
class Aligned:
    """`B₀ = U diag(b₀) Oᵀ`, `A₀ = O diag(a₀) Vᵀ`, and the target `W* − W₀ = U diag(S) Vᵀ + N`."""

    name: str
    U: np.ndarray
    V: np.ndarray
    O: np.ndarray
    other: np.ndarray
    w0: np.ndarray
    S: np.ndarray
    N: np.ndarray
    strength: float

    @property
    def target(self) -> np.ndarray:
        return self.U * self.S @ self.V.T + self.N

    def factors(self, O: np.ndarray, turn: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """(B₀, A₀) with O in A₀, its right vectors turned within V; the lemma wants the O of B₀ and no turn."""
        b, a = self.w0
        return self.U * b @ self.O.T, O * a @ (self.V if turn is None else self.V @ turn).T


def cases(seed, data=None):
    """Two random starts and LoRA's, B₀ = 0."""
    instances = []
    for i, (strength, (_, rng)) in enumerate(zip((0.2, 0.1, 0.2), mj.instances.draw(seed, 61))):
        U, V = mj.instances.orthonormal(rng, ROWS, RANK), mj.instances.orthonormal(rng, COLUMNS, RANK)
        b, a = 0.5 * rng.standard_normal(RANK), rng.uniform(0.8, 1.3, RANK)
        outside = rng.standard_normal((ROWS, COLUMNS))
        instances.append(
            Aligned(
                f"{'LoRA, B₀ = 0' if i == 2 else f'random {i}'} (seed {seed})",
                U, V, mj.instances.orthonormal(rng, RANK, RANK), mj.instances.orthonormal(rng, RANK, RANK),
                np.stack([0 * b if i == 2 else b, a]), 2 * rng.standard_normal(RANK),
                (outside - U @ U.T @ outside) @ (np.eye(COLUMNS) - V @ V.T), strength,
            )
        )  # fmt: skip
    return instances


@mj.theorem(
    id="flow/spectral-lemma",
    title="aligned factors BA follow the m ⊙ w flow in their singular values",
    statement=r"$W = W_0 + BA$, $h = \|A\|^2 + \|B\|^2$, $B_0 = U\,\mathrm{diag}(b_0)O^\top$, $A_0 = O\,\mathrm{diag}(a_0)V^\top$ "
    r"with the same orthogonal $O$, and $\nabla f$ diagonal in $(U, V)$ along $W_0 + U\,\mathrm{diag}(\sigma)V^\top$: then "
    r"$W_t = W_0 + U\,\mathrm{diag}(\sigma_t)V^\top$, $\sigma = c\sinh(2\mu + s)$, $c = \frac{1}{2}|b_0^2 - a_0^2|e^{-4A}$.",
    source="flow, spectral lemma for matrix sensing, attention and LoRA",
    instances=cases,
)
def theorem_(case: Aligned, rungs) -> Finding:
    schedule = mj.schedules.SwitchOff(case.strength, at=4.0)
    R = mj.potentials.potential_of(mj.parameterizations.Hadamard(), case.w0)
    right = factors_route(case, schedule, case.factors(case.O), case.target)

    def against(left: FlowRoute = right, **wrong: float) -> Evidence:
        return compare(left, spectral_route(case, schedule, mj.potentials.Distorted(R, **wrong)), rungs)

    starts = {"A₀ turned within V": case.factors(case.O, turn=case.other)}
    if np.any(case.w0[0]):  # B₀ = 0 has every O
        starts["another O in A₀"] = case.factors(case.other)
    unaligned = case.target + case.U @ np.roll(np.diag(case.S), 1, axis=1) @ case.V.T / 2
    return Finding(
        hypotheses=hypotheses(case),
        claims={"BA = U diag(σ) Vᵀ, σ by the mirror flow of m ⊙ w": against()},
        controls={
            **{name: against(factors_route(case, schedule, w0, case.target)) for name, w0 in starts.items()},
            "gradient not aligned": against(factors_route(case, schedule, case.factors(case.O), unaligned)),
            "exponent halved": against(a_factor=0.5),
            "time variation dropped": against(a_factor=0.0),
            "constant of the potential halved": against(mu_factor=0.5),
        },
        planted={size: against(mu_factor=1 + size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )


def factors_route(case: Aligned, schedule: mj.schedules.SwitchOff, w0: tuple, target: np.ndarray) -> FlowRoute:
    """Gradient flow of `½ mean (W − W*)²` in B and A."""
    problem = mj.problems.LinearRegression(np.eye(ROWS * COLUMNS), target.ravel())
    ts = np.linspace(0.0, T1, mj.checks.POINTS)
    return FlowRoute(mj.flows.GradientFlow(problem, mj.parameterizations.Factorization(), schedule), w0, ts=ts)


def spectral_route(case: Aligned, schedule: mj.schedules.SwitchOff, R: mj.potentials.Distorted) -> FlowRoute:
    """Mirror flow of the singular values alone, shown as the whole matrix."""
    # The same mean over all entries of W: r values instead of n m.
    share = np.sqrt(RANK / (ROWS * COLUMNS))
    problem = mj.problems.LinearRegression(share * np.eye(RANK), share * case.S)

    return FlowRoute(
        mj.flows.MirrorFlow(problem, R, schedule),
        ts=np.linspace(0.0, T1, mj.checks.POINTS),
        observe=mj.instances.in_frame(case.U, case.V),
    )


def hypotheses(case: Aligned) -> tuple[mj.checks.Hypothesis, ...]:
    """Orthonormal U, V; one O in both factors; a gradient diagonal in (U, V)."""
    B, A = case.factors(case.O)
    skew = max(np.max(np.abs(M.T @ M - np.eye(RANK))) for M in (case.U, case.V, case.O))
    left, right = B.T @ B, A @ A.T
    swapped = np.max(np.abs(left @ right - right @ left)) / max(np.max(np.abs(right)), 1e-300) ** 2
    sigma = np.arange(1.0, RANK + 1)
    gradient = case.U * sigma @ case.V.T - case.target
    D = np.diag(sigma - case.S)
    miss = max(
        np.max(np.abs(gradient @ case.V - case.U @ D)), np.max(np.abs(gradient.T @ case.U - case.V @ D))
    )  # fmt: skip
    least = float(np.min(np.abs(case.w0[0] ** 2 - case.w0[1] ** 2)) / 2)
    return (
        mj.checks.Hypothesis("U, V, O orthonormal, worst entry of MᵀM − I", float(skew), skew < ROUND_OFF),
        mj.checks.Hypothesis("B₀ᵀB₀ and A₀A₀ᵀ commute, relative", float(swapped), swapped < ROUND_OFF),
        mj.checks.Hypothesis("∇f V = U D and ∇fᵀU = V D, worst entry", float(miss), miss < ROUND_OFF * 100),
        mj.checks.Hypothesis("|b₀| ≠ |a₀|: least scale c₀", least, least > 0),
    )
