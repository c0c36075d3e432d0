"""From decisions to a verdict: hypotheses, claims, controls, detection limit, instances."""

import dataclasses
import json
import math

import pytest

from mirrorjax.checks import (
    Evidence,
    Finding,
    Hypothesis,
    Outcome,
    Row,
    as_json,
    combine,
    environment,
    judge,
)

HOLDS, REFUTED, INCONCLUSIVE = Outcome.HOLDS, Outcome.REFUTED, Outcome.INCONCLUSIVE


def evidence(e3: float, b3: float = 1e-10) -> Evidence:
    """A ladder that holds for e₃ ≤ 5 b₃ and is refuted for e₃ ≥ 30 b₃."""
    rows = (Row(1e-6, e3, 1e-6, 10), Row(1e-8, e3, 1e-8, 20), Row(1e-10, e3, b3, 30))
    return Evidence(rows, scale=1.0, moved=1.0)


TRUE, FALSE, OPEN = evidence(1e-10), evidence(1e-3), evidence(1e-9)
MET, NOT_MET = Hypothesis("regular", 1.0, True), Hypothesis("interpolates", 0.3, False)


def finding(claims=(TRUE,), controls=(FALSE, FALSE), **other) -> Finding:
    return Finding(
        {f"claim {i}": e for i, e in enumerate(claims)}, {f"control {i}": e for i, e in enumerate(controls)}, **other
    )


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        (finding(), HOLDS, "1 claim, 2 controls refuted"),
        (finding(hypotheses=(MET,)), HOLDS, ""),
        (finding(claims=(TRUE, TRUE)), HOLDS, "2 claims"),
        (finding(claims=(TRUE, FALSE)), REFUTED, "claim 1"),
        (finding(claims=(OPEN, TRUE)), INCONCLUSIVE, "claim 0"),
        (finding(claims=(OPEN, FALSE)), REFUTED, "claim 1"),
        (finding(controls=(FALSE, TRUE)), INCONCLUSIVE, "no power: control “control 1” came out holds"),
        (finding(controls=(OPEN, FALSE)), INCONCLUSIVE, "no power: control “control 0” came out inconclusive"),
        (finding(controls=()), INCONCLUSIVE, "no power: no control"),
        (finding(claims=(FALSE,), controls=()), REFUTED, "claim 0"),
        (finding(hypotheses=(MET, NOT_MET)), INCONCLUSIVE, "hypothesis not met: interpolates"),
        (finding(claims=(FALSE,), hypotheses=(NOT_MET,)), INCONCLUSIVE, "hypothesis not met"),
    ],
)
def test_hypotheses_then_claims_then_controls(found, outcome, reason):
    judgement = judge("instance", found)
    assert judgement.outcome is outcome
    assert reason in judgement.reason


def test_the_rows_shown_are_those_that_decided():
    assert judge("x", finding(claims=(TRUE, FALSE, OPEN))).rows == FALSE.rows
    assert judge("x", finding(claims=(TRUE, OPEN))).rows == OPEN.rows
    coarse = evidence(1e-9, 1e-9)
    held = judge("x", finding(claims=(TRUE, coarse)))
    assert held.rows == coarse.rows and held.resolution == 1e-9


@pytest.mark.parametrize(
    ("caught", "limit"),
    [
        ({1e-4: True, 1e-5: True, 1e-6: True}, 1e-6),
        ({1e-6: True, 1e-4: True, 1e-5: False}, 1e-4),
        ({1e-4: False, 1e-5: True, 1e-6: True}, math.nan),
        ({}, math.nan),
    ],
)
def test_the_detection_limit_is_the_smallest_error_below_which_none_escaped(caught, limit):
    planted = {size: FALSE if seen else TRUE for size, seen in caught.items()}
    measured = judge("x", finding(planted=planted)).detection_limit
    assert measured == limit or (math.isnan(limit) and math.isnan(measured))


def verdict(*findings):
    return combine("some/id", [judge(f"instance {i}", f, 1.5) for i, f in enumerate(findings)], 3, (1e-6, 1e-8, 1e-10))


def test_one_refuted_instance_refutes_and_one_open_one_leaves_it_open():
    held, lost, open_ = finding(), finding(claims=(FALSE,)), finding(claims=(OPEN,))
    assert verdict(held, held).outcome is HOLDS
    assert verdict(held, lost, open_).outcome is REFUTED
    assert verdict(held, open_).outcome is INCONCLUSIVE
    assert "instance 1" in verdict(held, lost).reason
    assert verdict(held, lost).deciding.name == "instance 1"
    assert verdict(open_, held).deciding.name == "instance 0"


def test_only_what_holds_is_true_as_a_boolean():
    assert verdict(finding())
    assert not verdict(finding(claims=(FALSE,)))
    assert not verdict(finding(claims=(OPEN,)))


def test_a_verdict_is_as_good_as_its_worst_instance():
    fine = finding(planted={1e-4: FALSE, 1e-6: FALSE})
    coarse = finding(claims=(evidence(1e-9, 1e-9),), planted={1e-4: FALSE, 1e-6: TRUE})
    both = verdict(fine, coarse)
    assert both.resolution == 1e-9 and both.detection_limit == 1e-4
    assert both.deciding.name == "instance 1"
    assert both.seconds == 3.0 and both.seed == 3
    # An instance in which nothing planted was caught has no limit, and neither has the verdict.
    assert math.isnan(verdict(fine, finding(planted={1e-4: TRUE})).detection_limit)
    # One in which nothing was planted is not asked.
    assert verdict(fine, finding()).detection_limit == 1e-6


def test_a_refuted_verdict_carries_the_size_of_the_contradiction():
    assert verdict(finding(), finding(claims=(FALSE,))).effect == 1e-3


def test_printing_a_verdict_shows_everything_that_was_measured():
    found = dataclasses.replace(finding(hypotheses=(MET, NOT_MET)), observations={"ratio": 1.25, "note": "two"})
    text = str(verdict(found, finding(claims=(FALSE,))))
    for part in ("some/id: refuted", "instance 0: inconclusive", "ok  regular: 1", "NOT MET interpolates: 0.3",
                 "claim   claim 0: refuted, effect 1.0e-03", "control control 1: refuted", "ratio: 1.25", "note: two",
                 "claim   claim 0: holds, resolution 1.0e-10"):  # fmt: skip
        assert part in text, part


def test_a_verdict_becomes_strict_json():
    found = finding(hypotheses=(NOT_MET,), planted={1e-4: TRUE}, observations={"limit": math.inf})
    text = json.dumps(as_json(verdict(finding(), found)), allow_nan=False)
    back = json.loads(text)
    assert back["id"] == "some/id" and back["outcome"] == "inconclusive" and back["detection_limit"] is None
    assert [i["name"] for i in back["instances"]] == ["instance 0", "instance 1"]
    assert back["hypotheses"][0]["name"] == "interpolates" and back["hypotheses"][0]["ok"] is False
    assert set(back["controls"]) == {"control 0", "control 1"}
    assert [(row["of"], row["at"]) for row in back["rows"]] == [("rtol", 1e-6), ("rtol", 1e-8), ("rtol", 1e-10)]
    assert {"resolution", "effect", "reason", "seconds"} <= set(back)


def test_the_environment_names_versions_precision_and_backend():
    here = environment()
    assert {"mirrorjax", "jax", "jaxlib", "diffrax", "python", "dtype", "backend"} <= set(here)
    assert here["dtype"] == "float64" and "not installed" not in here["jax"]
