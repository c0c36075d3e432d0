"""The common part of mask/2.4 and mask/3.3: the limit minimizes R among the interpolators."""

from collections.abc import Sequence

import numpy as np

from ..checks import POINTS, Evidence, Exact, Finding, FlowRoute, Hypothesis, compare
from ..flows import GradientFlow, Trajectory, limit
from ..potentials import AbstractPotential, Distorted, HyperbolicEntropy
from ._cases import Case, interpolation_is_least
from ._hyperbolic import hyperbolic, positive_scale, rescaled, unshifted

PLANTED = (1e-4, 1e-6, 1e-8)


def optimality(case: Case, rungs: Sequence[float]) -> Finding:
    """Gradient flow followed to its limit, against Newton on the dual; and the KKT certificate.

    The two share nothing but Z, y and w₀: the flow knows no potential, Newton knows no flow.
    """
    R = hyperbolic(case.param, case.w0)
    required = (finite_dose(case), interpolation_is_least(case.problem))
    if not all(h.ok for h in required):  # there is no R_{a_∞} to be optimal for, or nothing interpolates
        return Finding(hypotheses=required, claims={}, controls={})
    a_end = -case.schedule.total
    rows = row_basis(np.asarray(case.problem.Z))
    ts = np.concatenate([[0.0], np.geomspace(case.t1 / 1e3, case.t1, POINTS - 1)])
    flow = FlowRoute(GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)
    end = flow.path(rungs[-1])
    x_end = np.asarray(end.x[-1])
    moved = float(np.max(np.abs(x_end - np.asarray(case.x0))))

    least_norm = np.linalg.lstsq(np.asarray(case.problem.Z), np.asarray(case.problem.y))[0]

    def last_x(path: Trajectory):
        return path.x[-1:]

    def last_dual(path: Trajectory):
        return case.param.dual(path.state[-1], case.w0)  # pyright: ignore[reportAttributeAccessIssue]

    def against(potential: AbstractPotential) -> Evidence:
        x = limit(case.problem, potential, a_end).x
        return compare(flow.observing(last_x), Exact(x), rungs, moved=moved)

    def outside_rows(shift: float) -> Evidence:
        def observe(path: Trajectory):
            mu = np.asarray(last_dual(path)) + shift * np.asarray(path.x[-1])
            return mu - rows.T @ (rows @ mu)

        size = float(np.max(np.abs(last_dual(end))))
        zero = Exact(np.zeros(case.problem.n))
        return compare(flow.observing(observe), zero, rungs, scale=size, moved=size)

    newton = limit(case.problem, Distorted(R), a_end)
    return Finding(
        hypotheses=(
            positive_scale(R),
            interpolation(case, x_end),
            *required,
            Hypothesis("Newton's KKT residual ≤ 1e-9", float(newton.residual), bool(newton.ok)),
        ),
        claims={"flow limit = Newton limit": against(Distorted(R)), "∇R(x∞) in row space": outside_rows(0.0)},
        controls={
            **{name: against(wrong) for name, wrong in wrong_potentials(R, float(a_end)).items()},
            "least-norm interpolator": compare(
                flow.observing(last_x), Exact(least_norm), rungs, moved=moved
            ),
            "certificate of R + 1e-6 ‖x‖²/2": outside_rows(1e-6),
        },
        planted={d: against(Distorted(R, a_shift=d / 4)) for d in PLANTED},
        series={"ts": ts, "x_gradient": np.asarray(end.x), "x_newton": np.asarray(newton.x)},
    )  # fmt: skip


def interpolation(case: Case, x_end: np.ndarray) -> Hypothesis:
    """Interpolation at the end of the run."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    residual = float(np.linalg.norm(Z @ x_end - y) / np.linalg.norm(y))
    return Hypothesis("interpolation, ‖Zx − y‖/‖y‖ ≤ 1e-8", residual, residual <= 1e-8)


def row_basis(Z: np.ndarray) -> np.ndarray:
    """Orthonormal rows that span those of Z; a problem handed in need not be whitened."""
    _, sigma, Vt = np.linalg.svd(Z, full_matrices=False)
    return Vt[sigma > 1e-10 * sigma[0]]


def finite_dose(case: Case) -> Hypothesis:
    """Non-negative decay that ends."""
    dose = float(case.schedule.total)
    return Hypothesis("0 ≤ ∫α < ∞", dose, 0 <= dose < np.inf)


def wrong_potentials(R: HyperbolicEntropy, a_end: float) -> dict[str, AbstractPotential]:
    """Potentials whose limit must not be the flow's."""
    wrong: dict[str, AbstractPotential] = {
        "scale doubled": rescaled(R),
        "scale wrong by 1e-6": Distorted(R, a_shift=1e-6 / 4),
        "shift s dropped": unshifted(R),
    }
    if a_end != 0:
        wrong["time variation dropped"] = Distorted(R, a_factor=0.0)
        wrong["exponent halved"] = Distorted(R, a_factor=0.5)
    return wrong
