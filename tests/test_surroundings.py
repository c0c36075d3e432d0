"""Terminals of few letters, accounts without a home, caches that cannot be used."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mirrorjax import _cache
from mirrorjax._cli import main
from mirrorjax._output import open_streams

MODEL = "import jax.numpy as jnp\ndef g(w): return w[0] * w[1]\ndef h(w): return jnp.sum(w**2)\n"


@pytest.fixture
def narrow(tmp_path, monkeypatch):
    """`narrow(encoding)`: stdout has only its letters, as Windows redirects and LC_ALL=C make it; gives the text."""
    path = tmp_path / "out"
    with contextlib.ExitStack() as opened:

        def to(encoding):
            stream = opened.enter_context(path.open("w", encoding=encoding))
            monkeypatch.setattr(sys, "stdout", stream)

            def text():
                stream.flush()
                return path.read_text(encoding=encoding)

            return text

        yield to


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_what_a_terminal_cannot_show_is_said_in_its_letters(narrow, encoding):
    text = narrow(encoding)
    assert main(["list"]) == main(["show", "*"]) == 0
    assert "mask/3.1" in text() and "\\u" not in text()


def test_tables_too_are_said_in_the_letters_of_the_terminal(narrow, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    text = narrow("ascii")
    assert main(["verify", "mask/C.1", "--jobs", "1"]) == 0
    assert "mask/C.1: holds" in text() and "\\u" not in text()


def test_file_names_that_are_no_text_can_be_named(capfd):
    assert main(["verify", "mask/C.1", "--data", os.fsdecode(b"no-\xff.csv"), "--target", "y"]) == 3
    assert "no-" in capfd.readouterr().err


def test_plain_letters_keep_the_formula():
    written = {
        "∇²R ≤ ∞": "grad ^2R <= inf",
        "m₀⁻¹⁰": "m0^-10",
        "½μ": "1/2mu",
        "Jgᵀ": "Jg^T",
        "\udcff▇": "\\udcff\\u2587",
    }
    assert {text: text.encode("ascii", "mirrorjax").decode() for text in written} == written


def test_letters_that_it_has_stay(narrow):
    text = narrow("utf-8")
    open_streams()
    print("∇R ≤ ∞")
    assert text() == "∇R ≤ ∞\n"


HOMELESS = """
import os, pwd, sys
def unknown(number): raise KeyError(number)
pwd.getpwuid = unknown  # a number that /etc/passwd does not know
from mirrorjax._cli import main
raise SystemExit(main(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/etc/passwd").exists(), reason="accounts are kept elsewhere")
def test_an_account_without_home_and_name_is_served(tmp_path):
    """As containers run."""
    places = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in places}
    command = [sys.executable, "-c", HOMELESS, "analyze", "model.py:g", "model.py:h", "--w0", "w0.npy", "--report", "r"]
    (tmp_path / "model.py").write_text(MODEL)
    np.save(tmp_path / "w0.npy", np.array([[1.0, 0.7], [0.4, 1.1]]))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "r" / "index.html").exists()


def test_no_home_is_no_cache(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert _cache._usable(None) is None


BROKEN = """
import pathlib, sys
from mirrorjax._cli import main
cache = pathlib.Path(sys.argv[1])
for _ in range(2):
    assert main(["verify", "mask/C.1", "--jobs", "1"]) == 0
    import jax
    jax.clear_caches()
    for entry in cache.rglob("*-cache"): entry.write_bytes(b"broken")
assert list(cache.rglob("*-cache"))
"""


@pytest.mark.slow
def test_a_broken_cache_is_gone_on_without(tmp_path):
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    del environment["JAX_COMPILATION_CACHE_DIR"]
    command = [sys.executable, "-c", BROKEN, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_a_cache_that_cannot_be_made_is_gone_on_without(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", "/proc", "/dev/null/below", "x" * 300):
        monkeypatch.setenv("XDG_CACHE_HOME", str(place))
        assert _cache._usable(None) is None


CACHED = """
import sys, jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, numpy as np
jnp.ones(3) + 1  # compiled before anyone asked for a cache
import mirrorjax as mj
folder = mj.enable_cache(sys.argv[1] or None)
before = set(folder.iterdir())
problem = mj.problems.LinearRegression([[1.0, 2.0]], [5.0])
param = mj.parameterizations.Hadamard()
mj.integrate(mj.flows.GradientFlow(problem, param, mj.schedules.Constant(0.1)), param.lift(np.zeros(2)), ts=[0.0, 1.0])
print(folder, len({path for path in folder.iterdir() if path.name.endswith("-cache")} - before))
"""


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_a_library_process_keeps_what_it_compiles(how, tmp_path, monkeypatch):
    """Programs of half a second too, which jax's own threshold leaves out; the next process compiles none of them."""
    for name in ("JAX_COMPILATION_CACHE_DIR", "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.delenv(name, raising=False)
    if how == "environment":
        monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path))
    given = str(tmp_path) if how == "argument" else ""
    said = [subprocess.run([sys.executable, "-c", CACHED, given], capture_output=True, text=True) for _ in range(2)]
    assert [run.returncode for run in said] == [0, 0], said[0].stderr
    counts = [run.stdout.split() for run in said]
    assert [folder for folder, _ in counts] == [str(tmp_path)] * 2
    assert int(counts[0][1]) >= 2 and int(counts[1][1]) == 0
