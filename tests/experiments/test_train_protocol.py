"""`mirrorjax train EXPERIMENT.toml` as a user meets it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from experiment_data import COMMAND, status

from mirrorjax import experiments
from mirrorjax._cli import main

FLIPS = """
title = "Which signs flip?"
kind = "flips"
data = "{data}"
epochs = 10
batch = 30
seeds = 2
densities = [0.1]
chunk = 1

[finders.gradual]
rate = 0.5

[methods.plain]
rate = 0.5
"""


@pytest.fixture(autouse=True)
def private_cache(monkeypatch, tmp_path_factory):
    """The compilation cache of the command stays out of the user's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def file(tmp_path):
    data = experiments.patterns(100)
    np.savez(tmp_path / "data.npz", x=data.x, y=data.y)
    (tmp_path / "flips.toml").write_text(FLIPS.format(data=tmp_path / "data.npz"))
    return str(tmp_path / "flips.toml")


def test_interrupted_it_goes_on_to_the_page_and_the_picture(file, tmp_path, capsys):
    out = tmp_path / "out"
    args = ["train", file, "--out", str(out)]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *args], stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert first.startswith("gradual, reported, 1 networks: ") and "at least 1 units left" in first
    assert process.returncode == 130
    assert error.strip() == f"interrupted: what is done is kept in {out}; the same command goes on"
    assert not (out / "page.md").exists()
    before = {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    assert len(before) == 1

    assert main(args) == 0
    printed = capsys.readouterr().out
    assert printed.count("reported, 1 networks") == 1 and printed.rstrip().endswith("flips.svg")
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    page = (out / "page.md").read_text()
    assert page.startswith("## Which signs flip?") and "| all | all |" in page and "jax 0." in page
    assert (out / "flips.svg").read_text().startswith("<?xml")
    assert {path.name for path in out.iterdir()} == {"lock", "protocol.json", "records", "page.md", "flips.svg"}

    times = {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    assert main(args) == 0
    again = capsys.readouterr().out
    assert "networks:" not in again and again.rstrip() in printed and (out / "page.md").read_text() == page
    assert times == {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}

    # What the numbers of the page say is what the records say.
    records = [r for path in times for r in json.loads(path.read_text())["records"] if r["period"] == "all"]
    counts = np.mean([np.sum(r["table"], axis=0) for r in records], axis=0)
    row = next(line for line in page.splitlines() if line.startswith("| all | all |"))
    assert row.split(" | ")[2:6] == [f"{count:.1f}" for count in counts] and counts.sum() == 950

    assert main([*args, "--seeds", "3"]) == 3
    error = capsys.readouterr().err
    assert "holds another experiment" in error and "seeds differ" in error


def test_the_experiments_that_come_along_are_listed(capsys):
    assert main(["train", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(experiments.ready_protocols())
    assert all(experiments.read_protocol(line.split()[0]).title in line for line in lines)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["FILE", "--data", "mnist"], "--data is for the file"),
        (["FILE", "--network", "mlp"], "--network is for the file"),
        (["FILE", "--density", "0.1"], "--density is for the file"),
        (["FILE", "--fold", "0"], "--fold is for the file"),
        (["FILE", "--fine-tuning", "3"], "--fine-tuning is for the file"),
        (["FILE", "pilot"], "one experiment at a time, and no methods beside it"),
        (["flips-pattern"], "no method and no experiment 'flips-pattern'. Try: flips-patterns"),
        (["pilot", "flips-patterns"], "one experiment at a time, and no methods beside it"),
        (["flips-patterns", "signs-patterns"], "one experiment at a time"),
        (["no-such.toml"], "no-such.toml"),
        (["FILE", "--seeds", "101"], "at most 100 seeds"),
        (["FILE", "--seeds", "1"], "seeds must be 2 or more"),
        (["FILE", "--epochs", "0"], "positive integer"),
        (["FILE", "--executor", "threads"], "no executor"),
    ],
)
def test_bad_requests_end_with_3_and_train_nothing(args, message, file, tmp_path, capsys):
    named = [file if word == "FILE" else word for word in args]
    assert status("train", *named, "--out", str(tmp_path / "out")) == 3
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (tmp_path / "out" / "records").exists()


def test_too_few_steps_end_with_3(file, tmp_path, capsys):
    assert status("train", file, "--epochs", "9", "--out", str(tmp_path / "out")) == 3
    error = capsys.readouterr().err
    assert "20 phases" in error and "18 steps" in error and "Traceback" not in error
