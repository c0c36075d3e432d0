"""Theorems over several processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirrorjax import _workers
from mirrorjax._cli import main
from mirrorjax._errors import MirrorjaxError
from mirrorjax._workers import default_jobs, run_in_processes
from mirrorjax.checks import Outcome


def test_verdicts_come_in_the_order_asked_and_with_their_findings():
    verdicts = list(run_in_processes(["mask/C.1", "mask/only-m", "dwf/penalty"], 0, False, None, 2))
    assert [v.id for v in verdicts] == ["mask/C.1", "mask/only-m", "dwf/penalty"]
    assert all(v.outcome is Outcome.HOLDS for v in verdicts)
    assert verdicts[0].instances[0].finding.claims


def die(*args):
    """What the kernel does to a process when memory runs out."""
    os._exit(9)


def test_a_process_that_dies_is_an_error_and_not_a_wait(monkeypatch):
    monkeypatch.setattr(_workers, "_verify", die)
    with pytest.raises(MirrorjaxError, match=r"worker process died.*--jobs 1"):
        list(run_in_processes(["mask/C.1", "mask/2.1"], 0, False, None, 2))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed on Linux only")
def test_workers_end_with_a_command_that_is_killed(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "mirrorjax", "verify", "mask/*", "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while len(children.read_text().split()) < 3 and time.monotonic() < deadline:  # two workers and a resource tracker
        time.sleep(0.1)
    workers = [Path("/proc", pid) for pid in children.read_text().split()]
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 120  # a worker that was still importing ends after that
    while any(worker.exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert workers and not any(worker.exists() for worker in workers)


def test_theorems_of_one_source_stay_together():
    ids = ["a/1", "b/1", "b/2", "b/3", "b/4", "c/1"]
    assert _workers._groups(ids, 2) == [["b/1", "b/2", "b/3"], ["a/1"], ["b/4"], ["c/1"]]
    assert sorted(i for group in _workers._groups(ids, 4) for i in group) == sorted(ids)


def test_few_theorems_are_not_worth_another_process(monkeypatch):
    monkeypatch.setattr(_workers, "_cores", lambda: 64)
    assert [default_jobs(k) for k in (1, 5, 6, 1000)] == [1, 1, 2, 8]


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_a_number_of_processes_that_is_none(jobs, capsys):
    with pytest.raises(SystemExit) as end:
        main(["verify", "mask/C.1", "--jobs", jobs])
    assert end.value.code == 3 and "positive integer" in capsys.readouterr().err
