"""Work on executors: processes, threads, and a real Dask scheduler with workers of its own on loopback."""

import concurrent.futures
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time

import jax
import jax.numpy as jnp
import pytest
from dask_cluster import Cluster

import mirrorjax as mj
from mirrorjax._cli import main
from mirrorjax._errors import InputError, MirrorjaxError
from mirrorjax._executors import executor_of, name_of, run
from mirrorjax.registry import select

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("dask"), 2)
    yield made
    made.close()


@pytest.fixture(scope="module")
def processes():
    with executor_of("processes:2") as executor:
        yield executor


@pytest.fixture
def executor(request, cluster):
    if request.param == "threads":
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            yield pool
    elif request.param == "dask":
        with executor_of(cluster.where) as opened:
            yield opened
    else:
        yield request.getfixturevalue("processes")


everywhere = pytest.mark.parametrize("executor", ["threads", "processes", "dask"], indirect=True)


@everywhere
def test_closures_come_back_each_once_in_the_precision_of_the_session(executor):
    offset = jnp.asarray(0.5)
    results = dict(run([lambda i=i: i + jnp.sin(offset) for i in range(9)], executor))
    assert sorted(results) == list(range(9))
    assert all(value == i + jnp.sin(offset) and value.dtype == jnp.float64 for i, value in results.items())


@everywhere
def test_float32_reaches_the_workers_too(executor):
    with jax.enable_x64(False):
        [(_, dtype)] = run([lambda: str(jnp.ones(1).dtype)], executor)
    assert dtype == "float32"


class TwoWords(Exception):
    """Pickled, and not read."""

    def __init__(self, first, second):
        super().__init__(f"{first} {second}")


@everywhere
def test_what_a_task_raises_is_handed_on_with_its_number_and_not_tried_again(executor, tmp_path):
    def fail():
        with (tmp_path / "tries").open("a") as file:
            file.write("x")
        raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing") as caught:
        list(run([lambda: 1, fail], executor))
    notes = "\n".join(caught.value.__notes__)
    assert "task 1, " in notes and "fail" in notes and "Traceback" in notes
    assert (tmp_path / "tries").read_text() == "x"

    def fail_oddly():
        raise TwoWords("odd", "failure")

    with pytest.raises((TwoWords, MirrorjaxError), match="odd failure"):
        list(run([fail_oddly], executor))
    with pytest.raises(MirrorjaxError, match=r"sys.exit\(3\)"):
        list(run([lambda: sys.exit(3)], executor))
    assert list(run([lambda: 1], executor)) == [(0, 1)]  # nothing of that broke it


def test_what_cannot_be_pickled_is_named(processes):
    lock = threading.Lock()
    with pytest.raises(InputError, match=r"lock.*task 0.*lambda"):
        list(run([lambda: lock], processes))


def test_no_more_are_taken_than_are_in_flight():
    taken = []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, _ in run((taken.append(i) or (lambda: None) for i in range(100)), pool, ahead=5):
            assert len(taken) <= number + 1 + 5 + 5  # each that ended made room for one; five may end at once
        assert taken == list(range(100))
        taken.clear()
        results = run((taken.append(i) or (lambda: None) for i in range(10**6)), pool)
        next(results)
        results.close()
        assert len(taken) <= 2 * 4
        assert pool.submit(int).result() == 0  # it is not ours to shut down


def die_once(marker):
    """What the kernel does to a process when memory runs out, the first time."""
    with contextlib.suppress(FileExistsError):
        marker.touch(exist_ok=False)
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


def test_a_task_whose_process_died_is_run_in_another(tmp_path):
    tasks = [functools.partial(die_once, tmp_path / "marker"), *[functools.partial(abs, -i) for i in range(1, 9)]]
    with executor_of("processes:2") as executor:
        assert executor is not None
        results = list(run(tasks, executor))
        assert sorted(number for number, _ in results) == list(range(9))
        assert all(value == number for number, value in results if number)
        assert (tmp_path / "marker").exists()
    with executor_of("processes:1") as executor:
        assert executor is not None
        with pytest.raises(MirrorjaxError, match="died 2 times"):
            list(run([lambda: os._exit(9)], executor, retries=1))


def test_every_result_comes_once_where_a_dask_worker_is_killed(tmp_path):
    cluster = Cluster(tmp_path, 2)
    try:
        with executor_of(cluster.where) as executor:
            assert executor is not None
            seen = []
            for number, value in run([lambda i=i: (time.sleep(0.05), i)[1] for i in range(40)], executor):
                assert number == value
                seen.append(number)
                if len(seen) == 8:
                    cluster.workers[0].send_signal(signal.SIGKILL)
            assert name_of(executor).startswith("dask, 1 worker at")
        assert sorted(seen) == list(range(40))
    finally:
        cluster.close()


def test_a_scheduler_that_dies_is_an_error_and_not_a_wait(tmp_path):
    cluster = Cluster(tmp_path, 1)
    try:
        with executor_of(cluster.where) as executor:
            assert executor is not None
            results = run([functools.partial(time.sleep, 0.1)] * 100, executor)
            next(results)
            cluster.scheduler.send_signal(signal.SIGKILL)
            started = time.monotonic()
            with pytest.raises(MirrorjaxError, match="scheduler went away"):
                list(results)
        assert time.monotonic() - started < 30
    finally:
        cluster.close()


