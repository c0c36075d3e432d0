"""What JSON says of a verdict is what the verdict says."""

import json
import math

import numpy as np

from mirrorjax.checks import Finding, Hypothesis, as_json, at_most, combine, failed, judge


def test_numpys_booleans_and_numbers_become_pythons():
    hypotheses = (Hypothesis("counted", np.int64(3), np.bool_(True)), Hypothesis("sized", np.float64(0.5), np.True_))  # pyright: ignore[reportArgumentType]
    finding = Finding({"1 ≤ 2": at_most(1.0, 2.0, 1e-9)}, {"2 ≤ 1": at_most(2.0, 1.0, 1e-9)}, hypotheses)
    verdict = combine("test/numpy", [judge("one", finding)], 0, (1e-6,))
    assert '"ok": true' in json.dumps(as_json(verdict), allow_nan=False)


def test_every_claim_and_control_keeps_its_own_answer_and_numbers():
    """Inside a verdict that is refuted some claims hold: the word of one must not stand for all."""
    claims = {
        "1 ≤ 2": at_most(1.0, 2.0, 1e-9),
        "2 ≤ 1": at_most(2.0, 1.0, 1e-9),
        "open": failed("stopped"),
    }
    controls = {"3 ≤ 1": at_most(3.0, 1.0, 1e-9), "1 ≤ 3": at_most(1.0, 3.0, 1e-9)}
    verdict = combine("test/mixed", [judge("one", Finding(claims, controls))], 0, (1e-6,))
    [written] = json.loads(json.dumps(as_json(verdict), allow_nan=False))["instances"]
    words = {name: decision["outcome"] for name, decision in written["claims"].items()}
    assert words == {"1 ≤ 2": "holds", "2 ≤ 1": "refuted", "open": "inconclusive"}
    assert {name: d["outcome"] for name, d in written["controls"].items()} == {"3 ≤ 1": "refuted", "1 ≤ 3": "holds"}
    [judged] = verdict.instances
    for group in ("claims", "controls"):
        for name, decision in getattr(judged, group).items():
            numbers = [None if math.isnan(n) else n for n in (decision.resolution, decision.effect)]
            there = written[group][name]
            assert [there["resolution"], there["effect"], there["reason"]] == [*numbers, decision.reason]
    assert written["outcome"] == "refuted" == as_json(verdict)["outcome"]
