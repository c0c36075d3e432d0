"""The verdict's rules, one by one and against their transcription."""

import dataclasses
import math

import pytest
from hypothesis import given, settings, strategies as st

from mirrorjax.checks import Evidence, Outcome, Row, decide, floor

HOLDS, REFUTED, INCONCLUSIVE = Outcome.HOLDS, Outcome.REFUTED, Outcome.INCONCLUSIVE
TOLERANCES = (1e-6, 1e-8, 1e-10)


def ladder(e, b, steps=(10, 20, 40), **other) -> Evidence:
    """Rows with the discrepancies `e` and budgets `b`, of scale 1 and moved by 1."""
    rows = tuple(Row(tol, x, y, n) for tol, x, y, n in zip(TOLERANCES, e, b, steps))
    return Evidence(**{"rows": rows, "scale": 1.0, "moved": 1.0} | other)


TRUE = ladder((6e-7, 6e-9, 6e-11), (1e-6, 1e-8, 1e-10))
FALSE = ladder((2.4e-7, 2.4e-7, 2.4e-7), (1e-7, 1e-9, 1e-11))


def test_a_true_statement_holds_to_the_resolution_of_its_budget():
    decision = decide(TRUE)
    assert decision.outcome is HOLDS
    assert decision.resolution == 1e-10 and math.isnan(decision.effect)
    # Where the discrepancy is the larger of the two, it is the resolution.
    assert decide(ladder((1e-6, 1e-8, 4e-10), (1e-6, 1e-8, 1e-10), scale=2.0)).resolution == 2e-10


def test_an_error_that_stands_still_is_refuted_with_its_size():
    decision = decide(dataclasses.replace(FALSE, scale=2.0, where="at time index 3, coordinate 1"))
    assert decision.outcome is REFUTED
    assert decision.effect == pytest.approx(1.2e-7)
    assert "time index 3, coordinate 1" in decision.reason


# Rule 1
@pytest.mark.parametrize("evidence", [TRUE, FALSE], ids=["true", "false"])
def test_a_failed_solve_says_nothing(evidence):
    decision = decide(dataclasses.replace(evidence, failure="out of steps at t = 3"))
    assert decision.outcome is INCONCLUSIVE and "out of steps at t = 3" in decision.reason


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("at", ["discrepancy", "budget", "scale", "moved"])
def test_a_number_that_is_not_finite_says_nothing(at, bad):
    for evidence in (TRUE, FALSE):
        for row in range(3):
            rows = list(evidence.rows)
            if at in ("scale", "moved"):
                broken = dataclasses.replace(evidence, **{at: bad})
            else:
                rows[row] = dataclasses.replace(rows[row], **{at: bad})
                broken = dataclasses.replace(evidence, rows=tuple(rows))
            decision = decide(broken)
            assert decision.outcome is INCONCLUSIVE and "non-finite" in decision.reason


def test_no_rows_say_nothing():
    assert decide(dataclasses.replace(TRUE, rows=())).outcome is INCONCLUSIVE


# Rule 2
@pytest.mark.parametrize("evidence", [TRUE, FALSE], ids=["true", "false"])
def test_single_precision_says_nothing_and_how_to_change_that(evidence):
    decision = decide(dataclasses.replace(evidence, dtype="float32"))
    assert decision.outcome is INCONCLUSIVE
    assert decision.reason.startswith("precision") and "jax_enable_x64" in decision.reason


# Rule 3
def test_a_budget_of_zero_says_nothing():
    for e in ((0.0, 0.0, 0.0), (0.1, 0.1, 0.1)):
        decision = decide(ladder(e, (1e-6, 1e-8, 0.0)))
        assert decision.outcome is INCONCLUSIVE and "degenerate budget" in decision.reason


