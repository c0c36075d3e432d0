"""From rows to an outcome. Pure Python: no jax, no state, every rule on one page."""

import dataclasses
import math

from .._outcome import Outcome
from ._constants import AGREE, CONVERGE, DISAGREE, MOTION, MOTION_RELATIVE, STANDSTILL
from ._evidence import Evidence


@dataclasses.dataclass(frozen=True)
class Decision:
    """An outcome with its reason.

    `resolution`: the relative size of a difference that would have gone unseen. `effect`: the
    relative size of the contradiction, where there is one.
    """

    outcome: Outcome
    reason: str
    resolution: float = math.nan
    effect: float = math.nan


def _inconclusive(reason: str) -> Decision:
    return Decision(Outcome.INCONCLUSIVE, reason)


_OPPOSITE = {Outcome.HOLDS: Outcome.REFUTED, Outcome.REFUTED: Outcome.HOLDS}


def decide(evidence: Evidence) -> Decision:
    """Applies the rules of the verdict in their order; the first that fits answers.

    Where the claim is that the routes differ, sameness refutes it and the other way round.

    !!! example
        >>> from mirrorjax.checks import Evidence, Row, decide
        >>> rows = (Row(1e-6, 2e-7, 3e-7, 30), Row(1e-8, 2e-9, 4e-9, 50), Row(1e-10, 2e-11, 3e-11, 90))
        >>> str(decide(Evidence(rows, scale=1.0, moved=1.0)).outcome)
        'holds'
    """
    decision = _same(evidence)
    if not evidence.differs:
        return decision
    opposite = _OPPOSITE.get(decision.outcome, decision.outcome)
    if opposite is Outcome.HOLDS:
        # The difference is the effect; what would have gone unseen is only the budget.
        unseen = evidence.rows[-1].budget / evidence.scale
        return dataclasses.replace(decision, outcome=opposite, resolution=unseen)
    return dataclasses.replace(decision, outcome=opposite)


def _same(evidence: Evidence) -> Decision:
    if evidence.failure:
        return _inconclusive(f"solve failed: {evidence.failure}; try more steps or an earlier end")
    if not evidence.x64:
        return _inconclusive("precision: float64 is off; jax.config.update('jax_enable_x64', True) switches it on")
    numbers = [evidence.scale, evidence.moved]
    numbers += [value for row in evidence.rows for value in (row.discrepancy, row.budget)]
    if not evidence.rows or not all(math.isfinite(value) for value in numbers):
        return _inconclusive(f"non-finite values {evidence.where}".rstrip())
    e, b = evidence.rows[-1].discrepancy, evidence.rows[-1].budget
    if b == 0:
        return _inconclusive("degenerate budget: the numerical error measured exactly 0")
    if evidence.moved <= max(MOTION * b, MOTION_RELATIVE * evidence.scale):
        return _inconclusive(f"nothing moved: {evidence.moved:.1e} against a budget of {b:.1e}")
    # A trajectory of scale 0 has not moved and was answered above, so the divisions are safe.
    resolution, effect = max(e, b) / evidence.scale, e / evidence.scale
    ladder = evidence.kind == "ladder"
    if e <= AGREE * b:
        if ladder and b > evidence.rows[0].budget / CONVERGE:
            return _inconclusive(
                "the numerical error does not fall with the tolerance: follow the flow for longer, or add a rung"
            )
        return Decision(Outcome.HOLDS, f"e/b = {e / b:.2g}", resolution)
    if e >= DISAGREE * b:
        if ladder and not _stands_still(evidence):
            return _inconclusive("the discrepancy still moves with the tolerance: add a rung")
        return Decision(Outcome.REFUTED, f"e/b = {e / b:.2g} {evidence.where}".rstrip(), resolution, effect)
    return _inconclusive(f"e/b = {e / b:.2g} is between {AGREE:g} and {DISAGREE:g}: add a rung")


def _stands_still(evidence: Evidence) -> bool:
    if len(evidence.rows) < 2 or evidence.rows[-2].discrepancy == 0:
        return False
    return abs(evidence.rows[-1].discrepancy / evidence.rows[-2].discrepancy - 1) <= STANDSTILL
