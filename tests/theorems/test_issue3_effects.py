"""The entries on effects, degrees and rescaling: what they say beside their verdict."""

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from mirrorjax.checks import Outcome, bracket_hypothesis, failed, floor, merged, never_rises
from mirrorjax.parameterizations import Hadamard, LogRatio, SideBySide
from mirrorjax.registry import catalogue
from mirrorjax.theorems.beyond._rescaled_flow import PlainDecay
from mirrorjax.theorems.flow._outward import pace

IDS = [
    "beyond/degree-2", "beyond/homogeneous-Q", "beyond/rescaled", "flow/position", "flow/range", "flow/type",
    "gunasekar/depth-L", "marcotte/decay",
]  # fmt: skip
ENTRIES = {entry.id: entry for entry in catalogue()}


@pytest.mark.parametrize("theorem_id", IDS)
def test_every_formula_of_the_statement_can_be_drawn(theorem_id):
    formulas = ENTRIES[theorem_id].statement.split("$")[1::2]
    assert formulas
    for formula in formulas:
        MathTextParser("path").parse(f"${formula}$")


def test_the_first_exits_are_where_they_were_computed_by_hand(verdict_of):
    for judgement in verdict_of("flow/range").instances:
        seen = judgement.finding.observations
        doses = [seen[f"dose of first exit, u₀² = 1, v₀² = 4, {f}"] for f in ("f = x²/2", "f = 0", "f = .05x")]
        np.testing.assert_allclose(doses, [1.25, 0.5, 1 / 3], rtol=1e-8)


@pytest.mark.parametrize("family", ["u⁴ − v⁴", "u⁶ − v⁶"])
def test_the_interval_of_the_open_review_is_refuted_for_powers(verdict_of, family):
    for judgement in verdict_of("flow/range").instances:
        control = judgement.controls[f"{family}: (−c_u − a, c_v + a), of an open review"]
        assert control.outcome is Outcome.REFUTED and control.effect > 0.1


def test_decay_under_which_neither_is_homogeneous_breaks_the_law(verdict_of):
    for judgement in verdict_of("marcotte/decay").instances:
        [control] = [d for name, d in judgement.controls.items() if "neither" in name and name.endswith(": constant")]
        assert control.outcome is Outcome.REFUTED and control.effect > 1e-3


def test_a_family_has_no_minimum_beyond_its_dose_and_a_limit_that_no_dose_moves(verdict_of):
    for judgement in verdict_of("flow/position").instances:
        assert judgement.claims["log u − log v: it moves away from 0"].outcome is Outcome.HOLDS
    for judgement in verdict_of("beyond/rescaled").instances:
        assert judgement.claims["log u − log v: any dose, the same limit, no dose"].outcome is Outcome.HOLDS


def test_a_bracket_that_does_not_vanish_fails_the_hypothesis():
    w = jnp.array([[1.0, 2.0], [0.5, 0.7]])
    assert bracket_hypothesis(LogRatio(), w).ok
    assert bracket_hypothesis(Hadamard(), w).ok
    plain = bracket_hypothesis(PlainDecay(LogRatio()), w)
    assert not plain.ok and float(plain.measured) > 0.1


def test_never_rises_judges_against_the_budget_it_is_given():
    evidence = floor(0.0, 1e-6)
    flat = never_rises(np.array([[1.0], [1.0 + 1e-7]]), evidence)
    assert 0 < flat.rows[0].discrepancy < flat.rows[0].budget == 1e-6
    assert never_rises(np.array([[1.0], [2.0]]), evidence).rows[0].discrepancy == 1.0
    unknown = never_rises(np.array([[1.0], [2.0]]), failed("no"))
    assert np.isnan(unknown.rows[0].budget)


def test_side_by_side_is_its_parts_one_after_the_other():
    w = (jnp.array([[1.0, 2.0], [0.5, 0.7]]), jnp.array([[3.0], [4.0]]))
    both = SideBySide((Hadamard(), LogRatio()))
    np.testing.assert_allclose(both.g(w), [0.5, 1.4, np.log(3 / 4)])
    np.testing.assert_allclose(both.h(w), 1 + 4 + 0.25 + 0.49 + np.log(12.0))
    assert both.slices(w) == [slice(0, 2), slice(2, 3)]


def test_the_pace_is_that_of_the_fastest_weight():
    field, w = jnp.array([[1e150, 2.0], [1.0, 2.0]]), jnp.ones((2, 2))
    np.testing.assert_allclose(pace(field, w), [1e-150, 0.5 * 2 ** (-1 / 8)])


def test_merged_keeps_every_claim_and_hypothesis(verdict_of):
    findings = [judgement.finding for judgement in verdict_of("flow/position").instances[:1]]
    assert set(merged(findings * 2).claims) == set(findings[0].claims)
    assert len(merged(findings * 2).hypotheses) == 2 * len(findings[0].hypotheses)
