"""The hash of a quantity: it changes with what the quantity computes, and not with how it is written down."""

import collections
import contextlib
import dataclasses
import enum
import functools
import importlib.machinery
import os
import subprocess
import sys
import threading
import types

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax.sweeps._identity import identity, versions


def made(source: str, **names):
    """What `q` is after the source has run as a module of the user's."""
    scope = {"__name__": "users", "jnp": jnp, "np": np, "jax": jax, "eqx": eqx, "functools": functools,
             "dataclasses": dataclasses, "enum": enum, **names}  # fmt: skip
    exec(compile(source, "users.py", "exec"), scope)
    return scope["q"]


def of(value) -> str:
    return identity({"q": value})["q"]


SOURCE = """
rate = 2.0
table = {"a": (1.0, [2.0])}
def helper(x, power=2, *, shift=0.5):
    return jnp.sin(x) * 3.0 + shift
class Base:
    offset = 11.0
class Model(Base):
    def __init__(self, w): self.w = w
    def __call__(self, x): return self.w * x + 13.0
    @staticmethod
    def plus(x): return x + 17.0
    @property
    def twice(self): return 19.0
model = Model(23.0)
def q(x):
    value = helper(x)
    if x in {1, 2} and x > 29:
        value = value + table["a"][1][0]
    def inner(z):
        return z * rate + (lambda u: u + 31.0)(z)
    return model(inner(value))
"""
CHANGES = {
    "a constant of a function that it calls": ("* 3.0", "* 4.0"),
    "an int for a float there": ("* 3.0", "* 3"),
    "the function that a library is asked for": ("jnp.sin", "jnp.cos"),
    "a default": ("power=2", "power=3"),
    "a default by keyword": ("shift=0.5", "shift=0.6"),
    "a global": ("rate = 2.0", "rate = 2.5"),
    "a global, now an int": ("rate = 2.0", "rate = 2"),
    "a list in a tuple in a dict": ("[2.0]", "[2.5]"),
    "a key": ('table = {"a"', 'table = {"b"'),
    "a constant of a base class": ("11.0", "12.0"),
    "a constant in a method": ("13.0", "14.0"),
    "one in a static method": ("17.0", "18.0"),
    "one in a property": ("19.0", "20.0"),
    "a field": ("23.0", "24.0"),
    "a member of a set": ("{1, 2}", "{1, 3}"),
    "an operator": ("x > 29", "x < 29"),
    "one in a lambda inside": ("31.0", "32.0"),
    "the name of an argument": ("helper(x, power=2", "helper(y, power=2"),
}
REWRITINGS = {
    "nothing": ("", ""),
    "a comment": ("value = helper(x)", "value = helper(x)  # as before\n\n    # and more"),
    "a docstring": ("def q(x):", "def q(x):\n    '''Says what it is.'''"),
    "a docstring in a helper": ("def helper(x, power=2, *, shift=0.5):",
                                "def helper(x, power=2, *, shift=0.5):\n    'Helps.'"),
    "a docstring of a class": ("class Base:", "class Base:\n    'Base.'"),
    "the name of a local variable": ("value", "result"),
    "lines above": ("rate = 2.0", "\n\n\nrate = 2.0"),
    "a global that nobody reads": ("rate = 2.0", "rate = 2.0\nother = 5"),
    "an import": ("rate = 2.0", "import math\nrate = 2.0"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_it_changes_with(what):
    old, new = CHANGES[what]
    assert old in SOURCE
    assert of(made(SOURCE.replace(old, new))) != of(made(SOURCE))


@pytest.mark.parametrize("what", REWRITINGS)
def test_it_does_not_change_with(what):
    old, new = REWRITINGS[what]
    source = SOURCE.replace(old, new)
    assert (source == SOURCE) == (what == "nothing") and of(made(source)) == of(made(SOURCE))


def test_a_function_that_returns_nothing_may_get_a_docstring():
    """Its compiled code loads None, which the docstring moves to another place in the table of constants."""
    assert of(made("def q(): print(2.0)")) == of(made("def q():\n  'Prints.'\n  print(2.0)"))
    assert of(made("def q(): return 'a'")) != of(made("def q(): return 'b'"))


def test_it_changes_with_values_that_are_equal_but_not_the_same():
    values = [0.0, -0.0, 0, False, None, "0", b"0", 0j, [0], (0,), {0}, {0: 0}, np.float64(0), np.float32(0),
              np.zeros(1), np.zeros((1, 1)), np.zeros(2), np.zeros(1, "int64"), jnp.zeros(()), jnp.zeros(1),
              -np.zeros(1), np.asarray(["0"]), np.asarray([None]), range(1), slice(0)]  # fmt: skip
    assert len({of(value) for value in values}) == len(values)


def test_it_changes_with_the_order_of_axes_and_of_items():
    assert of({"a": 1, "b": 2}) != of({"b": 2, "a": 1}) and of([1, 2]) != of([2, 1]) and of({1, 2}) == of({2, 1})
    assert of(["ab", "c"]) != of(["a", "bc"]) and of([[1], 2]) != of([[1, 2]])


def test_each_part_has_a_hash_of_its_own():
    before = identity({"quantity": made(SOURCE), "seeds": 3})
    after = identity({"quantity": made(SOURCE), "seeds": 4})
    assert before["quantity"] == after["quantity"] and before["seeds"] != after["seeds"]


CLOSURE = "def make(a):\n  def q(x): return x * a\n  return q\nq = make(A)"


@pytest.mark.parametrize(
    "old, new",
    [(np.ones(3), np.asarray([1, 1, 1 + 2**-52])), (jnp.ones(3), np.ones(3)), (np.ones(3), np.ones(3, "float32")),
     (jax.random.key(0), jax.random.key(1)), (np.sin, np.cos), (jnp.sin, jnp.cos), (np.float32, np.float64),
     (mj.schedules.SwitchOff(0.3, at=1.0), mj.schedules.SwitchOff(0.3, at=2.0)),
     (mj.parameterizations.Hadamard(), mj.parameterizations.LogRatio()),
     (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2))],
    ids=lambda value: type(value).__name__,  # not str: it may hold an address, which differs between processes
)  # fmt: skip
def test_it_changes_with_what_the_closure_holds(old, new):
    assert of(made(CLOSURE, A=old)) == of(made(CLOSURE, A=old)) != of(made(CLOSURE, A=new))


WRAPPED = [
    "f", "jax.jit(f)", "jax.vmap(f)", "jax.grad(f)", "jax.jit(jax.vmap(jax.grad(f)))", "jax.checkpoint(f)",
    "jax.custom_jvp(f)", "eqx.filter_jit(f)", "eqx.filter_grad(f)", "eqx.filter_vmap(f)", "functools.lru_cache(f)",
    "functools.partial(f)", "functools.partial(g, f)", "jax.tree_util.Partial(f)", "functools.wraps(g)(lambda x: f(x))",
    "Holder(f)", "Holder(f).call", "Slots(f)", "Module(f)",
]  # fmt: skip


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_it_sees_through(wrapped):
    source = f"""
def f(x): return x * 2.0
def g(h, x): return h(x)
@dataclasses.dataclass
class Holder:
    h: object
    def call(self, x): return self.h(x)
    __call__ = call
    @functools.cached_property
    def late(self): return 1.0
class Slots:
    __slots__ = ("h",)
    def __init__(self, h): self.h = h
    def __call__(self, x): return self.h(x)
class Module(eqx.Module):
    h: object
    def __call__(self, x): return self.h(x)
q = {wrapped}
"""
    q = made(source)
    before = of(q)
    assert before == of(made(source)) == of(made("\n\n" + source)) != of(made(source.replace("2.0", "3.0")))
    with contextlib.suppress(AttributeError):  # of custom_jvp, which has no derivative yet
        q(jnp.ones(2) if "vmap" in wrapped else 1.0)
    if wrapped == "Holder(f)":
        assert q.late == 1.0  # which is kept among the fields
    assert of(q) == before, "it changes when it is called"


def test_it_sees_the_derivative_that_was_given_and_what_changes_in_an_equinox_module():
    source = """
@jax.custom_jvp
def f(x): return x
@f.defjvp
def rule(p, t): return f(p[0]), t[0] * 5.0
class M(eqx.Module):
    w: object
    n: int = eqx.field(static=True, default=3)
    def __call__(self, x): return self.w * f(x) + 7.0
q = M(jnp.ones(2))
"""
    for old, new in (("5.0", "6.0"), ("default=3", "default=4"), ("7.0", "8.0"), ("ones", "zeros")):
        assert of(made(source)) != of(made(source.replace(old, new))), old


def test_a_script_and_the_module_of_it_are_the_same():
    assert of(made(SOURCE)) == of(made(SOURCE, __name__="__main__"))


def test_functions_that_call_each_other_and_lists_that_hold_themselves_end():
    source = "def a(x): return q(x) * 2.0\ndef q(x): return a(x)"
    assert of(made(source)) != of(made(source.replace("2.0", "3.0")))
    loop: list = [1]
    loop.append(loop)
    assert of(loop) != of([1, [1]])


def test_tuples_and_enums_of_a_class_of_their_own():
    P, Q = collections.namedtuple("P", "a b"), collections.namedtuple("Q", "a b")
    assert len({of(P(1, 2)), of(Q(1, 2)), of((1, 2)), of(P(1, 3))}) == 4
    Color = enum.Enum("Color", "RED BLUE")
    assert of(Color.RED) == of(Color.RED) != of(Color.BLUE)


def test_what_cannot_be_told_apart_is_refused_and_found():
    lock = threading.Lock()
    with pytest.raises(mj.InputError, match=r"_thread.lock that cannot be told .*quantity → lock"):
        identity({"quantity": lambda: lock})
    with pytest.raises(mj.InputError, match="no value yet"):
        jax.jit(lambda x: of(x))(1.0)


def test_a_module_of_the_users_is_read_as_far_as_it_is_used(tmp_path, monkeypatch):
    """By its own file: `code` and `test` are names of modules of Python's, too."""
    monkeypatch.syspath_prepend(tmp_path)
    sources = ["import users_code\ndef q(x): return users_code.f(x)",
               "def q(x):\n  import users_code\n  return users_code.f(x)",
               "def q(x):\n  from users_code import f\n  return f(x)"]  # fmt: skip
    text = "rate = 2.0\ndef f(x): return x * rate\ndef unused(x): return x * 5.0\n"
    for source in sources:
        found = []
        for now in (text, text.replace("5.0", "6.0"), text.replace("2.0", "3.0")):
            module = types.ModuleType("users_code")
            module.__file__ = str(tmp_path / "users_code.py")
            module.__spec__ = importlib.machinery.ModuleSpec("users_code", None)
            exec(compile(now, "users_code.py", "exec"), vars(module))
            monkeypatch.setitem(sys.modules, "users_code", module)
            found.append(of(made(source)))
        assert found[0] == found[1] != found[2], source


def problem() -> str:
    return of(made(CLOSURE, A=mj.problems.LinearRegression(np.ones((3, 2)), np.ones(3))))


def test_it_is_the_same_in_another_process():
    code = "from test_sweep_identity import *; print(of(made(SOURCE)), of({'b', 'a', 'c'}), problem())"
    environment = os.environ | {"JAX_ENABLE_X64": "1", "PYTHONHASHSEED": "1"}
    command, here = [sys.executable, "-c", code], os.path.dirname(__file__)
    done = subprocess.run(command, env=environment, cwd=here, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [of(made(SOURCE)), of({"b", "a", "c"}), problem()]


def test_versions_name_what_decides_about_bits():
    found = versions()
    assert found["jax"] == jax.__version__ and found["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert list(found) == ["python", "jax", "jaxlib", "numpy", "mirrorjax"]
