"""What `analyze` refuses: one message that names the function and what it must return."""

import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax._errors import InputError

W0 = jnp.array([1.0, -2.0])
CALLS = iter(range(1000))


def good(w):
    return w**2


def decay(w):
    return jnp.sum(w**2)


def scalar(w):
    return jnp.sum(w)


def table(w):
    return jnp.outer(w, w)


def nothing(w):
    return w[:0]


def pair_of_outputs(w):
    return w, w


def integers(w):
    return jnp.round(w).astype(int)


def stepwise(w):
    return jnp.sqrt(w - w)


def nan_output(w):
    return w * jnp.nan


def with_numpy(w):
    return np.asarray(w) ** 2


def with_if(w):
    return w if w[0] > 0 else -w


def stateful(w):
    return w * (1.0 + next(CALLS))


def logarithm(w):
    return jnp.log(w)


def wrong_rank(w):
    return w @ jnp.ones(5)


def narrow(w):
    return (w**2).astype(jnp.float32)


def narrow_decay(w):
    return jnp.sum(w**2).astype(jnp.float16)


def leaves(w):
    return w["a"] * w["b"]


def decay_of_leaves(w):
    return jnp.sum(w["a"] ** 2) + jnp.sum(w["b"] ** 2)


def python_number(w):
    return [1.0, 2.0]


@pytest.mark.parametrize(
    ("g", "h", "w0", "words"),
    [
        (scalar, decay, W0, ["g must return a float array of shape (n,)", "shape ()"]),
        (table, decay, W0, ["g must return a float array of shape (n,)", "(2, 2)"]),
        (nothing, decay, W0, ["g returned no coordinates"]),
        (pair_of_outputs, decay, W0, ["g must return", "tuple"]),
        (python_number, decay, W0, ["g must return", "list"]),
        (good, good, W0, ["h must return a float scalar", "(2,)"]),
        (integers, decay, W0, ["g must return a float array", "int"]),
        (stepwise, decay, W0, ["derivative of g", "not differentiable"]),
        (nan_output, decay, W0, ["g(w0) is not finite"]),
        (with_numpy, decay, W0, ["g cannot be traced", "jax.numpy"]),
        (with_if, decay, W0, ["g cannot be traced", "jnp.where"]),
        (good, with_numpy, W0, ["h cannot be traced"]),
        (stateful, decay, W0, ["two calls of g", "pure function"]),
        (logarithm, decay, W0, ["g(w0) is not finite", "coordinate 1"]),
        (wrong_rank, decay, W0, ["g failed", "TypeError"]),
        (good, decay, jnp.array([1, 2]), ["w0 must hold floats", "int"]),
        (good, decay, jnp.zeros(0), ["w0 is empty"]),
        (good, decay, jnp.array([1.0, jnp.inf]), ["w0 must be finite", "coordinate 1"]),
        (good, decay, "w0", ["w0 must hold floats"]),
        (narrow, decay, W0, ["g", "returns float32", "float64"]),
        (good, narrow_decay, W0, ["h", "returns float16"]),
        (3, decay, W0, ["g must be a function"]),
        (good, None, W0, ["h must be a function"]),
    ],
)
@pytest.mark.usefixtures("annotations_off")
def test_bad_input_is_refused_with_one_message(g, h, w0, words):
    with pytest.raises(InputError) as caught:
        mj.analyze(g, h, w0)
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, message


def test_without_float64_there_is_no_answer():
    code = (
        "import jax.numpy as jnp, mirrorjax as mj\n"
        "try: mj.analyze(lambda w: w**2, lambda w: jnp.sum(w**2), jnp.array([1.0, 2.0]))\n"
        "except mj._errors.InputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", "import mirrorjax._errors\n" + code], capture_output=True, text=True,
                          env={"PATH": "", "JAX_ENABLE_X64": "0"})  # fmt: skip
    assert "jax_enable_x64" in done.stdout, done.stderr


@pytest.mark.slow
def test_a_start_of_fewer_digits_is_the_same_start_in_float64():
    """Refused by a traceback; a leaf left in float32 would make round-off of 6e-8 look like a bracket."""
    numbers = np.array([[1.0, 0.5], [0.25, -2.0]])
    for kinds in ((np.float32, np.float32), (np.float16, np.float64), (np.float64, ">f8")):
        w0 = {key: row.astype(kind) for key, row, kind in zip("ab", numbers, kinds)}
        found = mj.analyze(leaves, decay_of_leaves, w0)
        assert found.kind == "mirror" and found.detection_limit < 1e-9
        assert {leaf.dtype for leaf in found.w0.values()} == {np.dtype(float)}
