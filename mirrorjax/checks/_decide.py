"""From rows to an outcome: no jax, no state, every rule on one page."""

import dataclasses
import math

import numpy as np

from .._outcome import Outcome
from .._thresholds import AGREE, DISAGREE, FLOAT32_RUNGS, MOTION, MOTION_RELATIVE, STANDSTILL, Tuning, tuning
from ._evidence import Coordinates, Evidence

BELOW_RESOLUTION = "below resolution"


@dataclasses.dataclass(frozen=True)
class Decision:
    """An outcome with its reason.

    **Fields:**

    - `outcome`: of one comparison.
    - `reason`: in a sentence.
    - `resolution`: the relative size of a difference that would have gone unseen; NaN where inconclusive.
    - `effect`: the relative size of the contradiction; NaN where there is none.
    """

    outcome: Outcome
    reason: str
    resolution: float = math.nan
    effect: float = math.nan


def _inconclusive(reason: str) -> Decision:
    return Decision(Outcome.INCONCLUSIVE, reason)


_OPPOSITE = {Outcome.HOLDS: Outcome.REFUTED, Outcome.REFUTED: Outcome.HOLDS}


def decide(evidence: Evidence, *, float32: bool = False) -> Decision:
    """Applies the rules of the verdict in their order; the first that fits answers.

    Where the claim is that the routes differ, sameness refutes it and the other way round. Evidence made without
    float64 says nothing, unless `float32` asks for what float32 can say and the evidence knows its round-off.

    **Arguments:**

    - `evidence`: of one comparison.
    - `float32`: whether what float32 can say is asked for.

    **Returns:** the `Decision`.

    !!! example
        >>> from mirrorjax.checks import Evidence, Row, decide
        >>> rows = (Row(1e-6, 2e-7, 3e-7, 30), Row(1e-8, 2e-9, 4e-9, 50), Row(1e-10, 2e-11, 3e-11, 90))
        >>> str(decide(Evidence(rows, scale=1.0, moved=1.0)).outcome)
        'holds'
    """
    decision = _unusable(evidence, float32) or _same(evidence)
    if not evidence.opposite:
        return decision
    opposite = _OPPOSITE.get(decision.outcome, decision.outcome)
    if opposite is Outcome.HOLDS:
        # The difference is the effect; what would have gone unseen is only the budget.
        unseen = evidence.rows[-1].budget / evidence.scale
        return dataclasses.replace(decision, outcome=opposite, resolution=unseen)
    return dataclasses.replace(decision, outcome=opposite)


def lacks_precision(evidence: Evidence, float32: bool) -> bool:
    """Whether it was made without float64, and float32 was not asked for or is not enough."""
    return not evidence.x64 and not (float32 and evidence.own_units)


def no_precision(float32: bool, failure: str = "") -> str:
    """Why nothing is said, and what to do."""
    if float32:
        why = f" ({failure})" if failure else ""
        return f"precision: float32 is not enough here{why}; jax.config.update('jax_enable_x64', True) has float64"
    return (
        "precision: float64 is off; jax.config.update('jax_enable_x64', True) switches it on, and "
        f"rungs={FLOAT32_RUNGS}, float32=True or --float32 asks for what float32 can say"
    )


def _unusable(evidence: Evidence, float32: bool) -> Decision | None:
    """Why the numbers say nothing at all, if they do not. Precision first: it is why solves fail in float32."""
    if lacks_precision(evidence, float32):
        return _inconclusive(no_precision(float32, evidence.failure))
    if evidence.failure:
        return _inconclusive(evidence.failure)
    numbers = [evidence.scale, evidence.moved]
    numbers += [value for row in evidence.rows for value in (row.discrepancy, row.budget)]
    if not evidence.rows or not all(math.isfinite(value) for value in numbers):
        return _inconclusive(f"non-finite values {evidence.where}".rstrip())
    return None


def _same(evidence: Evidence) -> Decision:
    """The whole by its own scale, then every coordinate by its own."""
    whole = _whole(evidence)
    if evidence.each is None or whole.outcome is Outcome.REFUTED:
        return whole
    return _by_coordinate(whole, evidence, evidence.each)


