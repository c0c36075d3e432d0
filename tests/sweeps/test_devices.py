"""The same sweep on one device, several, and in several processes."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mirrorjax as mj

PROGRAM = Path(__file__).with_name("many_devices.py")
SOLVER = 1e-9
"""How far two orders of the same sums may part at the default tolerance."""


def begin(out, *processes, devices=1):
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
    environment = os.environ | {"XLA_FLAGS": flags}
    command = [sys.executable, str(PROGRAM), str(out), *map(str, processes)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def ended(process, code: int | None = 0):
    said = process.communicate(timeout=120)[0]
    assert code in (process.returncode, None), said
    return said


def two(out, *more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    return [begin(out, 2, number, address, *more) for number in (0, 1)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    out = tmp_path_factory.mktemp("alone") / "one"
    ended(begin(out))
    return np.load(f"{out}.npz")["x"]


def test_eight_devices_share_each_chunk(alone, tmp_path):
    assert "8 ×" in ended(begin(tmp_path / "eight", devices=8))
    np.testing.assert_allclose(np.load(tmp_path / "eight.npz")["x"], alone, atol=SOLVER)


@pytest.mark.slow
def test_two_devices_share_each_chunk(alone, tmp_path):
    assert "2 ×" in ended(begin(tmp_path / "two", devices=2))
    np.testing.assert_allclose(np.load(tmp_path / "two.npz")["x"], alone, atol=SOLVER)


@pytest.mark.slow
def test_of_two_processes_one_dies_and_both_begin_again(alone, tmp_path):
    first, second = two(tmp_path / "two", "die")
    ended(second, -signal.SIGKILL)
    said = ended(first, None)
    assert first.returncode != 0 and "cannot reach each other" in said and "with the same folder" in said
    assert mj.sweeps.open(tmp_path / "two.zarr").attrs["chunks_finished"] == 2
    for process in two(tmp_path / "two"):
        assert "2 ×" in ended(process)
    found = mj.sweeps.open(tmp_path / "two.zarr")
    assert np.all(found.status == 0)
    np.testing.assert_allclose(found.x, alone, atol=SOLVER)
