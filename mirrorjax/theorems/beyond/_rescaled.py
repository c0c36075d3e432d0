"""beyond/rescaled: plain weight decay on a homogeneous g rescales the mirror flow.

Derivation: with `w = s v` and `ds = −2α s dt`, `dw = −Jgᵀ∇f dt − 2αw dt` leaves `dv = −s^{p−2} Jg(v)ᵀ∇f dt`, for Jg is
of degree p − 1: gradient flow without decay at another speed. Commuting g give `v = φ(μ̃)` with
`dμ̃ = −s^{p−2}∇f dt` and `x = s^p g(φ(μ̃))`, so that `∇R_s(x) = s^{2−p} μ̃` for `R_s(x) = s² R(x/s^p)`. In regression μ̃
stays in the row space of Z, which is the optimality of the limit.
"""

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from scipy.linalg import block_diag

import mirrorjax as mj

from ..._types import as_array
from ...checks import Evidence, Finding, FlowRoute, compare
from ._rescaled_flow import PlainDecay, RescaledFlow

N, D = 6, 3
DEGREES = {"u³ − v³": 3.0, "u⁴ − v⁴": 4.0, "Gw": 1.0, "log u − log v": 0.0}
STRENGTH, OFF, END = 0.15, 1.0, 3.0
LONG = 100.0
PLANTED = (1e-4, 1e-6, 1e-8)


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression of its own for every family: orthonormal rows in blocks, so that none sees another."""

    name: str
    problem: mj.problems.LinearRegression
    params: tuple[mj.parameterizations.AbstractParameterization, ...]
    states: tuple[Array, ...]

    @property
    def w0(self) -> np.ndarray:
        """All weights in a row."""
        return np.concatenate([np.ravel(w) for w in self.states])

    @property
    def param(self) -> mj.parameterizations.SideBySide:
        """The families under plain decay."""
        return mj.parameterizations.SideBySide(tuple(PlainDecay(p) for p in self.params))

    @property
    def potentials(self) -> tuple[mj.potentials.AbstractPotential, ...]:
        """The potential of every g alone."""
        return tuple(alone(mj.potentials.potential_of(p, w)) for p, w in zip(self.params, self.states))


def alone(R: mj.potentials.AbstractPotential) -> mj.potentials.AbstractPotential:
    return R.potential if isinstance(R, mj.potentials.WithoutDecay) else R


def cases(seed, data=None):
    """Three random regressions per family, D equations for N unknowns."""
    found = []
    for name, rng in mj.instances.draw(seed):
        rows = [np.linalg.qr(rng.standard_normal((N, D)))[0].T for _ in DEGREES]
        problem = mj.problems.LinearRegression(
            np.sqrt(len(DEGREES) * D) * block_diag(*rows), 0.7 * rng.standard_normal(len(DEGREES) * D)
        )
        # Orthonormal rows: the rate of this family is 1, and the limit is reached by the end.
        G = np.linalg.qr(rng.standard_normal((N + 2, N)))[0].T
        params = (
            mj.parameterizations.DepthDifference(3),
            mj.parameterizations.DepthDifference(4),
            mj.parameterizations.Linear(G, np.zeros(N + 2)),
            mj.parameterizations.LogRatio(),
        )
        weights = [rng.uniform(0.6, 1.0, (2, N)) for _ in DEGREES]
        weights[2] = rng.standard_normal(N + 2)
        weights[3] = 1.0 + weights[3]
        found.append(Case(name, problem, params, tuple(map(jnp.asarray, weights))))
    return found


@mj.theorem(
    id="beyond/rescaled",
    title="plain weight decay on a g of degree p rescales the mirror flow",
    statement=r"All $g_i$ of degree $p$ on a cone, commuting among themselves, $h = \|w\|^2$, $s_t = e^{-2A}$: $w = s\,\varphi(\tilde\mu)$, "
    r"$x = s^p g(\varphi(\tilde\mu))$, $d\tilde\mu = -s^{p-2}\nabla f\,dt$, although $(g, h)$ does not commute unless $p = 2$. With "
    r"$R_s(x) = s^2 R(x/s^p)$, in regression $x_\infty = \mathrm{argmin}\,\{R_{s_\infty}(x) : Zx = y\}$: equal doses share "
    r"the limit. At $p = 0$ every dose does, as $R_s = s^2 R$.",
    source="a statement of this project: rescaled mirror flow",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    return mj.checks.merged([*trajectories(case, rungs), *limits(case, rungs)])


def block(part: slice, rows: slice = slice(None)) -> Callable[[mj.flows.Trajectory], Array]:
    return lambda path: path.x[rows, part]


def trajectories(case: Case, rungs) -> list[Finding]:
    """Gradient flow on w against the rescaled flow on μ̃."""
    ts = np.linspace(0.0, END, mj.checks.POINTS)
    schedule = mj.schedules.SwitchOff(STRENGTH, at=OFF)
    parts, degrees = case.param.slices(case.states), np.array(list(DEGREES.values()))
    gradient = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, schedule), case.states, ts=ts)

    def of_degree(p: np.ndarray, factor: float = 1.0) -> tuple[mj.potentials.RescaledPotential, ...]:
        potentials = [mj.potentials.Distorted(R, mu_factor=factor) for R in case.potentials]  # pyright: ignore
        return tuple(mj.potentials.RescaledPotential(R, degree) for R, degree in zip(potentials, p))

    def rescaled(p: np.ndarray = degrees, clock: np.ndarray = degrees, factor: float = 1.0) -> FlowRoute:
        return FlowRoute(RescaledFlow(case.problem, of_degree(p, factor), of_degree(clock), schedule), ts=ts)

    routes = {
        "x = s^(p+1) g(φ)": rescaled(p=degrees + 1),
        "clock s^(p−2) dropped": rescaled(clock=0 * degrees + 2),
        "clock s^p": rescaled(clock=degrees + 2),
        "wrong by 1e-6": rescaled(factor=1 + 1e-6),
    }
    true, planted = rescaled(), {d: rescaled(factor=1 + d) for d in mj.checks.planted_sizes(*PLANTED)}

    def one(name: str, part: slice) -> Finding:
        def against(route: FlowRoute) -> Evidence:
            return compare(gradient.observing(block(part)), route.observing(block(part)), rungs)

        return Finding(
            claims={f"{name}: gradient flow = rescaled mirror flow": against(true)},
            controls={f"{name}: {wrong}": against(route) for wrong, route in routes.items()},
            planted={d: against(route) for d, route in planted.items()},
        )

    return [one(name, part) for name, part in zip(DEGREES, parts)]


def limits(case: Case, rungs) -> list[Finding]:
    """Equal doses given in different ways, and the certificate at the end."""
    ts = np.concatenate([[0.0], np.geomspace(1.0, LONG, mj.checks.POINTS - 1)])
    dose = STRENGTH * OFF

    def flow(schedule: mj.schedules.AbstractSchedule) -> FlowRoute:
        return FlowRoute(mj.flows.GradientFlow(case.problem, case.param, schedule), case.states, ts=ts)

    late, early = flow(mj.schedules.SwitchOff(dose / 2.0, at=2.0)), flow(mj.schedules.SwitchOff(dose / 0.5, at=0.5))
    others = {
        "dose larger by a tenth": flow(mj.schedules.SwitchOff(1.1 * dose / 0.5, at=0.5)),
        "no dose": flow(mj.schedules.SwitchOff(0.0, at=0.5)),
    }
    end = np.asarray(late.path(rungs[-1]).x[-1])
    residual = float(np.max(np.abs(np.asarray(case.problem.Z) @ end - np.asarray(case.problem.y))))
    reached = mj.checks.Hypothesis("interpolation: max|Zx∞ − y|", residual, residual <= 1e-8)

    def one(i: int, name: str, part: slice) -> Finding:
        path = np.asarray(late.path(rungs[-1]).x[:, part])
        moved = float(np.max(np.abs(path[-1] - path[0])))

        def same(other: FlowRoute, at: slice = slice(-1, None)) -> Evidence:
            return compare(late.observing(block(part, at)), other.observing(block(part, at)), rungs, moved=moved)

        claim, wrong = certificate(case, i, late, part, dose, rungs)
        if DEGREES[name]:
            claims = {}
            controls = {f"{name}: {key}": same(route) for key, route in others.items()}
        else:
            # R_s = s² R at p = 0: the dose slows the flow's clock and leaves its limit where it was.
            claims = {f"{name}: any dose, the same limit, {key}": same(route) for key, route in others.items()}
            controls = {f"{name}: on the way too, {key}": same(route, slice(3, 4)) for key, route in others.items()}
        return Finding(
            claims={
                f"{name}: equal doses, equal limits": same(early),
                f"{name}: ∇R_s(x∞) in row space": claim,
            }
            | claims,
            controls=controls | {f"{name}: ∇R(x∞) in row space, s forgotten": wrong},
            hypotheses=(not_commuting(case, i, name), reached),
        )

    parts = case.param.slices(case.states)
    return [
        *(one(i, *named) for i, named in enumerate(zip(DEGREES, parts))),
        minimizer(case, late, parts[0], dose, rungs),
    ]


def rescaled_potential(case: Case, i: int) -> mj.potentials.RescaledPotential:
    """R_s of one family."""
    return mj.potentials.RescaledPotential(case.potentials[i], list(DEGREES.values())[i])


def certificate(case: Case, i: int, late: FlowRoute, part: slice, dose: float, rungs) -> tuple[Evidence, Evidence]:
    """The part of `∇R_s(x∞)` outside the row space of Z, and the same without s."""
    R, p = rescaled_potential(case, i), list(DEGREES.values())[i]
    rows = np.asarray(case.problem.Z)[i * D : (i + 1) * D, part] / np.sqrt(len(DEGREES) * D)

    def outside(a: float, scale: float = 1.0) -> Evidence:
        def dual(x) -> np.ndarray:
            return np.asarray(R.grad(x / scale, as_array(a)))

        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            mu = dual(path.x[-1, part])
            return mu - rows.T @ (rows @ mu)

        size = float(np.max(np.abs(dual(late.path(rungs[-1]).x[-1, part]))))
        return compare(late.observing(observe), mj.checks.Exact(np.zeros(N)), rungs, scale=size, moved=size)

    # x is s⁰ g for the log ratio: nothing is to be forgotten there, so the control takes s itself.
    return outside(-dose), outside(0.0) if p else outside(-dose, float(np.exp(-2 * dose)))


def minimizer(case: Case, late: FlowRoute, part: slice, dose: float, rungs) -> Finding:
    """`argmin {R_s : Zx = y}` of the first family by Newton on its dual, which knows no flow.

    Of one: every potential compiles a Newton of its own, and the certificate is that of every family.
    """
    problem = mj.problems.LinearRegression(case.problem.Z[:D, part], case.problem.y[:D])
    path = np.asarray(late.path(rungs[-1]).x[:, part])
    moved, name = float(np.max(np.abs(path[-1] - path[0]))), next(iter(DEGREES))

    def against(factor: float) -> Evidence:
        x = mj.flows.limit(problem, rescaled_potential(case, 0), -factor * dose).x
        return compare(late.observing(block(part, slice(-1, None))), mj.checks.Exact(x), rungs, moved=moved)

    return Finding(
        claims={f"{name}: x∞ = argmin R_s by Newton": against(1.0)},
        controls={
            f"{name}: argmin R by Newton, s forgotten": against(0.0),
            f"{name}: argmin R_s by Newton, dose wrong by 1e-4": against(1 + 1e-4),
        },
    )


def not_commuting(case: Case, i: int, name: str) -> mj.checks.Hypothesis:
    measured = mj.checks.bracket_hypothesis(PlainDecay(case.params[i]), case.states[i], f", {name}, not 0")
    return dataclasses.replace(measured, ok=not measured.ok)
