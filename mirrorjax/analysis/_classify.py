"""From measured brackets to a kind, with the reason."""

import dataclasses
from typing import Literal, TypeAlias

import numpy as np

from ..geometry import Commutation, Degree, Swap

Kind: TypeAlias = Literal["mirror", "rescaled-mirror", "not-mirror", "undecided"]
DEEP = 1e3 * np.finfo(float).eps
"""A longer bracket with a relative image above this does not vanish in x."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a classification rests on; `plain` is plain weight decay, `deep_image` that of brackets of length 3."""

    brackets: Commutation
    swap: Swap
    regular: bool
    euler: Degree
    plain: bool
    deep_image: float


def classify(m: Measured) -> tuple[Kind, str]:
    """The kind, and why."""
    gg, gh = m.brackets.gg, m.brackets.gh
    if gg.vanishes() and gh.vanishes():
        return _commuting_case(m)
    rescaled = gg.vanishes() and gh.stands() and m.plain and m.euler.value is not None and m.euler.value != 2
    if rescaled:
        if not m.regular:
            return "undecided", "homogeneous under plain decay, but Jg loses rank on the reachable set"
        return "rescaled-mirror", f"g is homogeneous of degree {m.euler.value:g} and h is plain weight decay"
    seen = gg.seen_by_x() or gh.seen_by_x()
    which = "[∇g_i,∇g_j]" if gg.seen_by_x() or (not seen and gg.stands()) else "[∇g_i,∇h]"
    if seen and m.swap.differs:
        return "not-mirror", f"Jg {which} ≠ 0, and the order of controls changes x by {m.swap.gap:.1e}"
    if seen:
        return "undecided", f"Jg {which} stands above round-off, but the order of controls does not change x"
    if (gg.stands() or gh.stands()) and m.swap.differs:
        return "not-mirror", f"{which} ≠ 0 lies in ker Jg, but the order of controls changes x by {m.swap.gap:.1e}"
    if m.deep_image > DEEP:
        return "not-mirror", f"a longer bracket of the ∇g_i has image {m.deep_image:.1e} under Jg"
    if gg.stands() or gh.stands():
        return "undecided", f"{which} does not vanish but lies in ker Jg, which excludes nothing"
    return "undecided", "brackets between 5 and 30 times their round-off floor"


def _commuting_case(m: Measured) -> tuple[Kind, str]:
    if not m.regular:
        return "undecided", "the fields commute, but Jg loses rank on the reachable set"
    if not m.swap.same:
        return "undecided", (
            f"brackets vanish, yet the order of controls changes x by {m.swap.gap:.1e}"
            f" (numerical error {m.swap.budget:.1e})"
        )
    return "mirror", "the fields commute and Jg has full rank"


def commuting(brackets: Commutation) -> bool | None:
    """Whether all brackets vanish; None where some are too close to round-off to say."""
    sizes = (brackets.gg, brackets.gh)
    if all(size.vanishes() for size in sizes):
        return True
    return False if any(size.stands() for size in sizes) else None


def detection_limit(brackets: Commutation, swap: Swap) -> float:
    """The smallest relative bracket that would be called "not-mirror": both opinions have to see it."""
    return 30 * max(float(brackets.gg.floor), float(brackets.gh.floor), swap.budget)
