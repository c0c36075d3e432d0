"""What the constructors of evidence refuse: a sign or an order would turn a contradiction into agreement."""

from typing import Any

import numpy as np
import pytest

from mirrorjax import InputError
from mirrorjax.checks import (
    Exact,
    Finding,
    Outcome,
    agree,
    at_most,
    compare,
    decide,
    failed,
    floor,
    ladder,
    merged,
    never_rises,
    paired_below,
)

MADE = {"scale": 1.0, "moved": 1.0, "of": "step size η"}
ETA = (1e-2, 1e-3, 1e-4)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: floor(-1.0, 1e-9), "discrepancy"),  # left − right, which e ≤ 5 b would call agreement
        (lambda: floor(1e-12, -1.0), "budget"),
        (lambda: floor(1.0, 1e-9, scale=-1.0), "scale"),
        (lambda: floor(1.0, 1e-9, moved=-1.0), "moved"),
        (lambda: at_most(1.0, 0.0, -1e-9), "budget"),
        (lambda: at_most(1.0, 0.0, 1e-9, scale=-2.0), "scale"),
        (lambda: ladder(ETA, [1e-2, -1e-3, 1e-4], ETA, **MADE), "discrepancy"),
        (lambda: ladder(ETA, ETA, [1e-2, 1e-3, -1e-4], **MADE), "budget"),
        (lambda: ladder(ETA, ETA, [1e-2, 1e-3], **MADE), "budget"),
        (lambda: ladder(ETA[::-1], ETA, ETA, **MADE), "finest last"),  # judged on its coarsest rung
        (lambda: ladder([1e-3, 1e-3], [0.1, 0.1], [1e-3, 1e-3], **MADE), "finest last"),
        (lambda: ladder([], [], [], **MADE), "at least one"),
        (lambda: ladder(ETA, np.ones((3, 2)), ETA, **MADE), "discrepancy"),
        (lambda: floor("much", 1e-9), "discrepancy"),
        (lambda: floor(1.0 + 1.0j, 1e-9), "discrepancy"),
        (lambda: floor(np.ones(2), 1e-9), "discrepancy"),
    ],
)
def test_what_would_be_judged_wrongly_is_refused(make, what):
    with pytest.raises(InputError, match=what):
        make()


@pytest.mark.parametrize("e, b", [(np.nan, 1e-9), (0.0, np.nan), (np.inf, 1e-9), (0.0, np.inf)])
def test_what_is_not_finite_says_nothing(e, b):
    assert decide(floor(e, b)).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    "make",
    [
        lambda: at_most(np.nan, 0.0, 1e-9, scale=1.0),
        lambda: at_most(0.0, np.nan, 1e-9, scale=1.0),
        lambda: at_most(0.0, 1.0, np.nan, scale=1.0),
        lambda: paired_below(np.array([0.0, np.nan, 0.1]), np.array([1.0, 1.1, 1.2]), 1e-12),
        lambda: paired_below(np.array([0.0, 0.2, 0.1]), np.array([1.0, np.nan, 1.2]), 1e-12),
        lambda: never_rises(np.array([[2.0], [np.nan]]), floor(0.0, 1e-9)),
        lambda: agree(np.ones((17, 1)), np.r_[np.ones(16), np.nan][:, None]),  # an ulp away there is nothing
    ],
)
def test_a_seed_that_failed_is_no_evidence(make):
    """Python's max(0, NaN) is 0: an excess that is not known was none."""
    assert decide(make()).outcome is Outcome.INCONCLUSIVE


def test_a_reason_is_said_as_it_is():
    """An input error is none of a solver's, which more steps would help."""
    assert decide(failed("the table has no column y")).reason == "the table has no column y"


def test_a_rung_says_what_it_is_one_of():
    assert [(row.of, row.at) for row in ladder(ETA, ETA, ETA, **MADE).rows] == [("step size η", eta) for eta in ETA]
    assert floor(0.0, 1e-9).rows[0].of == "round-off"


@pytest.mark.usefixtures("annotations_off")
@pytest.mark.parametrize("kind", ["claims", "controls", "planted"])
def test_a_finding_takes_evidence_and_not_what_decide_says(kind):
    with pytest.raises(InputError, match=f"{kind} map names to"):
        given: dict[str, Any] = {"claims": {}, "controls": {}} | {kind: {"x": decide(floor(0.0, 1e-9))}}
        Finding(**given)


def test_merged_findings_keep_everything():
    one, other = (Finding({name: floor(0.0, 1e-9)}, {}, planted={1e-4: floor(1.0, 1e-9)}) for name in "ab")
    both = merged([one, other])
    assert list(both.claims) == ["a", "b"] and both.planted == other.planted


def test_a_further_error_loosens_the_whole_and_every_coordinate():
    left, right = (Exact(np.array([[1.0, 1e-6]]) * factor) for factor in (1.0, 1 + 1e-7))
    evidence = compare(left, right)
    assert evidence.each is not None
    loose = evidence.loosened(1e-3)
    assert loose.each is not None and loose.budget == evidence.budget + 1e-3 * evidence.scale
    np.testing.assert_allclose(loose.each.budget[-1], evidence.each.budget[-1] + 1e-3 * evidence.each.scale)
    with pytest.raises(InputError, match="error"):
        evidence.loosened(-1e-3)
