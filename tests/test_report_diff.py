"""What changed between two runs."""

import json

import pytest
from report_verdicts import Reader

from mirrorjax._cli import main
from mirrorjax._errors import InputError
from mirrorjax.report import diff


def entry(id, outcome="holds", **more):
    numbers = {"resolution": 1e-10, "effect": None, "detection_limit": 1e-8}
    return {"id": id, "outcome": outcome, **numbers, "seed": 0, "rungs": [1e-6, 1e-8], **more}


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """`runs(old, new)`: the names of two files with these verdicts."""
    monkeypatch.chdir(tmp_path)

    def write(old, new, before=None, after=None):
        for name, verdicts, environment in (("old.json", old, before), ("new.json", new, after)):
            (tmp_path / name).write_text(json.dumps({"environment": environment or {}, "verdicts": verdicts}))
        return "old.json", "new.json"

    return write


def changes(found):
    return [(c.id, c.what, c.old, c.new, c.worse) for c in found.changes]


def test_nothing_changed(runs):
    found = diff(*runs([entry("a"), entry("b")], [entry("b"), entry("a")]))
    assert not found.changes and not found.worse and not found.environment and found.compared == 2
    assert str(found) == "old.json → new.json: 2 theorems in both, none changed"


@pytest.mark.parametrize(
    ("old", "new", "worse"),
    [
        ("holds", "inconclusive", True), ("holds", "refuted", True), ("inconclusive", "refuted", True),
        ("inconclusive", "holds", False), ("refuted", "holds", False), ("refuted", "inconclusive", False),
    ],
)  # fmt: skip
def test_an_outcome_gets_worse_or_better(runs, old, new, worse, capsys):
    files = runs([entry("a", old), entry("b")], [entry("a", new), entry("b")])
    found = diff(*files)
    assert changes(found) == [("a", "outcome", old, new, worse)] and found.worse is worse
    assert main(["report", "diff", *files]) == int(worse)
    assert f"a  outcome: {old} → {new}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("resolution", 1e-10, 9e-10, False), ("resolution", 1e-10, 1.1e-9, True), ("resolution", 1.1e-9, 1e-10, True),
        ("resolution", 1e-10, None, True), ("resolution", None, None, False), ("resolution", 0, 1e-300, True),
        ("resolution", 0, 0, False), ("detection_limit", 1e-8, 1e-7, True), ("detection_limit", 1e-8, 1e-8, False),
        ("effect", None, 0.5, True), ("effect", 0.5, 0.503, False), ("effect", 0.5, 0.51, True),
    ],
)  # fmt: skip
def test_a_number_changes(runs, name, old, new, told):
    found = diff(*runs([entry("a", **{name: old})], [entry("a", **{name: new})]))
    assert [c.what for c in found.changes] == [name.replace("_", " ")] * told and not found.worse


def test_what_got_worse_comes_first(runs):
    old = [entry("a"), entry("b", "refuted"), entry("c")]
    new = [entry("a", resolution=1e-3), entry("b"), entry("c", "refuted", effect=0.2)]
    found = diff(*runs(old, new))
    assert [(c.id, c.what) for c in found.changes] == [
        ("c", "outcome"), ("b", "outcome"), ("a", "resolution"), ("c", "effect"),
    ]  # fmt: skip
    assert "3 changed, 1 with a worse outcome" in str(found)


def test_theorems_come_and_go_without_a_worse_outcome(runs, capsys):
    files = runs([entry("a"), entry("b")], [entry("b"), entry("c", "refuted")])
    assert main(["report", "diff", *files]) == 0
    text = capsys.readouterr().out
    assert "appeared\n  c: refuted" in text and "vanished\n  a: holds" in text and "1 theorem in both" in text


def test_the_environment_seed_and_rungs_are_compared(runs):
    found = diff(*runs([entry("a")], [entry("a", seed=1)], {"jax": "0.10", "numpy": "2"}, {"jax": "0.11", "os": "x"}))
    told = {(c.id, c.old, c.new) for c in found.environment}
    assert told == {("jax", "0.10", "0.11"), ("numpy", "2", "–"), ("os", "–", "x"), ("seed", "0", "1")}
    assert "jax    0.10 → 0.11" in str(found)


