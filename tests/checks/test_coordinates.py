"""Every coordinate is judged by its own size, and what could not be judged is counted."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.checks import Coordinates, Evidence, Finding, Outcome, Row, combine, decide, failed, floor, judge
from mirrorjax.potentials import HyperbolicEntropy

HOLDS, REFUTED, INCONCLUSIVE = Outcome.HOLDS, Outcome.REFUTED, Outcome.INCONCLUSIVE
BUDGET = np.array([1e-6, 1e-8, 1e-10])[:, None]


def apart(e, scale, moved=None, budget=BUDGET) -> Evidence:
    """Coordinates of sizes `scale` whose discrepancies are `e` times their size on every rung; budgets by size."""
    scale = np.asarray(scale, dtype=float)
    moved = scale if moved is None else np.asarray(moved)
    each = Coordinates(np.asarray(e) * scale * np.ones((3, 1)), budget * scale, scale, moved)
    rows = tuple(
        Row(10.0**-k, float(each.discrepancy[i].max()), float(each.budget[i].max()), 10 * k)
        for i, k in enumerate((6, 8, 10))
    )
    return Evidence(rows, float(scale.max()), float(moved.max()), each=each)


def test_coordinates_of_any_size_hold_together():
    decision = decide(apart([1e-10, 1e-10], [1.0, 1e-13]))
    assert decision.outcome is HOLDS and "below" not in decision.reason
    assert decision.resolution == pytest.approx(1e-10)


def test_a_small_coordinate_that_is_wrong_is_refuted_by_its_own_size():
    decision = decide(apart([0.0, 0.8], [1.0, 1e-13]))
    assert decision.outcome is REFUTED
    assert decision.effect == pytest.approx(0.8)
    assert "coordinate 1" in decision.reason and "1.0e-13" in decision.reason


def test_a_coordinate_that_did_not_move_is_counted_not_judged():
    for wrong in (0.0, 0.8):
        decision = decide(apart([0.0, wrong, wrong], [1.0, 1e-13, 1e-13], moved=[1.0, 1e-23, 0.0]))
        assert decision.outcome is HOLDS and "2 of 3 coordinates below resolution" in decision.reason


def test_a_coordinate_between_leaves_it_open():
    decision = decide(apart([1e-10, 1e-9], [1.0, 1e-13]))
    assert decision.outcome is INCONCLUSIVE and "coordinate 1" in decision.reason


def test_an_error_of_one_coordinate_must_stand_still():
    evidence = apart([0.0, 0.8], [1.0, 1e-13])
    assert evidence.each is not None
    falling = evidence.each.discrepancy * np.array([4.0, 2.0, 1.0])[:, None]
    falling = dataclasses.replace(evidence, each=dataclasses.replace(evidence.each, discrepancy=falling))
    assert decide(falling).outcome is INCONCLUSIVE


def test_a_coordinate_whose_error_does_not_fall_is_counted():
    budget = BUDGET * np.array([[1.0, 1.0]])
    budget[:, 1] = 1e-7
    decision = decide(apart([1e-10, 1e-10], [1.0, 1e-13], budget=budget))
    assert decision.outcome is HOLDS and "1 of 2 coordinates below resolution" in decision.reason


def test_a_large_coordinate_at_rest_does_not_hide_a_small_one_that_moves():
    """Of sizes 1e6 and 1e-8: the whole has not moved by 1e-9 of itself."""
    evidence = apart([0.0, 1e-10], [1e6, 1e-8], moved=[0.0, 1e-8])
    assert decide(dataclasses.replace(evidence, each=None)).outcome is INCONCLUSIVE
    decision = decide(evidence)
    assert decision.outcome is HOLDS and "1 of 2" in decision.reason
    assert decide(apart([0.0, 0.8], [1e6, 1e-8], moved=[0.0, 1e-8])).outcome is REFUTED


def test_the_outcome_line_counts_them():
    held = apart([1e-10, 0.0], [1.0, 1e-13], moved=[1.0, 0.0])
    wrong = apart([0.5, 0.5], [1.0, 1.0])
    verdict = combine("x", [judge("case", Finding({"claim": held}, {"control": wrong}))], 0, ())
    assert verdict.outcome is HOLDS
    assert str(verdict).splitlines()[0].endswith("1 of 2 coordinates below resolution)")


def test_a_coarse_resolution_is_said_in_the_outcome_line():
    coarse = apart([1e-10], [1.0], budget=BUDGET * 1e6)
    verdict = combine("x", [judge("case", Finding({"claim": coarse}, {"control": apart([0.5], [1.0])}))], 0, ())
    assert verdict.outcome is HOLDS and "coarse: resolution 1.0e-04" in str(verdict).splitlines()[0]
    fine = Finding({"claim": apart([1e-10], [1.0])}, {"control": apart([0.5], [1.0])})
    assert "coarse" not in str(combine("x", [judge("case", fine)], 0, ()))


def test_errors_planted_of_which_none_is_caught_leave_no_power():
    true, false = apart([1e-10], [1.0]), apart([0.5], [1.0])
    unseen = Finding({"claim": true}, {"control": false}, planted={1e-4: true, 1e-6: true})
    judgement = judge("case", unseen)
    assert judgement.outcome is INCONCLUSIVE and "no power" in judgement.reason and "1e-04" in judgement.reason
    seen = dataclasses.replace(unseen, planted={1e-4: false, 1e-6: true})
    assert judge("case", seen).outcome is HOLDS
    assert judge("case", dataclasses.replace(unseen, planted={})).outcome is HOLDS  # it plants none


def test_precision_is_filled_in_by_itself():
    assert failed("no").x64
    with jax.enable_x64(False):
        forgotten = floor(1.0, 1e-16)
    assert decide(forgotten).outcome is INCONCLUSIVE and "precision" in decide(forgotten).reason


def test_one_coordinate_of_size_1e_minus_13_with_its_scale_wrong_fivefold_is_refuted():
    rng, param = np.random.default_rng(0), mj.parameterizations.Hadamard()
    Z = rng.standard_normal((2, 3))
    problem = mj.problems.LinearRegression(np.c_[Z, 1e-3 * np.ones(2)], Z @ np.array([1.0, -0.5, 0.0]))
    w0 = param.lift([0.3, 0.1, -0.2, 0.0], scale=[0.5, 0.5, 0.5, 1e-13])
    R = mj.potential_of(param, w0)
    assert isinstance(R, HyperbolicEntropy)
    wrong = dataclasses.replace(R, log_c0=R.log_c0 + jnp.log(jnp.array([1.0, 1.0, 1.0, 5.0])))
    schedule = mj.schedules.SwitchOff(0.3, at=1.0)
    for potential, outcome in ((None, HOLDS), (wrong, REFUTED)):
        verdict = mj.checks.agreement(problem, param, schedule, w0, t1=3.0, potential=potential)
        assert verdict.outcome is outcome, str(verdict)
    assert "coordinate 3" in verdict.reason and verdict.effect > 1
