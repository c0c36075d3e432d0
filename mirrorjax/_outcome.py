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
