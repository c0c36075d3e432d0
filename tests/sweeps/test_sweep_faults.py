"""What a sweep survives: kills, Ctrl-C, damage, a second one in its folder, flows that end, another quantity."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.sweeps import _sweep

AXES = {"x": np.linspace(0.1, 2.0, 8), "k": [1, 2, 3]}
CHUNKS = 6


def quantity(point):
    return {"y": jnp.sin(point.x) * point.k.astype(float), "row": jnp.stack([point.x, -point.x])}


def sweep(out, of=quantity, over=AXES, **how):
    return mj.sweep(of, over, out=out, chunk=4, **how)


def records(folder):
    """When each chunk was written."""
    return {path.name: path.stat().st_mtime_ns for path in (folder / ".sweep" / "chunks").iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return sweep(tmp_path_factory.mktemp("whole") / "sweep")


PROGRAM = """
import sys, os, signal
import jax
jax.config.update("jax_enable_x64", True)
sys.path.insert(0, sys.argv[2])
from test_sweep_faults import sweep

def progress(done, of):
    if done == 3:
        os.kill(os.getpid(), signal.SIGKILL)

sweep(sys.argv[1], progress=progress)
"""


def test_a_killed_sweep_goes_on_and_ends_the_same_to_the_bit(whole, tmp_path):
    folder = tmp_path / "sweep"
    here = str(Path(__file__).parent)
    ended = subprocess.run([sys.executable, "-c", PROGRAM, folder, here], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    before = records(folder)
    assert len(before) == 3 and int(np.sum(mj.sweeps.open(folder).status == -128)) == 12
    calls = []
    found = sweep(folder, progress=lambda done, of: calls.append((done, of)))
    assert calls[0] == (3, CHUNKS) and calls[-1] == (CHUNKS, CHUNKS)
    assert before.items() <= records(folder).items()
    for name in ("y", "row", "status"):
        assert found[name].values.tobytes() == whole[name].values.tobytes()


def test_ctrl_c_keeps_what_is_finished_and_lets_go_of_the_folder(whole, tmp_path):
    def interrupt(done, of):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(tmp_path / "sweep", progress=interrupt)
    assert mj.sweeps.open(tmp_path / "sweep").attrs["chunks_finished"] == 2
    np.testing.assert_array_equal(sweep(tmp_path / "sweep").y, whole.y)


def test_a_second_sweep_into_the_folder_is_refused(tmp_path):
    said = []

    def again(done, of):
        with pytest.raises(mj.InputError) as refused:
            sweep(tmp_path / "sweep")
        said.append(str(refused.value))

    sweep(tmp_path / "sweep", progress=again)
    assert len(said) == CHUNKS + 1 and f"process {os.getpid()}" in said[0]


def test_a_damaged_chunk_is_found_and_computed_again(whole, tmp_path):
    sweep(tmp_path / "sweep")
    files = sorted(
        path for path in (tmp_path / "sweep" / "y").rglob("*") if path.is_file() and path.name != "zarr.json"
    )
    data = bytearray(files[2].read_bytes())
    data[len(data) // 2] ^= 1
    files[2].write_bytes(data)
    before = records(tmp_path / "sweep")
    with pytest.warns(UserWarning, match="damaged chunks"):
        found = sweep(tmp_path / "sweep")
    np.testing.assert_array_equal(found.y, whole.y)
    assert len(before.items() - records(tmp_path / "sweep").items()) == 1


def test_the_folder_of_another_sweep_is_refused_and_told_apart(tmp_path):
    sweep(tmp_path / "sweep")
    with pytest.raises(mj.InputError, match="another sweep: quantity: it changed"):
        sweep(tmp_path / "sweep", of=lambda point: {"y": jnp.cos(point.x), "row": jnp.stack([point.x, -point.x])})
    with pytest.raises(mj.InputError, match=r"the axis k: 3 int64 from 1 to 3 before, 3 int64 from 1 to 4 now"):
        sweep(tmp_path / "sweep", over=AXES | {"k": [1, 2, 4]})
    with pytest.raises(mj.InputError, match="the chunks: 4 points before, 5 now"):
        mj.sweep(quantity, AXES, out=tmp_path / "sweep", chunk=5)
    with pytest.raises(mj.InputError, match="mapping: it changed"):
        sweep(tmp_path / "sweep", mapping="map")
    with jax.enable_x64(False), pytest.raises(mj.InputError, match="float64: it changed"):
        sweep(tmp_path / "sweep")
    with pytest.raises(mj.InputError, match="holds a sweep already"):
        sweep(tmp_path / "sweep", resume=False)
    mj.sweep(quantity, AXES, out=tmp_path / "sweep")  # the chunks of the folder


def test_other_versions_are_refused_unless_allowed(tmp_path, monkeypatch):
    sweep(tmp_path / "sweep")
    before = _sweep.versions()
    monkeypatch.setattr(_sweep, "versions", lambda: before | {"jax": "99"})
    with pytest.raises(mj.InputError, match=r"jax: .* before, 99 now.*other_versions=True"):
        sweep(tmp_path / "sweep")
    assert np.all(sweep(tmp_path / "sweep", other_versions=True).status == 0)


def test_an_executor_that_is_none_leaves_no_folder_behind(tmp_path):
    with pytest.raises(mj.InputError, match="no executor"):
        sweep(tmp_path / "sweep", executor="elsewhere")
    assert not (tmp_path / "sweep").exists()


def falling(r):
    return -jnp.sum(r**4)


def test_a_flow_that_diverges_is_marked_and_the_others_are_kept():
    problem = mj.problems.LinearRegression(jnp.eye(2), jnp.zeros(2), loss=falling)
    param = mj.parameterizations.Linear(jnp.eye(2), jnp.zeros(2))

    def path(point):
        found = mj.integrate(mj.flows.GradientFlow(problem, param, 0.0), point.w * jnp.ones(2), ts=[0.0, 1.0])
        return {"x": found.x[-1], "ok": found.ok}

    data = mj.sweep(path, {"w": [0.0, 0.1, 2.0, 0.2]})  # dx = 4x³ dt, which ends at t = 1/(8 w²)
    assert data.status.values.tolist() == [0, 0, 2, 0] and not np.any(np.isfinite(data.x[2]))
    w = np.array([0.1, 0.2])
    np.testing.assert_allclose(data.x[[1, 3], 0], w / np.sqrt(1 - 8 * w**2), rtol=1e-7)


def test_chunks_in_processes_are_those_computed_here(whole, tmp_path):
    found = sweep(tmp_path / "sweep", executor="processes:2")
    np.testing.assert_array_equal(found.y, whole.y)
    assert f"process {os.getpid()}" not in (tmp_path / "sweep" / ".sweep" / "chunks" / "00000000.json").read_text()


def test_a_sweep_whose_dask_worker_is_killed_ends_complete(whole, tmp_path):
    pytest.importorskip("distributed")
    from dask_cluster import Cluster  # not above: the killed program imports this file without the folder beside it

    made = Cluster(tmp_path, 2)
    try:
        killed = []

        def kill(done, of):
            if done == 2:
                made.workers[0].kill()
                killed.append(made.workers[0].wait())

        found = sweep(tmp_path / "sweep", executor=made.where, progress=kill)
    finally:
        made.close()
    assert killed == [-signal.SIGKILL] and np.all(found.status == 0)
    np.testing.assert_array_equal(found.y, whole.y)
