"""flow/3.1: the central theorem, on the catalogue and on a pair that no catalogue has."""

import dataclasses

import numpy as np

from ...checks import Finding, agreement_finding
from ...potentials import Distorted
from ...problems import LinearRegression
from ...schedules import SwitchOff
from .._families import Member, N, families
from .._probes import commuting_and_regular
from .._registry import theorem

STRENGTH, SWITCHED_OFF = 0.1, 1.0


@theorem(
    id="flow/3.1",
    title="commuting and regular (g, h): gradient flow is a time-varying mirror flow",
    statement=r"Let $[\nabla g_i, \nabla g_j] = 0$, $[\nabla g_i, \nabla h] = 0$ and $J_g$ of full rank. With $\varphi(\mu, a)$ the "
    r"time-1 map of $\sum_i \mu_i \nabla g_i + a \nabla h$ from $w_0$, $\nabla_\mu Q = g(\varphi)$, $\partial_a Q = h(\varphi)$ and "
    r"$R_a = Q(\cdot, a)^*$: $w_t = \varphi(\mu_t, a_t)$ and $d\nabla R_{a_t}(x_t) = -\nabla f(x_t)\,dt$.",
    source="flow, Theorem 3.1 (α = 0: li, Theorem 4.9)",
    cases=families,
)
def theorem_(case: Member, rungs) -> Finding:
    problem = small_problem(case.seed)
    finding = agreement_finding(
        problem, case.param, SwitchOff(STRENGTH, at=SWITCHED_OFF), case.w0, case.t1, rungs, case.potential,
        controls={"potential wrong by 1e-6": Distorted(case.potential, mu_factor=1 + 1e-6)},
        closed_loop=False,
    )  # fmt: skip
    return dataclasses.replace(finding, hypotheses=commuting_and_regular(case.param, case.w0))


def small_problem(seed: int) -> LinearRegression:
    """Three equations for four unknowns."""
    rng = np.random.default_rng([seed, 12])
    return LinearRegression(0.7 * rng.standard_normal((N - 1, N)), 0.5 * rng.standard_normal(N - 1))
