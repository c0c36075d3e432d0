"""A sweep that is kept in memory, with the interface of one on disk."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._dataset import on_the_grid
from ._plan import Plan

if TYPE_CHECKING:
    import xarray


class Memory:
    """Takes the chunks of a plan, as `Store` does.

    **Arguments:**

    - `plan`: what is computed.
    """

    def __init__(self, plan: Plan):
        self.plan = plan
        self.finished: set[int] = set()
        self._flat = {o.name: np.full((plan.points, *o.shape), o.fill, dtype=o.dtype) for o in plan.outputs}

    def write(self, k: int, values: Mapping[str, Any], seconds: float | None = None, where: str = "") -> None:
        """Takes chunk `k`; the arguments are those of `Store.write`."""
        for name, array in values.items():
            self._flat[name][self.plan.span(k)] = array
        self.finished.add(k)

    def dataset(self) -> "xarray.Dataset":
        """What is finished on the grid of the axes."""
        versions = {f"version_{name}": version for name, version in self.plan.versions.items()}
        counts = {"chunks": self.plan.chunks, "chunks_finished": len(self.finished)}
        return on_the_grid(self.plan, self._flat, versions | counts | dict(self.plan.attrs))

    def __enter__(self) -> "Memory":
        return self

    def __exit__(self, *_: object) -> None:
        pass
