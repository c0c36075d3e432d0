"""Theorems from outside the package: by value, file, module, and as an installed package announces them."""

import importlib
import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import mirrorjax as mj
from mirrorjax._cli import main
from mirrorjax._errors import InputError
from mirrorjax.checks import Outcome
from mirrorjax.registry import Entry, _catalogue, catalogue, select
from mirrorjax.registry._catalogue import of_module

FILE = """
import mirrorjax as mj
from mirrorjax.checks import Finding, at_most

class One:
    name = "the only one"

@mj.theorem(
    id="{id}", title="left ≤ 1", statement="$x < 1$", source="folklore",
    instances=lambda seed, data: [One()],
)
def {name}(case, rungs):
    {body}
    return Finding({{"left ≤ 1": at_most({left}, 1.0, 1e-9)}}, {{"2 ≤ 1": at_most(2.0, 1.0, 1e-9)}})
"""


def write(path, id="mylab/1", name="first", body="pass", left=0.5):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FILE.format(id=id, name=name, body=body, left=left), encoding="utf-8")
    return path


def test_a_file_is_read_without_being_imported_and_then_verified(tmp_path):
    path = write(tmp_path / "my_paper.py")
    [entry] = select([str(path)])
    assert isinstance(entry, Entry)
    assert (entry.id, entry.title, entry.name) == ("mylab/1", "left ≤ 1", "first")
    assert "_mirrorjax_my_paper" not in sys.modules
    assert [str(v.outcome) for v in mj.verify(str(path))] == ["holds"]
    assert [str(v.outcome) for v in mj.verify(path)] == ["holds"]
    loaded = entry.load()
    assert loaded.entry == entry and loaded.load() is loaded
    assert [str(v.outcome) for v in mj.verify([loaded, str(path)])] == ["holds"]  # the same one, asked for twice


def test_a_theorem_of_a_file_is_asked_for_by_its_id(tmp_path, capsys):
    path = write(tmp_path / "my_paper.py")
    with path.open("a", encoding="utf-8") as file:
        file.write(FILE.format(id="mylab/2", name="second", body="pass", left=3.0))
    assert [entry.id for entry in select([f"{path}::mylab/2"])] == ["mylab/2"]
    assert [entry.id for entry in select([f"{path}::mylab/*"])] == ["mylab/1", "mylab/2"]
    assert main(["verify", f"{path}::mylab/2"]) == 1 and "mylab/1" not in capsys.readouterr().out
    assert main(["list", f"{path}::mylab/1"]) == 0 and "mylab/2" not in capsys.readouterr().out
    with pytest.raises(InputError, match=r"'mylab/3'.*: mylab/2, mylab/1; .*list .*my_paper\.py"):
        select([f"{path}::mylab/3"])
    with pytest.raises(InputError, match=r"mask/3\.1.*my_paper\.py::ID"):
        select([str(path), "mask/3.1x"])
    with pytest.raises(InputError, match="no theorem has the id ''"):
        select([f"{path}::"])


def test_a_wrong_theorem_of_a_file_is_refuted(tmp_path):
    [verdict] = mj.verify(write(tmp_path / "wrong.py", left=3.0))
    assert verdict.outcome is Outcome.REFUTED


def test_a_crash_names_the_line_of_the_file_and_not_that_of_a_library(tmp_path):
    [verdict] = mj.verify(write(tmp_path / "slip.py", body="mj.parameterizations.Hadamard().nosuch"))
    assert "no attribute 'nosuch', in slip.py, line 13" in str(verdict), str(verdict)
    assert "_module.py" in verdict.instances[0].traceback


def test_a_module_is_asked_for_by_name_or_as_it_is(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    write(tmp_path / "mylab_paper.py")
    write(tmp_path / "mylab_pkg" / "deep" / "theorems.py", id="mylab/2")
    (tmp_path / "mylab_pkg" / "__init__.py").write_text("raise RuntimeError('imported')")
    assert [e.id for e in select(["mylab_paper"])] == ["mylab/1"]
    assert [e.module for e in of_module("mylab_pkg")] == ["mylab_pkg.deep.theorems"]  # read, not imported
    import mylab_paper  # pyright: ignore[reportMissingImports]

    assert [str(v.outcome) for v in mj.verify(mylab_paper)] == ["holds"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no theorem"),
        ("def f(:", "it is not Python"),
        ("@theorem(id='x')\ndef f(c, r): ...", "lacks title, statement, source"),
        (
            "T = 'x'\n@theorem(id='x/1', title=T, statement='', source='')\ndef f(c, r): ...",
            "title= of @theorem is no literal",
        ),
    ],
)
def test_a_file_that_holds_no_theorem_is_refused_with_its_name(text, words, tmp_path, capsys):
    path = tmp_path / "bad.py"
    path.write_text(text)
    assert main(["verify", str(path)]) == 3
    error = capsys.readouterr().err
    assert words in error and "bad.py" in error


def test_two_theorems_of_one_id_are_refused_with_both_places(tmp_path):
    one, other = write(tmp_path / "one.py"), write(tmp_path / "other.py")
    with pytest.raises(InputError, match=r"two theorems have the id 'mylab/1' .*one\.py:first and .*other\.py:first"):
        select([str(one), str(other)])
    with pytest.raises(InputError, match=r"two theorems have the id 'mask/3\.1'"):
        select([str(write(tmp_path / "third.py", id="mask/3.1")), "mask/3.1"])


