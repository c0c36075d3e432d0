"""signin/5.2: from which signs a neuron of factors mw is recovered."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, compare
from ._neurons import PRODUCT, Ensemble, Recovery, jittered, maps, recovery, reset, scalar_force

GRID, NEAR, BALANCED = 20, 12, 20
CLOSE = 1e-6
"""Relative distance of the nearest starts from the boundary."""
END, TIMES = 150.0, 17
EARLY = 1.0


@dataclasses.dataclass(frozen=True)
class Starts:
    """(a₀, w₀) of every start, (N, 2), w₀ > 0; β = (β₁, β₂). The last `BALANCED` have a₀ = −w₀."""

    name: str
    w0: np.ndarray
    beta: np.ndarray


def cases(seed, data=None):
    """β₁ > β₂, β₁ < β₂, and both at random; a jittered grid, starts beside the boundary, balanced ones."""
    found = []
    for beta, (_, rng) in zip([(1.0, 0.2), (0.2, 1.0), None], mj.instances.draw(seed)):
        beta = rng.uniform(0.3, 1.0, 2) if beta is None else np.array(beta)
        w = rng.uniform(0.2, 2.0, NEAR)
        near = [np.stack([(1 + side * CLOSE) * edge(w, beta), w], axis=1) for side in (-1, 1)]
        size = rng.uniform(0.2, 2.0, BALANCED)
        starts = [jittered(rng, GRID, (-2.0, 0.05), (2.0, 2.0)), *near, np.stack([-size, size], axis=1)]
        found.append(Starts(f"β = ({beta[0]:.3g}, {beta[1]:.3g}) (seed {seed})", np.concatenate(starts), beta))
    return found


def edge(w: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """The a₀ < 0 on the boundary above w₀."""
    level = np.hypot(2 * w, beta[1]) - beta[1] + beta[0]
    return -np.sqrt(level**2 - beta[0] ** 2) / 2


def boundary(beta: np.ndarray) -> np.ndarray:
    """Of the predicted set among w₀ > 0, as a path of (a₀, w₀)."""
    w = np.linspace(0.0, 2.2, 101)
    return np.stack([edge(w, beta), w], axis=1)


def follow(starts: np.ndarray, beta: np.ndarray, end: float) -> Ensemble:
    """Gradient flow on the four factors."""
    weights = np.zeros((len(starts), 3, 2))
    m, w = reset(starts, beta)
    # θ/m is off by an ulp where |w| should be m: a β of 1e-16, which grows and lets a change its sign.
    weights[:, :2] = np.stack([m, np.where(beta == 0, np.sign(starts) * m, w)], axis=1)
    kinds, stops = np.full((len(starts), 2), PRODUCT), np.full(len(starts), True)
    return Ensemble(scalar_force, kinds, weights, np.linspace(0.0, end, TIMES), stops)


def predicted(starts: np.ndarray, beta: np.ndarray, inner: float = 4.0, factor: float = 1.0) -> np.ndarray:
    """The stated set; `factor` moves its boundary in a₀."""
    a, w = starts.T
    left, right = (np.sqrt(inner * theta**2 + b**2) - b for theta, b in zip((a / factor, w), beta))
    return (w > 0) & ((a >= 0) | (left < right))


@mj.theorem(
    id="signin/5.2",
    title="Sign-In recovers a neuron from w₀ > 0 also where a₀ has the wrong sign, if β₁ > β₂",
    statement=r"$a = m_1w_1$, $w = m_2w_2$, $\beta_i = m_i^2 - w_i^2$, $\beta_1 > 0$, $\beta_2 \geq 0$, $w_0 > 0$, and the $L$ of "
    r"signin/5.1. While $w > 0$, $K = \sqrt{4a^2 + \beta_1^2} - \sqrt{4w^2 + \beta_2^2}$ is constant, and $aw = 1$ is reached "
    r"for every $a_0 \geq 0$, for $a_0 < 0$ if and only if "
    r"$\sqrt{4a_0^2 + \beta_1^2} - \beta_1 < \sqrt{4w_0^2 + \beta_2^2} - \beta_2$; for $a_0 = -w_0$ if and only if "
    r"$\beta_1 > \beta_2$.",
    source="signin, Theorem 5.2",
    instances=cases,
)
def theorem_(case: Starts, rungs) -> Finding:
    measured = recovery(follow(case.w0, case.beta, END), rungs)
    a, w = case.w0.T
    first, second = case.beta
    wrong = {
        "iff a₀ > −w₀, as without factors": a > -w,
        "iff a₀ ≥ 0": a >= 0,
        "always": w > 0,
        "with β₁ and β₂ exchanged": predicted(case.w0, case.beta[::-1]),
        "with √(θ² + β²)": predicted(case.w0, case.beta, inner=1.0),
        "from a₀ lower by 1e-5": predicted(case.w0, case.beta, factor=1 + 1e-5),
        "from a₀ higher by 1e-5": predicted(case.w0, case.beta, factor=1 - 1e-5),
    }
    law, law_controls = conservation(case, rungs)
    count = int(np.nansum(measured.outcome))
    return Finding(
        claims={
            "recovers iff √(4a₀² + β₁²) − β₁ < √(4w₀² + β₂²) − β₂ or a₀ ≥ 0: mismatches": measured.against(
                predicted(case.w0, case.beta)
            ),
            "a₀ = −w₀: iff β₁ > β₂: mismatches": on_balanced(measured, first > second),
            **law,
        },
        controls={f"recovers {name}": measured.against(set_) for name, set_ in wrong.items()}
        | {"a₀ = −w₀: iff β₁ < β₂": on_balanced(measured, first < second)}
        | {"with β₁ = 0, where the statement asks for β₁ > 0": without_first(case, rungs)}
        | law_controls,
        hypotheses=(
            mj.checks.Hypothesis("least of β₁, w₀", float(min(first, np.min(w))), bool(first > 0 and np.all(w > 0))),
            mj.checks.Hypothesis("β₂", float(second), bool(second >= 0)),
            measured.hypothesis(),
        ),
        planted={
            d: measured.against(predicted(case.w0, case.beta, factor=1 + d))
            for d in mj.checks.planted_sizes(1e-1, 1e-3, 1e-5)
        },
        observations={"recovered": f"{count} of {len(a)}", "undecided": float(measured.undecided)},
        series=maps(case.w0, measured, predicted(case.w0, case.beta), boundary(case.beta)),
    )


def on_balanced(measured: Recovery, expected: bool | np.bool_) -> Evidence:
    part = Recovery(measured.outcome[-BALANCED:], measured.floor)
    return part.against(np.full(BALANCED, expected))


def without_first(case: Starts, rungs) -> Evidence:
    """β₁ = 0: a never changes sign, whatever the inequality says."""
    beta = np.array([0.0, case.beta[1]])
    return recovery(follow(case.w0, beta, END), rungs).against(predicted(case.w0, beta))


def conservation(case: Starts, rungs):
    """K over the early times, along all starts that stay at w > 0 until then."""
    early = follow(case.w0, case.beta, EARLY)
    path = early.paths(rungs[-1]).theta
    positive = np.all(path[..., 1] > 0, axis=1)

    def root(theta, inner=4.0):
        return np.sqrt(inner * theta**2 + case.beta**2)

    moved = float(np.max(np.abs(root(path[positive]) - root(path[positive, :1]))))

    def constant(inner: float, sign: float, tilt: float = 0.0) -> Evidence:
        def K(theta):
            a, w = np.moveaxis(root(theta, inner), -1, 0)
            return a + sign * w

        values = np.repeat(K(case.w0[positive])[:, None], TIMES, axis=1) * (1 + tilt * np.linspace(0, 1, TIMES))
        return compare(
            early.observing(lambda paths: K(paths.theta[positive])), mj.checks.Exact(values), rungs, moved=moved
        )

    return (
        {"K is constant while w > 0": constant(4.0, -1.0)},
        {
            "K with √(θ² + β²) is constant": constant(1.0, -1.0),
            "the sum of the two roots is constant": constant(4.0, 1.0),
            "K drifts by 1e-6": constant(4.0, -1.0, 1e-6),
        },
    )
