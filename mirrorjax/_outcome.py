"""The three answers that a check can give."""

import enum


class Outcome(enum.StrEnum):
    """What a check concluded: `holds`, `refuted` or `inconclusive`.

    `holds` means that a measurement which could have contradicted the statement did not, to the
    stated resolution. It is not a proof.
    """

    HOLDS = "holds"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"


WORST_FIRST = (Outcome.REFUTED, Outcome.INCONCLUSIVE, Outcome.HOLDS)
"""One refuted instance refutes, one inconclusive instance leaves it open."""
