"""What can happen to a sweep on disk: a kill, a full disk, damaged files, a second writer."""

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import sweep_for_tests
from sweep_for_tests import plan_of, values_of, write_all

import mirrorjax as mj
from mirrorjax import sweeps
from mirrorjax._lock import Lock
from mirrorjax.sweeps import _store
from mirrorjax.sweeps._store import StorageError, Store

HERE = Path(sweep_for_tests.__file__).parent


@pytest.fixture
def folder(tmp_path):
    """A sweep with every chunk."""
    with Store.create(tmp_path / "s", plan_of()) as store:
        write_all(store)
    return tmp_path / "s"


def is_whole(folder) -> bool:
    data = sweeps.open(folder)
    expected = np.arange(26.0).reshape(2, 13, 1) + np.asarray([0.0, 0.25, 0.5])
    return bool((data.path == expected).all()) and bool((data.status == 0).all())


def resumed(folder):
    """The store, with what it warns of."""
    with pytest.warns(UserWarning, match="damaged chunks of") as said:
        store = Store.resume(folder, plan_of())
    return store, str(said[0].message)


# Kills


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the processes that are killed are forked")
def test_a_kill_at_any_step_leaves_unfinished_chunks_and_never_wrong_ones(tmp_path):
    subprocess.run([sys.executable, sweep_for_tests.__file__, str(tmp_path)], check=True)
    kept, drafts = [], []
    for folder in sorted(tmp_path.iterdir()):
        drafts += folder.rglob("*.part*")
        if not (folder / ".sweep" / "plan.json").exists():
            with Store.create(folder, plan_of()) as store:
                assert not store.finished and not any(path.exists() for path in drafts)
            continue
        with Store.resume(folder, plan_of()) as store:  # without a warning: nothing is damaged
            kept.append(len(store.finished))
            assert not any(path.exists() for path in drafts)
            write_all(store)
        assert is_whole(folder)
    assert len(list(tmp_path.iterdir())) > 20 and len(drafts) > 3
    assert {0, 1} <= set(kept) and max(kept) > 2  # killed before the first chunk, after it, and later


def test_a_chunk_without_its_record_is_not_finished(folder):
    (folder / ".sweep" / "chunks" / "00000003.json").unlink()
    assert (sweeps.open(folder).stack(point=("scale", "seed")).status.values[12:16] == 3).all()
    with Store.resume(folder, plan_of()) as store:
        assert store.finished == {0, 1, 2, 4, 5, 6} and not store.damaged
        write_all(store)
    assert is_whole(folder)


# Damage


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1  # not in what fills up the last chunk, where it would do no harm
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another(path: Path) -> None:
    """A chunk that Zarr decodes without complaint."""
    shutil.copy(path.parent.parent / "0" / "0", path)