@pytest.mark.parametrize("id", ["", "two words", "mask/*", "paper.py", "paper.py::1"])
def test_an_id_that_could_not_be_asked_for_is_refused(id):
    with pytest.raises(InputError, match="one word"):
        mj.theorem(id=id, title="", statement="", source="", instances=lambda seed, data: [])


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(InputError, match="no such file"):
        mj.verify(tmp_path / "folder.py")


@pytest.mark.usefixtures("annotations_off")
def test_what_is_no_theorem_is_refused():
    with pytest.raises(InputError, match="got int"):
        mj.verify([3])  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="no such file"):
        mj.verify("nowhere.py")


def test_a_theorem_without_controls_has_no_power():
    from types import SimpleNamespace

    from mirrorjax.checks import Finding, at_most

    @mj.theorem(id="mylab/no-controls", title="", statement="", source="",
                instances=lambda seed, data: [SimpleNamespace(name="one")])  # fmt: skip
    def uncontrolled(case, rungs):
        return Finding({"1 ≤ 2": at_most(1.0, 2.0, 1e-9)}, {})

    [verdict] = mj.verify(uncontrolled)
    assert verdict.outcome is Outcome.INCONCLUSIVE and "no control was run" in verdict.reason


def test_a_crash_ends_with_3_and_keeps_its_traceback_while_the_others_finish(tmp_path):
    good, bad = write(tmp_path / "good.py"), write(tmp_path / "bad.py", id="mylab/2", body="1 / 0")
    command = [sys.executable, "-m", "mirrorjax", "verify", str(good), str(bad), "--jobs", "2",
               "--json", str(tmp_path / "out.json"), "--report", str(tmp_path / "r")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    first, second = json.loads((tmp_path / "out.json").read_text())["verdicts"]
    assert (first["outcome"], second["outcome"]) == ("holds", "inconclusive")
    assert "1 / 0" in second["instances"][0]["traceback"] and "ZeroDivisionError" in second["reason"]
    page = (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    assert "left ≤ 1" in page and "folklore" in page and "Traceback" not in done.stdout


def test_list_and_show_answer_of_a_file_without_jax(tmp_path, capsys):
    path = write(tmp_path / "my_paper.py")
    assert main(["list", str(path)]) == 0 and main(["show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "mylab/1  left ≤ 1" in shown and "source: folklore" in shown and str(path) in shown
    code = "import sys; from mirrorjax._cli import main; main(['list', sys.argv[1]]); print({'jax'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


@pytest.fixture
def announced(tmp_path, monkeypatch):
    """A package as pip installs it: a module, and its metadata with the entry point."""

    def install(value="mylab_installed.theorems"):
        write(tmp_path / "mylab_installed" / "theorems.py", id="mylab/7")
        (tmp_path / "mylab_installed" / "__init__.py").write_text("")
        info = tmp_path / "mylab_installed-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mylab-installed\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[mirrorjax.theorems]\nmylab = {value}\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        catalogue.cache_clear()

    yield install
    catalogue.cache_clear()


def test_an_installed_package_announces_its_theorems(announced, capsys):
    announced()
    assert [str(v.outcome) for v in mj.verify("mylab/*")] == ["holds"]
    assert main(["list"]) == 0 and "mylab/7" in capsys.readouterr().out
    assert mj.testing.assert_holds("mylab/7")


def test_one_that_is_not_there_is_warned_of_and_takes_nothing_down(announced):
    announced("mylab_installed.nothing")
    with pytest.warns(UserWarning, match=r"announced by mylab = 'mylab_installed.nothing' are left out"):
        assert len(catalogue()) >= 58
    assert _catalogue.GROUP == "mirrorjax.theorems"


def test_a_theorem_of_a_file_in_pytest(tmp_path):
    write(tmp_path / "my_paper.py")
    (tmp_path / "test_mine.py").write_text(
        textwrap.dedent("""
        import my_paper
        pytest_plugins = ["mirrorjax._pytest_plugin"]

        def test_value(assert_holds):
            assert_holds(my_paper.first)

        def test_file(assert_holds):
            assert_holds("my_paper.py")
    """)
    )
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:mirrorjax", "."],
                          capture_output=True, text=True, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "holds        mylab/1" in done.stdout


def test_paths_are_values_too(tmp_path):
    assert [e.id for e in select([Path(write(tmp_path / "a.py"))])] == ["mylab/1"]


def test_the_template_holds_as_it_stands_and_wrong_it_falls(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["new-theorem", "my_paper.py"]) == 0
    assert main(["new-theorem", "my_paper.py"]) == 3 and "there is a file" in capsys.readouterr().err
    assert main(["new-theorem", "my_paper"]) == 3
    assert main(["verify", "my_paper.py", "--report", "r", "--json", "out.json"]) == 0
    [verdict] = json.loads((tmp_path / "out.json").read_text())["verdicts"]
    assert verdict["id"] == "my-paper/1" and verdict["detection_limit"] == 1e-6 and verdict["resolution"] < 1e-7
    assert "m * w under decay" in (tmp_path / "r" / "index.html").read_text(encoding="utf-8")
    text = (tmp_path / "my_paper.py").read_text()
    (tmp_path / "wrong.py").write_text(text.replace('": against()}', '": against(mu_factor=1 + 1e-5)}'))
    [wrong] = mj.verify("wrong.py")
    assert wrong.outcome is Outcome.REFUTED
    body = text[text.index("    def against") :].splitlines()
    assert len([line for line in body if line.strip() and not line.strip().startswith("#")]) <= 16
