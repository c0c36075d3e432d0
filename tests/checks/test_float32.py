"""What float32 says where it is asked: no true statement is refuted, no false one holds; unasked it is silent."""

import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from statements import true_statements

import mirrorjax as mj
from mirrorjax.checks import FLOAT32_RUNGS, Evidence, Outcome, Row, at_most, decide, identity
from mirrorjax.checks._compare import _moved_by_an_ulp
from mirrorjax.schedules import SwitchOff

REASONS = ("precision", "rungs=", "float32=True", "--float32", "jax_enable_x64")


@pytest.fixture
def single():
    with jax.enable_x64(False):
        yield


def test_true_statements_are_not_refuted_and_most_hold(single):
    """Parameterizations, schedules, losses, scales, times; of all 200 at seed 0 169 hold and none is refuted."""
    with jax.numpy_dtype_promotion("standard"):  # the statements are made in NumPy's float64
        # Without the linear ones, whose matrix was made at import and in float64.
        statements = true_statements(0, without="Gw")
    found = [(statement.name, statement.verdict(rungs=FLOAT32_RUNGS)) for statement in statements[3::9][:20]]
    assert len(found) == 20
    assert not [(name, v.reason) for name, v in found if v.outcome is Outcome.REFUTED]
    held = [v for _, v in found if v.outcome is Outcome.HOLDS]
    assert len(held) >= 14
    assert all("float32" in v.reason and 1e-6 < v.resolution < 0.1 for v in held)
    assert all(v.detection_limit >= 1e-4 for v in held)


class WrongDose(SwitchOff):
    """Says this many times the integral of its strength."""

    factor: float = eqx.field(static=True, default=2.0)

    def __init__(self, factor):
        super().__init__(0.3, at=1.0)
        self.factor = factor

    def dose(self, t):
        return self.factor * super().dose(t)


def agree(change=lambda R: R, schedule=None, rungs=FLOAT32_RUNGS, **other):
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((3, 5))
    problem = mj.problems.LinearRegression(Z, Z @ np.array([1.0, -0.5, 0.0, 0.0, 0.0]))
    param = mj.parameterizations.Hadamard()
    w0 = param.lift(0.3 * rng.standard_normal(5))
    schedule = SwitchOff(0.3, at=1.0) if schedule is None else schedule()
    R = change(mj.potential_of(param, w0))
    return mj.checks.agreement(problem, param, schedule, w0, t1=3.0, rungs=rungs, potential=R, **other)


def wrong(field, change):
    return lambda R: eqx.tree_at(lambda r: getattr(r, field), R, replace_fn=change)


FALSE = {
    "scale off by 2 %": {"change": wrong("log_c0", lambda c: c + np.float32(np.log(1.02)))},
    "κ off by 2 %": {"change": wrong("kappa", lambda k: 1.02 * k)},
    "exponent halved": {"change": wrong("rate", lambda r: r / 2)},
    "time variation dropped": {"change": wrong("rate", lambda r: 0 * r)},
    "a dose twice the integral": {"schedule": lambda: WrongDose(2.0)},
    "a dose off by 2 %": {"schedule": lambda: WrongDose(1.02)},
    "sign of s": {"change": wrong("s", lambda s: -s)},
    "sign of one coordinate's s": {"change": wrong("s", lambda s: s.at[2].multiply(-1.0))},
}


@pytest.mark.parametrize("name", FALSE)
def test_false_statements_do_not_hold(single, name):
    verdict = agree(**FALSE[name])
    assert verdict.outcome is not Outcome.HOLDS, str(verdict)
    if "dose" not in name:  # that of a schedule is a hypothesis, which is not met
        assert verdict.outcome is Outcome.REFUTED, str(verdict)


