"""gunasekar/depth-L: the closed mirror map of u^L − v^L from a uniform start."""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

DEPTHS = (3, 4, 5)
END = 5.0


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression and a uniform start u₀ = v₀ = γ for every depth."""

    name: str
    problem: mj.problems.LinearRegression
    gamma: float

    @property
    def w0(self) -> np.ndarray:
        """u₀ = v₀ = γ, for one depth."""
        return np.full((2, mj.instances.FEATURES), self.gamma)


def cases(seed, data=None):
    """Three random regressions, γ between 0.4 and 0.8."""
    found = []
    for name, rng in mj.instances.draw(seed):
        found.append(Case(name, mj.instances.random_problem(rng), float(rng.uniform(0.4, 0.8))))
    return found


@mj.theorem(
    id="gunasekar/depth-L",
    title="u^L − v^L without decay: x is an explicit function of the integrated gradient",
    statement=r"For $x = u^L - v^L$, $u_0 = v_0 = \gamma$, $L \geq 3$, no decay, $\mu_t = -\int_0^t \nabla f(x_s)\,ds$: "
    r"$x_t = \gamma^L[(1 - \sigma_t)^{-L/(L-2)} - (1 + \sigma_t)^{-L/(L-2)}]$, $\sigma_t = L(L-2)\gamma^{L-2}\mu_t$.",
    source="gunasekar, depth L",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    ts = np.linspace(0.0, END, mj.checks.POINTS)
    param = mj.parameterizations.SideBySide(tuple(mj.parameterizations.DepthDifference(L) for L in DEPTHS))
    w0 = tuple(jnp.asarray(case.w0) for _ in DEPTHS)
    flow = mj.flows.AccompaniedFlow(several(case.problem), param, mj.schedules.SwitchOff(0.0, at=1.0))
    route = FlowRoute(flow, mj.flows.accompanied_start(param, w0), ts=ts)
    return mj.checks.merged([one_depth(case, route, L, part, rungs) for L, part in zip(DEPTHS, param.slices(w0))])


def several(problem: mj.problems.LinearRegression) -> mj.problems.LinearRegression:
    """The same regression once for every depth; the sum of their losses, so that none sees another."""
    copies = np.eye(len(DEPTHS))
    return mj.problems.LinearRegression(
        np.kron(copies, np.sqrt(len(DEPTHS)) * np.asarray(problem.Z)),
        np.tile(np.sqrt(len(DEPTHS)) * np.asarray(problem.y), len(DEPTHS)),
    )


def formula(L: int, gamma: float, factor: float = 1.0, power: float = 0.0) -> Callable[[Array], np.ndarray]:
    """x from μ; `factor` on σ and `power` added to the exponent make it wrong."""
    exponent = -L / (L - 2) + power

    def closed(mu: Array) -> np.ndarray:
        sigma = factor * L * (L - 2) * gamma ** (L - 2) * np.asarray(mu)
        with np.errstate(invalid="ignore"):
            return gamma**L * ((1 - sigma) ** exponent - (1 + sigma) ** exponent)

    return closed


def one_depth(case: Case, route: FlowRoute, L: int, part: slice, rungs) -> Finding:
    gradient = route.observing(lambda path: path.x[:, part])

    def against(closed: Callable[[Array], np.ndarray]) -> Evidence:
        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            return closed(path.state[1][:, part])

        return compare(gradient, route.observing(observe), rungs)

    mu = np.asarray(route.path(rungs[-1]).state[1][:, part])
    sigma = float(np.max(np.abs(L * (L - 2) * case.gamma ** (L - 2) * mu)))
    return Finding(
        claims={f"L = {L}: x as stated": against(formula(L, case.gamma))},
        controls={
            f"L = {L}: exponent −1/(L−2)": against(formula(L, case.gamma, power=(L - 1) / (L - 2))),
            f"L = {L}: σ halved": against(formula(L, case.gamma, factor=0.5)),
            f"L = {L}: γ of depth L − 1 in σ": against(formula(L, case.gamma, factor=case.gamma)),
            f"L = {L}: σ wrong by {mj.checks.written(1e-6)}": against(
                formula(L, case.gamma, factor=1 + mj.checks.slight(1e-6))
            ),
        },
        planted={d: against(formula(L, case.gamma, factor=1 + d)) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        hypotheses=(mj.checks.Hypothesis(f"max |σ| < 1, L = {L}", sigma, sigma < 1),),
    )
