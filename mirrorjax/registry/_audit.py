"""Printed formulas that fail, each beside what holds."""

import dataclasses
import math

from .._errors import InputError
from .._outcome import WORST_FIRST
from ..checks import Decision, Verdict
from ._run import verify
from ._select import Asked


@dataclasses.dataclass(frozen=True)
class Printed:
    """A formula as a paper prints it, and the one that holds.

    **Fields:**

    - `where`: in the paper, or the id of a theorem.
    - `printed`: the formula as it is printed.
    - `holds`: the one that holds.
    """

    where: str
    printed: str
    holds: str


@dataclasses.dataclass(frozen=True)
class Audited:
    """What was measured of both.

    **Fields:**

    - `item`: the formulas.
    - `as_printed`: what was decided of the one; of several instances, on that which speaks least against it.
    - `as_holds`: what was decided of the other.
    """

    item: Printed
    as_printed: Decision
    as_holds: Decision | Verdict


def audit_of(theorems: Asked | list[Asked], *, seed: int = 0) -> list[Audited]:
    """Tests the formulas that theorems name as printed in `Finding(printed=…)`, beside the claims that hold.

    **Arguments:**

    - `theorems`: as of `verify`.
    - `seed`: of the random instances.

    **Returns:** one `Audited` for each printed formula. It fell where `as_printed.outcome` is refuted.

    **Raises:** `InputError` as `verify`, where none of the theorems names a printed formula, and where the check that
    might name one crashed.

    !!! example
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import Finding, identity
        >>> @mj.theorem(id="mylab/1", title="", statement="", source="a paper", instances=mj.instances.limits)
        ... def theorem_(case, rungs):
        ...     def squares(k):
        ...         return identity(lambda x: x**2, lambda x: k * x * x, case.x0)
        ...     return Finding({"x² = x·x": squares(1.0)}, {"3/2": squares(1.5)}, printed={"x² = 2 x·x": squares(2.0)})
        >>> [found] = mj.registry.audit_of(theorem_)
        >>> found.item.printed, str(found.as_printed.outcome), found.item.holds, str(found.as_holds.outcome)
        ('x² = 2 x·x', 'refuted', 'x² = x·x', 'holds')
    """
    verdicts = verify(theorems, seed=seed)
    found = [audited for verdict in verdicts for audited in _audited(verdict)]
    if not found:
        for verdict in verdicts:
            if verdict.traceback:  # of a check that crashed nobody knows what it names
                raise InputError(
                    f"the check crashed: {verdict.reason}", verdict.id, "`mirrorjax verify`, for its traceback"
                )
        raise InputError(
            "no printed formula is named in these theorems", "", 'Finding(…, printed={"eq. (7)": evidence})'
        )
    return found


def _audited(verdict: Verdict) -> list[Audited]:
    holds = "; ".join(dict.fromkeys(name for j in verdict.instances for name in j.claims))
    decisions: dict[str, list[Decision]] = {}
    for judgement in verdict.instances:
        for name, decision in judgement.printed.items():
            decisions.setdefault(name, []).append(decision)
    return [Audited(Printed(verdict.id, name, holds), min(of, key=_against), verdict) for name, of in decisions.items()]


def _against(decision: Decision) -> tuple[int, float]:
    """How much speaks against a formula."""
    return -WORST_FIRST.index(decision.outcome), decision.effect if math.isfinite(decision.effect) else 0.0
