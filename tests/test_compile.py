"""How much is compiled: programs of typical calls, counted and not timed."""

import inspect
import json
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mirrorjax import _compile
from mirrorjax._compile import FlatJit, host_jit, on_top_level, once_jit, quick_jit
from mirrorjax.schedules import AbstractSchedule, Constant

# At most so many programs are compiled by each call, in this order in one process. A number that rises is a wait for
# every user: what varies went into a program instead of its arguments, or the host computes operation by operation.
PROGRAMS = {
    "a flow": 4,
    "the same flow, other numbers": 0,
    "the same flow by Tsit5": 0,
    "its mirror flow": 4,
    "agreement": 9,
    "agreement, other numbers": 0,
    "limit": 8,
    "limit, another dose": 0,
    "analyze": 19,
    "analyze, another pair of the same shape": 12,
}
CALLS = """
import collections, json, jax
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp, numpy as np
counts = collections.Counter()
names = {"/jax/core/compile/backend_compile_duration": "programs", "/jax/core/compile/jaxpr_trace_duration": "traces"}
jax.monitoring.register_event_duration_secs_listener(lambda name, seconds, **_: counts.update([names.get(name, "")]))
import mirrorjax as mj

def problem(seed):
    rng = np.random.default_rng(seed)
    return mj.problems.LinearRegression(rng.standard_normal((4, 9)), rng.standard_normal(4))

H = mj.parameterizations.Hadamard()
schedule = mj.schedules.SwitchOff(0.3, at=0.5)
def gradient(seed, **options):
    w0 = H.lift(np.random.default_rng(seed).standard_normal(9), scale=0.4)
    return mj.integrate(mj.flows.GradientFlow(problem(seed), H, schedule), w0, ts=np.linspace(0.0, 1.0, 5), **options)
def potential(seed):
    return mj.potential_of(H, H.lift(np.random.default_rng(seed).standard_normal(9), scale=0.4))
def g1(w): return w[0] * w[1]
def g2(w): return w[0] ** 3 - w[1] ** 3
def h(w): return jnp.sum(w**2)
w0 = np.array([[1.0, 0.7, 1.3], [0.4, 1.1, 0.8]])
calls = [
    lambda: gradient(0),
    lambda: gradient(1),
    lambda: gradient(0, solver="tsit5", rtol=1e-6),
    lambda: mj.integrate(mj.flows.MirrorFlow(problem(0), potential(0), schedule), ts=np.linspace(0.0, 1.0, 5)),
    lambda: mj.checks.agreement(problem(0), H, schedule, H.lift(np.zeros(9), scale=0.4), t1=1.0),
    lambda: mj.checks.agreement(problem(1), H, schedule, H.lift(np.ones(9), scale=0.7), t1=2.0),
    lambda: mj.limit(problem(0), potential(0), -0.3),
    lambda: mj.limit(problem(1), potential(1), -0.5),
    lambda: mj.analyze(g1, h, w0),
    lambda: mj.analyze(g2, h, w0),
]
found = []
for call in calls:
    counts.clear()
    call()
    found.append((counts["programs"], counts["traces"]))
print(json.dumps(found))
"""


def test_what_typical_calls_compile():
    done = subprocess.run([sys.executable, "-c", CALLS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {name: programs for name, (programs, _) in zip(PROGRAMS, json.loads(done.stdout))}
    assert not {name: (count, PROGRAMS[name]) for name, count in found.items() if count > PROGRAMS[name]}


@pytest.mark.parametrize("jit", [quick_jit, once_jit])
def test_floats_are_data_and_the_outermost_jit_alone_takes_options(jit):
    traced = []

    @jit
    def scaled(x, factor):
        traced.append(on_top_level())
        return factor * x

    x = jnp.ones(3)
    for factor in (2.0, 3.0, 0.5):
        np.testing.assert_array_equal(scaled(x, factor), factor * np.ones(3))
    np.testing.assert_array_equal(scaled(x, factor=4.0), scaled(x, factor=8.0) / 2)
    assert traced == [False]  # by position and by name
    assert float(jax.jit(lambda x: jnp.sum(scaled(x, 2.0)))(x)) == 6.0  # options inside a jit are an error of jax
    np.testing.assert_array_equal(jax.vmap(lambda row: scaled(row, 2.0))(jnp.ones((2, 3))), 2 * np.ones((2, 3)))
    assert on_top_level()


def test_a_jit_that_flattens_once_is_filter_jit():
    traced = []

    def moved(model, by, *, name):
        traced.append(name)
        return {"model": eqx.tree_at(lambda model: model.weight, model, replace_fn=lambda weight: weight + by)}, name

    model = eqx.nn.MLP(2, 1, 3, 1, key=jax.random.key(0)).layers[0]
    flat, whole = FlatJit(moved), eqx.filter_jit(moved)
    for by in (np.array(1.0), jnp.asarray(np.array(2.0))):
        assert bool(eqx.tree_equal(flat(model, by, name="x"), whole(model, by, name="x")))
    assert traced == ["x", "x"]  # once by each
    flat(model, 1.0, name="y")  # a number of Python is static, and so is a string
    assert traced == ["x", "x", "y"]
    doubled = jax.jit(lambda model: flat(flat(model, 1.0, name="z")[0]["model"], 1.0, name="z")[0])(model)
    np.testing.assert_array_equal(doubled["model"].weight, model.weight + 2)
    assert "tensor<3x2xf64>" in flat.lower(model, np.array(2.0), name="x").as_text()
    assert list(inspect.signature(flat).parameters) == ["model", "by", "name"]


def test_what_is_compiled_on_the_host_is_traced_as_it_is():
    seen = []

    @host_jit
    def doubled(x):
        seen.append(type(x).__name__)
        return 2 * x

    doubled(1.0)
    doubled(2.0)
    assert len(seen) == 1
    jax.make_jaxpr(doubled)(1.0)
    assert len(seen) == 2 and "pjit" not in str(jax.make_jaxpr(doubled)(1.0))


def test_options_that_this_jax_does_not_know_are_left_out(monkeypatch):
    monkeypatch.setattr(_compile, "QUICKLY", {"xla_no_such_option": 1, "xla_backend_optimization_level": 1})
    _compile.options.cache_clear()
    _compile._is_known.cache_clear()
    try:
        assert _compile.options() == {"xla_backend_optimization_level": 1}
    finally:
        monkeypatch.undo()
        _compile.options.cache_clear()


def test_methods_of_a_subclass_are_compiled_and_abstract_ones_are_not():
    assert AbstractSchedule.__abstractmethods__ == {"alpha", "dose", "time_of", "breakpoints", "total"}
    assert hasattr(Constant.alpha, "__wrapped__") and float(Constant(0.5).dose(2.0)) == 1.0
