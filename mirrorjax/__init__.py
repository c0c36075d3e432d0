"""mirrorjax: numerical verification of theorems on implicit bias.

Everything is imported on first use: `import mirrorjax` alone does not import jax.
"""

import importlib

__version__ = "0.1.0"

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
    "analysis", "checks", "flows", "geometry", "instances", "parameterizations", "plots", "potentials", "problems",
    "registry", "report", "schedules", "testing", "theorems", "training",
)  # fmt: skip

__all__ = ["__version__", *_FROM, *_PACKAGES]


def __getattr__(name: str):
    if name in _FROM:
        return getattr(importlib.import_module(f".{_FROM[name]}", __name__), name)
    if name in _PACKAGES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'mirrorjax' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
