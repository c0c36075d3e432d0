"""What goes wrong around a command never reads as an answer, and costs no result file."""

import contextlib
import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mirrorjax._cli import main
from mirrorjax._console import _Screen

MODEL = "import jax.numpy as jnp\ndef g(w): return w[0] * w[1]\ndef h(w): return jnp.sum(w**2)\n"
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture(autouse=True)
def folder(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv("MIRRORJAX_TRACEBACK", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(MODEL)
    np.save("w0.npy", np.array([[1.0, 0.7], [0.4, 1.1]]))
    return tmp_path


def run(*args, shell="", **environment):
    """A command in a process of its own; `shell` redirects its streams."""
    line = f'exec "$0" -m mirrorjax "$@" {shell}'
    return subprocess.run(
        ["bash", "-c", line, sys.executable, *args], capture_output=True, text=True, env={**os.environ, **environment}
    )


def broken(*args):
    raise TypeError("no such luck\nand a second line")


@pytest.fixture
def nothing_works(monkeypatch):
    from mirrorjax import _console

    monkeypatch.setattr(_console, "run", broken)


def test_an_error_that_is_not_ours_ends_with_3_and_one_line(nothing_works, capsys):
    assert main(["verify", "mask/C.1"]) == 3
    assert capsys.readouterr().err == "error: TypeError: no such luck. Try: MIRRORJAX_TRACEBACK=1, which shows where\n"


def test_the_traceback_is_there_for_who_asks(nothing_works, capsys, monkeypatch):
    monkeypatch.setenv("MIRRORJAX_TRACEBACK", "1")
    assert main(["verify", "mask/C.1"]) == 3
    error = capsys.readouterr().err
    assert "in broken" in error and error.splitlines()[-1].startswith("error: TypeError: no such luck")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import sys\nsys.exit(0)\n", "sys.exit(0)"),
        ("raise SystemExit\n", "ends the program"),
        ("import sys\ndef g(w): sys.exit(0)\n", "sys.exit(0)"),
        ("raise ValueError\n", "ValueError"),
    ],
)
@pytest.mark.parametrize("name", ["leaving.py", "leaving"])
def test_a_program_that_ends_itself_is_no_mirror_flow(text, words, name, capsys, monkeypatch):
    monkeypatch.delitem(sys.modules, "leaving", raising=False)
    monkeypatch.setattr(sys, "path", [os.getcwd(), *sys.path])
    Path("leaving.py").write_text(text)
    assert main(["analyze", f"{name}:g", "model.py:h", "--w0", "w0.npy"]) == 3
    printed = capsys.readouterr()
    assert words in printed.err and "Traceback" not in printed.err and not printed.out


@pytest.mark.parametrize("dtype", [">f8", "<f4", "f2", "longdouble"])
def test_weights_of_any_precision_and_byte_order_are_the_same_weights(dtype, capsys):
    from mirrorjax.analysis import load_weights

    right = np.array([[1.0, 0.75], [0.5, 1.125]])
    np.save("odd.npy", right.astype(dtype))
    np.savez("odd.npz", w=right.astype(dtype))
    for weights in (load_weights(Path("odd.npy")), load_weights(Path("odd.npz"))["w"]):
        assert weights.dtype == np.float64 and weights.dtype.isnative
        np.testing.assert_array_equal(weights, right)


def test_a_platform_that_is_not_there_is_a_failure():
    done = run("verify", "mask/C.1", JAX_PLATFORMS="tpu")
    assert done.returncode == 3 and done.stderr.count("error: ") == 1 and "Traceback" not in done.stderr


# What cannot be printed


@full
@pytest.mark.parametrize("shell", [">/dev/full", ">&-"])
def test_a_stdout_that_takes_nothing_is_a_failure(shell):
    done = run("list", shell=shell)
    assert done.returncode == 3 and done.stderr.count("\n") == 1 and done.stderr.startswith("error: ")


def test_a_reader_that_goes_away_hears_nothing_more():
    done = run("list", shell="| true; exit ${PIPESTATUS[0]}".replace("|", "2>err |"))
    assert done.returncode in (0, 3) and Path("err").read_text() == ""


@full
def test_a_reader_that_goes_away_before_a_table_ends_nothing_by_itself():
    """Rich would raise SystemExit, which read as a program that ended itself."""

    class Gone(io.StringIO):
        def write(self, s):
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        _Screen(file=Gone()).print("a table")


def test_streams_that_both_take_nothing_still_give_the_status():
    assert run("list", shell=">/dev/full 2>/dev/full").returncode == 3
    assert run("show", "nothing", shell=">&- 2>&-").returncode == 3


