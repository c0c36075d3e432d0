"""`mirrorjax sweep` as a user meets it."""

import signal
import subprocess
import sys

import numpy as np
import pytest

import mirrorjax.sweeps
from mirrorjax._cli import main

QUANTITY = """
import time
import jax.numpy as jnp

def smooth(point, *, factor=1.0):
    return {"y": factor * point.scale * jnp.arange(2.0).sum(), "ok": point.scale != 3.0}

def slow(point):
    time.sleep(0.1)
    if float(point.scale) < 0:
        raise ValueError("negative")
    return {"y": float(point.scale)}
"""
CONFIG = """
quantity = "mine.py:smooth"
seeds = 2
[over]
scale = [1.0, 2.0]
[arguments]
factor = 2.0
[units]
y = "m"
[picture]
output = "y"
x = "scale"
y = "seed"
"""
COMMAND = """
import signal, sys
from mirrorjax._cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def private_cache(monkeypatch, tmp_path_factory):
    """The compilation cache of the command stays out of the user's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(QUANTITY)
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def status(*args):
    """Exit status, whether argparse or the command itself ended it."""
    try:
        return main([str(arg) for arg in args])
    except SystemExit as end:
        return end.code


def test_a_sweep_is_kept_told_and_drawn_and_goes_on_only_when_asked(folder, capsys):
    out, picture = folder / "out.zarr", folder / "y.png"
    args = ["sweep", folder / "config.toml", "--out", out, "--picture", picture, "--chunk", "1"]
    assert status(*args) == 0
    printed = capsys.readouterr().out
    assert "chunk 4 of 4: 4 of 4 points" in printed and f"picture: {picture}" in printed
    for told in ("scale", "1 to 2, 2 values", "seed", "float64, m", "computed", "4 points, ", str(out)[:40]):
        assert told in printed, told
    data = mirrorjax.sweeps.open(out)
    np.testing.assert_array_equal(data.y, [[2.0, 2.0], [4.0, 4.0]])
    assert picture.read_bytes().startswith(b"\x89PNG")

    assert status(*args) == 3
    assert (
        capsys.readouterr().err
        == f"error: the folder holds a sweep already [{out}]. Try: --resume, or another folder\n"
    )
    assert status(*args, "--resume") == 0
    assert "4 of 4 chunks were finished before" in capsys.readouterr().out
    assert status(*args, "--resume", "--seeds", "3") == 3
    assert "seed" in capsys.readouterr().err


def test_points_that_fail_are_counted_and_said(folder, capsys):
    text = CONFIG.replace("[1.0, 2.0]", "[1.0, 3.0]").replace("seeds = 2", "seeds = 3")
    (folder / "config.toml").write_text(text)
    assert status("sweep", folder / "config.toml", "--out", folder / "out") == 2
    assert "3 of 6 points failed: 3 not ok\n" in capsys.readouterr().out
    (folder / "slow.toml").write_text('quantity = "mine.py:slow"\nover = { scale = [-1.0, 1.0] }\n')
    assert status("sweep", folder / "slow.toml", "--out", folder / "slow") == 2
    assert (
        "1 of 2 points failed: 1 raised; the first that raised: scale = -1.0: ValueError: negative\n"
        in capsys.readouterr().out
    )


def test_interrupted_it_says_what_is_kept_and_the_command_that_goes_on(folder, capsys):
    (folder / "slow.toml").write_text('quantity = "mine.py:slow"\nover = { scale = { range = 20 } }\nchunk = 1\n')
    args = ["sweep", str(folder / "slow.toml"), "--out", str(folder / "o u t")]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *args], stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert first.startswith("chunk ") and process.returncode == 130
    said, command = error.splitlines()
    kept = int(np.sum(mirrorjax.sweeps.open(folder / "o u t").status == 0))
    assert 0 < kept < 20 and said == f"interrupted: {kept} of 20 chunks are kept; go on with"
    assert command == f"  mirrorjax sweep {folder / 'slow.toml'} --out '{folder / 'o u t'}' --resume"
    assert main([*args, "--resume"]) == 0
    assert f"{kept} of 20 chunks were finished before" in capsys.readouterr().out
    assert not np.any(mirrorjax.sweeps.open(folder / "o u t").status)


def test_the_ready_ones_are_listed(capsys):
    assert status("sweep", "--list") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["phase-diagram", "sparse-recovery"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "needs a configuration"),
        (["phase-diagrm", "--out", "OUT"], "Try: a file.toml, or 'phase-diagram'"),
        (["config.toml"], "--out DIR"),
        (["no.toml", "--out", "OUT"], "no.toml"),
        (["config.toml", "--out", "OUT", "--chunk", "0"], "positive integer"),
        (["config.toml", "--out", "OUT", "--picture", "y.txt"], ".png, .svg or .pdf"),
        (["config.toml", "--out", "OUT", "--executor", "somewhere"], "somewhere"),
        (["bare.toml", "--out", "OUT", "--picture", "y.png"], "describes no picture"),
        (["bare.toml", "--out", "OUT", "--seeds", "3"], "has no seeds"),
        (["config.toml", "--out", "mine.py"], "new or empty folder"),
    ],
)
def test_bad_requests_end_with_3_and_leave_nothing(args, message, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (folder / "bare.toml").write_text('quantity = "mine.py:smooth"\nover = { scale = [1.0] }\n')
    before = sorted(folder.iterdir())
    assert status("sweep", *args) == 3
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert sorted(path for path in folder.iterdir() if path.name != "__pycache__") == before


def test_a_missing_extra_is_named_before_the_work(folder, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "xarray", None)
    assert status("sweep", folder / "config.toml", "--out", folder / "out") == 3
    assert 'pip install "mirrorjax[sweeps]"' in capsys.readouterr().err and not (folder / "out").exists()