def test_the_page_says_the_same(runs, tmp_path):
    hostile = "<script>alert(1)</script>"
    old, new = [entry(hostile), entry("gone")], [entry(hostile, "refuted"), entry("new")]
    files = runs(old, new, {hostile: hostile}, {})
    assert main(["report", "diff", *files, "--html", "page.html"]) == 1
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    read = Reader(page)
    assert not read.tags("script") and read.text.count(hostile) == 3
    for word in ("worse", "holds", "refuted", "gone", "new", "1 theorem in both, 1 changed, 1 with a worse outcome"):
        assert word in read.text


def test_the_page_takes_the_place_of_no_input_and_needs_a_folder(runs, tmp_path, capsys):
    files = runs([entry("a")], [entry("a")])
    before = (tmp_path / "old.json").read_text()
    assert main(["report", "diff", *files, "--html", "./old.json"]) == 3
    assert "replace what is read" in capsys.readouterr().err and (tmp_path / "old.json").read_text() == before
    for name in ("missing/page.html", "."):
        assert main(["report", "diff", *files, "--html", name]) == 3
        assert "cannot be written" in capsys.readouterr().err


NO_ID, TWICE = {"outcome": "holds"}, [entry("a"), entry("a")]
BAD = {
    "nothing": ("", "not JSON"),
    "half of it": ('{"verdicts": [', "not JSON"),
    "another encoding": (b"\xff\xfe{", "not JSON"),
    "no number of JSON": ('{"verdicts": [{"id": "a", "outcome": "holds", "effect": NaN}]}', "not JSON"),
    "too deep": ("[" * 100_000, "not JSON"),
    "a list": ("[]", "no list of verdicts"),
    "no verdicts": ("{}", "no list of verdicts"),
    "an analysis": ('{"environment": {}, "analysis": {}}', "an analysis"),
    "verdicts that are none": ('{"verdicts": [1]}', "no id"),
    "no id": (json.dumps({"verdicts": [NO_ID]}), "no id"),
    "an id that is none": (json.dumps({"verdicts": [entry(1)]}), "no id"),
    "an id twice": (json.dumps({"verdicts": TWICE}), "two verdicts have the id 'a'"),
    "another outcome": (json.dumps({"verdicts": [entry("a", "proved")]}), "'proved', none of holds, refuted"),
    "no outcome": (json.dumps({"verdicts": [{"id": "a"}]}), "None, none of"),
    "an outcome that is a list": (json.dumps({"verdicts": [entry("a") | {"outcome": []}]}), "none of"),
    "a text for a number": (json.dumps({"verdicts": [entry("a", resolution="1")]}), "resolution is '1'"),
    "a truth for a number": (json.dumps({"verdicts": [entry("a", effect=True)]}), "effect is True"),
    "a size below 0": (json.dumps({"verdicts": [entry("a", effect=-1.0)]}), "effect is -1.0"),
    "beyond every float": ('{"verdicts": [{"id": "a", "outcome": "holds", "effect": 1' + "0" * 400 + "}]}", "no size"),
    "an environment that is none": ('{"environment": 1, "verdicts": []}', "environment"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("place", [0, 1])
def test_a_bad_file_is_named_and_said_to_be_bad(case, place, runs, tmp_path, capsys):
    files = runs([entry("a")], [entry("a")])
    text, words = BAD[case]
    (tmp_path / files[place]).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main(["report", "diff", *files]) == 3
    printed = capsys.readouterr()
    assert words in printed.err and files[place] in printed.err and "verify --json" in printed.err
    assert printed.err.count("\n") == 1 and not printed.out


@pytest.mark.parametrize("name", ["missing.json", ".", "bad\0name"])
def test_a_file_that_cannot_be_read(name, runs):
    old, _ = runs([entry("a")], [])
    with pytest.raises(InputError, match="verify --json"):
        diff(old, name)


def test_a_byte_order_mark_is_no_part_of_the_text(runs, tmp_path):
    old, new = runs([entry("a")], [entry("a")])
    (tmp_path / new).write_bytes(b"\xef\xbb\xbf" + (tmp_path / new).read_bytes())
    assert not diff(old, new).changes


@pytest.mark.parametrize("args", [["report"], ["report", "diff", "old.json"], ["report", "merge", "a", "b"]])
def test_a_request_that_is_none(args, capsys):
    with pytest.raises(SystemExit) as end:
        main(args)
    assert end.value.code == 3 and "error" in capsys.readouterr().err


def test_a_verdict_of_a_run_is_read(verdict_of, runs):
    from mirrorjax.checks import as_json, environment

    content = json.loads(json.dumps(as_json(verdict_of("mask/only-m"))))
    found = diff(*runs([content], [content], environment(), environment()))
    assert found.compared == 1 and not found.changes and not found.environment