def test_where_no_scheduler_is():
    started = time.monotonic()
    with pytest.raises(InputError, match="no Dask scheduler answers"), executor_of("dask://127.0.0.1:9"):
        pass
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("where", ["dask", "dask://", "dask://host", "processes:0", "processes:x", "slurm", ""])
def test_what_is_no_executor(where):
    with pytest.raises(InputError, match="dask://HOST:PORT"), executor_of(where):
        pass


def test_mpi_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "mpi4py.futures", None)
    with pytest.raises(InputError, match="pip install mpi4py"), executor_of("mpi"):
        pass


def test_names_for_records(processes):
    assert name_of(None) == "this process" and name_of(processes) == "processes, 2"
    with concurrent.futures.ThreadPoolExecutor(1) as pool, executor_of(pool) as same:
        assert same is pool and name_of(same) == "ThreadPoolExecutor"
    with executor_of(None) as nothing:
        assert nothing is None


INTERRUPTED = """
import functools, os, signal, sys, time
from mirrorjax._executors import executor_of, run
if __name__ != "__main__" and "begins" in sys.argv:  # in a worker, which reads this file before it is initialized
    print("begins", os.getpid(), flush=True)
    time.sleep(300)
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent may have it ignored
    try:
        with executor_of("processes:2") as executor:
            for number, _ in run([functools.partial(time.sleep, s) for s in (0, 300, 300, 300)], executor):
                print("ended", number, flush=True)
    finally:
        print("alive:", [process.is_alive() for process in executor._context.own])
"""


@pytest.mark.parametrize("when", ["ended", "begins"])
def test_ctrl_c_ends_everything_soon(when, tmp_path):
    (tmp_path / "script.py").write_text(INTERRUPTED)
    command = [sys.executable, str(tmp_path / "script.py"), when]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    happened, number = process.stdout.readline().split()
    assert happened.decode() == when
    if when == "begins":  # the workers first, for the parent soon ends them
        os.kill(int(number), signal.SIGINT)
        time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    printed, said = process.communicate(timeout=60)
    assert printed.endswith(b"alive: [False, False]\n")
    assert said.count(b"Traceback") == 1 and said.endswith(b"KeyboardInterrupt\n")


THEOREM = """
from types import SimpleNamespace
import jax.numpy as jnp
import mirrorjax as mj
from mirrorjax.checks import Finding, at_most

def bound():  # read by the check: the module itself must be there
    return 2.0

@mj.theorem(id="lab/2", title="sin 0.5 < 0.5", statement="$\\\\sin x < x$", source="folklore",
            instances=lambda seed, data: [SimpleNamespace(name="of the seed", x=0.5 + seed)])
def sine(case, rungs):
    value = float(jnp.sin(jnp.asarray(case.x)))
    return Finding(claims={"<": at_most(value, case.x, 1e-9)}, controls={">": at_most(case.x, value, 1e-9)})

@mj.theorem(id="lab/1", title="1 ≤ 2", statement="$1 \\\\leq 2$", source="folklore",
            instances=lambda seed, data: [SimpleNamespace(name="the only one")])
def order(case, rungs):
    return Finding(claims={"1 ≤ 2": at_most(1.0, bound(), 1e-9)}, controls={"2 ≤ 1": at_most(bound(), 1.0, 1e-9)})
"""


def without_seconds(value):
    if isinstance(value, dict):
        return {name: without_seconds(item) for name, item in value.items() if name not in ("seconds", "environment")}
    return [without_seconds(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("more", [[], pytest.param(["mask/C.1"], marks=pytest.mark.slow)])
def test_verdicts_are_those_of_this_process(more, cluster, tmp_path, capsys):
    (tmp_path / "lab.py").write_text(THEOREM, encoding="utf-8")
    asked = [str(tmp_path / "lab.py"), *more]
    command = ["verify", *asked, "--json"]
    assert main([*command, str(tmp_path / "here.json"), "--jobs", "1"]) == 0
    assert main([*command, str(tmp_path / "there.json"), "--executor", cluster.where]) == 0
    here, there = (json.loads((tmp_path / name).read_text()) for name in ("here.json", "there.json"))
    assert without_seconds(here) == without_seconds(there) and len(here["verdicts"]) == 2 + len(more)
    verdicts = mj.verify(asked, executor=cluster.where)
    assert [v.id for v in verdicts] == ["lab/1", "lab/2", *more] and all(verdicts)
    capsys.readouterr()
    assert main([*command, "-", "--executor", "dask://127.0.0.1:9"]) == 3
    assert "no Dask scheduler answers" in capsys.readouterr().err


def test_a_theorem_of_a_script_and_of_a_module_by_value(processes, tmp_path):
    space = {"__name__": "__main__"}
    exec(THEOREM, space)
    (tmp_path / "lab_of_mine.py").write_text(THEOREM, encoding="utf-8")
    loaded = select([str(tmp_path / "lab_of_mine.py")])[0].load()
    for asked in (space["order"], loaded):
        [verdict] = mj.verify(asked, executor=processes)
        assert verdict.id == "lab/1" and verdict
