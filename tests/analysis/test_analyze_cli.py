"""`mirrorjax analyze` as a user meets it: status, messages, files."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mirrorjax._cli import main

MODEL = """
import jax.numpy as jnp
not_a_function = 3
def g(w): return w[0] * w[1]
def h(w): return jnp.sum(w**2)
def mask(w): return w[0, 0] * w[1]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model_of_mine.py").write_text(MODEL)
    (tmp_path / "broken_model.py").write_text("import no_such_module_at_all\n")
    np.save("w0.npy", np.array([[1.0, 0.7], [0.4, 1.1]]))
    np.save("pickled.npy", np.array([None, 1], dtype=object), allow_pickle=True)
    np.save("text.npy", np.array(["a", "b"]))
    (tmp_path / "garbage.npy").write_text("1 2 3")
    return tmp_path


def status(*args):
    try:
        return main(["analyze", *args])
    except SystemExit as end:
        return end.code


def test_a_mirror_flow_ends_with_0_and_writes_json_and_report(folder, capsys):
    args = ["model_of_mine.py:g", "model_of_mine.py:h", "--w0", "w0.npy", "--json", "a.json", "--report", "page"]
    assert status(*args) == 0
    text = capsys.readouterr().out
    assert "kind" in text and "mirror" in text and "(−∞, ∞)" in text
    content = json.loads((folder / "a.json").read_text())
    assert content["analysis"]["kind"] == "mirror" and content["environment"]["jax"]
    assert [effect["dose"] for effect in content["analysis"]["effects"]] == [0.0, 0.5, 1.0, 2.0]
    assert content["analysis"]["effects"][1]["range"][0] == ["-inf", "inf"]
    np.testing.assert_allclose(content["analysis"]["effects"][1]["position"], np.exp(-2) * np.array([0.4, 0.77]))
    page = (folder / "page" / "index.html").read_text(encoding="utf-8")
    assert "Effects of decay" in page and "data:image/svg+xml" in page


def test_no_mirror_flow_ends_with_1_and_a_module_is_found_in_the_current_folder(folder, capsys):
    assert status("model_of_mine:mask", "model_of_mine:h", "--w0", "w0.npy", "--report", "page") == 1
    text = capsys.readouterr().out
    assert "not-mirror" in text and "no potential" in text
    assert "order-swap" in (folder / "page" / "index.html").read_text(encoding="utf-8")


def test_an_open_question_ends_with_2(folder):
    np.save("zero.npy", np.zeros((2, 2)))
    assert status("model_of_mine.py:g", "model_of_mine.py:h", "--w0", "zero.npy") == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["no_such_module:g", "model_of_mine:h"], "no module 'no_such_module'"),
        (["model_of_mine:g", "model_of_mine:k"], "no 'k'"),
        (["model_of_mine:g", "nowhere.py:h"], "no such file"),
        (["model_of_mine:g", "model_of_mine:not_a_function"], "no function but int"),
        (["model_of_mine", "model_of_mine:h"], "MODULE:NAME"),
        (["broken_model:g", "model_of_mine:h"], "no_such_module_at_all"),
        (["model_of_mine:g", "model_of_mine:h", "--w0", "missing.npy"], "missing.npy"),
        (["model_of_mine:g", "model_of_mine:h", "--w0", "pickled.npy"], "pickled"),
        (["model_of_mine:g", "model_of_mine:h", "--w0", "garbage.npy"], "garbage.npy"),
        (["model_of_mine:g", "model_of_mine:h", "--w0", "text.npy"], "must hold floats"),
        (["model_of_mine:g", "model_of_mine:h", "--json", "."], "needs a file"),
        (["model_of_mine:h", "model_of_mine:h"], "g must return"),
    ],
)
def test_bad_requests_end_with_3_and_one_message(args, words, capsys):
    assert status(*args, *([] if "--w0" in args else ["--w0", "w0.npy"])) == 3
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error and error.count("\n") == 1


def test_w0_is_required(capsys):
    assert status("model_of_mine:g", "model_of_mine:h") == 3
    assert "--w0" in capsys.readouterr().err


def test_help_does_not_import_jax():
    code = "import sys\nfrom mirrorjax._cli import main\ntry: main(['analyze', '--help'])\nexcept SystemExit: pass\n"
    code += "print({'jax', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "set()", done.stderr
