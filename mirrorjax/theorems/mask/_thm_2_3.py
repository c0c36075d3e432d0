"""mask/2.3: without decay the loss falls at a linear rate."""

import dataclasses
from collections.abc import Sequence

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

LENGTH = 3.0
"""Length of a run in units of the rate: the bound falls to e^−3."""
SMALL = 0.005
ATTAINED = 1e-4
"""Share by which the tight instance may fall faster than the bound: (x/c)² stayed below 3e-5 on 40 seeds."""


@dataclasses.dataclass(frozen=True)
class Pair(mj.instances.Instance):
    """A generic instance, and beside it one on which the bound is nearly attained."""

    tight: mj.instances.Instance | None = None


def cases(seed, data=None):
    """Generic; and from x₀ = 0 at uniform c with a small residual along the smallest singular vector.

    There √(x² + c²) is c and ‖∇f‖²/f is λ, up to terms of order (x/c)².
    """
    pairs = []
    for case, (_, rng) in zip(
        mj.instances.without_decay(mj.instances.random_regressions(seed)), mj.instances.draw(seed, 23)
    ):
        Z = rng.standard_normal((mj.instances.SAMPLES, mj.instances.FEATURES))
        target = SMALL * np.linalg.svd(Z)[0][:, -1]
        w0 = mj.parameterizations.Hadamard().lift(np.zeros(mj.instances.FEATURES), scale=rng.uniform(0.3, 1.0))
        tight = dataclasses.replace(case, name="tight", problem=mj.problems.LinearRegression(Z, target), w0=w0)
        pairs.append(Pair(**vars(timed(case)), tight=timed(tight)))
    return pairs


def constants(case: mj.instances.Instance) -> tuple[float, float]:
    """λ = 2σ²_min⁺/d, the loss being the mean over d; and the least c."""
    m, w = np.asarray(case.w0)
    values = np.linalg.svd(np.asarray(case.problem.Z), compute_uv=False)
    return 2 * float(values[-1]) ** 2 / case.problem.d, float(np.min(np.abs(m**2 - w**2))) / 2


def timed(case: mj.instances.Instance) -> mj.instances.Instance:
    lam, c = constants(case)
    return dataclasses.replace(case, t1=LENGTH / (2 * c * lam))


@mj.theorem(
    id="mask/2.3",
    title="without decay the loss of m ⊙ w falls at least at the rate 2 min c · λ",
    statement=r"Let $\alpha = 0$, $\|\nabla f(x_t)\|^2 \geq \lambda (f(x_t) - f^*)$ along the trajectory and $(\nabla^2 R)^{-1} \succeq "
    r"\sigma I$. Then $f(x_t) - f^* \leq (f(x_0) - f^*)\,e^{-\sigma\lambda t}$. For $m \odot w$: $\sigma = 2\min_i c_i$; for "
    r"$\frac{1}{2}\|Zx - y\|^2$: $\lambda = 2(\sigma_{\min}^+(Z))^2$.",
    source="mask, Theorem 2.3",
    instances=cases,
)
def theorem_(case: Pair, rungs) -> Finding:
    assert case.tight is not None
    tight = case.tight
    flows = {name: Run(one, rungs) for name, one in (("generic", case), ("tight", tight))}
    decayed = Run(dataclasses.replace(tight, schedule=mj.schedules.SwitchOff(0.3, at=10 * tight.t1)), rungs)
    values = np.linalg.svd(np.asarray(tight.problem.Z), compute_uv=False)
    below, metric = flows["tight"].below, flows["generic"].metric
    return Finding(
        hypotheses=tuple(h for name, run in flows.items() for h in run.hypotheses(name)),
        claims={
            **{f"{name}: f ≤ f₀ e^{{−σλt}}": run.below(1.0) for name, run in flows.items()},
            # Without it a rate claimed at half its size would be an upper bound too, and hold.
            "tight: the rate is attained, f ≥ f₀ e^{−1.0001 σλt}": flows["tight"].above(1 + ATTAINED),
            "Jg Jgᵀ = m² + w² = 2√(x² + c²)": metric(1.0),
        },
        controls={
            "rate larger by a hundredth": below(1.01),
            "σ = 4 min c": below(2.0),
            "λ from the largest singular value": below(float((values[0] / values[-1]) ** 2)),
            "λ of the sum, for a mean": below(float(tight.problem.d)),
            "half the bound": below(1.0, 0.5),
            "attained at half the rate": flows["tight"].above(0.5),
            "with decay": decayed.below(1.0),
            "metric of c wrong by 1e-6": metric(1 + 1e-6),
        },
        planted={d: below(1 + d) for d in mj.checks.planted_sizes(1e-1, 1e-2, 1e-3, 3e-4)},
        observations={f"{name}: mean rate over σλ": run.mean_rate() for name, run in flows.items()},
    )


