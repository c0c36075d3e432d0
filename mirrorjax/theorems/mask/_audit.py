"""Printed formulas that fail, each beside the one that holds.

These are statements about preprint version 1 of one paper, arXiv 2408.09966, and about nothing
else; a later version may print them differently.
"""

import dataclasses
from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

import mirrorjax as mj

from ...checks import Evidence, FlowRoute, compare
from ...registry import Audited, Printed

PREPRINT = "preprint version 1 of arXiv 2408.09966"


def _case(seed: int) -> tuple[mj.instances.Regression, mj.potentials.HyperbolicEntropy]:
    case = mj.instances.random_regressions(seed)[0]
    return case, mj.instances.hyperbolic(case.param, case.w0)


def _in_both(
    case: mj.instances.Regression,
    printed: mj.potentials.HyperbolicEntropy,
    holds: mj.potentials.HyperbolicEntropy,
    rungs: Sequence[float],
) -> tuple[Evidence, Evidence]:
    """Gradient flow against mirror flow in the printed potential, and in the one that holds."""

    gradient = case.gradient()

    def against(R: mj.potentials.HyperbolicEntropy) -> Evidence:
        return compare(gradient, case.mirror(mj.potentials.Distorted(R)), rungs)

    return against(printed), against(holds)


def _scale(seed: int, rungs: Sequence[float]) -> tuple[Evidence, Evidence]:
    case, R = _case(seed)
    printed = eqx.tree_at(lambda r: (r.log_c0, r.rate), R, (R.log_c0 + jnp.log(2.0), R.rate / 2))
    return _in_both(case, printed, R, rungs)


def _decay_only(seed: int, rungs: Sequence[float]) -> tuple[Evidence, Evidence]:
    case, _ = _case(seed)
    ts = case.ts
    schedule = mj.schedules.SwitchOff(2.0, at=1.5)
    idle = mj.problems.LinearRegression(jnp.zeros_like(case.problem.Z), jnp.zeros_like(case.problem.y))
    decay = FlowRoute(mj.flows.GradientFlow(idle, case.param, schedule), case.w0, ts=ts)
    dose = np.array([float(schedule.dose(t)) for t in ts])[:, None]

    def formula(rate: float) -> Evidence:
        return compare(decay, mj.checks.Exact(np.exp(-rate * dose) * np.asarray(case.x0)), rungs)

    return formula(2.0), formula(4.0)


def _lemma(seed: int, rungs: Sequence[float]) -> tuple[Evidence, Evidence]:
    """L = ∫∇f is −μ, taken from the mirror flow; x from the gradient flow."""
    case, R = _case(seed)
    gradient, mirror = case.gradient(), case.mirror(mj.potentials.Distorted(R))
    dose = np.array([float(case.schedule.dose(t)) for t in case.ts])[:, None]
    u0, v0 = (np.asarray(case.w0[0] + s * case.w0[1]) / np.sqrt(2) for s in (1, -1))

    def formula(factor: float):
        def observe(path):
            mu = np.asarray(path.state)
            return factor * (u0**2 * np.exp(2 * mu - 4 * dose) - v0**2 * np.exp(-2 * mu - 4 * dose))

        return compare(gradient, mirror.observing(observe), rungs)

    return formula(1.0), formula(0.5)


def _static(seed: int, rungs: Sequence[float]) -> tuple[Evidence, Evidence]:
    _, R = _case(seed)
    [case] = mj.instances.without_decay(mj.instances.random_regressions(seed)[:1])
    printed = eqx.tree_at(lambda r: (r.log_c0, r.kappa), R, (R.log_c0 + jnp.log(2.0), 2 * R.kappa))
    return _in_both(case, printed, R, rungs)