@pytest.mark.parametrize("target", [pytest.param("/dev/full", marks=full), "closed pipe"])
def test_the_results_are_written_before_anything_has_to_be_printed(target, monkeypatch, capsys):
    if target == "closed pipe":
        read, write = os.pipe()
        os.close(read)
    else:
        write = os.open(target, os.O_WRONLY)
    stdout = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", stdout)
    status = main(["verify", "mask/C.1", "--json", "out.json", "--jobs", "1"])
    [verdict] = json.loads(Path("out.json").read_text())["verdicts"]
    assert verdict["outcome"] == "holds"
    # A reader that went away has the answer in the file; a disk that is full has to be spoken of.
    assert status == (0 if target == "closed pipe" else 3)
    assert ("No space" in capsys.readouterr().err) == (status == 3)
    with contextlib.suppress(OSError):  # what it could not print
        stdout.close()


def test_a_report_that_fails_late_costs_neither_json_nor_table(quick, monkeypatch, capsys):
    from mirrorjax import report

    monkeypatch.setattr(report, "write_report", broken)
    assert quick("--json", "out.json", "--report", "page") == 3
    assert json.loads(Path("out.json").read_text())["environment"]
    assert "smallest planted" in capsys.readouterr().out


# Where results are written


@pytest.fixture
def quick(monkeypatch):
    """`verify` without the work: the files are what is asked about."""
    from mirrorjax import _console

    monkeypatch.setattr(_console, "run", lambda *args: _console.Results([], {}, ()))
    return lambda *args: main(["verify", "mask/C.1", *args])


@pytest.fixture
def device(folder):
    """`device(minor)`: a node of our own, 3 like /dev/null and 7 like /dev/full.

    Never those of the machine: a mistake in the code under test, run by root, replaces them for everybody.
    """

    def make(minor):
        try:
            os.mknod("device", 0o600 | stat.S_IFCHR, os.makedev(1, minor))
            with open("device", "rb"):
                return "device"
        except (OSError, AttributeError):
            pytest.skip("device nodes are root's, on Linux, where the file system allows them")

    return make


def test_a_device_is_written_to_and_stays_a_device(quick, device):
    name = device(3)
    assert quick("--json", name) == 0
    assert stat.S_ISCHR(os.stat(name).st_mode)


def test_a_full_device_is_a_failure(quick, device, capsys):
    name = device(7)
    assert quick("--json", name) == 3
    assert stat.S_ISCHR(os.stat(name).st_mode) and "No space" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_written_to(quick):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert quick("--json", "pipe") == 0
    assert json.loads(os.read(reader, 65536))["verdicts"] == [] and stat.S_ISFIFO(os.stat("pipe").st_mode)
    os.close(reader)


@pytest.mark.parametrize("there", [True, False])
def test_a_symlink_is_followed(quick, there):
    Path("far").mkdir()
    Path("link.json").symlink_to("far/true.json")
    if there:
        Path("far/true.json").write_text("old")
        Path("far/true.json").chmod(0o600)
    assert quick("--json", "link.json") == 0
    assert Path("link.json").is_symlink() and json.loads(Path("far/true.json").read_text())["verdicts"] == []
    assert [path.name for path in Path("far").iterdir()] == ["true.json"]
    assert not there or stat.S_IMODE(os.stat("far/true.json").st_mode) == 0o600


def test_a_page_behind_a_symlink_is_followed_too(quick):
    Path("report").mkdir()
    Path("report/index.html").symlink_to("../page.html")
    assert quick("--report", "report") == 0
    assert Path("report/index.html").is_symlink() and "<!DOCTYPE" in Path("page.html").read_text(encoding="utf-8")


def test_a_single_file_can_be_asked_for(quick):
    assert quick("--report", "page", "--single-file") == 0
    assert [path.name for path in Path("page").iterdir()] == ["index.html"]


def test_json_on_stdout_stands_there_alone(quick, capsys):
    assert quick("--json", "-") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdicts"] == [] and "smallest planted" in printed.err


def test_stdout_by_another_name_is_stdout():
    # By a link of our own, as /dev/stdout is one: the latter was lost where this failed.
    Path("stdout").symlink_to("/proc/self/fd/1")
    done = run("verify", "mask/C.1", "--json", "stdout", shell="> file.txt")
    assert done.returncode == 0 and "mask/C.1: holds" in done.stderr
    assert json.loads(Path("file.txt").read_text())["verdicts"][0]["id"] == "mask/C.1"


@pytest.mark.parametrize(
    "name",
    ["page/index.html", "page", "page/index.html/x.json", "link/index.html", "page/theorems", "page/theorems/x.html"],
)
def test_json_never_takes_the_place_of_the_report(quick, name, capsys):
    Path("link").symlink_to("page")
    assert quick("--report", "page", "--json", name) == 3
    assert "same file" in capsys.readouterr().err and not Path("page").exists()


def test_json_never_takes_the_place_of_an_input(capsys):
    before = Path("model.py").read_text()
    for name in ("w0.npy", "./model.py"):
        assert main(["analyze", "model.py:g", "model.py:h", "--w0", "w0.npy", "--json", name]) == 3
        assert "replace what is read" in capsys.readouterr().err
    assert Path("model.py").read_text() == before