# Rule 4
@pytest.mark.parametrize("evidence", [TRUE, FALSE], ids=["true", "false"])
def test_what_hardly_moved_says_nothing(evidence):
    b = evidence.rows[-1].budget
    for still in (0.0, b, 1e3 * b):
        decision = decide(dataclasses.replace(evidence, moved=still))
        assert decision.outcome is INCONCLUSIVE and "nothing moved" in decision.reason
        assert ("moved=" in decision.reason) == (still == 0)  # as of a route that is observed at one time
    assert decide(dataclasses.replace(evidence, moved=1.001e3 * b)).outcome is not INCONCLUSIVE
    # Against a large offset the relative clause counts: 1e-9 of the scale.
    assert decide(dataclasses.replace(evidence, scale=1e3, moved=1e-6)).outcome is INCONCLUSIVE
    assert decide(dataclasses.replace(evidence, scale=1e3, moved=1.1e-6)).outcome is not INCONCLUSIVE


# Rule 5
def test_holds_ends_at_five_budgets():
    assert decide(ladder((0, 0, 5 * 2.0**-30), (1e-3, 1e-6, 2.0**-30))).outcome is HOLDS
    assert decide(ladder((0, 0, 5.001 * 2.0**-30), (1e-3, 1e-6, 2.0**-30))).outcome is INCONCLUSIVE


def test_holds_needs_a_budget_that_falls_thirtyfold():
    assert decide(ladder((0, 0, 1e-10), (30 * 2.0**-30, 1e-8, 2.0**-30))).outcome is HOLDS
    decision = decide(ladder((0, 0, 1e-10), (29.9 * 2.0**-30, 1e-8, 2.0**-30)))
    assert decision.outcome is INCONCLUSIVE and "does not fall" in decision.reason


def test_a_budget_at_round_off_from_the_first_rung_on_has_nowhere_to_fall():
    settled = (9e-10, 9e-10, 9e-10)
    assert decide(ladder((1e-10, 1e-10, 1e-10), settled)).outcome is HOLDS
    assert decide(ladder((1e-10, 1e-10, 1e-10), (1.1e-9, 1e-9, 1e-9))).outcome is INCONCLUSIVE
    # An error that is planted there is refuted all the same.
    assert decide(ladder((3e-8, 3e-8, 3e-8), settled)).outcome is REFUTED


def test_where_the_compared_times_force_every_step_no_tolerance_is_felt():
    flat = (1e-7, 1e-7, 1e-7)
    assert decide(ladder(flat, flat)).outcome is INCONCLUSIVE
    decision = decide(ladder(flat, flat, steps=(20, 20, 20)))
    assert decision.outcome is HOLDS and decision.resolution == 1e-7
    assert decide(ladder(flat, flat, steps=(0, 0, 0))).outcome is INCONCLUSIVE  # two closed forms take none


# Rule 6
def test_refuted_begins_at_thirty_budgets():
    b = 2.0**-30
    assert decide(ladder((30 * b, 30 * b, 30 * b), (1e-3, 1e-6, b))).outcome is REFUTED
    assert decide(ladder((29.9 * b, 29.9 * b, 29.9 * b), (1e-3, 1e-6, b))).outcome is INCONCLUSIVE


@pytest.mark.parametrize(
    ("before", "outcome"), [(1.25, REFUTED), (0.8, REFUTED), (0.75, INCONCLUSIVE), (1.5, INCONCLUSIVE)]
)
def test_refuted_needs_the_discrepancy_to_stand_still(before, outcome):
    assert decide(ladder((1.0, before, 1.0), (1e-7, 1e-9, 1e-11))).outcome is outcome


def test_one_rung_cannot_show_that_anything_stands_still():
    for rows in (FALSE.rows[-1:], (Row(1e-8, 0.0, 1e-9, 1), FALSE.rows[-1])):
        decision = decide(dataclasses.replace(FALSE, rows=rows))
        assert decision.outcome is INCONCLUSIVE and "still moves" in decision.reason


# Rule 7
@pytest.mark.parametrize("ratio", [5.1, 10.0, 29.0])
def test_between_five_and_thirty_nothing_is_said(ratio):
    e = ratio * 1e-10
    decision = decide(ladder((e, e, e), (1e-6, 1e-8, 1e-10)))
    assert decision.outcome is INCONCLUSIVE and "add a rung" in decision.reason


# Round-off floors: one row, no ladder
@pytest.mark.parametrize(
    ("e", "outcome"), [(0.0, HOLDS), (5e-16, HOLDS), (1e-15, INCONCLUSIVE), (4e-15, REFUTED), (1.0, REFUTED)]
)
def test_one_row_is_enough_against_a_floor(e, outcome):
    evidence = floor(e, 1.1e-16)
    assert decide(evidence).outcome is outcome


