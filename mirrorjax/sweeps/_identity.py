"""What a quantity is, as a hash: its code, and every value that the code reads."""

import dataclasses
import dis
import enum
import functools
import hashlib
import importlib.util
import inspect
import pickle
import platform
import struct
import sys
import sysconfig
import types
import weakref
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._types import is_traced

ATOMS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), range, slice)
KIND_OF_CODE = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS | inspect.CO_GENERATOR | inspect.CO_COROUTINE
UNIMPORTANT = {"__module__", "__qualname__", "__doc__", "__dict__", "__weakref__", "__annotations__", "__slots__",
               "__firstlineno__", "__static_attributes__", "__dataclass_fields__", "__dataclass_params__",
               "__match_args__", "__parameters__", "__orig_bases__", "__abstractmethods__"}  # fmt: skip


def identity(parts: Mapping[str, Any]) -> dict[str, str]:
    """A sha256 for each part, the same in every process as long as the part computes the same.

    Of a function it takes the compiled code with its constants (so comments, docstrings, line numbers and the names of
    local variables do not count), the values of its closure, its defaults, and the module-level names that it reads:
    functions, classes and modules of the user's with what they read in turn, arrays by their bytes. The source text
    would say what is in the file now, which need not be what this process imported; and a lambda has none of its own.

    Of an object it takes the class and the fields; of what is installed (Python's library, site-packages, mirrorjax)
    the name alone.

    It does not see: a change in an installed package (`versions` are compared for that); a file that the code reads;
    attributes that are looked up by a name computed at run time; relative imports inside of a function; a global that
    is set after this was called; options of a C-implemented wrapper such as `static_argnums` of `jax.jit`. It changes
    without need where code is compiled another way to the same effect: by another Python, with `python -O`, or when
    an expression is written differently.

    **Arguments:**

    - `parts`: a name and a value for each.

    **Returns:** for each name a hexadecimal sha256.

    **Raises:** `InputError` for an object that has neither fields nor a pickle, saying where it was found.
    """
    return {name: _Hash(name).of(value) for name, value in parts.items()}


