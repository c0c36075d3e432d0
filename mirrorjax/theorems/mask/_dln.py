"""mask/dln: sparse recovery by a diagonal linear network, and why c₀ = 0 cannot do it."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from scipy.optimize import linprog

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute

ROWS, COLUMNS, ACTIVE, INSTANCES = 40, 100, 5, 8
SCALE = 0.5
DOSES = np.array([0.0, 1.0, 2.0, 4.0, 6.0])
DEPTHS = np.array([8.0, 12.0])
"""Doses of the rate, in units of 1/(4δ): the distance is about e^−depth."""
SCHEDULES = {
    "weak": mj.schedules.SwitchOff(0.1, at=5.0),
    "strong": mj.schedules.SwitchOff(1.0, at=1.0),
    "no": mj.schedules.SwitchOff(0.0, at=1.0),
}


@dataclasses.dataclass(frozen=True)
class Recovery:
    """y = Zx* with a sparse x*, and x₀."""

    name: str
    problem: mj.problems.LinearRegression
    target: np.ndarray
    x0: np.ndarray
    w0: np.ndarray


def cases(seed, data=None):
    """x₀ and x* differ in the sign of at least one active coordinate."""
    found = []
    for name, rng in mj.instances.draw(seed, 40, count=INSTANCES):
        Z = rng.standard_normal((ROWS, COLUMNS))
        target = np.zeros(COLUMNS)
        active = rng.choice(COLUMNS, ACTIVE, replace=False)
        target[active] = rng.standard_normal(ACTIVE)
        x0 = COLUMNS**-0.25 * rng.standard_normal(COLUMNS)
        largest = active[np.argmax(np.abs(target[active]))]
        x0[largest] = -np.sign(target[largest]) * np.abs(x0[largest])
        w0 = np.asarray(mj.parameterizations.Hadamard().lift(x0, scale=SCALE))
        found.append(Recovery(name, mj.problems.LinearRegression(Z, Z @ target), target, x0, w0))
    return found


@mj.theorem(
    id="mask/dln",
    title="with the dose m ⊙ w recovers the sparse x*; without a scale it does not, whatever the schedule",
    statement=r"$Z \in \mathbb{R}^{40 \times 100}$ Gaussian, $x^*$ 5-sparse, $y = Zx^*$. (i) If $x^*$ is the unique solution of basis "
    r"pursuit and $c_0 = \frac{1}{2}$, then $x_\infty(A) \to x^*$ with the dose $A$, like $e^{-4A\delta}$, $\delta$ the distance of the "
    r"dual certificate from 1 off the support. (ii) If $c_0 = 0$: $\|x_t - x^*\| \geq \|x^*_W\|$ for every schedule, "
    r"$W = \{i : \mathrm{sign}\,x_{0,i} \neq \mathrm{sign}\,x^*_i\}$.",
    source="mask, experiments on diagonal linear networks",
    instances=cases,
)
def theorem_(case: Recovery, rungs) -> Finding:
    """No errors are planted: the bounds leave room, a fifth of the rate, and a smaller error leaves them true."""
    pursuit, margin = mj.problems.basis_pursuit(case.problem.Z, case.problem.y), widest_margin(case)
    gap = float(np.max(np.abs(pursuit - case.target)))
    R = mj.instances.hyperbolic(mj.parameterizations.Hadamard(), jnp.asarray(case.w0))
    path = mj.flows.limit_path(case.problem, R, -DOSES)
    deep = mj.flows.limit_path(case.problem, R, -DEPTHS / (4 * margin))
    near, far = distances(case, np.asarray(path.x)), distances(case, np.asarray(deep.x))
    residual = float(max(np.max(np.asarray(path.residual)), np.max(np.asarray(deep.residual))))
    floor = 10 * residual * float(np.linalg.norm(case.target))
    rate = float(np.log(far[0] / far[1]) / np.diff(DEPTHS)[0])
    unit = floor / float(far[1] * np.diff(DEPTHS)[0])
    held = float(np.linalg.norm(case.target[wrong_signs(case)]))
    claims, controls = without_scale(case, rungs, held)
    return Finding(
        hypotheses=(
            mj.checks.Hypothesis("x* solves basis pursuit: largest difference", gap, gap <= 1e-8),
            mj.checks.Hypothesis("and is the only solution: δ of the certificate", margin, margin > 1e-3),
            mj.checks.Hypothesis("Newton's KKT residual ≤ 1e-9", residual, residual <= 1e-9),
            mj.checks.Hypothesis("‖x*_W‖ > 0", held, held > 0),
        ),
        claims={
            "(i) ‖x∞ − x*‖ falls with the dose": mj.checks.at_most(float(np.max(np.diff(near))), 0.0, floor, near[0]),
            "(i) at 4δA = 12 it is below 1e-3 of that at dose 0": mj.checks.at_most(
                far[1], 1e-3 * near[0], floor, near[0]
            ),
            "(i) rate ≥ 0.8 · 4δ": mj.checks.at_most(0.8, rate, unit, 1.0),
            "(i) rate ≤ 1.2 · 4δ": mj.checks.at_most(rate, 1.2, unit, 1.0),
        }
        | claims,
        controls={
            "(i) ‖x∞ − x*‖ rises with the dose": mj.checks.at_most(float(np.max(-np.diff(near))), 0.0, floor, near[0]),
            "(i) at dose 1 it is below 1e-3 of that at dose 0": mj.checks.at_most(
                near[1], 1e-3 * near[0], floor, near[0]
            ),
            "(i) rate ≥ 1.6 · 4δ": mj.checks.at_most(1.6, rate, unit, 1.0),
            "(i) rate ≤ 0.6 · 4δ": mj.checks.at_most(rate, 0.6, unit, 1.0),
            "(ii) with c₀ = ½: ‖x∞ − x*‖ ≥ ‖x*_W‖": mj.checks.at_most(held, far[1], floor),
        }
        | controls,
        observations={
            **{f"‖x∞ − x*‖ at dose {A:g}": float(value) for A, value in zip(DOSES, near)},
            "rate over 4δ": rate,
            "‖x*_W‖": held,
            "(iii) ‖x − x*‖, L1 on x by prox, slow schedule": prox_on_x(case),
            "(iii) ‖x − x*‖, L1 on m by prox, slow schedule": prox_on_m(case),
        },
    )


def distances(case: Recovery, x: np.ndarray) -> np.ndarray:
    return np.linalg.norm(x - case.target, axis=-1)


def wrong_signs(case: Recovery) -> np.ndarray:
    return np.sign(case.x0) * np.sign(case.target) < 0


def widest_margin(case: Recovery) -> float:
    """The largest δ = 1 − max |Zᵀν| off the support of any certificate ν."""
    Z = np.asarray(case.problem.Z)
    # Not the solver's multiplier: the dual of the flow is a sum of exponentials and takes the ν of the largest δ.
    on = np.abs(case.target) > 0
    off = np.hstack([Z[:, ~on].T, -np.ones((COLUMNS - ACTIVE, 1))])
    A_ub = np.vstack([off, np.hstack([-Z[:, ~on].T, -np.ones((COLUMNS - ACTIVE, 1))])])
    dual = linprog(
        np.append(np.zeros(ROWS), 1.0),
        A_ub=A_ub,
        b_ub=np.zeros(len(A_ub)),
        A_eq=np.hstack([Z[:, on].T, np.zeros((ACTIVE, 1))]),
        b_eq=np.sign(case.target[on]),
        bounds=[(None, None)] * ROWS + [(0, None)],
    )
    return 1 - float(dual.x[-1])


def without_scale(case: Recovery, rungs: Sequence[float], held: float):
    """(ii) along flows of c₀ = 0, under three schedules."""
    balanced = np.asarray(mj.parameterizations.Hadamard().lift(case.x0, scale=0.0))
    ts = np.linspace(0.0, 20.0, 11)
    claims: dict[str, Evidence] = {}
    controls: dict[str, Evidence] = {}

    def nearness(path: mj.flows.Trajectory) -> np.ndarray:
        return -distances(case, np.asarray(path.x))

    def crossing(path: mj.flows.Trajectory) -> np.ndarray:
        return np.max(-np.asarray(path.x) * np.sign(case.x0), axis=1)

    for name, schedule in SCHEDULES.items():
        route = FlowRoute(
            mj.flows.GradientFlow(case.problem, mj.parameterizations.Hadamard(), schedule), balanced, ts=ts
        )
        claims[f"(ii) c₀ = 0, {name} decay: ‖x_t − x*‖ ≥ ‖x*_W‖"] = mj.checks.stays_below(
            route.observing(nearness), np.full(len(ts), -held), rungs, held
        )
        claims[f"(ii) c₀ = 0, {name} decay: no sign changes"] = mj.checks.stays_below(
            route.observing(crossing), np.zeros(len(ts)), rungs, 1.0
        )
        last = float(-nearness(route.path(rungs[-1]))[-1])
        controls[f"(ii) c₀ = 0, {name} decay: ‖x_t − x*‖ ≥ 1.001 of the last"] = mj.checks.stays_below(
            route.observing(nearness), np.full(len(ts), -1.001 * last), rungs, held
        )
    lifted = FlowRoute(
        mj.flows.GradientFlow(case.problem, mj.parameterizations.Hadamard(), SCHEDULES["no"]), case.w0, ts=ts
    )
    controls["(ii) c₀ = ½: no sign changes"] = mj.checks.stays_below(
        lifted.observing(crossing), np.zeros(len(ts)), rungs, 1.0
    )
    return claims, controls


def prox_on_x(case: Recovery, steps: int = 3000) -> float:
    """Gradient steps and soft thresholds whose strength falls geometrically to 1e-6."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    eta, x = ROWS / np.linalg.norm(Z, 2) ** 2, case.x0.copy()
    for strength in np.geomspace(1.0, 1e-6, steps):
        x = x - eta * Z.T @ (Z @ x - y) / ROWS
        x = np.sign(x) * np.maximum(np.abs(x) - eta * strength, 0)
    return float(np.linalg.norm(x - case.target))


def prox_on_m(case: Recovery, steps: int = 3000) -> float:
    """The same for m alone, w by plain gradient steps."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    eta, (m, w) = 0.1 * ROWS / np.linalg.norm(Z, 2) ** 2, case.w0.copy()
    for strength in np.geomspace(1.0, 1e-6, steps):
        slope = Z.T @ (Z @ (m * w) - y) / ROWS
        m, w = m - eta * slope * w, w - eta * slope * m
        m = np.sign(m) * np.maximum(np.abs(m) - eta * strength, 0)
    return float(np.linalg.norm(m * w - case.target))