def _rate(seed: int, rungs: Sequence[float]) -> tuple[Evidence, Evidence]:
    """Started at a minimizer, where the printed bound is 0 whatever its constant C is.

    What holds: √E ≤ b with b' = −λ c_t b + 2√(2L) ‖x*‖ α_t, E = f − f* (mask/3.2-PL).
    """
    case, _ = _case(seed)
    ts = case.ts
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    x_star = np.linalg.lstsq(Z, y)[0]
    w0 = case.param.lift(x_star, scale=0.5)
    flow = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), w0, ts=ts)

    def loss(path):
        return np.mean((np.asarray(path.x) @ Z.T - y) ** 2, axis=1)[:, None] / 2

    singular = np.linalg.svd(Z, compute_uv=False)
    lam, smooth = 2 * singular[-1] ** 2 / case.problem.d, singular[0] ** 2 / case.problem.d
    push = 2 * np.sqrt(2 * smooth) * np.linalg.norm(x_star)

    def slope(t, b):
        c = 0.5 * np.exp(-4 * float(case.schedule.dose(t)))
        return -lam * c * b + push * float(case.schedule.alpha(t))

    b = solve_ivp(slope, (0, case.t1), [0.0], t_eval=ts, rtol=1e-8, atol=1e-12, max_step=0.05).y[0]
    excess = flow.observing(lambda path: np.maximum(0.0, np.sqrt(loss(path)) - b[:, None]))
    rise = float(np.max(loss(flow.path(rungs[-1]))))
    zero = mj.checks.Exact(np.zeros((mj.checks.POINTS, 1)))
    budget = compare(flow.observing(loss), zero, rungs, scale=rise, moved=rise)
    # An inequality kept with room to spare has discrepancy 0; its budget is that of the loss itself.
    bounded = compare(excess, zero, rungs, scale=rise, moved=rise)
    rows = tuple(dataclasses.replace(row, budget=loss_row.budget) for row, loss_row in zip(bounded.rows, budget.rows))
    return budget, dataclasses.replace(bounded, rows=rows)


_TESTS: dict[Printed, Callable[[int, Sequence[float]], tuple[Evidence, Evidence]]] = {
    Printed("Theorem 3.1", "a_t = 2u₀v₀ exp(−2∫α)", "scale c_t = |u₀v₀| exp(−4∫α)"): _scale,
    Printed("below Theorem 3.1", "argmin R at exp(−2∫α) m₀w₀", "argmin R at exp(−4∫α) m₀w₀"): _decay_only,
    Printed("Lemma A.1", "x_t = u₀² e^(−2L−4A) − v₀² e^(2L−4A)", "x_t = ½ [u₀² e^(−2L−4A) − v₀² e^(2L−4A)]"): _lemma,
    Printed(
        "Theorem 2.1",
        "factor ¼ and scale 2u₀v₀ for x = m ⊙ w",
        "factor ½ and scale |u₀v₀|; the printed pair is the potential of u² − v²",
    ): _static,
    Printed(
        "Theorem 3.2 (PL)",
        "f(x_t) − f* ≤ (f(x₀) − f*) exp(C‖x*‖∫α) e^(−λ a_∞ t)",
        "√(f − f*) ≤ b with b' = −λ c_t b + 2√(2L)‖x*‖ α_t, b(0) = √(f(x₀) − f*)",
    ): _rate,
}
"""Each test gives the evidence of both, as printed first."""
AUDIT = tuple(_TESTS)


def audit(seed: int = 0, rungs: Sequence[float] = mj.checks.RUNGS) -> list[Audited]:
    """Tests every printed formula of the audit and its correction on a seeded instance.

    !!! example
        >>> import mirrorjax as mj
        >>> results = mj.theorems.audit(seed=0)
        >>> {str(r.as_printed.outcome) for r in results}, {str(r.as_holds.outcome) for r in results}
        ({'refuted'}, {'holds'})
    """
    results = []
    for item, test in _TESTS.items():
        printed, corrected = test(seed, rungs)
        results.append(Audited(item, mj.checks.decide(printed), mj.checks.decide(corrected)))
    return results
