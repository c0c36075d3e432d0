"""mirrorjax: numerical verification of theorems on implicit bias.

Everything is imported on first use: `import mirrorjax` alone does not import jax.
"""

import importlib
import typing

from . import _display

_display.renderer = "mirrorjax.report._cards"

if typing.TYPE_CHECKING:  # What `__getattr__` below finds, for type checkers and editors.
    from . import (
        analysis as analysis,
        checks as checks,
        experiments as experiments,
        flows as flows,
        geometry as geometry,
        instances as instances,
        parameterizations as parameterizations,
        plots as plots,
        potentials as potentials,
        problems as problems,
        registry as registry,
        report as report,
        schedules as schedules,
        testing as testing,
        theorems as theorems,
        training as training,
    )
    from ._cache import enable_cache as enable_cache
    from ._errors import InputError as InputError, MirrorjaxError as MirrorjaxError, SolverError as SolverError
    from ._outcome import Outcome as Outcome
    from .analysis import analyze as analyze
    from .checks import Verdict as Verdict
    from .flows import integrate as integrate, limit as limit, limit_path as limit_path
    from .instances import Instance as Instance
    from .potentials import potential_of as potential_of
    from .registry import theorem as theorem, verify as verify

__version__: str

_FROM = {
    "analyze": "analysis",
    "enable_cache": "_cache",
    "integrate": "flows",
    "limit": "flows",
    "limit_path": "flows",
    "potential_of": "potentials",
    "Instance": "instances",
    "theorem": "registry",
    "verify": "registry",
    "Verdict": "checks",
    "Outcome": "_outcome",
    "InputError": "_errors",
    "SolverError": "_errors",
    "MirrorjaxError": "_errors",
}
_PACKAGES = (
    "analysis", "checks", "experiments", "flows", "geometry", "instances", "parameterizations", "plots", "potentials",
    "problems", "registry", "report", "schedules", "testing", "theorems", "training",
)  # fmt: skip

_PUBLIC = sorted(["__version__", *_FROM, *_PACKAGES])
if not typing.TYPE_CHECKING:  # Type checkers read no computed list; they take the imports above.
    __all__ = _PUBLIC


def __getattr__(name: str) -> typing.Any:
    if name == "__version__":
        return _version()
    if name in _FROM:
        return getattr(importlib.import_module(f".{_FROM[name]}", __name__), name)
    if name in _PACKAGES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'mirrorjax' has no attribute {name!r}")


def _version() -> str:
    """That of the installed package, which pyproject.toml alone states."""
    from importlib import metadata

    try:
        return metadata.version("mirrorjax")
    except metadata.PackageNotFoundError:  # a checkout on PYTHONPATH
        return "unknown"


def __dir__():
    return _PUBLIC
