"""How the package compiles: quickly, for what it compiles is small and runs a few times."""

import contextlib
import functools
import threading
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any, ClassVar, Generic, TypeVar, cast

import equinox as eqx
import jax
import numpy as np
from jax.extend.core import get_opaque_trace_state

Result = TypeVar("Result")

QUICKLY = {"xla_cpu_use_fusion_emitters": False, "xla_backend_optimization_level": 1}
"""Half the time to compile a small solve on jax 0.10, which then runs as fast. Versions differ in which options there
are, see `options`."""
ONCE = QUICKLY | {"xla_backend_optimization_level": 0}
"""Two thirds of that time again, for what runs in a millisecond; solves run up to 5 times slower with it."""
OFTEN = {"xla_cpu_use_fusion_emitters": False, "xla_cpu_prefer_vector_width": 512}
"""For what runs for seconds: lanes run 1.4 times as fast as without. By default LLVM takes vectors of 256 bits even
where the processor has 512."""


class FlatJit(Generic[Result]):
    """`equinox.filter_jit`, with its arguments and what it returns flattened once each.

    `filter_jit` flattens them three times, module by module in Python: a quarter of the step of a small network in
    factors, which are two modules more for every weight.
    """

    def __init__(self, function: Callable[..., Result]):
        def of_leaves(leaves, tree):
            args, kwargs = jax.tree.unflatten(tree, leaves)
            return jax.tree.flatten(function(*args, **kwargs))

        of_leaves.__name__, of_leaves.__qualname__ = function.__name__, function.__qualname__  # a profile shows them
        self._compiled = eqx.filter_jit(of_leaves)
        functools.update_wrapper(self, function)

    def __call__(self, *args, **kwargs) -> Result:
        leaves, tree = self._compiled(*jax.tree.flatten((args, kwargs)))
        return jax.tree.unflatten(tree, leaves)

    def lower(self, *args, **kwargs) -> Any:
        """The program, as `jax.jit(…).lower` gives it."""
        return cast(Any, self._compiled).lower(*jax.tree.flatten((args, kwargs)))


def quick_jit(function: Callable[..., Result]) -> Callable[..., Result]:
    """`equinox.filter_jit`, compiled quickly where it is the outermost, with every float among the arguments as data.

    Only the outermost `jit` takes compiler options: inside another one the function is part of its program. For work
    that runs long, as the epochs of a training, `equinox.filter_jit` itself compiles what runs faster; for work that
    runs once for every pair (g, h), `once_jit` compiles faster still.
    """
    return _jit(function, "quickly")


def once_jit(function: Callable[..., Result]) -> Callable[..., Result]:
    """`quick_jit` for what runs a few times after each compilation, and is short: probes of brackets, not solves."""
    return _jit(function, "once")


def _jit(function: Callable[..., Result], how: str) -> Callable[..., Result]:
    inner = eqx.filter_jit(function)

    @functools.cache
    def outermost():
        return eqx.filter_jit(function, compiler_options=options(how))  # pyright: ignore[reportCallIssue]

    @functools.wraps(function)
    def compiled(*args, **kwargs):
        # A static float would be compiled in, and the next one anew.
        args = [_as_data(arg) for arg in args]
        kwargs = {name: _as_data(arg) for name, arg in kwargs.items()}
        if on_top_level():
            return outermost()(*args, **kwargs)
        if not _inlining.get():
            return inner(*args, **kwargs)
        return function(*map(_as_traced, args), **{name: _as_traced(arg) for name, arg in kwargs.items()})

    return compiled


def _as_traced(argument: Any) -> Any:
    return jax.numpy.asarray(argument) if isinstance(argument, np.ndarray) else argument


_inlining: ContextVar[bool] = ContextVar("inlining", default=False)


@contextlib.contextmanager
def inlined() -> Generator[None, None, None]:
    """Where something is being traced, what `quick_jit` compiles becomes part of it by being traced anew.

    An inner `jit` keeps what it once traced, whatever the context that it was traced in.
    """
    token = _inlining.set(True)
    try:
        yield
    finally:
        _inlining.reset(token)


def _as_data(argument: Any) -> Any:
    return np.asarray(argument) if isinstance(argument, float) else argument


def host_jit(function: Callable[..., Result]) -> Callable[..., Result]:
    """`quick_jit` on the host; where something is being traced, the function as it is.

    On the host each operation by itself is a program, compiled in 40 ms: a formula of ten costs 0.4 s.
    """
    outermost = quick_jit(function)

    @functools.wraps(function)
    def compiled(*args, **kwargs):
        return (outermost if on_top_level() else function)(*args, **kwargs)

    return compiled


class AbstractHostCompiled(eqx.Module):
    """A module that names methods and properties, its subclasses' own included, to be compiled by `host_jit`."""

    host_compiled: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in cls.host_compiled:
            own: Any = cls.__dict__.get(name)
            if isinstance(own, property) and own.fget is not None:
                setattr(cls, name, property(_unless_abstract(cast(Any, own.fget)), doc=own.__doc__))
            elif own is not None:
                setattr(cls, name, _unless_abstract(cast(Any, own)))


def _unless_abstract(function: Callable[..., Result]) -> Callable[..., Result]:
    return function if getattr(function, "__isabstractmethod__", False) else host_jit(function)


@functools.cache
def options(how: str = "quickly") -> dict[str, Any]:
    """Those of `QUICKLY`, `ONCE` or `OFTEN` that this jax knows on its CPU: an unknown one is an error. None on
    others."""
    if jax.default_backend() != "cpu":
        return {}
    wanted = {"quickly": QUICKLY, "once": ONCE, "often": OFTEN}[how]
    return {name: value for name, value in wanted.items() if _is_known(name)}


@functools.cache
def _is_known(name: str) -> bool:
    try:
        jax.jit(lambda: 0, compiler_options={name: (OFTEN | QUICKLY)[name]}).lower().compile()
    except jax.errors.JaxRuntimeError:
        return False
    return True


def on_top_level() -> bool:
    """Whether nothing is being traced: no `jit`, `vmap` or derivative is around this call."""
    return get_opaque_trace_state() == _top_level()


@functools.cache
def _top_level() -> Any:
    """The state of a thread of its own, where nothing is traced whatever is traced here."""
    states: list[Any] = []
    thread = threading.Thread(target=lambda: states.append(get_opaque_trace_state()))
    thread.start()
    thread.join()
    return states[0]


def exact_products() -> contextlib.AbstractContextManager:
    """Where products of float32 are made in float32. By default GPUs and TPUs round the factors, GPUs to 10 bits, and
    an adaptive solve to 1e-6 then takes 4,500 steps in place of 80 and is off by 3e-4.
    """
    return jax.default_matmul_precision("highest")
