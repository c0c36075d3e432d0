"""Precision, promotion and compilation for the whole suite, set before any array is made."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import hypothesis
import jaxtyping
import pytest

# Equinox's runtime checks are host callbacks, and a computation that carries one is never cached.
os.environ.setdefault("EQX_ON_ERROR", "off")

# Compiling is most of what the suite costs. Notebooks and commands run in processes of their own and
# compile much the same: they share a cache that lives as long as the session.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    os.environ["JAX_COMPILATION_CACHE_DIR"] = tempfile.mkdtemp(prefix="mirrorjax-tests-")
    atexit.register(shutil.rmtree, os.environ["JAX_COMPILATION_CACHE_DIR"], ignore_errors=True)
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

import jax

import mirrorjax as mj
from mirrorjax._room import make_room

# Here, after the import hooks of other plugins, and not by the entry point, which `addopts` keeps out.
pytest_plugins = ["mirrorjax._pytest_plugin", "pytester"]

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Fixed shapes and no deadline: the first example of a test compiles. XLA flushes subnormals to 0.
hypothesis.settings.register_profile("mirrorjax", deadline=None, max_examples=50, derandomize=True)
hypothesis.settings.load_profile("mirrorjax")


@pytest.fixture(autouse=True)
def room_for_compiled_code():
    start = time.perf_counter()
    yield
    if time.perf_counter() - start > 0.1:  # a test that compiled; counting after each would cost 10 s in all
        make_room()


@pytest.fixture
def annotations_off():
    """For tests of what a function says to callers who hand over what its annotations forbid, in place of jaxtyping."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def verdict_of():
    """`verdict_of(id)`: the verdict at seed 0, computed once for the whole session."""

    @functools.cache
    def verify(theorem_id: str):
        [verdict] = mj.verify(theorem_id, seed=0)
        return verdict

    return verify


@pytest.fixture(scope="session")
def chromium():
    """A browser without a window, the system's own; skipped where there is none, unless `MIRRORJAX_BROWSER` is set.

    `chromium.new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")` opens a page of its own.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None and "MIRRORJAX_BROWSER" not in os.environ:
        pytest.skip("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
# `python3` is this interpreter: ipykernel lets no other one take that name.
NotebookClient(notebook, kernel_name="python3", timeout=300, resources={"metadata": {"path": sys.argv[2]}}).execute()
"""
_running: dict[str, subprocess.Popen] = {}


def pytest_collection_finish(session):
    """Notebooks run beside the tests, on the other core: their 40 s are all waiting otherwise.

    Of several processes each collects everything: there a notebook begins when its test does.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    ours = (item for item in session.items if item.path.name == "test_notebooks.py")
    wanted = {item.callspec.params["path"] for item in ours if item.name.startswith("test_it_runs[")}
    for path in () if session.config.option.collectonly else wanted:
        _begin(path)


def _begin(path: Path):
    command = [sys.executable, "-c", EXECUTE, str(path), str(path.parent)]
    _running[path.stem] = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def pytest_sessionfinish(session):
    for process in _running.values():
        process.terminate()


@pytest.fixture(scope="session")
def notebook_run():
    """`notebook_run(path)`: exit status and output of the notebook, once it has run to its end."""

    @functools.cache
    def wait(path: Path) -> tuple[int, str]:
        if path.stem not in _running:
            _begin(path)
        output, _ = _running[path.stem].communicate(timeout=600)
        return _running[path.stem].returncode, output

    return wait
