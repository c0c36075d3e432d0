"""Which files a report writes, replaces and removes, and what becomes of hostile names."""

import os
import pickle
import subprocess
import sys

import pytest
from report_verdicts import AUDIT, ENVIRONMENT, VERDICTS, Reader, verdict

import mirrorjax as mj
from mirrorjax._errors import InputError
from mirrorjax.registry import Entry
from mirrorjax.report import _theorem, ensure_writable, write_picture, write_report
from mirrorjax.report._names import file_names


@pytest.fixture
def undrawn(monkeypatch):
    """Without pictures, which are most of the work: here the files are what is asked about."""
    monkeypatch.setattr(_theorem, "pictures", lambda *args: iter(()))
    monkeypatch.setattr(_theorem, "potential_picture", lambda: "")


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def write(folder, *ids, **how):
    return write_report([verdict(id, drawn=False) for id in ids], folder, environment=ENVIRONMENT, **how)


def test_a_real_verdict_is_written_whole(tmp_path):
    folder = tmp_path / "deep" / "report"
    path = write_report(mj.verify("mask/only-m"), folder, environment=mj.checks.environment(), audit=AUDIT)
    assert path == folder / "index.html" and files(folder) == {"index.html", "theorems/mask-only-m.html"}
    for name in files(folder):
        Reader((folder / name).read_text(encoding="utf-8"))


def test_a_single_file_is_one(tmp_path, undrawn):
    write(tmp_path, "a/1", "b/2")
    write(tmp_path, "a/1", "b/2", single_file=True)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_pages_of_an_older_report_are_removed_and_nothing_else(tmp_path, undrawn):
    write(tmp_path, "a/1", "b/2")
    pages = tmp_path / "theorems"
    text = (pages / "b-2.html").read_text(encoding="utf-8")
    (pages / "my copy.html").write_text(text, encoding="utf-8")
    (pages / "notes.txt").write_text("mine")
    (pages / "c-3.html").write_text("<p>mine")
    (tmp_path / "a-1.html").write_text("mine")
    (pages / "folder.html").mkdir()
    os.symlink(tmp_path / "a-1.html", pages / "link.html")
    write(tmp_path, "A/1", "c/3")
    kept = {"a-1.html", *(f"theorems/{name}" for name in ("my copy.html", "notes.txt", "c-3.html", "link.html"))}
    assert files(tmp_path) == {"index.html", *kept} | {"theorems/A-1.html", "theorems/c-3-2.html"}
    assert (pages / "c-3.html").read_text() == "<p>mine" and (pages / "folder.html").is_dir()
    assert "theorems/c-3-2.html" in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_page_is_known_by_its_name_whatever_the_case(tmp_path, undrawn):
    """Where the file system ignores case, the new page a-1.html is in the file that is called A-1.html."""
    write(tmp_path, "a/1")
    os.rename(tmp_path / "theorems/a-1.html", tmp_path / "theorems/A-1.html")
    write(tmp_path, "a/1")
    assert files(tmp_path) == {"index.html", "theorems/a-1.html"}


