"""mirrorjax: numerical verification of theorems on implicit bias.

Training through `x = g(w)` with weight decay `α_t h(w)` is, when the gradient fields commute, a time-varying mirror
flow `d∇R_{a_t}(x_t) = −∇f(x_t) dt` with `a_t = −∫α`. Ten names to begin with; `help(mj.verify)` and so on say more,
each with an example:

    mj.verify("mask/3.1")     a theorem of the catalogue, or yours: holds, refuted or inconclusive
    mj.theorem, mj.Instance   a theorem of yours, and what it is tried on
    mj.analyze(g, h, w0)      are your two functions a mirror flow, and which
    mj.checks.agreement(…)    does the gradient flow of your problem follow that potential
    mj.problems               losses f(x): LinearRegression(Z, y), MatrixSensing, Attention, …
    mj.parameterizations      x = g(w) and h(w): Hadamard() is m ⊙ w; PowerDifference(k), LogRatio(), Custom(g, h), …
    mj.schedules              α(t) with its exact dose: SwitchOff(0.3, at=1.0), Constant, FromFunction, …
    mj.potential_of(param, w0)    R_a with its conjugate and its maps
    mj.integrate(flow, …), mj.limit(problem, potential, a)    paths of mj.flows, and where they end
    mj.plots                  pictures of all of these

Verdicts need float64: `jax.config.update("jax_enable_x64", True)`. `mj.enable_cache()` keeps compiled programs
between processes. In pytest the fixture `assert_holds`; for networks `mj.training`. On the command line: `mirrorjax
--help`.

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
        explorer as explorer,
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
        sweeps as sweeps,
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
    from .sweeps import sweep as sweep

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
    "sweep": "sweeps",
    "Verdict": "checks",
    "Outcome": "_outcome",
    "InputError": "_errors",
    "SolverError": "_errors",
    "MirrorjaxError": "_errors",
}
_PACKAGES = (
    "analysis", "checks", "experiments", "explorer", "flows", "geometry", "instances", "parameterizations", "plots",
    "potentials", "problems", "registry", "report", "schedules", "sweeps", "testing", "theorems", "training",
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
