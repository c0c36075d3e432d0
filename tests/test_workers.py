"""Theorems over several processes."""

import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mirrorjax import _console, _workers
from mirrorjax._cli import main
from mirrorjax._errors import MirrorjaxError
from mirrorjax._executors import executor_of, run
from mirrorjax._workers import default_jobs
from mirrorjax.checks import Outcome
from mirrorjax.registry import select


def test_results_come_as_they_end_with_the_number_of_their_task():
    naps = [functools.partial(nap, seconds) for seconds in (3.0, 0.0, 0.5, 0.0)]
    results = list(run_in_processes(naps, 2))
    assert sorted(results) == [(0, 3.0), (1, 0.0), (2, 0.5), (3, 0.0)] and results[-1] == (0, 3.0)


def run_in_processes(tasks, jobs):
    with executor_of(f"processes:{jobs}") as executor:
        assert executor is not None
        yield from run(tasks, executor, retries=0)


def nap(seconds):
    time.sleep(seconds)
    return seconds


@pytest.mark.parametrize("jobs", [None, 2])
def test_verdicts_come_with_their_findings_sections_and_audit(jobs, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(_console, "CENTRAL", "dwf/penalty")  # of another process the picture stays that of mask/3.1
    ids = ["mask/C.1", "mask/only-m", "dwf/penalty"]
    verdicts, sections, audit = _console.run(select(ids), {"seed": 0}, jobs and f"processes:{jobs}", tmp_path)
    assert [v.id for v in verdicts] == sorted(ids)
    lines = capsys.readouterr().out.splitlines()
    if jobs is None:
        assert lines[0].startswith("dwf/penalty: holds") and "1/3, about" in lines[0]
        assert lines[1] == f"  its picture: {tmp_path / 'dwf-penalty.svg'}"
        assert (tmp_path / "dwf-penalty.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert all(v.outcome is Outcome.HOLDS for v in verdicts)
    assert verdicts[0].instances[0].finding.claims and audit
    assert "<blockquote>" in sections["mask/C.1"] and "data:image/svg+xml" in sections["mask/C.1"]


def test_only_its_own_processes_are_ended():
    bystander = multiprocessing.get_context("spawn").Process(target=nap, args=(300.0,))
    bystander.start()
    try:
        results = run_in_processes([functools.partial(nap, seconds) for seconds in (0.0, 300.0, 300.0)], 2)
        assert next(results) == (0, 0.0)
        started = time.monotonic()
        results.close()  # what Ctrl-C does to it
        assert time.monotonic() - started < 60
        assert bystander.is_alive() and multiprocessing.active_children() == [bystander]
    finally:
        bystander.kill()
        bystander.join()


def die():
    """What the kernel does to a process when memory runs out."""
    os._exit(9)


def test_a_process_that_dies_is_an_error_and_not_a_wait():
    with pytest.raises(MirrorjaxError, match=r"worker process died.*--jobs 1"):
        list(run_in_processes([die, functools.partial(nap, 0.0)], 2))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are listed on Linux only")
def test_workers_end_with_a_command_that_is_killed(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "mirrorjax", "verify", "mask/*", "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
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


def test_few_theorems_are_not_worth_another_process(monkeypatch):
    monkeypatch.setattr(_workers, "_cores", lambda: 64)
    assert [default_jobs(k) for k in (1, 5, 6, 1000)] == [1, 1, 2, 8]


@pytest.mark.parametrize("jobs", ["0", "-1", "two", "1.5"])
def test_a_number_of_processes_that_is_none(jobs, capsys):
    with pytest.raises(SystemExit) as end:
        main(["verify", "mask/C.1", "--jobs", jobs])
    assert end.value.code == 3 and "positive integer" in capsys.readouterr().err
