"""The effects at a few doses, as rows."""

import math
from collections.abc import Sequence

from ._analysis import Analysis
from ._effects import Effects

DOSES = (0.0, 0.5, 1.0, 2.0)
LINES = 4
"""Coordinates listed per dose."""
HEAD = ("dose", "i", "argmin Rₐ", "range of μ_i", "exponent near … far", "turns at distance")


def measured_effects(analysis: Analysis, doses: Sequence[float] = DOSES) -> list[Effects]:
    """The effects at several doses.

    **Arguments:**

    - `analysis`: of a pair.
    - `doses`: `∫α ≥ 0`.

    **Returns:** the `Effects` at every dose; empty without a potential.
    """
    found = [analysis.effects(-dose) for dose in doses]
    return [effect for effect in found if effect is not None]


def effect_rows(effects: Sequence[Effects], lines: int = LINES) -> list[tuple[str, ...]]:
    """The effects as the cells of a table.

    **Arguments:**

    - `effects`: at several doses.
    - `lines`: coordinates of each dose.

    **Returns:** a row of texts per dose and coordinate, in the order of `HEAD`.
    """
    rows = []
    for effect in effects:
        for i in range(min(lines, len(effect.range))):
            low, high = effect.range[i]
            finite = effect.exponent[i][[math.isfinite(value) for value in effect.exponent[i]]]
            rows.append((
                f"{abs(effect.a):g}", str(i), _number(effect.position[i]),
                "empty" if math.isnan(low) else f"({_number(low)}, {_number(high)})",
                f"{finite[0]:.2f} … {finite[-1]:.2f}" if len(finite) else "–", _number(effect.turn[i]),
            ))  # fmt: skip
    return rows


def effect_table(effects: Sequence[Effects], n: int) -> str:
    """The effects as a table.

    **Arguments:**

    - `effects`: at several doses.
    - `n`: effective parameters in all.

    **Returns:** text of several lines, or one that says why there are no effects.
    """
    if not effects:
        return "no potential, and so no effects to show"
    rows = [HEAD, *effect_rows(effects)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEAD))]
    text = "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
    return text + (f"\n(first {LINES} of {n} coordinates)" if n > LINES else "")


def effect_json(effect: Effects) -> dict:
    """An effect in JSON types.

    **Arguments:**

    - `effect`: at one dose.

    **Returns:** a dictionary; infinite ends are "inf" and "-inf", what does not exist is None.
    """
    return {
        "dose": abs(effect.a),
        "position": [_plain(value) for value in effect.position],
        "range": [[_plain(value) for value in ends] for ends in effect.range],
        "distance": effect.distance.tolist(),
        "exponent": [[_plain(value) for value in row] for row in effect.exponent],
        "turn": [_plain(value) for value in effect.turn],
    }


def _plain(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return float(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.4g}".replace("inf", "∞").replace("-", "−")