def _whole(evidence: Evidence) -> Decision:
    e, b, tuned = evidence.rows[-1].discrepancy, evidence.rows[-1].budget, tuning(evidence.x64)
    if b == 0:
        return _inconclusive("degenerate budget: the numerical error measured exactly 0")
    if evidence.moved <= max(MOTION * b, MOTION_RELATIVE * evidence.scale):
        hint = "; a single time needs compare(…, moved=)" if evidence.moved == 0 and evidence.kind == "ladder" else ""
        return _inconclusive(f"nothing moved: {evidence.moved:.1e} against a budget of {b:.1e}{hint}")
    # A trajectory of scale 0 has not moved and was answered above, so the divisions are safe.
    resolution, effect = max(e, b) / evidence.scale, e / evidence.scale
    ladder = evidence.kind == "ladder"
    if e <= AGREE * b:
        if ladder and not (_forced(evidence) or _falls(evidence.rows[0].budget, b, evidence.scale, tuned)):
            return _inconclusive(
                "the numerical error does not fall with the tolerance: follow the flow for longer, or add a rung"
            )
        return Decision(Outcome.HOLDS, f"e/b = {e / b:.2g}", resolution)
    if e >= DISAGREE * b:
        if ladder and (len(evidence.rows) < 2 or not _stands_still(evidence.rows[-2].discrepancy, e)):
            return _inconclusive("the discrepancy still moves with the tolerance: add a rung")
        return Decision(Outcome.REFUTED, f"e/b = {e / b:.2g} {evidence.where}".rstrip(), resolution, effect)
    return _inconclusive(f"e/b = {e / b:.2g} is between {AGREE:g} and {DISAGREE:g}: add a rung")


def _by_coordinate(whole: Decision, evidence: Evidence, each: Coordinates) -> Decision:
    """The same rules, coordinate by coordinate, where one moved above its own floor.

    What a coordinate alone cannot decide, its budget not falling or its motion too small, is counted.
    """
    e, b, s, tuned = each.discrepancy[-1], each.budget[-1], each.scale, tuning(evidence.x64)
    moved = (b > 0) & (each.moved > np.maximum(MOTION * b, MOTION_RELATIVE * s))
    agrees = moved & (e <= AGREE * b)
    refuted = moved & (e >= DISAGREE * b)
    if evidence.kind == "ladder":
        agrees &= _forced(evidence) | _falls(each.budget[0], b, s, tuned)
        refuted &= _stands_still(each.discrepancy[-2], e) if len(each.discrepancy) > 1 else False
    between = moved & (e > AGREE * b) & ~refuted
    # Where one has not moved, its scale may be 0.
    effect, resolution = (np.divide(part, s, out=np.zeros_like(s), where=s > 0) for part in (e, np.maximum(e, b)))
    if np.any(refuted):
        worst = int(np.argmax(np.where(refuted, effect, -1.0)))
        reason = f"e/b = {e[worst] / b[worst]:.2g} at coordinate {worst}, judged by its own size {s[worst]:.1e}"
        return Decision(Outcome.REFUTED, reason, float(resolution[worst]), float(effect[worst]))
    if np.any(between):
        worst = int(np.argmax(np.where(between, e / np.where(b > 0, b, 1.0), -1.0)))
        reason = f"e/b = {e[worst] / b[worst]:.2g} at coordinate {worst} of size {s[worst]:.1e}: add a rung"
        return _inconclusive(reason)
    if not np.any(agrees):
        return whole
    finest = whole.resolution if whole.outcome is Outcome.HOLDS else float(np.max(resolution[agrees]))
    reason = whole.reason if whole.outcome is Outcome.HOLDS else f"e/b ≤ {np.max((e / b)[agrees]):.2g}"
    unseen = int(np.sum(~agrees))
    if unseen:
        reason += f"; {unseen} of {e.size} coordinates {BELOW_RESOLUTION}"
    return Decision(Outcome.HOLDS, reason, finest)


def _forced(evidence: Evidence) -> bool:
    """Whether the compared times force every step: then no tolerance is felt, and the swapped solver is the budget."""
    return len(evidence.rows) > 1 and 0 < evidence.rows[0].steps == evidence.rows[-1].steps


def _falls(first, last, scale, tuned: Tuning):
    """Whether the numerical error fell along the rungs, or was at round-off from the first one on."""
    return (last <= first / tuned.converge) | (first <= tuned.settled * scale)


def _stands_still(before, now):
    """Whether a discrepancy kept its size from one rung to the next."""
    return (before > 0) & (abs(now - before) <= STANDSTILL * before)
