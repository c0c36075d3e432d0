"""flow/storage: what decay stored survives its switching off."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

TIMES = 21


def cases(seed, data=None):
    """Instances that are followed to their limit; one of u² − v²."""
    first, smooth, last, real = mj.instances.limits(seed, data)
    param = mj.parameterizations.SquaredDifference()
    w0 = mj.instances.random_start(np.random.default_rng([seed, 3]), param)
    return [first, smooth, dataclasses.replace(last, name=last.name + ", u² − v²", param=param, w0=w0), real]


@mj.theorem(
    id="flow/storage",
    title="schedules of equal dose reach the same limit, however the dose was given",
    statement=r"Same $w_0$ and $Z$, commuting $(g, h)$, $\int\alpha = \int\tilde\alpha < \infty$, both strengths vanish in the "
    r"end, both flows interpolate: then both minimize the same $R_{a_\infty}$ over $\{Zx = y\}$ and have the same limit. "
    r"Decay on $m$ alone ($h = \|m\|^2$) does not commute, and its limit depends on the schedule.",
    source="flow, storage of regularization after switching decay off",
    instances=cases,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    required = (mj.instances.finite_dose(case), mj.instances.interpolation_is_least(case.problem))
    if not all(h.ok for h in required):
        return Finding(hypotheses=required, claims={}, controls={})
    dose = float(case.schedule.total)
    moved_to: dict[str, np.ndarray] = {}

    def route(
        schedule: mj.schedules.AbstractSchedule, param: mj.parameterizations.AbstractParameterization
    ) -> FlowRoute:
        ts = np.concatenate([[0.0], np.geomspace(case.t1 / 1e3, case.t1, TIMES - 1)])
        flow = mj.flows.GradientFlow(case.problem, param, schedule)
        return FlowRoute(flow, case.w0, ts=ts, observe=lambda path: path.x[-1:])

    def given(total: float, at: float = 0.5) -> mj.schedules.SwitchOff:
        return mj.schedules.SwitchOff(total / at, at=at)

    def same(
        other: mj.schedules.AbstractSchedule, param: mj.parameterizations.AbstractParameterization = case.param
    ) -> Evidence:
        left = route(case.schedule, param)
        x = np.asarray(left.path(rungs[-1]).x)
        moved_to["end"] = x[-1]
        return compare(left, route(other, param), rungs, moved=float(np.max(np.abs(x[-1] - x[0]))))

    claim = same(given(dose))
    hypotheses = (mj.instances.interpolation(case, moved_to["end"]), *required)
    controls = {
        "dose larger by a tenth": same(given(1.1 * dose)),
        "dose larger by 1e-6": same(given(dose * (1 + 1e-6))),
        "no dose": same(given(0.0)),
    }
    if not case.real and isinstance(case.schedule, mj.schedules.SwitchOff):
        controls["equal doses on m alone"] = same(given(dose), mj.instances.mask_alone())
    return Finding(
        claims={"equal doses, equal limits": claim},
        controls=controls,
        hypotheses=(*hypotheses, equal_doses(float(given(dose).total), dose)),
        planted={d: same(given(dose * (1 + d))) for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-7)},
    )


def equal_doses(one: float, other: float) -> mj.checks.Hypothesis:
    """Measured, since the two schedules compute their totals differently."""
    gap = abs(one - other) / max(one, other)
    return mj.checks.Hypothesis("equal doses, relative gap", gap, gap <= 4 * float(np.finfo(float).eps))