@pytest.mark.parametrize(
    "damage, k, file",
    [(flip, 2, "path/c/2/0"), (another, 2, "path/c/2/0"), (Path.unlink, 2, "path/c/2/0"), (truncate, 2, "status/c/2"),
     (Path.unlink, 0, "status/c/0"), (flip, 6, "steps/c/6"), (empty, 6, "steps/c/6"), (truncate, 6, "path/c/6/0")],
)  # fmt: skip
def test_a_damaged_chunk_is_named_left_out_and_computed_again(folder, damage, k, file):
    damage(folder / file)
    with pytest.warns(UserWarning, match=f"damaged chunks of .*{k}: it") as said:
        data = sweeps.open(folder)
    assert len(said) == 1 and "come as not computed" in str(said[0].message)
    flat = data.stack(point=("scale", "seed"))
    gone = np.isin(np.arange(26) // 4, [k])
    np.testing.assert_array_equal(flat.status, np.where(gone, 3, 0))
    np.testing.assert_array_equal(np.isnan(flat.path.values).any(0), gone)
    assert data.attrs["chunks_finished"] == 6
    store, said = resumed(folder)
    with store:
        assert list(store.damaged) == [k] and f"{k}: it" in said and store.finished == {*range(7)} - {k}
        write_all(store)
    assert is_whole(folder)


@pytest.mark.parametrize("damage", [flip, truncate, empty], ids=lambda f: f.__name__)
def test_a_damaged_record_makes_its_chunk_unfinished(folder, damage):
    record = folder / ".sweep" / "chunks" / "00000001.json"
    if damage is flip:
        record.write_text(record.read_text().replace("a", "b").replace("shb256", "sha256"))
    else:
        damage(record)
    store, _ = resumed(folder)
    with store:
        assert list(store.damaged) == [1]
        write_all(store)
    assert is_whole(folder)


def test_several_damaged_chunks_make_one_warning(folder):
    for k in (0, 5):
        truncate(folder / "steps" / "c" / str(k))
    store, said = resumed(folder)
    with store:
        assert store.finished == {1, 2, 3, 4, 6} and "0: it" in said and "; 5: it" in said


@pytest.mark.parametrize("damage", [flip, truncate, empty], ids=lambda f: f.__name__)
def test_a_damaged_plan_is_an_error_that_says_so(folder, damage):
    damage(folder / ".sweep" / "plan.json")
    for read in (lambda: sweeps.open(folder), lambda: Store.resume(folder, plan_of())):
        with pytest.raises(mj.InputError, match=r"the plan of the sweep is damaged|cannot be read"):
            read()


@pytest.mark.parametrize("damage", [truncate, empty, Path.unlink], ids=lambda f: f.__name__)
def test_an_array_without_its_metadata_is_an_error_that_says_so(folder, damage):
    damage(folder / "steps" / "zarr.json")
    with pytest.raises(mj.InputError, match="the array steps of the sweep cannot be opened"):
        sweeps.open(folder)


def test_an_array_that_somebody_resized_is_an_error_that_says_so(folder):
    metadata = folder / "steps" / "zarr.json"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | {"shape": [30]}))
    with pytest.raises(mj.InputError, match=r"steps of the sweep was changed: it is int64 of shape \(30,\)"):
        sweeps.open(folder)


# A disk that takes no more


