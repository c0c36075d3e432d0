"""Outcomes as coloured words."""

from typing import TYPE_CHECKING

from .._outcome import Outcome
from ._html import Markup, number, tag

if TYPE_CHECKING:
    from ..checks import Decision

_SIGN = {Outcome.HOLDS: "✓", Outcome.REFUTED: "✗", Outcome.INCONCLUSIVE: "?"}


def badge(outcome: Outcome) -> Markup:
    """The outcome in its colour, with a sign for those who do not see the colour."""
    return tag("span", f"{_SIGN[outcome]} {outcome}", class_=f"badge {outcome}")


def control_badge(outcome: Outcome) -> Markup:
    """A control is wrong on purpose: refuting it is what is wanted."""
    if outcome is Outcome.REFUTED:
        return tag("span", "✓ refuted, as it must be", class_="badge caught")
    return tag("span", f"✗ not refuted: {outcome}", class_="badge refuted")


def size(decision: "Decision") -> str:
    """The number that goes with an outcome: what was resolved, or by how much it was missed."""
    if decision.outcome is Outcome.HOLDS:
        return f"resolution {number(decision.resolution)}"
    if decision.outcome is Outcome.REFUTED:
        return f"effect {number(decision.effect)}"
    return "–"
