"""li/4.9: commuting parameterizations without decay."""

import dataclasses

import jax.numpy as jnp

from ...checks import Finding, agreement_finding
from ...potentials import Distorted
from ...schedules import SwitchOff
from .._families import Member, families
from .._probes import commuting_and_regular
from .._registry import theorem
from ..flow._thm_3_1 import SWITCHED_OFF, small_problem


def cases(seed, data=None):
    """The quadratic family, u⁴ − v⁴ and the user's pair; h does not act."""
    return [families(seed)[i] for i in (0, 3, 5)]


@theorem(
    id="li/4.9",
    title="a commuting parameterization without decay is a mirror flow",
    statement=r"Let $[\nabla g_i, \nabla g_j] = 0$ and $J_g$ of full rank. Then gradient flow on $f \circ g$ from $w_0$ is "
    r"$d\nabla R(x_t) = -\nabla f(x_t)\,dt$ with $R = Q^*$, $\nabla Q(\mu) = g(\varphi(\mu, 0))$.",
    source="li, Theorem 4.9",
    cases=cases,
)
def theorem_(case: Member, rungs) -> Finding:
    finding = agreement_finding(
        small_problem(case.seed), case.param, SwitchOff(0.0, at=SWITCHED_OFF), case.w0, case.t1, rungs, case.potential,
        controls={
            "potential wrong by 1e-6": Distorted(case.potential, mu_factor=1 + 1e-6),
            "potential of another start, decayed by 0.01": Distorted(case.potential, a_shift=jnp.asarray(-0.01)),
        },
        closed_loop=False,
    )  # fmt: skip
    return dataclasses.replace(finding, hypotheses=commuting_and_regular(case.param, case.w0))
