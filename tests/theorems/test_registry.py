"""The table of theorems and how it is asked."""

import dataclasses
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax import theorems
from mirrorjax._errors import InputError, SolverError
from mirrorjax.checks import RUNGS, Finding, Outcome, as_json, at_most
from mirrorjax.instances import random_problem
from mirrorjax.registry import Entry, Plan, Theorem, catalogue, plan, select

FIRST_SLICE = {
    "flow/riemannian", "flow/storage", "mask/2.1", "mask/2.4", "mask/3.1", "mask/3.3", "mask/C.1", "mask/argmin",
    "mask/only-m",
}  # fmt: skip


def test_the_table_is_there_and_its_ids_are_unique_and_well_formed():
    ids = [entry.id for entry in catalogue()]
    assert set(ids) >= FIRST_SLICE
    assert len(set(ids)) == len(ids) and ids == sorted(ids)
    for entry in catalogue():
        assert re.fullmatch(r"[a-z]+/[A-Za-z0-9]+([.-][A-Za-z0-9]+)*", entry.id), entry.id
        assert entry.id.split("/")[0] == entry.module.split(".")[2], "the id begins with its folder"


def test_every_file_of_a_source_holds_a_theorem_or_helps_one_of_its_folder():
    folder = Path(theorems.__file__).parent
    entries = {entry.module for entry in catalogue()}
    for path in folder.glob("*/_*.py"):
        if path.stem == "__init__" or f"mirrorjax.theorems.{path.parent.name}.{path.stem}" in entries:
            continue
        beside = [other.read_text(encoding="utf-8") for other in path.parent.glob("_*.py") if other != path]
        assert path.stem == "_audit" or any(f"from .{path.stem} import" in text for text in beside), path


def test_helpers_beside_the_folders_are_two():
    helpers = {path.name for path in Path(theorems.__file__).parent.glob("_*.py")} - {"__init__.py"}
    assert helpers == {"_all_families.py", "_optimality.py"}


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_what_is_read_from_the_source_is_what_is_imported(entry):
    assert entry.load().entry == entry
    assert entry.title and entry.source
    assert entry.statement.count("$") >= 2 and entry.statement.count("$") % 2 == 0


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_instances_are_seeded_and_named(entry):
    theorem = entry.load()
    first, again, other = (theorem.instances(seed, None) for seed in (0, 0, 1))
    assert len(first) >= 3
    names = [case.name for case in first]
    assert len(set(names)) == len(names)
    states = [
        [np.asarray(getattr(case, "w0", getattr(case, "w", None))) for case in cases] for cases in (first, again, other)
    ]
    for a, b, c in zip(*states):
        np.testing.assert_array_equal(a, b)
        assert np.any(a != c)


def test_patterns_choose_in_the_order_of_the_table():
    everything = [entry.id for entry in catalogue()]
    assert [entry.id for entry in select([])] == everything
    assert [entry.id for entry in select(["mask/3.3", "mask/3.1"])] == ["mask/3.1", "mask/3.3"]
    assert [entry.id for entry in select(["mask/*"])] == [i for i in everything if i.startswith("mask/")]
    assert [entry.id for entry in select(["mask/3.1", "mask/3.*"])] == [
        i for i in everything if i.startswith("mask/3.")
    ]


@pytest.mark.parametrize(
    ("wrong", "near"), [("mask/3.11", "mask/3.1"), ("mask/argmax", "mask/argmin"), ("storage", "flow/storage")]
)
def test_an_unknown_id_gets_near_matches(wrong, near):
    for ask in (lambda: select(["mask/2.1", wrong]), lambda: mj.verify(wrong)):
        with pytest.raises(InputError) as caught:
            ask()
        assert repr(wrong) in str(caught.value) and near in str(caught.value)
        assert "mirrorjax list" in str(caught.value)


def test_an_id_like_nothing_still_gets_a_hint():
    with pytest.raises(InputError, match="mirrorjax list"):
        select(["zzzzzzzz"])


def test_a_plan_is_laid_out_before_the_work():
    laid = plan(["mask/2.1", "mask/C.1"], seed=4, deep=True)
    assert laid.size == 6 and laid.seed == 4 and laid.rungs == (*RUNGS, 1e-12)
    assert [theorem.entry.id for theorem, _ in laid.tasks] == ["mask/2.1", "mask/C.1"]


def test_a_step_that_fails_is_an_answer_and_not_a_crash():
    def check(case, rungs):
        raise SolverError("the solver ran out of steps", "t = 3", "a looser rtol")

    entry = Entry("test/fails", "", "", "", "")
    heard = []
    theorem = Theorem(entry, lambda seed, data: [], check)
    case = mj.instances.random_regressions(0)[0]
    [verdict] = Plan(((theorem, (case, case)),), 0, RUNGS).run(lambda e, j: heard.append((e.id, j.outcome)))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "ran out of steps" in verdict.reason and "t = 3" in verdict.reason
    assert heard == [("test/fails", Outcome.INCONCLUSIVE)] * 2