def versions() -> dict[str, str]:
    """The versions that decide about the last bits of a result: of Python, jax, jaxlib, numpy and mirrorjax.

    **Returns:** a version for each name.
    """
    found = {"python": ".".join(platform.python_version_tuple()[:2])}  # its minor one: that of the compiled code
    for name in ("jax", "jaxlib", "numpy", "mirrorjax"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a checkout on PYTHONPATH
            found[name] = "unknown"
    return found


class _Hash:
    """One hash, with what it has met: an object met again, as in a cycle, is its number."""

    def __init__(self, name: str):
        self._path, self._sha256 = [name], hashlib.sha256()
        self._met: dict[int, int] = {}
        self._kept: list[Any] = []  # an object made on the way keeps its id while the hash is made

    def of(self, value: Any) -> str:
        self._value(value)
        return self._sha256.hexdigest()

    def _put(self, *words: Any) -> None:
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogatepass")
            self._sha256.update(struct.pack("<q", len(data)) + data)

    def _all(self, kind: str, named: Mapping[str, Any]) -> None:
        self._put(kind, len(named))
        for name, value in named.items():
            self._put(name)
            self._path.append(name)
            self._value(value)
            self._path.pop()

    def _value(self, value: Any) -> None:
        # Constants are shared or not as the compiler likes: only what has an identity of its own is numbered.
        if isinstance(value, ATOMS) and type(value) in ATOMS:
            return self._atom(value)
        if isinstance(value, np.ndarray | np.generic | jax.Array):
            return self._array(value)
        if type(value) is tuple:
            return self._all("tuple", {str(n): item for n, item in enumerate(value)})
        if isinstance(value, frozenset | set):
            return self._put(type(value).__name__, *sorted(_Hash(self._trail()).of(item) for item in value))
        if isinstance(value, types.CodeType):
            return self._code(value)
        if id(value) in self._met:
            return self._put("again", self._met[id(value)])
        self._met[id(value)] = len(self._met)
        self._kept.append(value)
        if name := _installed_name(value):
            return self._put("installed", name)
        self._object(value)

    def _object(self, value: Any) -> None:
        if isinstance(value, list | tuple):  # a tuple of a class of its own
            self._put("class", type(value).__module__, type(value).__qualname__)
            self._all("items", {str(n): item for n, item in enumerate(value)})
        elif isinstance(value, Mapping):
            self._put(type(value).__name__)
            self._all("items", {str(n): pair for n, pair in enumerate(value.items())})
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.MethodType):
            self._all("method", {"function": value.__func__, "self": value.__self__})
        elif isinstance(value, functools.partial):
            self._all("partial", {"function": value.func, "arguments": value.args, "keywords": value.keywords})
        elif isinstance(value, types.ModuleType):
            self._put("module", value.__name__)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, enum.Enum):
            self._all("member", {"of": type(value), "name": value.name})
        elif isinstance(value, weakref.ref):
            self._all("weak", {"to": value()})
        elif _is_cpp_wrapper(value):
            self._put("wrapper", type(value).__name__)
            self._all("of", {"wrapped": value.__wrapped__})
        else:
            self._instance(value)

    def _atom(self, value: Any) -> None:
        if isinstance(value, float):
            value = struct.pack("<d", value)
        elif isinstance(value, complex):
            value = struct.pack("<dd", value.real, value.imag)
        self._put(type(value).__name__, value if isinstance(value, bytes) else repr(value))

    def _array(self, value: Any) -> None:
        if is_traced(value):
            raise InputError("an array that jax traces has no value yet", self._trail(), "a sweep outside of jax.jit")
        if isinstance(value, jax.Array) and jnp.issubdtype(value.dtype, jax.dtypes.prng_key):
            self._put("key", jax.random.key_impl(value))
            value = jax.random.key_data(value)
        weak = isinstance(value, jax.Array) and value.aval.weak_type
        array = np.asarray(value)
        self._put("array", type(value).__module__.split(".")[0], array.dtype.str, array.dtype.name, array.shape, weak)
        if array.dtype.hasobject:
            return self._all("items", {str(n): item for n, item in enumerate(array.ravel().tolist())})
        self._put(array.tobytes())

    def _function(self, function: types.FunctionType) -> None:
        """By its code, not by `__module__` and `__name__`: `functools.wraps` copies those to a wrapper."""
        code = function.__code__
        closure = dict(zip(code.co_freevars, (_content(cell) for cell in function.__closure__ or ())))
        self._all("closure", closure)
        self._all("defaults", {"positional": function.__defaults__, "keyword": function.__kwdefaults__})
        if _installed(code.co_filename, function.__globals__.get("__name__", "")):
            return self._put("installed", function.__globals__.get("__name__"), code.co_qualname)
        self._code(code)
        self._all("globals", _read_by(code, function.__globals__))

    def _code(self, code: types.CodeType) -> None:
        """Its instructions with the constants that they load: the tables of both shift when a docstring is added."""
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self._put("code", code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, arguments)
        self._put(code.co_flags & KIND_OF_CODE, code.co_freevars, code.co_exceptiontable)
        for step in dis.get_instructions(code):
            if step.opcode in dis.hasconst:
                self._put(step.opname)
                self._value(step.argval)
            elif step.opcode in dis.hasname:
                self._put(step.opname, step.argrepr)
            elif step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
                self._put(step.opname, step.argval)
            elif step.opname != "EXTENDED_ARG":  # the beginning of the next one
                self._put(step.opname, step.arg)

    def _class(self, cls: type) -> None:
        if _installed(_file_of(cls.__module__), cls.__module__):  # made in a function: without a name of its own
            return self._put("class", cls.__module__, cls.__qualname__)
        self._put("class", cls.__qualname__)  # its module is __main__ or has a name, as it is run or imported
        self._all("bases", {str(n): base for n, base in enumerate(cls.__bases__)})
        members = {n: v for n, v in sorted(vars(cls).items()) if n not in UNIMPORTANT and not n.startswith("_abc_")}
        for name, value in members.items():
            function = _function_of(value)
            if function is not None:
                self._all(type(value).__name__, {name: function})
            elif isinstance(value, property):
                self._all("property", {name: (value.fget, value.fset)})
            elif isinstance(value, ATOMS + (np.ndarray, jax.Array, tuple, list, dict)):
                self._all("constant", {name: value})

    def _instance(self, value: Any) -> None:
        self._all("instance", {"of": type(value)})
        fields = {}
        if dataclasses.is_dataclass(value):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if hasattr(value, f.name)}
        names = [n for cls in type(value).__mro__ for n in _slots(cls) if n not in ("__dict__", "__weakref__")]
        fields |= {name: getattr(value, name) for name in sorted(names) if hasattr(value, name)}
        fields |= {n: v for n, v in sorted(getattr(value, "__dict__", {}).items()) if not _is_cached(type(value), n)}
        if fields or dataclasses.is_dataclass(value):
            return self._all("fields", fields)
        try:
            self._put("pickle", pickle.dumps(value, protocol=4))
        except Exception as error:  # whatever its __reduce__ raises
            raise InputError(
                f"a {type(value).__module__}.{type(value).__qualname__} that cannot be told from another one",
                self._trail(), "a function of a module, or an equinox Module, without it",
            ) from error  # fmt: skip

    def _trail(self) -> str:
        return " → ".join(self._path)


