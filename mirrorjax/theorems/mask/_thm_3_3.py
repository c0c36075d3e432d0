"""mask/3.3: under decay, the limit in regression minimizes the potential that the dose left."""

import dataclasses

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Finding
from .._optimality import optimality

DOSES = np.linspace(0.0, 40.0, 81)


@mj.theorem(
    id="mask/3.3",
    title="under decay of finite dose the limit of regression is the interpolator of least R at that dose",
    statement=r"Let $f_t(x) = \ell_t(Zx - y)$ with the same $Z$, $\int\alpha < \infty$, $x = m \odot w$. If "
    r"$x_t \to x_\infty$ with $Z x_\infty = y$, then $x_\infty = \mathrm{argmin}\,\{R_{a_\infty}(x) : Zx = y\}$; "
    r"certificate: $\nabla R_{a_\infty}(x_\infty)$ is in the row space of $Z$.",
    source="mask, Theorem 3.3",
    instances=mj.instances.limits,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    finding = optimality(case, rungs)
    return with_dose_path(case, finding) if case.real else finding


def with_dose_path(case: mj.instances.Regression, finding: Finding) -> Finding:
    """On real data: the limit against the dose, between the least-norm and the least-ℓ1 solution."""
    R = mj.instances.hyperbolic(
        mj.parameterizations.Hadamard(), mj.parameterizations.Hadamard().lift(jnp.zeros(case.problem.n), scale=0.5)
    )
    path = mj.flows.limit_path(case.problem, R, -DOSES)
    l1 = np.abs(np.asarray(path.x)).sum(1)
    pursuit = float(np.abs(mj.problems.basis_pursuit(case.problem.Z, case.problem.y)).sum())
    floor = float(np.max(np.asarray(path.residual))) * l1[0] + np.finfo(float).eps * l1[0]
    rise, fall = float(np.max(np.diff(l1))), float(np.max(-np.diff(l1)))
    share = np.abs(np.asarray(path.x)) > 1e-3 * np.abs(np.asarray(path.x)).max(1, keepdims=True)
    least_norm = np.linalg.lstsq(np.asarray(case.problem.Z), np.asarray(case.problem.y))[0]
    return dataclasses.replace(
        finding,
        claims=finding.claims
        | {
            "‖x∞‖₁ never rises with the dose": mj.checks.at_most(rise, 0.0, floor, l1[0]),
            "‖x∞‖₁ at dose 40 ≤ 1.01 · basis pursuit": mj.checks.at_most(l1[-1], 1.01 * pursuit, floor),
        },
        controls=finding.controls
        | {
            "‖x∞‖₁ never falls with the dose": mj.checks.at_most(fall, 0.0, floor, l1[0]),
            "‖x∞‖₁ without decay ≤ 1.01 · basis pursuit": mj.checks.at_most(l1[0], 1.01 * pursuit, floor),
        },
        observations={
            "‖x∞‖₁ / basis pursuit at dose 0": float(l1[0] / pursuit),
            "‖x∞‖₁ / basis pursuit at dose 40": float(l1[-1] / pursuit),
            "scale c at dose 40": float(np.exp(np.asarray(R.log_c(jnp.asarray(-40.0)))[0])),
        },
        series=(*finding.series, mj.checks.DosePath(DOSES, l1, share.sum(1), pursuit, float(np.abs(least_norm).sum()))),
    )
