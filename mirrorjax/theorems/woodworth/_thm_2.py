"""woodworth/2: how small, and how large, an initialization must be for ℓ1 and for ℓ2."""

import dataclasses

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

RICH, KERNEL = (0.1, 0.3, 1.0, 5.0), (0.02, 0.1, 1.0, 10.0)
"""The ε of the two bounds."""
ROOM = 10.0
"""Floor of a norm, relative, in units of the residual that Newton left and of ε."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression in whitened rows, with its least ℓ1 and squared ℓ2 norms."""

    name: str
    problem: mj.problems.LinearRegression
    l1: float
    l2: float

    @property
    def w0(self) -> np.ndarray:
        """u₀ = v₀ = γ, small enough for the last ε of the ℓ1 bound."""
        return np.full((2, mj.instances.FEATURES), np.exp(rich(self, RICH[-1])))


def cases(seed, data=None):
    """Three random ones."""
    found = []
    for name, rng in mj.instances.draw(seed, 47):
        problem = mj.instances.random_problem(rng).whitened()
        least = np.linalg.lstsq(np.asarray(problem.Z), np.asarray(problem.y))[0]
        found.append(
            Case(
                name,
                problem,
                float(np.abs(mj.problems.basis_pursuit(problem.Z, problem.y)).sum()),
                float(least @ least),
            )
        )
    return found


def rich(case: Case, eps: float) -> float:
    """log γ of the largest γ for which the ℓ1 bound is stated; γ itself may be below 1e-308."""
    power = -(2 + eps) / (2 * eps) * np.log(2 * (1 + eps) * case.l1)
    return min(power, -mj.instances.FEATURES / (eps * case.l1))


def kernel(case: Case, eps: float) -> float:
    """log γ of the smallest γ for which the ℓ2 bound is stated."""
    return np.log(2 * (1 + eps) * (1 + 2 / eps) * np.sqrt(case.l2)) / 2


@dataclasses.dataclass(frozen=True)
class End:
    """x_∞ of one γ, from Newton on the dual."""

    x: np.ndarray
    residual: float

    @property
    def l1(self) -> float:
        return float(np.abs(self.x).sum())

    @property
    def l2(self) -> float:
        return float(self.x @ self.x)

    def bounded(self, norm: float, bound: float) -> Evidence:
        return mj.checks.at_most(norm, bound, ROOM * (self.residual + float(np.finfo(float).eps)) * norm)


def end(case: Case, log_gamma: float) -> End:
    """c = 2γ², s = 0."""
    log_c = jnp.full(mj.instances.FEATURES, np.log(2) + 2 * log_gamma)
    R = mj.potentials.HyperbolicEntropy(log_c0=log_c, s=jnp.zeros(mj.instances.FEATURES), kappa=4.0)  # pyright: ignore[reportArgumentType]
    solution = mj.flows.limit(case.problem, mj.potentials.Distorted(R), 0.0)
    return End(np.asarray(solution.x), float(solution.residual))


