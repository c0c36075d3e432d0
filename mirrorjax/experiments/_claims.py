"""What an experiment says of a claim about means over seeds: it holds, it is refuted, or nothing was seen."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from .._errors import InputError
from ..checks import detectable, interval, upper_bound
from ._summary import MethodResult

SAME = 1e-5
"""Differences that agree to this share of the largest are the same: accuracies are kept in float32."""


@dataclasses.dataclass(frozen=True)
class Claim:
    """That the mean of paired differences is above 0.

    **Fields:**

    - `what`: is claimed.
    - `mean`, `half`: of the differences, with half of its 95 % interval.
    - `n`: the number of seeds.
    - `detectable`: the smallest mean that would have been seen, with a chance of 90 %; infinite without a spread.
    - `outcome`: "holds" where the one-sided 99 % bound is above 0, "refuted" where that of the opposite is, else "not
      seen". Differences that are all the same have no spread to tell a mean from 0 by: nothing is seen. Accuracies are
      counts, and two seeds are often the same sample apart.

    !!! example
        >>> import numpy as np
        >>> from mirrorjax.experiments import Claim
        >>> print(Claim.of("PILoT − spred", np.array([0.02, 0.03, 0.025, 0.01])))
        PILoT − spred: 2.12 ± 1.36 over 4 seeds, holds (2.93 would have been seen)
    """

    what: str
    mean: float
    half: float
    n: int
    detectable: float
    outcome: str

    @staticmethod
    def of(what: str, differences: np.ndarray) -> "Claim":
        """The claim, from its paired differences.

        **Arguments:**

        - `what`: is claimed.
        - `differences`: one for each seed, shape `(k,)`, k ≥ 2.

        **Returns:** the `Claim`.

        **Raises:** `InputError` for fewer than two, or one that is not finite.
        """
        values = np.asarray(differences, np.float64)
        if len(values) < 2 or not np.all(np.isfinite(values)):
            raise InputError("a claim needs two finite differences or more", f"{what}: {values.tolist()}")
        mean, half = interval(values, 0.95)
        if np.ptp(values) <= SAME * np.max(np.abs(values)):
            return Claim(what, mean, half, len(values), float("inf"), "not seen")
        outcome = "holds" if upper_bound(-values) < 0 else "refuted" if upper_bound(values) < 0 else "not seen"
        return Claim(what, mean, half, len(values), detectable(values), outcome)

    def row(self, unit: float = 100.0) -> str:
        """A line of a table of Markdown.

        **Arguments:**

        - `unit`: by which the numbers are multiplied; 100 for percent.

        **Returns:** the line.
        """
        seen = f"{unit * self.detectable:.2f}" if np.isfinite(self.detectable) else "–"
        cells = f"{unit * self.mean:.2f} ± {unit * self.half:.2f}", f"{self.n}", seen
        return f"| {self.what.replace('|', chr(92) + '|')} | {' | '.join(cells)} | {self.outcome} |"

    def __str__(self) -> str:
        size = f"{100 * self.mean:.2f} ± {100 * self.half:.2f} over {self.n} seeds"
        seen = f"{100 * self.detectable:.2f}" if np.isfinite(self.detectable) else "no size"
        return f"{self.what}: {size}, {self.outcome} ({seen} would have been seen)"


HEAD = "| claim | difference | seeds | would have been seen | outcome |\n|---|---|---|---|---|"


def area_between(
    rows: Sequence[MethodResult], one: str, other: str, densities: Sequence[float], what: str | None = None
) -> Claim:
    """That the mean accuracy of `one` over densities is above that of `other`, paired over seeds.

    **Arguments:**

    - `rows`: of `curve_results`.
    - `one`, `other`: names of methods.
    - `densities`: over which the mean is taken; those of powers of 0.8 are evenly spaced in log density, so it is the
      area between the curves over its width.
    - `what`: the claim in words.

    **Returns:** the `Claim`.

    **Raises:** `InputError` where a method is missing at a density, or they share fewer than two seeds.

    !!! example
        >>> from mirrorjax.experiments import MethodResult, area_between
        >>> tests = {"pilot": (0.90, 0.92, 0.91), "plain": (0.88, 0.91, 0.89)}
        >>> rows = [MethodResult(name, 0.1, 0.0, 0.1, (0, 1, 2), test, (), (), ()) for name, test in tests.items()]
        >>> print(area_between(rows, "pilot", "plain", [0.1]))
        pilot − plain: 1.67 ± 1.43 over 3 seeds, not seen (3.58 would have been seen)
    """
    curves = []
    for name in (one, other):
        mine = {row.density: dict(zip(row.seeds, row.test)) for row in rows if row.method == name}
        missing = [density for density in densities if density not in mine]
        if missing:
            raise InputError(
                f"no results of {name} at density {missing[0]:g}", "", "a method and densities of the plan"
            )
        curves.append([mine[density] for density in densities])
    shared = sorted(set.intersection(*(set(tests) for curve in curves for tests in curve)))
    means = [np.array([np.mean([tests[seed] for tests in curve]) for seed in shared]) for curve in curves]
    return Claim.of(what or f"{one} − {other}", means[0] - means[1])