def _read_by(code: types.CodeType, scope: dict[str, Any]) -> dict[str, Any]:
    """The module-level values that code reads by name, in functions inside of it too; of the user's modules those
    attributes whose names occur in it. Builtins are left out."""
    found: dict[str, Any] = {}
    for part in _codes(code):
        attributes = part.co_names
        for step in dis.get_instructions(part):
            name = step.argval
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and name in scope:
                found[name] = scope[name]
            elif step.opname == "IMPORT_NAME":
                found[name] = _imported(name)
            else:
                continue
            if isinstance(found[name], types.ModuleType):
                found |= _attributes(found[name], attributes)
    return dict(sorted(found.items()))


def _attributes(module: types.ModuleType, names: tuple[str, ...]) -> dict[str, Any]:
    """Those of a module of the user's, and of the modules in it."""
    if _installed(getattr(module, "__file__", None), module.__name__):
        return {}
    found = {f"{module.__name__}.{name}": vars(module)[name] for name in names if name in vars(module)}
    for value in list(found.values()):
        if isinstance(value, types.ModuleType) and value.__name__.startswith(module.__name__ + "."):
            found |= _attributes(value, names)
    return found


def _imported(name: str) -> Any:
    """A module of the user's that a function imports when it runs: imported now, for the hash be the same each time."""
    try:
        found = importlib.util.find_spec(name)
        if found is None or _installed(found.origin, name):
            return name
        return importlib.import_module(name)
    except (ImportError, ValueError):
        return name


def _codes(code: types.CodeType):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _content(cell: types.CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _function_of(member: Any) -> types.FunctionType | None:
    """The function in a class member: itself, or that inside of a staticmethod or of equinox's wrapper."""
    for inner in (member, *(getattr(member, name, None) for name in ("__func__", "__wrapped__", "method", "func"))):
        if isinstance(inner, types.FunctionType):
            return inner
    return None


def _is_cached(cls: type, name: str) -> bool:
    """Whether a field follows from the others, or only describes what a wrapper wraps."""
    return name in UNIMPORTANT or name == "__name__" or isinstance(getattr(cls, name, None), functools.cached_property)


def _installed_name(value: Any) -> str:
    """The name by which an installed module has it, which says all of it; else nothing."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not _installed(_file_of(module), module):
        return ""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}.{name}" if found is value else ""


def _is_cpp_wrapper(value: Any) -> bool:
    """What `jax.jit` and `functools.lru_cache` make: other fields than `__wrapped__` hold line numbers and caches."""
    made_by = type(value).__module__.partition(".")[0] in ("jaxlib", "functools")
    return made_by and hasattr(value, "__wrapped__")


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _file_of(module: str) -> str | None:
    """The file of a module, or that of its package: what an extension calls its modules, Python may not know."""
    own = getattr(sys.modules.get(module), "__file__", None)
    return own or getattr(sys.modules.get(module.partition(".")[0]), "__file__", None)


def _installed(file: str | None, module: str) -> bool:
    """Whether code is of Python, of an installed package or of mirrorjax, whose versions stand for it.

    Python's by its file: a `test.py` or `code.py` of the user's has the name of one of its modules.
    """
    top = module.partition(".")[0]
    if top in ("mirrorjax", "__main__"):  # a notebook's __main__ has the file of what runs the notebook
        return top == "mirrorjax"
    if file is None or file.startswith("<frozen"):
        return top in sys.stdlib_module_names
    path = Path(file)
    return path.is_relative_to(sysconfig.get_path("stdlib")) or bool({"site-packages", "dist-packages"} & {*path.parts})