@pytest.mark.parametrize("size", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_what_holds_although_it_is_off_is_off_by_less_than_what_is_planted_and_caught(single, size):
    verdict = agree(wrong("kappa", lambda k: (1 + size) * k))
    if verdict.outcome is Outcome.HOLDS:
        assert size < verdict.detection_limit


def test_the_true_one_holds_and_says_that_it_is_in_float32(single):
    verdict = agree()
    assert verdict.outcome is Outcome.HOLDS, str(verdict)
    assert verdict.resolution < 1e-3 and verdict.reason.endswith("in float32")


@pytest.mark.parametrize("rungs", [None, (1e-2, 1e-4, 1e-6), (1e-6,)])
def test_rungs_that_float32_does_not_resolve_say_nothing(single, rungs):
    for change in (lambda R: R, wrong("rate", lambda r: 0 * r)):
        verdict = agree(change, rungs=rungs)
        assert verdict.outcome is Outcome.INCONCLUSIVE
        assert all(part in verdict.reason for part in REASONS), verdict.reason


def test_floors_answer_where_they_are_asked_and_know_their_round_off(single):
    at = jnp.array([0.3, 1.7])
    true = identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1 + jnp.sinh(x) ** 2, at)
    false = identity(lambda x: jnp.cosh(x) ** 2, lambda x: 1.01 + jnp.sinh(x) ** 2, at)
    for evidence in (true, false, at_most(2.0, 1.0, 1e-9)):
        assert decide(evidence).reason.startswith("precision")
    assert [decide(e, float32=True).outcome for e in (true, false)] == [Outcome.HOLDS, Outcome.REFUTED]
    assert decide(at_most(2.0, 1.0, 1e-9), float32=True).reason.startswith("precision")


def test_a_side_in_numpy_does_not_make_the_floor_that_of_float64(single):
    at = np.linspace(0.1, 3.0, 20)
    assert decide(identity(lambda x: np.sin(np.asarray(x, float)), jnp.sin, at), float32=True).outcome is Outcome.HOLDS


def test_evidence_made_by_hand_says_nothing_in_float32():
    rows = tuple(Row(rtol, 0.1, 1e-6 * rtol, 9) for rtol in FLOAT32_RUNGS)
    by_hand = Evidence(rows, 1.0, 1.0, dtype="float32")
    for asked in (False, True):
        assert decide(by_hand, float32=asked).reason.startswith("precision")


def test_the_start_is_moved_by_an_ulp_of_what_is_integrated(single):
    start = np.asarray([1.0, -0.3], np.float32)
    moved = _moved_by_an_ulp(start)
    assert moved.dtype == np.float32
    assert np.all(np.abs(moved - start) > 0) and np.all(np.abs(moved - start) <= 2 * np.spacing(np.abs(start)))


def test_the_catalogue_answers_in_float32_only_where_it_is_asked(single):
    # The instances of woodworth/2 cannot even be made.
    for theorem_id, outcome in (("flow/spectral-lemma", Outcome.HOLDS), ("woodworth/2", Outcome.INCONCLUSIVE)):
        [asked], [unasked] = mj.verify(theorem_id, float32=True), mj.verify(theorem_id)
        assert asked.outcome is outcome, str(asked)
        assert unasked.outcome is Outcome.INCONCLUSIVE
        assert all(part in unasked.reason for part in REASONS), unasked.reason
    assert "precision" in asked.reason and asked.rungs == FLOAT32_RUNGS


def test_float32_is_refused_where_float64_is_on_and_with_deep():
    with pytest.raises(mj.InputError, match=r"float64 is on.*jax_enable_x64"):
        mj.verify("mask/C.1", float32=True)
    with jax.enable_x64(False), pytest.raises(mj.InputError, match="deep"):
        mj.verify("mask/C.1", float32=True, deep=True)


def test_the_command_in_one_process_and_in_two():
    def command(*options):
        call = [sys.executable, "-m", "mirrorjax", "verify", *options, "--float32"]
        return subprocess.run(call, capture_output=True, text=True, check=False)

    refused = command("mask/C.1", "--deep")
    assert refused.returncode == 3 and "exclude each other" in refused.stderr
    alone = command("flow/spectral-lemma")
    assert alone.returncode == 0 and "in float32" in alone.stdout, alone.stdout + alone.stderr
    two = command("flow/spectral-lemma", "woodworth/2", "--jobs", "2")
    assert two.returncode == 2, two.stdout + two.stderr
    assert "in float32" in two.stdout and "float32 is not enough" in two.stdout
