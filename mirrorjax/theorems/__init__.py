"""Theorems as entries that can fail: a folder per source, a file per theorem."""

import importlib

from ._registry import Entry as Entry, catalogue as catalogue, select as select

_HEAVY = {"Plan": "_run", "plan": "_run", "verify": "_run", "audit": "_audit", "AUDIT": "_audit"}


def __getattr__(name: str):
    # Lazy, because `mirrorjax list` reads the registry and must not import jax.
    if name in _HEAVY:
        return getattr(importlib.import_module(f".{_HEAVY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
