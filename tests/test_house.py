"""The house: which way imports point, who imports what, how long things are, and what is explained."""

import ast
import importlib
import inspect
import subprocess
import sys
import typing
from pathlib import Path

import equinox as eqx
import pytest

import mirrorjax

ROOT = Path(mirrorjax.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
LEVEL = {
    "_types": 0, "_errors": 0, "_outcome": 0, "_room": 0, "_files": 0, "_lock": 0, "_modules": 0, "_toml": 0,
    "_modes": 0, "_compile": 0, "_cache": 0, "_thresholds": 0, "_display": 0, "_prepare": 0, "_tasks": 0, "_workers": 0,
    "_executors": 0, "_lanes": 0, "_vmapped": 0, "_midpoint": 0,
    "_ode": 1, "schedules": 1, "problems": 1, "parameterizations": 1,
    "geometry": 2, "potentials": 2,
    "flows": 3,
    "checks": 4, "training": 4, "sweeps": 4, "analysis": 5,
    "instances": 5, "experiments": 5,
    "registry": 6,
    "theorems": 7,
    "plots": 6, "report": 8, "explorer": 8, "testing": 8, "_output": 8,
    "_console": 9, "_cli": 9, "_report": 9,
    "_train": 9, "_train_options": 9, "_train_protocol": 9, "_sweep_command": 9, "_pytest_plugin": 9,
    "__main__": 9, "__init__": 9,
}  # fmt: skip
SIDEWAYS = {
    ("_vmapped", "_lanes"), ("_vmapped", "_compile"), ("_midpoint", "_types"),
    ("_types", "_errors"), ("_lock", "_errors"), ("_thresholds", "_types"), ("_modules", "_errors"),
    ("_toml", "_errors"), ("_toml", "_modules"),
    ("report", "plots"),  # the report is made of the plots
    ("analysis", "plots"),  # an analysis draws itself, on demand
    ("theorems", "__init__"),  # they take the library by its face, as a theorem outside of it does
    ("_prepare", "_cache"), ("_workers", "_prepare"), ("_workers", "_types"),
    ("_tasks", "_errors"), ("_tasks", "_prepare"), ("_tasks", "_room"), ("_tasks", "_types"),
    ("_executors", "_errors"), ("_executors", "_tasks"), ("_executors", "_workers"),
    ("_cli", "_console"), ("_cli", "_report"), ("_cli", "_train"), ("_cli", "_train_options"),
    ("_cli", "_train_protocol"),
    ("_cli", "_sweep_command"), ("__main__", "_cli"), ("_pytest_plugin", "_cli"),
}  # fmt: skip
# Who may import what from outside; every other distribution is a new dependency.
ANYWHERE = {"jax", "jaxtyping", "equinox", "numpy"}
CONFINED = {
    "diffrax": {"_ode"},
    "optax": {"training", "experiments"},
    "matplotlib": {"plots", "report"},
    "latex2mathml": {"report", "explorer"},
    "optimistix": {"potentials", "theorems"},
    "scipy": {"checks", "instances", "problems", "theorems", "experiments"},
    "mlxtend": {"problems", "experiments"},
    "sklearn": {"experiments"},
    "mnist1d": {"experiments"},
    "rich": {"_console", "_cli", "_train", "_train_protocol", "_sweep_command"},
    "pytest": {"_pytest_plugin"},
    "xarray": {"sweeps"},
    "zarr": {"sweeps"},
    "cloudpickle": {"_tasks"},
    "distributed": {"_executors"},
}
MAY_CONFIGURE = {"_prepare", "_cache"}  # both called by the user
FILE_LINES, FUNCTION_LINES = 400, 60


def part(path: Path) -> str:
    """The package or module of the first level that a file belongs to."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path):
    """Every import of a file, inside functions too: (line, dotted name), relative ones resolved."""
    package = ["mirrorjax", *path.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *(node.module.split(".") if node.module else [])]
            if node.module:
                yield node.lineno, ".".join(stem)
            else:
                yield from ((node.lineno, ".".join([*stem, alias.name])) for alias in node.names)


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))


@every_file
def test_imports_point_down(path):
    here = part(path)
    assert here in LEVEL, f"{here} has no level: give it one"
    for line, name in imports(path):
        if name.split(".")[0] != "mirrorjax":
            continue
        there = (name.split(".") + ["__init__"])[1]
        if there == here or (here, there) in SIDEWAYS or there == "__version__":
            continue
        there = there if there in LEVEL else "__init__"  # `from mirrorjax import integrate` goes by the top
        assert LEVEL[there] < LEVEL[here], (
            f"{path}:{line} imports {name}, level {LEVEL[there]}, from level {LEVEL[here]}"
        )


@every_file
def test_no_package_imports_what_another_keeps_to_itself(path):
    here = part(path)
    for line, name in imports(path):
        parts = name.split(".")
        if parts[0] == "mirrorjax" and len(parts) > 2 and parts[1] != here and (ROOT / parts[1]).is_dir():
            private = [p for p in parts[2:] if p.startswith("_")]
            assert not private, f"{path}:{line} imports {name}"


@every_file
def test_other_libraries_stay_where_they_belong(path):
    for line, name in imports(path):
        library = name.split(".")[0]
        if library in sys.stdlib_module_names or library == "mirrorjax" or library in ANYWHERE:
            continue
        assert part(path) in CONFINED.get(library, ()), f"{path}:{line} imports {library}"


def lines_of(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def docstring_lines(node) -> int:
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return lines_of(first)
    return 0


@every_file
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = lines_of(node) - docstring_lines(node)
            assert length <= FUNCTION_LINES, f"{path}:{node.lineno} {node.name} has {length} lines"


@every_file
def test_the_library_leaves_the_configuration_of_jax_alone(path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("config.update")
    ]
    assert not calls or part(path) in MAY_CONFIGURE


def test_type_checkers_see_what_the_top_level_finds_on_first_use():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    tested = {ast.unparse(node.test): node for node in tree.body if isinstance(node, ast.If)}
    block = tested["typing.TYPE_CHECKING"]
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == mirrorjax._FROM | dict.fromkeys(mirrorjax._PACKAGES)


def test_importing_the_package_does_not_import_jax():
    code = "import sys, mirrorjax; dir(mirrorjax); print(sorted({'jax', 'numpy', 'equinox'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_everything_does_not_change_precision_or_promotion():
    code = (
        "import jax, mirrorjax as mj\n"
        "for name in ('checks', 'theorems', 'plots', 'report', 'analysis', 'experiments'): getattr(mj, name)\n"
        "mj.verify\n"
        "print(jax.config.jax_enable_x64, jax.config.jax_numpy_dtype_promotion)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "standard"]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        mirrorjax.nothing_of_the_kind  # noqa: B018
    assert not hasattr(mirrorjax.theorems, "nothing_of_the_kind")


# What is explained

PACKAGES = sorted(path.parent.name for path in ROOT.glob("*/__init__.py"))
# What users write calls to; of the other packages the classes and functions are tools of the library.
TAUGHT = ["experiments", "flows", "parameterizations", "potentials", "problems", "schedules", "training"]
TAUGHT_CHECKS = {"agreement", "at_most", "combine", "compare", "decide", "identity", "judge", "pointwise"}
TOOLS = {"AccompaniedFlow", "accompanied_start"}  # of the checks, although they live among the flows


def public(package: str) -> dict[str, object]:
    """The classes and functions that a package re-exports."""
    module = importlib.import_module(f"mirrorjax.{package}")
    names = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    ours = {n: v for n, v in names.items() if getattr(v, "__module__", "").startswith("mirrorjax.")}
    return {n: v for n, v in ours.items() if (inspect.isclass(v) or callable(v)) and not typing.get_origin(v)}


def top() -> dict[str, object]:
    return {name: getattr(mirrorjax, name) for name in mirrorjax._FROM}


def exported(package: str) -> dict[str, object]:
    """All that a package re-exports, constants too."""
    names = vars(importlib.import_module(f"mirrorjax.{package}")).items()
    return {name: value for name, value in names if not name.startswith("_") and not inspect.ismodule(value)}


def test_a_public_name_means_one_thing():
    found: dict[str, tuple[str, object]] = {}
    # A plot has the name of what it draws.
    packages = [package for package in PACKAGES if package != "plots"]
    for package, names in [("mirrorjax", top()), *((package, exported(package)) for package in packages)]:
        for name, value in names.items():
            first, meant = found.setdefault(name, (package, value))
            assert meant is value, f"{name} of {first} and {name} of {package} are two things"
    assert len(found) > 200


# Names that once had a second meaning, and where they keep the one.
ONCE = {"compare": "checks", "Row": "checks", "Quadratic": "parameterizations", "order_swap": "geometry",
        "section": "analysis"}  # fmt: skip


@pytest.mark.parametrize("name", ONCE)
def test_it_is_defined_once(name):
    defined = [
        part(path)
        for path in FILES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name
    ]
    assert defined == [ONCE[name]]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_says_what_it_is(package):
    for name, value in public(package).items():
        assert inspect.getdoc(value), f"{package}.{name} has no docstring"
        assert value.__doc__, f"{package}.{name} only inherits a docstring"


def is_abstract(value) -> bool:
    return inspect.isclass(value) and (inspect.isabstract(value) or value.__name__.startswith("Abstract"))


def taught(package: str):
    """Functions, and classes that a user makes: those below an abstract one."""
    for name, value in public(package).items():
        made = inspect.isclass(value) and any(base.__name__.startswith("Abstract") for base in value.__mro__)
        if name not in TOOLS and not is_abstract(value) and (made or not inspect.isclass(value)):
            yield name, value


@pytest.mark.parametrize("package", TAUGHT)
def test_what_users_call_has_an_example(package):
    found = dict(taught(package))
    assert found
    for name, value in found.items():
        assert ">>>" in (value.__doc__ or ""), f"{package}.{name} has no example"


def test_the_checks_and_the_top_level_have_examples():
    checks = public("checks")
    functions = {name: value for name, value in top().items() if not inspect.isclass(value)}
    for name, value in functions.items() | {(name, checks[name]) for name in TAUGHT_CHECKS}:
        assert ">>>" in (value.__doc__ or ""), f"{name} has no example"


def test_modules_are_abstract_or_final():
    """A concrete class that is derived from again has two answers to what its methods do."""
    for package in PACKAGES:
        importlib.import_module(f"mirrorjax.{package}")
    pending, seen = [eqx.Module], set()
    while pending:
        for derived in pending.pop().__subclasses__():
            if derived not in seen:
                seen.add(derived)
                pending.append(derived)
    ours = [c for c in seen if c.__module__.startswith("mirrorjax.")]
    assert len(ours) > 10
    for concrete in (c for c in ours if not is_abstract(c)):
        derived = [d.__qualname__ for d in concrete.__subclasses__() if d.__module__.startswith("mirrorjax.")]
        assert not derived, f"{concrete.__qualname__} is concrete and derived from by {derived}"
