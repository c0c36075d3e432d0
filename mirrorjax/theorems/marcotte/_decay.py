"""marcotte/decay: conservation laws under weight decay."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

N = 5
STRENGTH, OFF, END = 0.3, 2.0, 4.0


def plain(w):
    return jnp.sum(w**2)


def product(w):
    return w[0] * w[1]


def cubes(w):
    return w[0] ** 3 - w[1] ** 3


def bounded_product(w):
    return jnp.tanh(w[0] * w[1])


def mixed(w):
    return w[0] ** 2 + w[1] ** 4 / 2


LAWS: dict[str, tuple[Callable, Callable]] = {
    "g = mw, H = m² − w²": (product, lambda w: w[0] ** 2 - w[1] ** 2),
    "g = mw, H = sin(m² − w²), not homogeneous": (product, lambda w: np.sin(w[0] ** 2 - w[1] ** 2)),
    "g = u³ − v³, H = 1/u + 1/v": (cubes, lambda w: 1 / w[0] + 1 / w[1]),
    "g = tanh(mw), not homogeneous, H = m² − w²": (bounded_product, lambda w: w[0] ** 2 - w[1] ** 2),
    "g = u² + v⁴/2, H = log u + 1/(2v²), neither homogeneous": (mixed, lambda w: np.log(w[0]) + 1 / (2 * w[1] ** 2)),
}
"""g and a law H of its flow without decay, coordinate by coordinate."""
NEITHER = list(LAWS)[-1]


@dataclasses.dataclass(frozen=True)
class Case:
    """A start (law, 2, N) and a regression on all coordinates together."""

    name: str
    w0: np.ndarray
    problem: mj.problems.LinearRegression


def cases(seed, data=None):
    """Three random starts in the positive quadrant, where all the laws are defined."""
    found = []
    for name, rng in mj.instances.draw(seed):
        w0 = rng.uniform(0.7, 1.3, (len(LAWS), 2, N))
        problem = mj.instances.random_problem(rng)
        Z = np.concatenate([problem.Z, rng.standard_normal((problem.d, len(LAWS) * N - mj.instances.FEATURES))], axis=1)
        found.append(Case(name, w0, mj.problems.LinearRegression(0.3 * Z, problem.y)))
    return found


@mj.theorem(
    id="marcotte/decay",
    title="a conservation law survives weight decay, if it is asked of the undecayed weights",
    statement=r"Let $H$ be conserved by $\dot\theta = -\nabla(f \circ g)$ for every $f$, and $g$ or $H$ homogeneous. Under decay, "
    r"$\dot\theta = -\nabla(f \circ g) - \lambda_t\theta$: $H(\theta_t\,e^{\int_0^t \lambda})$ is constant. Not for "
    r"$g = u^2 + v^4/2$, $H = \log u + 1/(2v^2)$, where neither is homogeneous.",
    source="marcotte, laws under weight decay",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    ts = np.linspace(0.0, END, mj.checks.POINTS)
    param = mj.parameterizations.SideBySide(tuple(mj.parameterizations.Custom(g, plain) for g, _ in LAWS.values()))
    start = tuple(jnp.asarray(w) for w in case.w0)

    def flow(strength: float) -> FlowRoute:
        return FlowRoute(
            mj.flows.GradientFlow(case.problem, param, mj.schedules.SwitchOff(strength, at=OFF)), start, ts=ts
        )

    # λ = 2α: the gradient of α‖θ‖² is 2αθ.
    growth = np.exp(2 * STRENGTH * np.minimum(ts, OFF))[:, None]
    decayed, free = flow(STRENGTH), flow(0.0)
    return mj.checks.merged([one_law(i, name, decayed, free, case.w0[i], growth, rungs) for i, name in enumerate(LAWS)])


def one_law(
    i: int, name: str, decayed: FlowRoute, free: FlowRoute, w0: np.ndarray, growth: np.ndarray, rungs
) -> Finding:
    H = LAWS[name][1]

    def law(route: FlowRoute, growth: np.ndarray, planted: float = 0.0) -> Evidence:
        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            u, v = np.moveaxis(np.asarray(path.state[i]), 1, 0)
            return H((u * growth, v * growth))

        constant = np.broadcast_to(H(w0), (mj.checks.POINTS, N)) * (
            1 + planted * np.linspace(0, 1, mj.checks.POINTS)[:, None]
        )
        # The law itself does not move; what moved is the weights.
        states = np.asarray(decayed.path(rungs[-1]).state[i])
        moved = float(np.max(np.abs(states - states[:1])))
        return compare(route.observing(observe), mj.checks.Exact(constant), rungs, moved=moved)

    without = law(free, 1 + 0 * growth)
    drift = without.rows[-1].discrepancy / without.scale
    conserved = mj.checks.Hypothesis(f"drift without decay, {name}", drift, drift <= 1e-8)
    truth = {f"{name}: constant": law(decayed, growth)}
    wrong = {
        f"{name}: H(θ) itself is constant": law(decayed, 1 + 0 * growth),
        f"{name}: half the exponent": law(decayed, growth**0.5),
        f"{name}: exponent wrong by 1e-5": law(decayed, growth ** (1 + 1e-5)),
    }
    if name == NEITHER:
        return Finding({}, truth | wrong, hypotheses=(conserved,))
    planted = {d: law(decayed, growth, d) for d in mj.checks.planted_sizes(1e-4, 1e-6)}
    return Finding(truth, wrong, planted=planted, hypotheses=(conserved,))
