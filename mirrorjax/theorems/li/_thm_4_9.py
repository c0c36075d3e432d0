"""li/4.9: commuting parameterizations without decay."""

import mirrorjax as mj

from ...checks import Finding
from .._all_families import SWITCHED_OFF, agreement_of_all


@mj.theorem(
    id="li/4.9",
    title="a commuting parameterization without decay is a mirror flow",
    statement=r"Let $[\nabla g_i, \nabla g_j] = 0$ and $J_g$ of full rank. Then gradient flow on $f \circ g$ from $w_0$ is "
    r"$d\nabla R(x_t) = -\nabla f(x_t)\,dt$ with $R = Q^*$, $\nabla Q(\mu) = g(\varphi(\mu, 0))$.",
    source="li, Theorem 4.9",
    instances=mj.instances.families,
)
def theorem_(case: mj.instances.Families, rungs) -> Finding:
    return agreement_of_all(
        case, mj.schedules.SwitchOff(0.0, at=SWITCHED_OFF), rungs,
        wrong={
            "constant halved": {"mu_factor": 0.5},
            "that of another start, decayed by 0.01": {"a_shift": -0.01},
            f"wrong by {mj.checks.written(1e-6)}": {"mu_factor": 1 + mj.checks.slight(1e-6)},
        },
    )  # fmt: skip