@mj.theorem(
    id="woodworth/2",
    title="how small an initialization gives the least ℓ1 norm, how large a one the least ℓ2 norm",
    statement=r"$x = u^2 - v^2$, $u_0 = v_0 = \gamma$, $Zx_\infty = y$, $0 < \varepsilon < n$, $x^*_1$ and $x^*_2$ of least norm: "
    r"$\gamma \leq \min\{(2(1+\varepsilon)\|x^*_1\|_1)^{-\frac{2+\varepsilon}{2\varepsilon}}, "
    r"e^{-n/(\varepsilon\|x^*_1\|_1)}\}$ gives $\|x_\infty\|_1 \leq (1+\varepsilon)\|x^*_1\|_1$; "
    r"$\gamma \geq \sqrt{2(1+\varepsilon)(1+2/\varepsilon)\|x^*_2\|_2}$ gives $\|x_\infty\|_2^2 \leq (1+\varepsilon)\|x^*_2\|_2^2$.",
    source="woodworth, Theorem 2",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    small = {eps: end(case, rich(case, eps)) for eps in RICH}
    large = {eps: end(case, kernel(case, eps)) for eps in KERNEL}
    ends = (*small.values(), *large.values())
    worst = max(e.residual for e in ends)
    first, last = small[RICH[0]], small[RICH[-1]]
    flows, flow_controls, planted = followed(case, rungs)
    return Finding(
        hypotheses=(mj.checks.Hypothesis("interpolation: Newton's KKT residual", worst, worst <= 1e-9),),
        claims={
            **{f"ℓ1, ε = {eps:g}": e.bounded(e.l1, (1 + eps) * case.l1) for eps, e in small.items()},
            **{f"ℓ2, ε = {eps:g}": e.bounded(e.l2, (1 + eps) * case.l2) for eps, e in large.items()},
            **flows,
        },
        controls={
            "ℓ1, ε = 0.1, from a γ of the ℓ2 bound": large[0.1].bounded(large[0.1].l1, 1.1 * case.l1),
            "ℓ2, ε = 0.1, from a γ of the ℓ1 bound": first.bounded(first.l2, 1.1 * case.l2),
            "ℓ1 without ε at the γ of ε = 5": last.bounded(last.l1, case.l1),
            "ℓ2 without ε at the γ of ε = 1": large[1.0].bounded(large[1.0].l2, case.l2),
            "ℓ1, half the bound": first.bounded(first.l1, (1 + RICH[0]) * case.l1 / 2),
            "ℓ2, half the bound": large[0.02].bounded(large[0.02].l2, 1.02 * case.l2 / 2),
            **flow_controls,
        },
        planted=planted,
        observations={
            **{f"‖x∞‖₁/‖x*‖₁ − 1 at ε = {eps:g}": e.l1 / case.l1 - 1 for eps, e in small.items()},
            **{f"‖x∞‖₂²/‖x*‖₂² − 1 at ε = {eps:g}": e.l2 / case.l2 - 1 for eps, e in large.items()},
        },
    )


def followed(case: Case, rungs) -> tuple[dict[str, Evidence], dict[str, Evidence], dict[float, Evidence]]:
    """At one γ of each kind: gradient flow to its end, which knows no potential; errors are planted in its limit."""
    claims, controls, planted = {}, {}, {}
    # The larger γ, the less the limit depends on it: hence another wrong factor for each.
    kinds = (("ℓ1, ε = 5", rich(case, 5.0), 1 + 1e-4), ("ℓ2, ε = 1", kernel(case, 1.0), 0.1))
    for name, log_gamma, wrong in kinds:
        gamma = np.exp(log_gamma)
        t1 = mj.instances.DECADES / (8 * gamma**2)
        ts = np.concatenate([[0.0], np.geomspace(t1 / 1e3, t1, mj.checks.POINTS - 1)])
        w0 = jnp.full((2, mj.instances.FEATURES), gamma)
        flow = mj.flows.GradientFlow(
            case.problem, mj.parameterizations.SquaredDifference(), mj.schedules.SwitchOff(0.0, at=1.0)
        )
        route = FlowRoute(flow, w0, ts=ts, observe=lambda path: path.x[-1:])
        limits = {factor: end(case, log_gamma + np.log(factor)).x for factor in (1.0, wrong, 2.0)}
        compared = {factor: ends_at(route, x, rungs) for factor, x in limits.items()}
        claims[f"{name}: flow limit = Newton limit"] = compared.pop(1.0)
        controls |= {f"{name}: flow, γ times {factor:g}": e for factor, e in compared.items()}
        planted = {d: ends_at(route, (1 + d) * limits[1.0], rungs) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)}
    return claims, controls, planted


def ends_at(route: FlowRoute, x: np.ndarray, rungs) -> Evidence:
    return compare(route, mj.checks.Exact(x), rungs, moved=float(np.max(np.abs(x))))