def test_a_failure_while_rendering_leaves_the_old_report(tmp_path, monkeypatch):
    index = tmp_path / "index.html"
    index.write_text("old")

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(_theorem, "_instance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(VERDICTS, tmp_path, environment=ENVIRONMENT)
    assert index.read_text() == "old" and list(tmp_path.iterdir()) == [index]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_failure_while_writing_leaves_whole_files_and_the_old_index(tmp_path, monkeypatch, failure, after, undrawn):
    write(tmp_path, "old/1")
    old = (tmp_path / "index.html").read_text(encoding="utf-8")
    replace, done = os.replace, []

    def fail(*args):
        if len(done) == after:
            raise failure
        done.append(args)
        replace(*args)

    monkeypatch.setattr("mirrorjax._files.os.replace", fail)
    with pytest.raises((KeyboardInterrupt, InputError)):
        write(tmp_path, "a/1", "b/2")
    pages = [f"theorems/{name}.html" for name in ("a-1", "b-2")][:after]
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == old
    assert files(tmp_path) == {"index.html", "theorems/old-1.html", *pages}
    for name in files(tmp_path):
        assert (tmp_path / name).read_text(encoding="utf-8").endswith("</html>\n")


def test_asking_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "a" / "b"
    assert ensure_writable(folder) == folder and list(tmp_path.iterdir()) == []
    assert ensure_writable(folder, pages=True) == folder and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below", "bad\0name", "x" * 300, "index"])
def test_an_impossible_folder_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "index" / "index.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        ensure_writable(f"{tmp_path}/{name}")
    assert caught.value.where and caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_in_place_of_the_pages_is_found_before_the_work(tmp_path, undrawn):
    (tmp_path / "theorems").write_text("mine")
    assert ensure_writable(tmp_path) == tmp_path
    with pytest.raises(InputError):
        ensure_writable(tmp_path, pages=True)
    write(tmp_path, "a/1", single_file=True)
    assert (tmp_path / "theorems").read_text() == "mine"


def test_an_empty_name_is_refused():
    with pytest.raises(InputError):
        ensure_writable("")


def test_a_read_only_file_system_is_refused():
    # Where no file can be made although permission bits say otherwise, even to root.
    with pytest.raises(InputError):
        ensure_writable("/proc/mirrorjax-report")


def test_asking_for_a_folder_does_not_import_matplotlib():
    code = "import sys, mirrorjax.report; assert 'matplotlib' not in sys.modules and 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# Hostile names

IDS = [
    "../../x", "..\\x", "/etc/passwd", "con", "CON.html", "nul.", "index", "", ".", "..", "a" * 400, "a" * 400, "a/1",
    "a/1", "A/1", "a-1", "a 1", "ä/1", "ö/1", "-rf", ".hidden", "verdicts", "x\0y", "<script>alert(1)</script>",
    "javascript:alert(1)", "'\"><img src=x onerror=alert(1)>", "\ud800",
]  # fmt: skip


def test_no_two_names_are_one_to_any_file_system():
    names = file_names(IDS, taken=["x"])
    assert len({name.casefold() for name in [*names, "x"]}) == len(IDS) + 1
    for name in names:
        assert name.isascii() and len(name) < 100 and set("/\\:<>\"'%#?* \0").isdisjoint(name)
        assert name[0] not in ".-" and name[-1] != "." and name.split(".")[0].casefold() not in ("con", "nul", "index")


HOSTILE = "<script>alert(1)</script></style></script><!-- ' \" & $x$ $\\frac$ \\text{<b>} javascript:alert(1)"


def test_what_users_write_is_text_everywhere(tmp_path):
    made = [verdict(HOSTILE, name=HOSTILE), *(verdict(id, name=HOSTILE, drawn=False) for id in IDS[-4:])]
    made[0].instances[0].finding.observations["</script>" + HOSTILE] = HOSTILE
    entry = Entry(HOSTILE, HOSTILE, f"{HOSTILE} $\\text{{{HOSTILE}}}$", f"mask, {HOSTILE}", f"/{HOSTILE}.py")
    for single in (False, True):
        folder = tmp_path / str(single)
        write_report(made, folder, environment={HOSTILE: HOSTILE}, entries=[entry], single_file=single)
        assert len(files(folder)) == (1 if single else 1 + len(made))
        for name in files(folder):
            page = (folder / name).read_text(encoding="utf-8")
            read = Reader(page)
            assert len(read.tags("script")) == (name == "index.html") and len(read.tags("style")) == 1
            assert not any(key.startswith("on") for element in read.elements for key in element.attributes)
            assert all(not link.startswith("javascript:") for link in read.all("href"))
            assert all(source.startswith("data:image/svg+xml,") for source in read.all("src"))
            assert "could not be drawn" not in page
    assert {path.name for path in tmp_path.iterdir()} == {"True", "False"}


def test_of_two_verdicts_with_one_id_each_has_its_own_page(tmp_path, undrawn):
    first, second = (verdict("a/1", name=name, drawn=False) for name in ("the earlier", "the later"))
    write_report([first, second], tmp_path, environment={}, sections={"a/1": "<p>whose?</p>"})
    texts = [(tmp_path / "theorems" / name).read_text(encoding="utf-8") for name in ("a-1.html", "a-1-2.html")]
    assert "the earlier" in texts[0] and "the later" in texts[1] and not any("whose?" in text for text in texts)


def test_a_section_that_was_drawn_elsewhere_is_taken_as_it_is(tmp_path, undrawn):
    write(tmp_path, "a/1", sections={"a/1": "<p>drawn elsewhere</p>"})
    assert "<p>drawn elsewhere</p>" in (tmp_path / "theorems/a-1.html").read_text(encoding="utf-8")


def test_a_section_travels_between_processes():
    from mirrorjax.report import render_section

    section = render_section(verdict("a/1", drawn=False))
    assert pickle.loads(pickle.dumps(section)) == section


def test_a_picture_stays_in_its_folder(tmp_path):
    path = write_picture(verdict("../../x"), tmp_path / "report")
    assert path == tmp_path / "report" / "x.svg" and files(tmp_path) == {"report/x.svg"}
