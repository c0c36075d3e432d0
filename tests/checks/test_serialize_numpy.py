"""What NumPy hands to a hypothesis can be written as JSON."""

import json

import numpy as np

from mirrorjax.checks import Finding, Hypothesis, as_json, at_most, combine, judge


def test_numpys_booleans_and_numbers_become_pythons():
    hypotheses = (Hypothesis("counted", np.int64(3), np.bool_(True)), Hypothesis("sized", np.float64(0.5), np.True_))  # pyright: ignore[reportArgumentType]
    finding = Finding({"1 ≤ 2": at_most(1.0, 2.0, 1e-9)}, {"2 ≤ 1": at_most(2.0, 1.0, 1e-9)}, hypotheses)
    verdict = combine("test/numpy", [judge("one", finding)], 0, (1e-6,))
    assert '"ok": true' in json.dumps(as_json(verdict), allow_nan=False)
