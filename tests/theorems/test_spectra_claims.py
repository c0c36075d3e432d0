"""What the first slice must show on the glucose spectra, n = 1047."""

import math

import numpy as np
import pytest

from mirrorjax.checks import DosePath, Outcome


@pytest.fixture(scope="module")
def on_spectra(verdict_of):
    def judgement(theorem_id):
        [real] = [j for j in verdict_of(theorem_id).instances if j.name == "glucose spectra"]
        return real

    return judgement


def test_gradient_and_mirror_flow_agree_to_1e_minus_8(on_spectra):
    real = on_spectra("mask/3.1")
    assert real.outcome is Outcome.HOLDS and real.resolution <= 1e-8
    assert real.claims["gradient flow = mirror flow"].resolution <= 1e-8
    [routes] = real.finding.series
    gradient, mirror = routes.x.values()
    assert gradient.shape == (21, 1047)
    assert np.max(np.abs(gradient - mirror)) <= 1e-8 * np.max(np.abs(gradient))
    assert np.max(np.abs(gradient[-1] - gradient[0])) > 1e-3


@pytest.mark.parametrize("theorem_id", ["mask/2.4", "mask/3.3"])
def test_flow_and_newton_reach_one_limit_to_1e_minus_8(on_spectra, theorem_id):
    real = on_spectra(theorem_id)
    evidence = real.finding.claims["flow limit = Newton limit"]
    assert evidence.rows[-1].discrepancy <= 1e-8 * evidence.scale
    assert real.claims["flow limit = Newton limit"].resolution <= 1e-8
    gradient, newton = real.finding.series[0].x.values()
    assert np.max(np.abs(gradient[-1] - newton)) <= 1e-8 * np.max(np.abs(newton))
    assert real.claims["∇R(x∞) in row space"].outcome is Outcome.HOLDS


def test_the_l1_norm_falls_with_the_dose_to_that_of_basis_pursuit(on_spectra):
    real = on_spectra("mask/3.3")
    [path] = [series for series in real.finding.series if isinstance(series, DosePath)]
    l1, pursuit = path.l1, path.basis_pursuit
    assert path.dose[0] == 0 and np.all(np.diff(path.dose) > 0) and len(l1) == len(path.dose)
    assert np.all(np.diff(l1) <= 1e-9 * l1[0])
    assert pursuit * (1 - 1e-8) <= l1[-1] <= 1.01 * pursuit
    assert l1[0] > 1.5 * pursuit  # there was something to fall from
    assert path.active[-1] < 0.1 * path.active[0]
    # The two ends of the picture are known from elsewhere.
    assert path.least_norm >= l1[-1]


@pytest.mark.parametrize("theorem_id", ["mask/3.1", "mask/3.3", "mask/2.4", "flow/storage"])
def test_a_part_in_a_million_is_caught(on_spectra, theorem_id):
    real = on_spectra(theorem_id)
    assert math.isfinite(real.detection_limit) and real.detection_limit <= 1e-6
    tiny = {name: decision for name, decision in real.controls.items() if "1e-6" in name}
    assert tiny
    for name, decision in tiny.items():
        assert decision.outcome is Outcome.REFUTED, name
        assert 0 < decision.effect < 1e-3, name
