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
  by its name a function of mirrorjax whose docstring says that it raises (not in `CANNOT_RAISE`). Of a class, its
  constructor and its checks count as its body.
- **Reference:** names a source of the registry, or a statement of mirrorjax's own by its id.
- A method without a docstring has that of the class it is derived from.
"""

import ast
import functools
import importlib.util
import inspect
import re
import sys
import typing

import pytest

import mirrorjax
from mirrorjax.registry import SOURCES
from mirrorjax.registry._sources import OWN

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
    return [name for name in mirrorjax._PACKAGES if name not in WITHOUT_CALLABLES]


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


Definition = ast.ClassDef | ast.FunctionDef


@functools.cache
def tree_of(module: str) -> dict[str, Definition]:
    """Every definition of a module by its qualified name."""
    found: dict[str, Definition] = {}

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                found.setdefault(f"{prefix}{child.name}", child)
                walk(child, f"{prefix}{child.name}.")

    walk(ast.parse(inspect.getsource(sys.modules[module])), "")
    return found


def node_of(value) -> tuple[Definition, dict[str, ast.FunctionDef]]:
    """The definition of a function or class, and of a class its methods by name."""
    node = tree_of(value.__module__)[value.__qualname__]
    inner = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
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
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            if not node.target.id.startswith("_"):
                kind = ast.unparse(node.annotation)
                if not kind.startswith("ClassVar"):
                    found[node.target.id] = kind
    return found


def is_array(annotation: str) -> bool:
    bare = annotation.strip("'\"")
    return not re.match(r"(dict|tuple\[tuple|Mapping|Callable|type)\b", bare) and bool(ARRAY.search(bare))


OF_ITS_OWN = "the sizes that it hands over are its own, and not below 0"
CANNOT_RAISE = {
    "checks.argmin_at_start": OF_ITS_OWN,
    "checks.commutes": OF_ITS_OWN,
    "checks.identity": OF_ITS_OWN,
    "checks.normalization": OF_ITS_OWN,
    "checks.pointwise": OF_ITS_OWN,
    "instances.families": "every start has a potential",
}
"""Calls that the rule sees, and why they are not refused."""


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
            if doc := ast.get_docstring(node):
                return doc, node
    return "", node_of(cls)[1][name]


def of_parameters(parameters: dict[str, str], said: dict[str, str]):
    yield from (("stale", f"`{name}` is no parameter") for name in said.keys() - parameters.keys())
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
    yield from of_reference(found)


def of_reference(found: dict[str, str]):
    if "Reference" in found and not set(re.findall(r"[\w-]+", found["Reference"])) & {*SOURCES, *OWN}:
        yield "reference", f"no source of the registry in {found['Reference'].strip()!r}"


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
    yield from of_reference(found)


def callables(package: str):
    """Every public callable: its name and what its docstring lacks, by kind."""
    for name, value in exported(package).items():
        yield from of_value(f"{package}.{name}", value)


def of_value(name: str, value):
    if not inspect.isclass(value):
        node, _ = node_of(value)
        assert isinstance(node, ast.FunctionDef)
        found = of_function(ast.get_docstring(node) or "", node, node, value.__module__)
        yield name, [fault for fault in found if fault[0] != "raises" or name not in CANNOT_RAISE]
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
from mirrorjax._types import Scalar, Vector
from mirrorjax.parameterizations import start_of

def _refuse(x):
    if x is None:
        raise ValueError("no")

def nothing(x: Vector, k: int = 0) -> Vector:
    """What it is."""
    raise ValueError("no")

def shapeless(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter.
    - `gone`: a parameter that is no more.
    """

def refuses(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter, shape `(n,)`.
    """
    _refuse(x)

def starts(x: Vector) -> None:
    """What it is.

    **Arguments:**

    - `x`: the parameter, shape `(n,)`.

    **Reference:** a paper.
    """
    start_of(None, x)

def complete(x: Vector, z: Vector, *more: int) -> Vector:
    """What it is.

    **Arguments:**

    - `x`, `z`: the parameters, shape `(n,)`
      each.
    - `*more`: numbers.

    **Returns:** their sum, shape `(n,)`.

    **Raises:** `ValueError` for no x.

    **Reference:** `flow` Theorem 3.1.
    """
    _refuse(x)
    return x + z

class Base:
    """What it is."""

    x: Vector

    def __init__(self, x: Vector):
        _refuse(x)
        self.x = x

    @property
    def size(self) -> Scalar:
        """What it is."""

    def inherited(self, t: Scalar) -> Scalar:
        """What it is.

        **Arguments:**

        - `t`: scalar.

        **Returns:** scalar.
        """

class Derived(Base):
    """What it is.

    **Arguments:**

    - `x`: shape `(n,)`.
    - `y`: a number.
    """

    y: float

    def inherited(self, t):
        return t

    def own(self, t):
        return t
'''


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    path = tmp_path_factory.mktemp("bad") / "bad.py"
    path.write_text(BAD, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("mirrorjax._bad_docstrings", path)
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("nothing", {"nothing": ["argument", "argument", "returns", "raises"]}),
        ("shapeless", {"shapeless": ["stale", "shape"]}),
        ("refuses", {"refuses": ["raises"]}),
        ("starts", {"starts": ["raises", "reference"]}),
        ("complete", {"complete": []}),
        ("Base", {"Base": ["argument", "raises"], "Base.size": ["shape"], "Base.inherited": []}),
        ("Derived", {"Derived": [], "Derived.inherited": [], "Derived.own": ["docstring"]}),
    ],
)
def test_the_measure_sees_what_is_missing(bad, name, missing):
    assert {where: [kind for kind, _ in found] for where, found in of_value(name, getattr(bad, name))} == missing
