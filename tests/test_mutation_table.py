"""The mutation runner's table fits the source, and the runner's own words and numbers."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

import mirrorjax

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(mirrorjax.__file__).parent


@pytest.fixture(scope="module")
def runner():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("mutations")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


def test_the_table_is_not_stale(runner):
    assert runner.stale(PACKAGE.parent) == []


def test_a_text_that_is_gone_or_not_the_only_one_is_said(runner, monkeypatch):
    gone = runner.Mutant("flows", "flows/_flows.py", "gone", "no such text", "x")
    twice = runner.Mutant("flows", "flows/_flows.py", "twice", "def effective", "x")
    lost = runner.Mutant("flows", "flows/_nowhere.py", "lost", "x", "y")
    monkeypatch.setattr(runner, "MUTANTS", [gone, twice, lost])
    found = runner.stale()
    assert len(found) == 3 and "0 times" in found[0] and "4 times" in found[1] and "0 times" in found[2]
    assert runner.main(["--area", "flows"]) == 3  # before anything is run


def test_every_mutant_is_python_and_another_program(runner):
    sources = {path: (PACKAGE / path).read_text(encoding="utf-8") for path in {m.path for m in runner.MUTANTS}}
    programs = {path: ast.dump(ast.parse(source)) for path, source in sources.items()}
    for mutant in runner.MUTANTS:
        changed = ast.parse(sources[mutant.path].replace(mutant.old, mutant.new))
        assert ast.dump(changed) != programs[mutant.path], mutant.name


def test_names_are_unique_and_every_area_has_mutants_and_tests(runner):
    names = [mutant.name for mutant in runner.MUTANTS]
    assert len(names) == len(set(names)) >= 90
    assert {mutant.area for mutant in runner.MUTANTS} == set(runner.TESTS)
    wanted = {path for paths in runner.TESTS.values() for path in paths}
    assert not [path for path in wanted if not (ROOT / path).exists()]


def test_areas_and_names_choose(runner, capsys):
    assert runner.main(["--list", "--area", "schedules", "--only", "geometric"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(line.startswith("schedules: schedules/_stepped: geometric") for line in lines)
    with pytest.raises(SystemExit) as refused:
        runner.main(["--only", "no such mutant"])
    assert refused.value.code == 2


def test_the_score_counts_what_was_killed(runner):
    results = [
        {"name": "a", "area": "flows", "killed": True, "by": "t", "seconds": 1.0},
        {"name": "b", "area": "flows", "killed": False, "by": "", "seconds": 1.0},
        {"name": "c", "area": "checks", "killed": True, "by": "t", "seconds": 1.0},
    ]
    lines = runner.table(results).splitlines()
    assert "| flows | 1 | 2 | 50 % |" in lines and "| checks | 1 | 1 | 100 % |" in lines
    assert "| all | 2 | 3 | 67 % |" in lines and "survived: b" in lines


def test_a_mutant_is_planted_in_the_copy_and_taken_out_again(runner, monkeypatch, tmp_path):
    path = tmp_path / "mirrorjax" / "one.py"
    path.parent.mkdir()
    path.write_text("RATE = 4.0\n")
    stamp, seen, outcomes = path.stat().st_mtime_ns, [], ["failed", "timeout", "passed", "error"]

    def run_tests(tree, area, cache, marked):
        seen.append((tree / "mirrorjax" / "one.py").read_text())
        return outcomes.pop(0), "tests/test_one.py::test_rate"

    monkeypatch.setattr(runner, "run_tests", run_tests)
    mutant = runner.Mutant("flows", "one.py", "rate", "RATE = 4.0", "RATE = 2.0")
    assert [runner.try_mutant(mutant, tmp_path, tmp_path)["killed"] for _ in range(3)] == [True, True, False]
    with pytest.raises(RuntimeError, match="pytest did not run"):
        runner.try_mutant(mutant, tmp_path, tmp_path)
    outcomes += ["passed", "failed"]  # survives the fast ones and falls to a slow one
    assert runner.try_mutant(mutant, tmp_path, tmp_path, (runner.FAST, runner.SLOW))["killed"]
    assert seen == ["RATE = 2.0\n"] * 6
    assert path.read_text() == "RATE = 4.0\n" and path.stat().st_mtime_ns == stamp
