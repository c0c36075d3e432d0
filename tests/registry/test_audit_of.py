"""Formulas that a theorem from outside the package names as printed."""

import dataclasses
import json

import pytest

import mirrorjax as mj
from mirrorjax._cli import main
from mirrorjax._errors import InputError
from mirrorjax.checks import Finding, Outcome, at_most, floor, judge, merged
from mirrorjax.registry import audit_of

FILE = """
import mirrorjax as mj
from mirrorjax.checks import Finding, at_most


class Case:
    def __init__(self, size):
        self.size, self.name = size, f"size {{size}}"


@mj.theorem(id="mylab/1", title="", statement="", source="folklore", instances=lambda seed, data: map(Case, (1.0, 2.0)))
def first(case, rungs):
    return Finding(
        claims={{"size ≤ 2": at_most(case.size, 2.0, 1e-9)}},
        controls={{"size + 2 ≤ 2": at_most(case.size + 2, 2.0, 1e-9)}},
        printed={{"eq. (7): [size] ≤ {bound}": at_most(case.size, {bound}, 1e-9)}},
    )
"""


@pytest.mark.parametrize(("bound", "outcome", "status"), [(0.5, "refuted", 0), (1.5, "holds", 1), (3.0, "holds", 1)])
def test_a_printed_formula_falls_only_if_it_does_on_every_instance(tmp_path, capsys, bound, outcome, status):
    path = tmp_path / "paper.py"
    path.write_text(FILE.format(bound=bound), encoding="utf-8")
    [found] = audit_of(str(path))
    assert str(found.as_printed.outcome) == outcome and found.as_holds.outcome is Outcome.HOLDS
    assert (found.item.where, found.item.holds) == ("mylab/1", "size ≤ 2")
    assert main(["audit", str(path)]) == status
    said = capsys.readouterr().out
    assert "eq. (7): [size]" in said and outcome in said  # brackets are no markup


def test_of_several_instances_the_one_that_speaks_least_against_it_counts(tmp_path):
    path = tmp_path / "paper.py"
    path.write_text(FILE.format(bound=0.5), encoding="utf-8")
    [found] = audit_of(path)
    [verdict] = mj.verify(path)
    effects = [d.effect for j in verdict.instances for d in j.printed.values()]
    assert len(set(effects)) == 2 and found.as_printed.effect == min(effects)


def test_it_does_not_decide_the_verdict_and_stands_in_its_text_and_json(tmp_path):
    path = tmp_path / "paper.py"
    path.write_text(FILE.format(bound=0.5), encoding="utf-8")
    [verdict] = mj.verify(path)
    assert verdict and "    printed eq. (7): [size] ≤ 0.5: refuted, effect" in str(verdict)
    [one, _] = mj.checks.as_json(verdict)["instances"]
    assert one["printed"]["eq. (7): [size] ≤ 0.5"]["outcome"] == "refuted"
    assert json.dumps(one) and "As printed" in mj.report.render_section(verdict)


def test_a_theorem_without_one_is_refused(capsys):
    with pytest.raises(InputError, match="no printed formula"):
        audit_of("mask/C.1")
    assert main(["audit", "mask/C.1"]) == 3 and "printed=" in capsys.readouterr().err


def test_a_theorem_left_out_is_spoken_of_and_a_crash_is_told_as_what_it_is(tmp_path, capsys):
    path, crashing = tmp_path / "paper.py", tmp_path / "crashing.py"
    text = FILE.format(bound=0.5)
    path.write_text(text, encoding="utf-8")
    crashing.write_text(text.replace("    return Finding", "    1 / 0\n    return Finding"), encoding="utf-8")
    assert main(["audit", str(path), "mask/C.1"]) == 0
    assert "without a printed formula: mask/C.1" in capsys.readouterr().out
    assert main(["audit", str(crashing)]) == 3
    assert "the check crashed" in capsys.readouterr().err


@pytest.mark.usefixtures("annotations_off")
def test_a_finding_takes_evidence_alone_and_merged_keeps_it():
    held = at_most(1.0, 2.0, 1e-9)
    finding = Finding({"a": held}, {}, printed={"b": floor(1.0, 1e-9)})
    assert set(merged([finding, dataclasses.replace(finding, printed={"c": held})]).printed) == {"b", "c"}
    assert judge("", finding).printed["b"].outcome is Outcome.REFUTED
    wrong: dict = {"b": 1.0}
    with pytest.raises(InputError, match="printed map names"):
        Finding({"a": held}, {}, printed=wrong)