@contextmanager
def files_up_to(size: int):
    """No file of this process grows beyond `size` bytes: the system refuses, in mid-write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_in_mid_chunk_keeps_what_was_written(tmp_path):
    plan = plan_of(chunk=10)
    with Store.create(tmp_path / "s", plan) as store:
        store.write(0, values_of(plan, 0))
        noise = np.random.default_rng(0).random((10, 3))
        with files_up_to(100), pytest.raises(StorageError, match="1 of 3 chunks are kept") as said:
            store.write(1, values_of(plan, 1) | {"path": noise})
        assert "File too large" in str(said.value) and "make room" in said.value.hint
        assert isinstance(said.value, mj.MirrorjaxError) and not list(store.folder.rglob("*.part*"))
        assert store.finished == {0}
        write_all(store)  # with room again the same store goes on
    assert is_whole(tmp_path / "s")


def test_a_disk_that_is_full_when_the_folder_is_made_lets_it_be_made_later(tmp_path):
    with files_up_to(50), pytest.raises(StorageError, match="0 of 7 chunks are kept"):
        Store.create(tmp_path / "s", plan_of())
    with Store.create(tmp_path / "s", plan_of()) as store:
        write_all(store)
    assert is_whole(tmp_path / "s")


class Full:
    """Stands for a function, and finds the disk full at one of its calls."""

    def __init__(self, function, at: int):
        self.function, self.left = function, at

    def __call__(self, *arguments, **keywords):
        self.left -= 1
        if self.left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.function(*arguments, **keywords)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_no_step_of_a_chunk_may_find_the_disk_full_unnoticed(tmp_path, monkeypatch, at):
    """Each of its three arrays, and then its record, is moved into place."""
    with Store.create(tmp_path / "s", plan_of()) as store:
        store.write(0, values_of(store.plan, 0))
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", Full(os.replace, at))
            with pytest.raises(StorageError, match=r"No space left on device; 1 of 7 chunks are kept"):
                store.write(1, values_of(store.plan, 1))
    with Store.resume(tmp_path / "s", plan_of()) as store:
        assert store.finished == {0} and not store.damaged
        write_all(store)
    assert is_whole(tmp_path / "s")


# Two writers


def test_a_second_writer_is_refused_and_told_who_the_first_is(folder):
    with Store.resume(folder, plan_of()):
        with pytest.raises(mj.InputError, match=rf"another process writes .* process {os.getpid()} \(this one"):
            Store.resume(folder, plan_of())
        code = "import sys; from sweep_for_tests import *; Store.resume(sys.argv[1], plan_of())"
        command = [sys.executable, "-c", code, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=HERE)
        told = f"InputError: another process writes to this folder: process {os.getpid()} on"
        assert done.returncode == 1 and told in done.stderr
        assert is_whole(folder)  # reading needs no lock
    Store.resume(folder, plan_of()).close()


def test_the_lock_ends_with_its_process_even_where_a_child_lives_on(folder):
    """The child is forked, as those of multiprocessing are, and has the parent's open files."""
    code = (
        "import os, sys, time; from sweep_for_tests import *\n"
        "store = Store.resume(sys.argv[1], plan_of())\n"
        "if os.fork() == 0: print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, cwd=HERE)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        with pytest.raises(mj.InputError, match=f"process {process.pid} on"):
            Store.resume(folder, plan_of())
        process.kill()
        process.wait()
        os.kill(child, 0)  # it lives
        Store.resume(folder, plan_of()).close()
    finally:
        os.kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_store_that_is_forgotten_or_fails_gives_its_lock_back(folder, monkeypatch):
    store = Store.resume(folder, plan_of())
    del store
    monkeypatch.setattr(_store, "read_chunks", Full(None, 1))
    with pytest.raises(StorageError):
        Store.resume(folder, plan_of())
    monkeypatch.undo()
    Store.resume(folder, plan_of()).close()


def test_a_file_system_without_locks_is_refused(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("mirrorjax._lock._lock", no_locks)
    with pytest.raises(mj.InputError, match=r"has no locks .No locks available"):
        Lock(tmp_path / "lock", tmp_path)


@pytest.mark.parametrize("text", ["", "{", '{"pid": 3}', "[]"])
def test_a_lock_that_does_not_say_whose_it_is_still_holds(tmp_path, text):
    lock = Lock(tmp_path / "lock", tmp_path)
    (tmp_path / "lock").write_text(text)
    with pytest.raises(mj.InputError, match="it does not say which"):
        Lock(tmp_path / "lock", tmp_path)
    lock.release()


def test_a_lock_that_is_a_folder_is_refused_by_name(tmp_path):
    (tmp_path / "lock").mkdir()
    with pytest.raises(mj.InputError, match="cannot be written: Is a directory"):
        Lock(tmp_path / "lock", tmp_path)


# Folders that cannot be written


READ_ONLY = """
import os, sys
from sweep_for_tests import *
from mirrorjax import sweeps
sweeps.open(sys.argv[1] + "/s")  # imports everything, which nobody may be allowed to
if os.geteuid() == 0:
    os.setuid(65534)
for make, name in ((Store.create, "/new"), (Store.resume, "/s")):
    try:
        make(sys.argv[1] + name, plan_of())
    except ValueError as error:
        print(error)
print(int((sweeps.open(sys.argv[1] + "/s").status == 0).sum()))
"""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of another kind")
def test_a_read_only_folder_can_be_read_and_is_refused_for_writing(folder):
    """In a process that is not of root, who may write anywhere."""
    for path in (folder.parent, *folder.rglob("*"), folder):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for outer in list(folder.parents)[1:]:
        if any(outer.name.startswith(own) for own in ("pytest-", "popen-")):
            outer.chmod(0o755)  # pytest's own, and those of its processes, are for the user alone
    command = [sys.executable, "-B", "-c", READ_ONLY, str(folder.parent)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE)
    for path in (folder.parent, folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and all("the folder cannot be written: Permission denied" in line for line in lines[:2]), (
        done
    )
    assert lines[2] == "26"
