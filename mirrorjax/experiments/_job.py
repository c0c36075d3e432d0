"""What one run is: a method, its numbers, and what is asked for."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from .._errors import InputError
from ._methods import method


def check_densities(densities: Sequence[float]) -> None:
    """Refuses none, what is twice there, and what is not in (0, 1]."""
    for density in densities:
        if not 0 < density <= 1:
            raise InputError("density must be in (0, 1]", f"density = {density}", "0.1 keeps one weight in ten")
    if not densities or len(set(densities)) != len(densities):
        raise InputError("densities are one or more, each once", f"{tuple(densities)}", "0.2 0.1 0.05")


@dataclasses.dataclass(frozen=True)
class Run:
    """What is run: a method at a strength and a rate, from a seed, pruned to some densities.

    "one-shot": `epochs` of training, then for each density a magnitude mask of the merged weights and
    `fine_tuning` epochs of plain SGD under it, without regularization, the same for every method. "dense" and
    "masked" train for `epochs + fine_tuning` epochs at once.

    **Raises:** `InputError` for an unknown method and for numbers outside their ranges.

    !!! example
        >>> from mirrorjax.experiments import Run
        >>> Run("magnitude", strength=1e-4, rate=0.1, densities=(0.1,)).name
        'magnitude, strength 0.0001, rate 0.1, seed 0, density 0.1'
    """

    method: str
    strength: float
    rate: float
    densities: tuple[float, ...] = (1.0,)
    seed: int = 0
    network: str = "mlp"
    epochs: int = 20
    fine_tuning: int = 10
    batch: int = 100

    def __post_init__(self):
        kind = method(self.method).kind
        check_densities(self.densities)
        if kind == "masked" and len(self.densities) != 1:
            raise InputError(f"{self.method} trains under one mask from the start", f"{self.densities}", "one density")
        if not (np.isfinite(self.strength) and self.strength >= 0 and np.isfinite(self.rate) and self.rate > 0):
            raise InputError("strength must be finite and ≥ 0, rate finite and > 0", f"{self.strength}, {self.rate}")
        for name in ("epochs", "batch"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive", f"{name} = {getattr(self, name)}")
        if self.fine_tuning < 0:
            raise InputError("fine_tuning must not be negative", f"fine_tuning = {self.fine_tuning}")

    @property
    def name(self) -> str:
        """What tells it from the other runs of a comparison."""
        densities = ", ".join(f"{density:g}" for density in self.densities)
        return f"{self.method}, strength {self.strength:g}, rate {self.rate:g}, seed {self.seed}, density {densities}"

    @property
    def phases(self) -> list[int]:
        """Epochs of each phase: training, then one for each density."""
        if method(self.method).kind == "one-shot":
            return [self.epochs, *(self.fine_tuning for _ in self.densities)]
        return [self.epochs + self.fine_tuning]