def test_a_floor_as_large_as_the_object_says_nothing():
    assert decide(floor(0.0, 0.01)).outcome is INCONCLUSIVE


# The claim that two routes differ
def test_a_claimed_difference_turns_the_outcomes_round():
    same, apart = (decide(evidence.differs()) for evidence in (TRUE, FALSE))
    assert same.outcome is REFUTED
    assert apart.outcome is HOLDS
    # What would have gone unseen is the budget, 1e-11; the difference itself is the effect.
    assert apart.resolution == 1e-11 and apart.effect == 2.4e-7
    for broken in (dataclasses.replace(TRUE, failure="x"), dataclasses.replace(FALSE, dtype="float32")):
        assert decide(broken.differs()).outcome is INCONCLUSIVE


sizes = st.one_of(st.just(0.0), st.floats(-14.0, 1.0).map(lambda p: 10.0**p))
triples = st.tuples(sizes, sizes, sizes)
anything = st.builds(
    ladder,
    triples,
    triples,
    st.sampled_from([(10, 20, 40), (20, 20, 20)]),
    scale=sizes,
    moved=sizes,
    kind=st.sampled_from(["ladder", "floor"]),
    opposite=st.booleans(),
)


def transcribed(evidence: Evidence) -> Outcome:
    """The rules as README words them, on three finite rows."""
    _, e2, e3 = (row.discrepancy for row in evidence.rows)
    b1, _, b3 = (row.budget for row in evidence.rows)
    if b3 == 0 or evidence.moved <= max(1e3 * b3, 1e-9 * evidence.scale):
        return INCONCLUSIVE
    on_ladder = evidence.kind == "ladder"
    falls = b3 <= b1 / 30 or b1 <= 1e-9 * evidence.scale or evidence.rows[0].steps == evidence.rows[-1].steps
    if e3 <= 5 * b3 and (not on_ladder or falls):
        return REFUTED if evidence.opposite else HOLDS
    if e3 >= 30 * b3 and (not on_ladder or (e2 > 0 and abs(e3 / e2 - 1) <= 0.3)):
        return HOLDS if evidence.opposite else REFUTED
    return INCONCLUSIVE


@settings(max_examples=500)
@given(anything.filter(lambda evidence: evidence.scale > 0))
def test_any_rows_get_the_outcome_that_the_rules_give(evidence):
    decision = decide(evidence)
    assert decision.outcome is transcribed(evidence)
    assert decision.reason
    if decision.outcome is HOLDS:
        assert decision.resolution > 0
    if decision.outcome is REFUTED and not evidence.opposite:
        assert decision.effect >= 30 * evidence.rows[-1].budget / evidence.scale * (1 - 1e-12)


@settings(max_examples=500)
@given(anything.filter(lambda evidence: evidence.scale > 0), st.integers(-30, 30))
def test_units_do_not_matter(evidence, power):
    unit = 2.0**power
    rows = tuple(
        dataclasses.replace(r, discrepancy=unit * r.discrepancy, budget=unit * r.budget) for r in evidence.rows
    )
    scaled = dataclasses.replace(evidence, rows=rows, scale=unit * evidence.scale, moved=unit * evidence.moved)
    one, other = decide(evidence), decide(scaled)
    assert one.outcome is other.outcome
    assert other.resolution == one.resolution or math.isnan(one.resolution)


@settings(max_examples=500)
@given(triples, triples, st.floats(0.0, 1.0))
def test_a_smaller_discrepancy_never_takes_holds_away(e, b, share):
    before = decide(ladder(e, b)).outcome
    after = decide(ladder((e[0], e[1], share * e[2]), b)).outcome
    if before is HOLDS:
        assert after is HOLDS
    # And a larger one never gives it back.
    if after is not HOLDS:
        assert before is not HOLDS


@settings(max_examples=500)
@given(triples, triples)
def test_no_rows_both_hold_and_are_refuted(e, b):
    evidence = ladder(e, b)
    pair = {decide(evidence).outcome, decide(evidence.differs()).outcome}
    assert pair in ({HOLDS, REFUTED}, {INCONCLUSIVE})
