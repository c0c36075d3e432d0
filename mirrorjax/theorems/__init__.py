"""The catalogue: a folder per source, a file per theorem."""

import importlib


def __getattr__(name: str):
    # Lazy, because the audit imports jax.
    if name in ("audit", "AUDIT", "Audited", "PREPRINT"):
        return getattr(importlib.import_module(".mask._audit", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
