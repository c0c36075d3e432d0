"""The common part of mask/2.4 and mask/3.3: the limit minimizes R among the interpolators."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from ..checks import POINTS, Evidence, Exact, Finding, FlowRoute, Hypothesis, Routes, compare, merged, planted_sizes
from ..flows import GradientFlow, Trajectory, limit
from ..instances import (
    Regression,
    finite_dose,
    hyperbolic,
    interpolation,
    interpolation_is_least,
    positive_scale,
    wrong_potentials,
)
from ..potentials import AbstractPotential, Distorted

PLANTED = (1e-4, 1e-6, 1e-8)


def optimality(case: Regression, rungs: Sequence[float]) -> Finding:
    """Gradient flow followed to its limit, against Newton on the dual; and the KKT certificate.

    The two share nothing but Z, y and w₀: the flow knows no potential, Newton knows no flow.
    """
    required = (finite_dose(case), interpolation_is_least(case.problem))
    if not all(h.ok for h in required):  # there is no R_{a_∞} to be optimal for, or nothing interpolates
        return Finding(hypotheses=required, claims={}, controls={})
    ts = np.concatenate([[0.0], np.geomspace(case.t1 / 1e3, case.t1, POINTS - 1)])
    flow = FlowRoute(GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)
    return merged([limit_of_flow(case, flow, rungs, required), certificate(case, flow, rungs)])


def limit_of_flow(
    case: Regression, flow: FlowRoute, rungs: Sequence[float], required: tuple[Hypothesis, ...]
) -> Finding:
    """Where the flow ends, against Newton's x."""
    R, a_end = hyperbolic(case.param, case.w0), -case.schedule.total
    x = np.asarray(flow.path(rungs[-1]).x)
    moved = float(np.max(np.abs(x[-1] - x[0])))
    newton = limit(case.problem, Distorted(R), a_end)
    least_norm = np.linalg.lstsq(np.asarray(case.problem.Z), np.asarray(case.problem.y))[0]

    def ends_at(x) -> Evidence:
        return compare(flow.observing(lambda path: path.x[-1:]), Exact(x), rungs, moved=moved)

    def against(potential: AbstractPotential) -> Evidence:
        return ends_at(limit(case.problem, potential, a_end).x)

    return Finding(
        hypotheses=(
            positive_scale(R),
            interpolation(case, x[-1]),
            *required,
            Hypothesis("Newton's KKT residual ≤ 1e-9", float(newton.residual), bool(newton.ok)),
        ),
        claims={"flow limit = Newton limit": against(Distorted(R))},
        controls={
            **{name: against(wrong) for name, wrong in wrong_potentials(R, float(a_end)).items()},
            "least-norm interpolator": ends_at(least_norm),
        },
        planted={d: against(Distorted(R, a_shift=d / 4)) for d in planted_sizes(*PLANTED)},
        series=(Routes(np.asarray(flow.ts), {"gradient flow": x, "Newton's limit": np.asarray(newton.x)}),),
    )


def certificate(case: Regression, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    """μ taken from the weights: in the row space of Z, Newton's own, and the one that R at the dose maps to x.

    The row space alone would let 2μ pass: it is linear, and knows neither R nor the dose.
    """
    R, a_end = hyperbolic(case.param, case.w0), -case.schedule.total
    rows = row_basis(np.asarray(case.problem.Z))
    nu = rows @ np.asarray(limit(case.problem, Distorted(R), a_end).mu)

    def dual(path: Trajectory) -> np.ndarray:
        return np.asarray(case.param.dual(path.state[-1], case.w0))  # pyright: ignore[reportAttributeAccessIssue]

    end = flow.path(rungs[-1])
    size = float(np.max(np.abs(dual(end))))
    moved = float(np.max(np.abs(np.asarray(end.x[-1] - end.x[0]))))

    def outside_rows(shift: float) -> Evidence:
        def observe(path: Trajectory):
            mu = dual(path) + shift * np.asarray(path.x[-1])
            return mu - rows.T @ (rows @ mu)

        return compare(flow.observing(observe), Exact(np.zeros(case.problem.n)), rungs, scale=size, moved=size)

    def multipliers(factor: float) -> Evidence:
        weights = flow.observing(lambda path: (rows @ dual(path))[None])
        return compare(weights, Exact(factor * nu), rungs, moved=float(np.max(np.abs(nu))))

    def mapped(potential: AbstractPotential) -> Evidence:
        image = flow.observing(lambda path: potential.dual_grad(jnp.asarray(dual(path)), jnp.asarray(a_end))[None])
        return compare(flow.observing(lambda path: path.x[-1:]), image, rungs, moved=moved)

    found = Finding(
        claims={"∇R(x∞) in row space": outside_rows(0.0), "x∞ = ∇Q(∇R(x∞)) at the dose": mapped(Distorted(R))},
        controls={
            "certificate of R + 1e-6 ‖x‖²/2": outside_rows(1e-6),
            **{f"∇Q, {name}": mapped(wrong) for name, wrong in wrong_potentials(R, float(a_end)).items()},
        },
    )
    if not case.real:  # the flow on the spectra knows x to 6e-9, but its multipliers to 1e-8 only
        found.claims["multipliers of the weights = Newton's"] = multipliers(1.0)
        found.controls["multipliers doubled"] = multipliers(2.0)
        found.controls["multipliers wrong by 1e-6"] = multipliers(1 + 1e-6)
    return found


def row_basis(Z: np.ndarray) -> np.ndarray:
    """Orthonormal rows that span those of Z; a problem handed in need not be whitened."""
    _, sigma, Vt = np.linalg.svd(Z, full_matrices=False)
    return Vt[sigma > 1e-10 * sigma[0]]
