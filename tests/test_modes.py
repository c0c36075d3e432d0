"""README's calls under the modes in which people debug."""

import contextlib
import subprocess
import sys
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import optax
import pytest

import mirrorjax as mj
from mirrorjax import training

MODEL = """
import jax.numpy as jnp
def g(w): return w["w"][0] * w["w"][1]
def h(w): return jnp.sum(w["w"] ** 2)
"""
MODES = {
    "rank promotion": lambda: jax.numpy_rank_promotion("raise"),
    "debug nans": lambda: jax.debug_nans(True),
    "debug infs": lambda: jax.debug_infs(True),
}


def flows_and_verdicts():
    problem = mj.problems.LinearRegression([[1.0, -0.5, 0.3], [0.2, 0.8, -0.6]], [0.4, -0.3])
    param, schedule, ts = mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(1.0, at=0.5), jnp.linspace(0.0, 1, 5)
    w0 = param.lift(jnp.zeros(3), scale=0.5)
    potential = mj.potential_of(param, w0)
    mj.integrate(mj.flows.GradientFlow(problem, param, schedule), w0, ts=ts)
    mj.integrate(mj.flows.MirrorFlow(problem, potential, schedule), ts=ts)
    assert mj.limit(problem, potential, -schedule.total).ok
    [verdict] = mj.verify("mask/C.1")
    assert verdict


def analysis():
    found = mj.analyze(lambda w: w[0] * w[1], lambda w: jnp.sum(w**2), jnp.array([[1.0, 0.7], [0.4, 1.1]]))
    assert found.kind == "mirror" and str(found)
    assert np.asarray(found.effects(-0.2).range)[0, 1] == np.inf  # pyright: ignore


def sparse_training():
    def loss(model, x, y):
        return jnp.mean((jax.vmap(model)(x) - y) ** 2)

    x = jax.random.normal(jax.random.key(1), (32, 4))
    model = training.reparameterize(eqx.nn.MLP(4, 1, 16, 2, key=jax.random.key(0)))
    optimizer = optax.chain(training.switch_off(1e-3, at=50), optax.sgd(0.05))
    step, state = training.train_step(loss, optimizer), training.init(optimizer, model)
    model, state, value = step(model, state, x, x[:, :1])
    assert jnp.isfinite(value)


@pytest.mark.slow
@pytest.mark.parametrize("calls", [flows_and_verdicts, analysis, sparse_training])
@pytest.mark.parametrize("mode", MODES)
def test_public_calls_work_while_the_user_debugs(mode, calls):
    with contextlib.ExitStack() as modes:
        modes.enter_context(jax.numpy_dtype_promotion("standard"))
        modes.enter_context(MODES[mode]())
        calls()


@pytest.mark.slow
@pytest.mark.parametrize("options", [["-O"], ["-W", "error"]])
def test_the_commands_work_without_asserts_and_where_warnings_are_errors(options, tmp_path):
    (tmp_path / "model.py").write_text(MODEL)
    np.savez(tmp_path / "w0.npz", w=np.array([[1.0, 0.7], [0.4, 1.1]]))
    for command in (
        ["verify", "mask/C.1", "--jobs", "1", "--json", "v.json"],
        ["analyze", "model.py:g", "model.py:h", "--w0", "w0.npz", "--report", "r"],
    ):
        run = [sys.executable, *options, "-m", "mirrorjax", *command]
        done = subprocess.run(run, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


README_TYPECHECKED = """
import re, sys, jax
from jaxtyping import install_import_hook
jax.config.update("jax_enable_x64", True)
with install_import_hook("mirrorjax", "beartype.beartype"):
    import mirrorjax
for code in re.findall(r"```python\\n(.*?)```", open(sys.argv[1], encoding="utf-8").read(), re.S):
    exec(compile(code, "README.md", "exec"), {})
"""


@pytest.mark.slow
def test_readme_runs_with_its_annotations_checked():
    """jaxtyping's import hook with beartype: lists at the door and factors of a layer's shape were refused."""
    readme = Path(__file__).parents[1] / "README.md"
    run = [sys.executable, "-c", README_TYPECHECKED, str(readme)]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("x", [jnp.ones((2, 2)), jnp.ones(2, int)], ids=["shape", "dtype"])
def test_annotations_are_checked_in_these_tests(x, request):
    """By jaxtyping's import hook, which `addopts` in pyproject.toml puts in."""
    if not request.config.getoption("--jaxtyping-packages", default=None):
        pytest.skip("the hook was left out")
    with pytest.raises(jaxtyping.TypeCheckError, match="parameter 'x'"):
        mj.problems.LinearRegression(np.eye(2), np.ones(2)).loss(x)
