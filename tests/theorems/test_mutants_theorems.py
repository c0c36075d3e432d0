"""What the theorems' own tools must not let pass: a rate that is half, a coarse floor, a limit that is none."""

import dataclasses

import numpy as np
import pytest

from mirrorjax.checks import RUNGS, Outcome, agree, decide, judge, paired_below, sampled, upper_bound
from mirrorjax.instances import finite_dose, interpolation as measured_interpolation, static_limits
from mirrorjax.registry import catalogue
from mirrorjax.theorems.mask import _thm_2_3

AT = np.linspace(0.1, 2.0, 7)


def hyperbolic_one(x):
    return np.cosh(x) ** 2 - np.sinh(x) ** 2 + np.exp(x)


def test_the_floor_of_sampled_results_is_round_off():
    """An error of 2000 ulp is a contradiction; with a floor 1e4 times as high it would be agreement."""
    left, right = sampled(hyperbolic_one, AT), sampled(lambda x: 1 + np.exp(x), AT)
    true = agree(left, right)
    assert decide(true).outcome is Outcome.HOLDS
    assert true.rows[0].budget <= 64 * np.finfo(float).eps * np.max(np.abs(left))
    off = agree(left, right * (1 + 1e-11))
    assert decide(off).outcome is Outcome.REFUTED


def test_the_floor_is_how_the_difference_answers_to_one_ulp():
    """A cancellation of eight digits is round-off all the same, and ε of the result would refute it."""
    at = AT + 8
    left, right = sampled(lambda x: np.cosh(x) ** 2 - np.sinh(x) ** 2, at), sampled(np.ones_like, at)
    evidence = agree(left, right)
    assert evidence.rows[0].discrepancy > 1e3 * np.finfo(float).eps
    assert decide(evidence).outcome is Outcome.HOLDS


def test_a_rate_claimed_at_half_its_size_is_refuted(monkeypatch):
    """f ≤ f₀ e^{−σλt/2} is true as well: only that the rate is attained tells it from the claim."""
    [entry] = [entry for entry in catalogue() if entry.id == "mask/2.3"]
    right = _thm_2_3.constants
    monkeypatch.setattr(_thm_2_3, "constants", lambda case: (right(case)[0] / 2, right(case)[1]))
    theorem = entry.load()
    case = theorem.instances(0, None)[0]
    judgement = judge(case.name, theorem.check(case, RUNGS))
    assert judgement.outcome is Outcome.REFUTED and "attained" in judgement.reason
    assert judgement.effect > 0.1


def test_the_rate_is_attained_on_every_tight_instance(verdict_of):
    verdict = verdict_of("mask/2.3")
    assert verdict.outcome is Outcome.HOLDS, verdict.reason
    for j in verdict.instances:
        [attained] = [d for name, d in j.claims.items() if "attained" in name]
        assert attained.outcome is Outcome.HOLDS
        assert abs(j.finding.observations["tight: mean rate over σλ"] - 1) < _thm_2_3.ATTAINED / 10


@pytest.mark.parametrize(("off", "met"), [(0.0, True), (1e-9, True), (1e-7, False), (1.0, False)])
def test_interpolation_is_measured(off, met):
    case = static_limits(0, None)[0]
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    x = np.linalg.lstsq(Z, y * (1 + off))[0]
    interpolation = measured_interpolation(case, x)
    assert interpolation.ok is met and finite_dose(case).ok
    assert interpolation.measured == pytest.approx(off, rel=1e-3, abs=1e-12)


def test_a_run_that_ends_before_it_interpolates_decides_nothing():
    [entry] = [entry for entry in catalogue() if entry.id == "mask/2.4"]
    theorem = entry.load()
    case = theorem.instances(0, None)[0]
    short = dataclasses.replace(case, t1=case.t1 / 1e3)
    judgement = judge(short.name, theorem.check(short, RUNGS))
    assert judgement.outcome is Outcome.INCONCLUSIVE
    assert judgement.reason.startswith("hypothesis not met: interpolation")


def test_seeds_are_paired():
    """An effect of 1e-2 under a noise of 1 that both share: without the pairs there is none."""
    noise = np.random.default_rng(0).standard_normal(12)
    effect = 1e-2 * np.random.default_rng(1).uniform(0.5, 1.5, 12)
    assert decide(paired_below(noise - effect, noise, 1e-9)).outcome is Outcome.HOLDS
    assert decide(paired_below(noise, noise - effect, 1e-9)).outcome is Outcome.REFUTED
    assert decide(paired_below(noise - effect, noise[::-1], 1e-9)).outcome is Outcome.REFUTED


@pytest.mark.parametrize("floor", [1e-15, 1e-9])
def test_what_is_the_same_on_every_seed_is_not_below(floor):
    """The difference has no spread, so that its bound is 0, not positive: “at most 0” once let it pass."""
    values = np.random.default_rng(2).standard_normal(12)
    assert decide(paired_below(values, values, floor)).outcome is Outcome.REFUTED
    assert decide(paired_below(values - 100 * floor, values, floor)).outcome is Outcome.HOLDS


def test_the_bound_is_at_99_per_cent():
    """Student's t of 4 degrees of freedom: 3.746947 at 0.99, from a printed table."""
    assert upper_bound(np.arange(1.0, 6.0)) == pytest.approx(3 + 3.746947 * np.sqrt(2.5 / 5), rel=1e-6)
