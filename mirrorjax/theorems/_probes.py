"""Measured brackets and counts as evidence."""

import numpy as np

from ..checks import Evidence, Hypothesis, Row
from ..geometry import BracketSize, Closure, blocks, commutation, conditioning, flatten, least_row
from ..parameterizations import AbstractParameterization

REGULAR = 1e-6
"""As in `analyze`: the conditioning comes from Jg Jgᵀ, so 1e-8 is round-off."""


def bracket_evidence(size: BracketSize, image: bool = False) -> Evidence:
    """Whether a bracket vanishes: its size relative to its terms, against its round-off."""
    value, floor = (size.image, size.image_floor) if image else (size.size, size.floor)
    return Evidence((Row(0.0, float(value), float(floor), 0),), 1.0, 1.0, kind="floor")


def commutes(param: AbstractParameterization, w, seed: int = 0) -> Evidence:
    """Whether all fields ∇g_i, ∇h commute at w."""
    pair, flat = flatten(param, w)
    measured = commutation(pair, flat[None], pair.g(flat).shape[0], seed=seed)
    worst = max((measured.gg, measured.gh), key=lambda s: float(s.size / s.floor))
    return bracket_evidence(worst)


def commuting_and_regular(param: AbstractParameterization, w, seed: int = 0) -> tuple[Hypothesis, Hypothesis]:
    """The hypotheses of the central theorem, measured at w: brackets vanish, and no ∇g_i does or depends on others."""
    pair, flat = flatten(param, w)
    n = pair.g(flat).shape[0]
    measured = commutation(pair, flat[None], n, seed=seed)
    worst = max((measured.gg, measured.gh), key=lambda s: float(s.size / s.floor))
    split = blocks(pair, flat[None], n) is not None
    least = float((least_row if split else conditioning)(pair, flat[None], n)[0])
    return (
        Hypothesis("brackets at w₀, relative", float(worst.size), worst.vanishes()),
        Hypothesis("least row of Jg, relative" if split else "conditioning of Jg", least, least > REGULAR),
    )


def count_evidence(measured: int | None, expected: int, closure: Closure) -> Evidence:
    """Whether two integers are equal; the spectral gap behind the measured one sets what it could miss."""
    if measured is None:
        return Evidence((), 0.0, 0.0, failure=closure.reason)
    gap = closure.ranks[-1].gap
    row = Row(0.0, float(abs(measured - expected)), float(np.clip(1 / gap, 1e-15, 1e-3)), 0)
    return Evidence((row,), max(1.0, float(expected)), max(1.0, float(expected)), kind="floor")
