"""The commands as a user meets them: status, messages, files."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from mirrorjax._cli import main


@pytest.fixture(autouse=True)
def private_cache(monkeypatch, tmp_path_factory):
    """The compilation cache of the commands stays out of the user's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def status(*args):
    """Exit status of a command, whether argparse or the command itself ended it."""
    try:
        return main(args)
    except SystemExit as end:
        return end.code


def table(path, rows, header="a,b,c,y"):
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def test_help_and_list_do_not_import_jax():
    code = "import sys; from mirrorjax._cli import main; main(['list']); print({'jax', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()", done.stderr


def test_a_worker_of_mpi_reads_the_file_of_the_command_and_runs_nothing():
    """`python -m mpi4py.futures -m mirrorjax verify …`: every worker runs that module by the name "__worker__"."""

    # In a process of its own: pytest 9.2 rewrites the package of a plugin, and its loader has no code for runpy.
    def status(name):
        code = f"import runpy; runpy.run_module('mirrorjax', run_name={name!r}, alter_sys=True)"
        return subprocess.run([sys.executable, "-c", code, "nosuch"], capture_output=True).returncode

    assert status("__worker__") == 0
    assert status("__main__") == 3


def test_list_names_every_entry(capsys):
    from mirrorjax.registry import catalogue

    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [entry.id for entry in catalogue()]


def test_show_prints_statement_and_source(capsys):
    assert main(["show", "mask/3.1"]) == 0
    text = capsys.readouterr().out
    assert "asinh" in text and "source: mask, Theorem 3.1" in text


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["verify", "mask/31"], "mask/3.1"),
        (["show", "nothing/at-all"], "mirrorjax list"),
        (["verify", "--seed", "-1"], "non-negative"),
        (["verify", "--data", "x.csv"], "--target"),
        (["verify", "--single-file"], "--report DIR --single-file"),
        (["verify", "--data", "no-such-file.csv", "--target", "y"], "no-such-file.csv"),
        (["frobnicate"], "invalid choice"),
        ([], "required"),
    ],
)
def test_bad_requests_end_with_3_and_one_message(args, message, capsys):
    assert status(*args) == 3
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["1,2,3,4", "1,2"], "line 3"),
        (["1,2,3,4", "1,two,3,4"], "column 'b'"),
        (["1,2,3,4", "1,nan,3,4"], "not a finite number"),
        (["1,2,3,4", "2,1,3,4", "2,5,3,1", "7,7,1,2"], "n > d"),
        ([], "no rows"),
    ],
)
def test_bad_tables_end_with_3_before_anything_is_written(rows, message, tmp_path, capsys):
    path = table(tmp_path / "data.csv", rows)
    report = tmp_path / "report"
    assert main(["verify", "mask/3.1", "--data", path, "--target", "y", "--report", str(report)]) == 3
    assert message in capsys.readouterr().err
    assert not report.exists()


def test_a_missing_target_column_is_named(tmp_path, capsys):
    path = table(tmp_path / "data.csv", ["1,2,3,4", "2,1,3,5"])
    assert main(["verify", "mask/3.1", "--data", path, "--target", "z"]) == 3
    assert "no column 'z'" in capsys.readouterr().err


def test_unwritable_outputs_are_found_out_before_the_work(tmp_path, capsys, monkeypatch):
    from mirrorjax import _console

    monkeypatch.setattr(_console, "run", lambda *args: pytest.fail("the work started first"))
    blocker = tmp_path / "file"
    blocker.write_text("")
    assert main(["verify", "--report", str(blocker)]) == 3
    assert main(["verify", "--json", str(tmp_path)]) == 3
    assert "file" in capsys.readouterr().err


def test_verify_on_a_users_table_writes_json_and_report(tmp_path, capsys):
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((6, 15))
    Z[:, 3] = 2.0  # a constant column
    Z[:, 5] = Z[:, 4]  # and a duplicate one are ordinary
    cells = np.c_[Z, Z @ rng.standard_normal(15)]
    header = ",".join([*(f"x{i}" for i in range(15)), "y"])
    data = table(tmp_path / "data.csv", [",".join(map(repr, map(float, row))) for row in cells], header)
    out, report = tmp_path / "new" / "out.json", tmp_path / "report"
    assert (
        main(["verify", "mask/2.4", "--data", data, "--target", "y", "--json", str(out), "--report", str(report)]) == 0
    )
    content = json.loads(out.read_text())
    [verdict] = content["verdicts"]
    assert content["environment"]["dtype"] == "float64"
    keys = {"id", "outcome", "reason", "resolution", "effect", "rows", "hypotheses", "controls", "instances", "seconds"}
    assert keys <= verdict.keys()
    assert verdict["outcome"] == "holds" and verdict["instances"][-1]["name"] == "your data"
    assert "mask/2.4" in (report / "index.html").read_text()
    assert {p.name for p in report.rglob("*.html")} == {"index.html", "mask-2.4.html"}
    command = f"mirrorjax verify mask/2.4 --seed 0 --data {data} --target y"
    assert all(command in p.read_text() for p in report.rglob("*.html"))
    assert "mask/2.4: holds" in capsys.readouterr().out


def test_a_contradiction_ends_with_1(monkeypatch):
    from mirrorjax import _console
    from mirrorjax._outcome import Outcome
    from mirrorjax.checks import Verdict

    def verdict(outcome):
        nan = float("nan")
        return Verdict("t", outcome, "", nan, nan, nan, (), 0, ())

    holds, refuted, open_ = (verdict(o) for o in (Outcome.HOLDS, Outcome.REFUTED, Outcome.INCONCLUSIVE))
    assert _console.exit_status([holds, holds]) == 0
    assert _console.exit_status([holds, refuted, open_]) == 1
    assert _console.exit_status([holds, open_]) == 2


INTERRUPTIBLE = """
import signal, sys
from mirrorjax._cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored
raise SystemExit(main(sys.argv[1:]))
"""


def test_interrupt_leaves_nothing_behind(tmp_path):
    report, out = tmp_path / "report", tmp_path / "out.json"
    command = [sys.executable, "-c", INTERRUPTIBLE, "verify", "--report", str(report), "--json", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # the first theorem is done, the rest is under way
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130 and error.strip() == "interrupted: neither report nor JSON was written"
    assert not out.exists() and not (report / "index.html").exists()
    # Not half a file; the picture of the first theorem may be there.
    assert not report.exists() or {path.name for path in report.iterdir()} <= {"mask-3.1.svg"}
