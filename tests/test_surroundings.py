"""Terminals of few letters, accounts without a home, caches that cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mirrorjax import _prepare
from mirrorjax._cli import main
from mirrorjax._output import open_streams

MODEL = "import jax.numpy as jnp\ndef g(w): return w[0] * w[1]\ndef h(w): return jnp.sum(w**2)\n"


class Narrow:
    """Streams that know only the letters of one encoding, as Windows redirects and LC_ALL=C make them."""

    def __init__(self, path, encoding, monkeypatch):
        self.path, self.encoding = path, encoding
        monkeypatch.setattr(sys, "stdout", path.open("w", encoding=encoding))

    def text(self):
        sys.stdout.flush()
        return self.path.read_text(encoding=self.encoding)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_what_a_terminal_cannot_show_is_said_in_its_letters(encoding, tmp_path, monkeypatch):
    narrow = Narrow(tmp_path / "out", encoding, monkeypatch)
    assert main(["list"]) == main(["show", "*"]) == 0
    assert "mask/3.1" in narrow.text() and "\\u" not in narrow.text()


def test_tables_too_are_said_in_the_letters_of_the_terminal(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    narrow = Narrow(tmp_path / "out", "ascii", monkeypatch)
    assert main(["verify", "mask/C.1", "--jobs", "1"]) == 0
    assert "mask/C.1: holds" in narrow.text() and "\\u" not in narrow.text()


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


def test_letters_that_it_has_stay(tmp_path, monkeypatch):
    narrow = Narrow(tmp_path / "out", "utf-8", monkeypatch)
    open_streams()
    print("∇R ≤ ∞")
    assert narrow.text() == "∇R ≤ ∞\n"


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
    assert _prepare._cache_folder() is None


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
        assert _prepare._cache_folder() is None
