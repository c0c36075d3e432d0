"""Verdicts as plain JSON."""

import dataclasses
import math
from typing import Any

from ._verdict import Decision, Judgement, Verdict


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict in JSON types; what is not finite becomes None.

    **Arguments:**

    - `verdict`: of a theorem.

    **Returns:** nested dictionaries and lists. `rows`, `hypotheses` and `controls` are those of the deciding instance,
    `instances` holds all.
    """
    deciding = _judgement(verdict.deciding)
    return {
        "id": verdict.id,
        "outcome": str(verdict.outcome),
        "reason": verdict.reason,
        "resolution": _number(verdict.resolution),
        "effect": _number(verdict.effect),
        "detection_limit": _number(verdict.detection_limit),
        "rows": deciding["rows"],
        "hypotheses": deciding["hypotheses"],
        "controls": deciding["controls"],
        "instances": [_judgement(j) for j in verdict.instances],
        "seed": verdict.seed,
        "rungs": list(verdict.rungs),
        "seconds": _number(verdict.seconds),
    }


def _judgement(j: Judgement) -> dict[str, Any]:
    return {
        "name": j.name,
        "outcome": str(j.outcome),
        "reason": j.reason,
        "resolution": _number(j.resolution),
        "effect": _number(j.effect),
        "detection_limit": _number(j.detection_limit),
        "rows": [_plain(dataclasses.asdict(row)) for row in j.rows],
        "hypotheses": [_plain(dataclasses.asdict(h)) for h in j.hypotheses],
        "claims": {name: _decision(d) for name, d in j.claims.items()},
        "controls": {name: _decision(d) for name, d in j.controls.items()},
        "printed": {name: _decision(d) for name, d in j.printed.items()},
        "observations": _plain(j.finding.observations),
        "seconds": _number(j.seconds),
        "traceback": j.traceback,
    }


def _decision(d: Decision) -> dict[str, Any]:
    return _plain(dataclasses.asdict(d)) | {"outcome": str(d.outcome)}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: _number(value) if isinstance(value, float) else value for key, value in fields.items()}


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
