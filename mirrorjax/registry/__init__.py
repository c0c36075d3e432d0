"""The registry: what a theorem is, where theorems are found, and how they are verified."""

import importlib

from ._catalogue import catalogue as catalogue
from ._new import write_new_theorem as write_new_theorem
from ._select import Asked as Asked, entries_of as entries_of, select as select
from ._sources import SOURCES as SOURCES, Source as Source, sources_of as sources_of
from ._theorem import Entry as Entry, Theorem as Theorem, theorem as theorem

_HEAVY = {
    "Plan": "_run", "plan": "_run", "verify": "_run",
    "Audited": "_audit", "Printed": "_audit", "audit_of": "_audit",
}  # fmt: skip


def __getattr__(name: str):
    # Lazy, because `mirrorjax list` reads the catalogue and must not import jax.
    if name in _HEAVY:
        return getattr(importlib.import_module(f".{_HEAVY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
