"""Every public function, method and class says what it takes, returns and raises.

The format is that of equinox and diffrax:

    One sentence, then what the mathematics or the caller needs.

    **Arguments:**

    - `name`: what it is, shape `(n,)`; several names that share a line are written - `x`, `z`: …

    **Returns:** what comes back, with its shape.

    **Raises:** `InputError` for what is refused.

    **Reference:** the theorem, where mathematics is stated.

    !!! example
        >>> …

- Every parameter has a line. Fields of a class are parameters of its constructor and stand in the docstring of the
  class; fields that no caller gives stand under **Fields:** in the same form.
- A parameter annotated as an array has a shape in its line: a tuple such as `(k, n)` between backticks, "scalar" or
  "pytree".
- **Returns:** stands wherever something is returned. A property has one sentence instead, with a shape for an array.
- **Raises:** stands wherever the function's own body raises, or that of a private function it calls, or where it calls
  by its name a function of mirrorjax whose docstring says that it raises. Of a class, its constructor and its checks
  count as its body.
- A method without a docstring has that of the class it is derived from.
"""

import ast
import functools
import importlib
import inspect
import re
import sys
import types
import typing

import pytest

import mirrorjax

PENDING = {"training", "experiments"}
"""Packages that are not measured yet."""
WITHOUT_CALLABLES = {"theorems"}
"""Found through the registry: each of its functions checks one theorem and is no interface."""
CONSTRUCTION = ("__init__", "__check_init__", "__post_init__")
ARRAY = re.compile(r"\b(Array|ArrayLike|ndarray|Vector|Scalar|Number|State|Points)\b|\b(Float|Int|Bool)\[")
SHAPE = re.compile(r"`\(([^`]*,[^`]*)?\)`|\bscalar|\bpytree")
LINE = re.compile(r"^- ((?:`\*{0,2}\w+`(?:, )?)+): ", re.MULTILINE)
HEADING = re.compile(r"^\*\*(\w[\w ]*):\*\*|^!!! ", re.MULTILINE)
RAISES = re.compile(r"\*\*Raises:\*\*|\bRaises\b")


# What is public


def packages() -> list[str]:
    return [name for name in mirrorjax._PACKAGES if name not in PENDING | WITHOUT_CALLABLES]


def exported(package: str) -> dict[str, object]:
    """The classes and functions of a package by name; of a module those that are written in it."""
    module = importlib.import_module(f"mirrorjax.{package}")
    names = {*vars(module), *getattr(module, "_HEAVY", ())}
    values = {name: getattr(module, name) for name in names if not name.startswith("_")}
    home = "mirrorjax." if hasattr(module, "__path__") else module.__name__
    found = {name: value for name, value in values.items() if getattr(value, "__module__", "").startswith(home)}
    return {n: v for n, v in sorted(found.items()) if callable(v) and not typing.get_origin(v)}


def members(cls: type):
    """The public methods and properties that are defined in a class, and its call."""
    for name, value in vars(cls).items():
        if (not name.startswith("_") or name == "__call__") and name in node_of(cls)[1]:
            yield name, value


# What is in the source


@functools.cache
def tree_of(module: str) -> dict[str, ast.AST]:
    """Every definition of a module by its qualified name."""
    found: dict[str, ast.AST] = {}

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                found.setdefault(f"{prefix}{child.name}", child)
                walk(child, f"{prefix}{child.name}.")

    walk(ast.parse(inspect.getsource(sys.modules[module])), "")
    return found


def node_of(value):
    """The definition of a function or class, and of a class its methods by name."""
    node = tree_of(value.__module__)[value.__qualname__]
    inner = {n.name: n for n in getattr(node, "body", ()) if isinstance(n, ast.FunctionDef)}
    return node, inner


def annotations(node: ast.FunctionDef) -> dict[str, str]:
    """Parameters in their order with what they are annotated as; `*args` by that name, self and cls left out."""
    a = node.args
    found = {arg.arg: arg.annotation for arg in (*a.posonlyargs, *a.args, *a.kwonlyargs)}
    found |= {f"{stars}{arg.arg}": arg.annotation for stars, arg in (("*", a.vararg), ("**", a.kwarg)) if arg}
    return {n: ast.unparse(t) if t else "" for n, t in found.items() if n not in ("self", "cls")}


def fields(cls: type) -> dict[str, str]:
    """The public annotated fields of a class and of those it is derived from."""
    found: dict[str, str] = {}
    for base in reversed([b for b in cls.__mro__ if b.__module__.startswith("mirrorjax")]):
        for node in node_of(base)[0].body:
            if isinstance(node, ast.AnnAssign) and not node.target.id.startswith("_"):
                kind = ast.unparse(node.annotation)
                if not kind.startswith("ClassVar"):
                    found[node.target.id] = kind
    return found


def is_array(annotation: str) -> bool:
    bare = annotation.strip("'\"")
    return not re.match(r"(dict|tuple\[tuple|Mapping|Callable|type)\b", bare) and bool(ARRAY.search(bare))


def raises(node: ast.AST, module: str, seen: tuple[str, ...] = ()) -> bool:
    """Whether a body raises, itself or in a private function, or calls one that says so of itself."""
    scope = vars(sys.modules[module])
    for part in ast.walk(node):
        if isinstance(part, ast.Raise) and part.exc is not None:
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            name = part.func.id
            called = scope.get(name)
            if not getattr(called, "__module__", "").startswith("mirrorjax") or inspect.isclass(called):
                continue
            if RAISES.search(called.__doc__ or ""):
                return True
            private = name.startswith("_") and name not in seen
            if private and raises(node_of(called)[0], called.__module__, (*seen, name)):
                return True
    return False


