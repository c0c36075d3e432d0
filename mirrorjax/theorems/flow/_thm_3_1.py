"""flow/3.1: the central theorem, on the catalogue and on a pair that no catalogue has."""

import mirrorjax as mj

from ...checks import Finding
from .._all_families import SWITCHED_OFF, agreement_of_all

STRENGTH = 0.1


@mj.theorem(
    id="flow/3.1",
    title="commuting and regular (g, h): gradient flow is a time-varying mirror flow",
    statement=r"Let $[\nabla g_i, \nabla g_j] = 0$, $[\nabla g_i, \nabla h] = 0$ and $J_g$ of full rank. With $\varphi(\mu, a)$ the "
    r"time-1 map of $\sum_i \mu_i \nabla g_i + a \nabla h$ from $w_0$, $\nabla_\mu Q = g(\varphi)$, $\partial_a Q = h(\varphi)$ and "
    r"$R_a = Q(\cdot, a)^*$: $w_t = \varphi(\mu_t, a_t)$ and $d\nabla R_{a_t}(x_t) = -\nabla f(x_t)\,dt$.",
    source="flow, Theorem 3.1 (α = 0: li, Theorem 4.9)",
    instances=mj.instances.families,
)
def theorem_(case: mj.instances.Families, rungs) -> Finding:
    return agreement_of_all(
        case, mj.schedules.SwitchOff(STRENGTH, at=SWITCHED_OFF), rungs,
        wrong={
            "constant halved": {"mu_factor": 0.5},
            # Not all of it: u⁴ − v⁴ has no R_0 at the μ that decay has made room for.
            "a tenth of the time variation dropped": {"a_factor": 0.9},
            "exponent halved": {"a_factor": 0.5},
            f"wrong by {mj.checks.written(1e-6)}": {"mu_factor": 1 + mj.checks.slight(1e-6)},
        },
    )  # fmt: skip
