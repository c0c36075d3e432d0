"""The common part of mask/2.4 and mask/3.3: the limit minimizes R among the interpolators."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..checks import Evidence, Finding, FlowRoute, compare

PLANTED = (1e-4, 1e-6, 1e-8)


def optimality(case: mj.instances.Regression, rungs: Sequence[float]) -> Finding:
    """Gradient flow followed to its limit, against Newton on the dual; and the KKT certificate.

    The two share nothing but Z, y and w₀: the flow knows no potential, Newton knows no flow.
    """
    required = (mj.instances.finite_dose(case), mj.instances.interpolation_is_least(case.problem))
    if not all(h.ok for h in required):  # there is no R_{a_∞} to be optimal for, or nothing interpolates
        return Finding(hypotheses=required, claims={}, controls={})
    ts = np.concatenate([[0.0], np.geomspace(case.t1 / 1e3, case.t1, mj.checks.POINTS - 1)])
    flow = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts)
    return mj.checks.merged([limit_of_flow(case, flow, rungs, required), certificate(case, flow, rungs)])


def limit_of_flow(
    case: mj.instances.Regression, flow: FlowRoute, rungs: Sequence[float], required: tuple[mj.checks.Hypothesis, ...]
) -> Finding:
    """Where the flow ends, against Newton's x."""
    R, a_end = mj.instances.hyperbolic(case.param, case.w0), -case.schedule.total
    x = np.asarray(flow.path(rungs[-1]).x)
    moved = float(np.max(np.abs(x[-1] - x[0])))
    newton = mj.flows.limit(case.problem, mj.potentials.Distorted(R), a_end)
    least_norm = np.linalg.lstsq(np.asarray(case.problem.Z), np.asarray(case.problem.y))[0]

    def ends_at(x) -> Evidence:
        return compare(flow.observing(lambda path: path.x[-1:]), mj.checks.Exact(x), rungs, moved=moved)

    def against(potential: mj.potentials.AbstractPotential) -> Evidence:
        return ends_at(mj.flows.limit(case.problem, potential, a_end).x)

    return Finding(
        hypotheses=(
            mj.instances.positive_scale(R),
            mj.instances.interpolation(case, x[-1]),
            *required,
            mj.checks.Hypothesis("Newton's KKT residual ≤ 1e-9", float(newton.residual), bool(newton.ok)),
        ),
        claims={"flow limit = Newton limit": against(mj.potentials.Distorted(R))},
        controls={
            **{name: against(wrong) for name, wrong in wrong_potentials(R, float(a_end)).items()},
            "least-norm interpolator": ends_at(least_norm),
        },
        planted={d: against(mj.potentials.Distorted(R, a_shift=d / 4)) for d in mj.checks.planted_sizes(*PLANTED)},
        series=(mj.checks.Routes(np.asarray(flow.ts), {"gradient flow": x, "Newton's limit": np.asarray(newton.x)}),),
    )


def certificate(case: mj.instances.Regression, flow: FlowRoute, rungs: Sequence[float]) -> Finding:
    """μ taken from the weights: in the row space of Z, Newton's own, and the one that R at the dose maps to x.

    The row space alone would let 2μ pass: it is linear, and knows neither R nor the dose.
    """
    R, a_end = mj.instances.hyperbolic(case.param, case.w0), -case.schedule.total
    rows = row_basis(np.asarray(case.problem.Z))
    nu = rows @ np.asarray(mj.flows.limit(case.problem, mj.potentials.Distorted(R), a_end).mu)

    def dual(path: mj.flows.Trajectory) -> np.ndarray:
        return np.asarray(case.param.dual(path.state[-1], case.w0))  # pyright: ignore[reportAttributeAccessIssue]

    end = flow.path(rungs[-1])
    size = float(np.max(np.abs(dual(end))))
    moved = float(np.max(np.abs(np.asarray(end.x[-1] - end.x[0]))))

    def outside_rows(shift: float) -> Evidence:
        def observe(path: mj.flows.Trajectory):
            mu = dual(path) + shift * np.asarray(path.x[-1])
            return mu - rows.T @ (rows @ mu)

        return compare(
            flow.observing(observe), mj.checks.Exact(np.zeros(case.problem.n)), rungs, scale=size, moved=size
        )

    def multipliers(factor: float) -> Evidence:
        weights = flow.observing(lambda path: (rows @ dual(path))[None])
        return compare(weights, mj.checks.Exact(factor * nu), rungs, moved=float(np.max(np.abs(nu))))

    def mapped(potential: mj.potentials.AbstractPotential) -> Evidence:
        image = flow.observing(lambda path: potential.dual_grad(jnp.asarray(dual(path)), jnp.asarray(a_end))[None])
        return compare(flow.observing(lambda path: path.x[-1:]), image, rungs, moved=moved)

    found = Finding(
        claims={
            "∇R(x∞) in row space": outside_rows(0.0),
            "x∞ = ∇Q(∇R(x∞)) at the dose": mapped(mj.potentials.Distorted(R)),
        },
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


def unshifted(R: mj.potentials.HyperbolicEntropy) -> mj.potentials.Distorted:
    """Without s: the minimum at 0. A mirror flow does not see the difference, a limit does."""
    return mj.potentials.Distorted(eqx.tree_at(lambda r: r.s, R, 0.0 * R.s))


def wrong_potentials(R: mj.potentials.HyperbolicEntropy, a_end: float) -> dict[str, mj.potentials.AbstractPotential]:
    """Potentials whose limit must not be the flow's."""
    wrong: dict[str, mj.potentials.AbstractPotential] = {
        "scale doubled": mj.instances.rescaled(R),
        "scale wrong by 1e-6": mj.potentials.Distorted(R, a_shift=1e-6 / 4),
        "shift s dropped": unshifted(R),
    }
    if a_end != 0:
        wrong["time variation dropped"] = mj.potentials.Distorted(R, a_factor=0.0)
        wrong["exponent halved"] = mj.potentials.Distorted(R, a_factor=0.5)
    return wrong