def test_a_check_that_crashes_is_inconclusive_with_its_traceback_and_the_others_go_on():
    def crashes(case, rungs):
        return 1 / 0

    theorems = [of_the_test(crashes, ["one"], "test/bug"), of_the_test(lambda case, rungs: at_most_one(0.5), ["one"])]
    bug, own = mj.verify(theorems)
    assert bug.outcome is Outcome.INCONCLUSIVE and own.outcome is Outcome.HOLDS
    assert "ZeroDivisionError: division by zero, in test_registry.py, line" in bug.reason
    assert "return 1 / 0" in bug.traceback and as_json(bug)["instances"][0]["traceback"] == bug.traceback
    assert own.traceback == "" == as_json(own)["instances"][0]["traceback"]


@pytest.mark.parametrize(
    ("instances", "words"),
    [
        (lambda seed, data: 1 / 0, "ZeroDivisionError"),
        (lambda seed, data: [], "there is none"),
        (lambda seed, data: [3.0], "an instance is float, without a name"),
    ],
)
def test_instances_that_cannot_be_made_are_an_answer(instances, words):
    entry = Entry("test/own", "", "", "", "")
    [verdict] = mj.verify(Theorem(entry, instances, lambda case, rungs: at_most_one(0.5)))
    assert verdict.outcome is Outcome.INCONCLUSIVE and words in verdict.reason


def test_a_check_that_returns_no_finding_is_no_answer():
    [verdict] = mj.verify(of_the_test(lambda case, rungs: True, ["one"]))
    assert verdict.outcome is Outcome.INCONCLUSIVE and "returned bool, not a Finding" in verdict.reason


def of_the_test(check, cases=(), id="test/own"):
    """A theorem with plain instances, whatever table is given."""
    only = tuple(SimpleNamespace(name=name) for name in cases)
    return Theorem(Entry(id, "", "", "", ""), lambda seed, data: only, check)


def at_most_one(left):
    return Finding({"left ≤ 1": at_most(left, 1.0, 1e-9)}, {"2 ≤ 1": at_most(2.0, 1.0, 1e-9)})


@pytest.mark.parametrize(
    ("names", "left", "outcome"),
    [
        (("random 0", "your data"), 0.5, Outcome.HOLDS),
        (("random 0", "help topics"), 0.5, Outcome.INCONCLUSIVE),
        (("random 0", "help topics"), 3.0, Outcome.REFUTED),
    ],
)
def test_a_table_that_no_instance_is_made_of_is_not_confirmed(names, left, outcome):
    """Random instances that hold say nothing of the user's measurements."""
    theorem = of_the_test(lambda case, rungs: at_most_one(left), names)
    table = random_problem(np.random.default_rng(0))
    [verdict] = mj.verify(theorem, data=table)
    assert verdict.outcome is outcome, verdict
    written = as_json(verdict)["instances"]
    assert [instance["name"] for instance in written] == [*dict.fromkeys([*names, "your data"])]
    if outcome is Outcome.INCONCLUSIVE:
        assert "your table" in verdict.reason and "not met" in verdict.reason
        assert [h["ok"] for h in written[-1]["hypotheses"]] == [False]
    [alone] = mj.verify(theorem)
    assert len(alone.instances) == len(names) and alone.outcome is (outcome if left > 1 else Outcome.HOLDS)


def test_an_input_that_cannot_be_used_is_not_called_a_failed_solve():
    def check(case, rungs):
        raise InputError("y is not in the range of Z", "row 3", "drop it")

    theorem = of_the_test(check)
    [verdict] = Plan(((theorem, (SimpleNamespace(name="only"),)),), 0, RUNGS).run()
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "y is not in the range of Z [row 3]. Try: drop it" in verdict.reason
    assert "solve" not in str(verdict) and "steps" not in str(verdict)


def test_a_quick_plan_tries_the_users_table_and_else_one_instance():
    table = mj.problems.LinearRegression(np.eye(2, 6), np.ones(2))
    assert plan(["mask/2.4", "mask/C.1"], quick=True).size == 2
    [(_, cases)] = plan(["mask/2.4"], data=table, quick=True).tasks
    assert [case.name for case in cases] == ["your data"]


def test_a_quick_verdict_plants_no_errors_and_says_so():
    [quick] = mj.verify("mask/argmin", quick=True)
    assert quick.outcome is Outcome.HOLDS and quick.reason.endswith("quick: one instance, no errors planted")
    assert np.isnan(quick.detection_limit) and not quick.instances[0].finding.planted
    assert quick.instances[0].controls  # wrong variants fall in a smoke test too
    [whole] = mj.verify("mask/argmin")
    assert whole.instances[0].finding.planted and "quick" not in whole.reason


def test_a_quick_verdict_does_not_say_that_nothing_was_planted_where_something_was():
    def check(case, rungs):
        return dataclasses.replace(at_most_one(0.5), planted={1e-4: at_most(2.0, 1.0, 1e-9)})

    [verdict] = mj.verify(of_the_test(check, ["one", "two"]), quick=True)
    assert verdict.reason.endswith("; quick: one instance") and verdict.detection_limit == 1e-4