class Run:
    """One instance with its flow and the loss along it."""

    def __init__(self, case: mj.instances.Instance, rungs: Sequence[float]):
        self.case, self.rungs = case, rungs
        self.ts = case.ts
        self.flow = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=self.ts)
        self.Z, self.y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
        m, w = np.asarray(case.w0)
        self.c = np.abs(m**2 - w**2) / 2
        self.rate = 2 * float(np.min(self.c)) * constants(case)[0]
        self.falling = self.flow.observing(self.loss)

    def loss(self, path: mj.flows.Trajectory) -> np.ndarray:
        """f, on the host."""
        return 0.5 * np.mean((np.asarray(path.x) @ self.Z.T - self.y) ** 2, axis=1)

    def last_loss(self) -> np.ndarray:
        return self.loss(self.flow.path(self.rungs[-1]))

    def below(self, factor: float, share: float = 1.0) -> Evidence:
        """`f ≤ share · f₀ e^{−factor σλt}`."""
        start = float(self.last_loss()[0])
        return mj.checks.stays_below(self.falling, share * self.decay(factor), self.rungs, start)

    def above(self, factor: float) -> Evidence:
        """`f ≥ f₀ e^{−factor σλt}`."""
        rising = self.flow.observing(lambda path: -self.loss(path))
        return mj.checks.stays_below(rising, -self.decay(factor), self.rungs, float(self.last_loss()[0]))

    def decay(self, factor: float) -> np.ndarray:
        """`f₀ e^{−factor σλt}`."""
        return self.last_loss()[0] * np.exp(-factor * self.rate * self.ts)

    def metric(self, factor: float) -> Evidence:
        """`Jg Jgᵀ` from the weights, against `(∇²R)⁻¹` from x and the scale of the start."""
        return compare(
            self.flow.observing(lambda path: np.sum(np.asarray(path.state) ** 2, axis=1)),
            self.flow.observing(lambda path: 2 * np.hypot(np.asarray(path.x), factor * self.c)),
            self.rungs,
        )

    def hypotheses(self, name: str) -> tuple[mj.checks.Hypothesis, ...]:
        x, loss = np.asarray(self.flow.path(self.rungs[-1]).x), self.last_loss()
        slope = (x @ self.Z.T - self.y) @ self.Z / self.case.problem.d
        polyak = float(np.min(np.sum(slope**2, axis=1) / (constants(self.case)[0] * loss)))
        metric = float(np.min(np.hypot(x, self.c)) / np.min(self.c))
        dose = float(self.case.schedule.total)
        return (
            mj.instances.product_of_factors(self.case),
            mj.instances.mean_square_loss(self.case.problem, f"{name}: "),
            mj.checks.Hypothesis(f"{name}: ‖∇f‖²/(λf) ≥ 1 along the path", polyak, polyak >= 1 - 1e-12),
            mj.checks.Hypothesis(f"{name}: (∇²R)⁻¹/σ ≥ 1 along the path", metric, metric >= 1 - 1e-12),
            mj.checks.Hypothesis(f"{name}: α = 0, dose", dose, dose == 0),
        )

    def mean_rate(self) -> float:
        loss = self.last_loss()
        return float(np.log(loss[0] / loss[-1])) / (self.rate * self.case.t1)