def returns(node: ast.FunctionDef) -> bool:
    if node.returns is not None:
        return ast.unparse(node.returns) not in ("None", "NoReturn")
    return any(isinstance(part, ast.Return | ast.Yield) and part.value is not None for part in ast.walk(node))


# What the docstring says


def sections(doc: str) -> dict[str, str]:
    marks = list(HEADING.finditer(doc))
    ends = [*(mark.start() for mark in marks[1:]), len(doc)]
    return {mark.group(1) or "example": doc[mark.end() : end] for mark, end in zip(marks, ends)}


def lines(text: str) -> dict[str, str]:
    """What a list says of each name."""
    marks = list(LINE.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    return {
        name: text[mark.end() : end]
        for mark, end in zip(marks, ends)
        for name in re.findall(r"`([*\w]+)`", mark.group(1))
    }


def doc_of(cls: type, name: str) -> tuple[str, ast.FunctionDef]:
    """The docstring of a method, or that it takes over, and the definition that it is written at."""
    for base in cls.__mro__:
        if name in vars(base) and base.__module__.startswith("mirrorjax"):
            node = node_of(base)[1][name]
            if ast.get_docstring(node):
                return ast.get_docstring(node), node
    return "", node_of(cls)[1][name]


def of_parameters(parameters: dict[str, str], said: dict[str, str]):
    for name, annotation in parameters.items():
        if name not in said:
            yield "argument", f"`{name}` has no line"
        elif is_array(annotation) and not SHAPE.search(said[name]):
            yield "shape", f"`{name}: {annotation}` has no shape in {said[name].strip()!r}"


def of_function(doc: str, node: ast.FunctionDef, body: ast.FunctionDef, module: str):
    """What is missing, by kind: `node` holds the docstring, `body` is what runs."""
    if not doc:
        yield "docstring", "there is none"
        return
    found = sections(doc)
    declared = annotations(node) | {k: v for k, v in annotations(body).items() if v or k not in annotations(node)}
    if any("property" in ast.unparse(d) for d in body.decorator_list):
        if body.returns is not None and is_array(ast.unparse(body.returns)) and not SHAPE.search(doc):
            yield "shape", f"of what it is: {doc.splitlines()[0]!r}"
    else:
        yield from of_parameters(declared, lines(found.get("Arguments", "")))
        if (returns(body) or returns(node)) and "Returns" not in found:
            yield "returns", "**Returns:** is missing"
    if raises(body, module) and "Raises" not in found:
        yield "raises", "**Raises:** is missing"


def of_class(cls: type):
    doc, found = inspect.cleandoc(cls.__doc__ or ""), sections(inspect.cleandoc(cls.__doc__ or ""))
    _, methods = node_of(cls)
    given = annotations(methods["__init__"]) if "__init__" in methods else {}
    said = lines(found.get("Arguments", "")) | lines(found.get("Fields", ""))
    if not doc:
        yield "docstring", "there is none"
    yield from of_parameters(fields(cls) | given, said)
    raising = any(raises(methods[name], cls.__module__) for name in CONSTRUCTION if name in methods)
    if raising and "Raises" not in found:
        yield "raises", "**Raises:** is missing"


def callables(package: str):
    """Every public callable: its name and what its docstring lacks, by kind."""
    for name, value in exported(package).items():
        yield from of_value(f"{package}.{name}", value)


def of_value(name: str, value):
    if not inspect.isclass(value):
        node, _ = node_of(value)
        yield name, list(of_function(ast.get_docstring(node) or "", node, node, value.__module__))
        return
    yield name, list(of_class(value))
    for member, _ in members(value):
        doc, node = doc_of(value, member)
        yield f"{name}.{member}", list(of_function(doc, node, node_of(value)[1][member], value.__module__))


@pytest.mark.parametrize("package", packages())
def test_the_docstrings_of(package):
    measured = dict(callables(package))
    assert measured, f"{package} exports nothing"
    faults = [f"{name}: {what}" for name, found in measured.items() for _, what in found]
    assert not faults, f"{len(faults)} gaps:\n" + "\n".join(faults)


def test_the_docstrings_of_the_top_level():
    for name in mirrorjax._FROM:
        value = getattr(mirrorjax, name)
        faults = [f"{where}: {what}" for where, found in of_value(name, value) for _, what in found]
        assert not faults, "\n".join(faults)


# The measure itself sees what is missing

BAD = '''
from mirrorjax.parameterizations import start_of

def helper(x):
    """Raises `InputError` for a bad x."""

def nothing(x: Vector, k: int = 0) -> Vector:
    """What it is."""
    raise InputError("no")

def shapeless(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter.
    """

def calls(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter, shape `(n,)`.
    """
    helper(x)

def imported(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter, shape `(n,)`.
    """
    start_of(None, x)

def complete(x: Vector, z: Vector, *more: int) -> Vector:
    """What it is.

    **Arguments:**

    - `x`, `z`: the parameters, shape `(n,)`
      each.
    - `*more`: numbers.

    **Returns:** their sum, shape `(n,)`.

    **Raises:** `InputError` for a bad x.
    """
    helper(x)
    return x + z
'''


@pytest.fixture
def bad(monkeypatch):
    module = types.ModuleType("mirrorjax._bad_docstrings")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(BAD.replace(": Vector", "").replace("-> Vector", ""), module.__name__, "exec"), vars(module))
    return {node.name: node for node in ast.parse(BAD).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("nothing", ["argument", "argument", "returns", "raises"]),
        ("shapeless", ["shape"]),
        ("calls", ["raises"]),
        ("imported", ["raises"]),
        ("complete", []),
    ],
)
def test_the_measure_sees_what_is_missing(bad, name, missing):
    found = of_function(ast.get_docstring(bad[name]) or "", bad[name], bad[name], "mirrorjax._bad_docstrings")
    assert [kind for kind, _ in found] == missing
