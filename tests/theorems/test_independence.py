"""Two routes that share nothing: an error in what one of them calls is refuted, not shared by the other."""

import jax
import pytest

import mirrorjax as mj
from mirrorjax.checks import RUNGS, Outcome, judge
from mirrorjax.instances import _families
from mirrorjax.potentials import Distorted, RescaledPotential
from mirrorjax.registry import catalogue
from mirrorjax.theorems.beyond import _rescaled


@pytest.fixture
def spoiled(monkeypatch):
    """Patches what is traced: a program compiled before would not see it, one compiled under it would outlive it."""
    jax.clear_caches()
    yield monkeypatch
    monkeypatch.undo()
    jax.clear_caches()


def first_judgement(theorem_id: str, which: int = 0):
    """The judgement on one instance at seed 0."""
    [entry] = [entry for entry in catalogue() if entry.id == theorem_id]
    theorem = entry.load()
    case = theorem.instances(0, None)[which]
    return judge(case.name, theorem.check(case, RUNGS))


@pytest.mark.parametrize("which", range(4))
def test_the_rate_of_the_divergence_is_not_the_potential_against_itself(monkeypatch, which):
    right = mj.potentials.potential_of
    monkeypatch.setattr(mj.potentials, "potential_of", lambda *at: Distorted(right(*at), mu_factor=1 + 1e-5))
    claims = first_judgement("flow/contracting", which).claims
    assert claims["d/dt D(x*, x)"].outcome is Outcome.REFUTED


def test_the_gradient_of_q_is_not_one_matrix_exponential_against_itself(spoiled):
    right = jax.scipy.linalg.expm
    spoiled.setattr(jax.scipy.linalg, "expm", lambda M: (1 + 1e-6) * right(M))
    claims = first_judgement("flow/3.3").claims
    assert claims["∇_μ ¼‖φ‖² = g(φ)"].outcome is Outcome.REFUTED


@pytest.mark.slow
def test_a_derived_potential_is_not_the_weights_against_their_own_g(spoiled):
    right = _families._sinh_difference
    spoiled.setattr(_families, "_sinh_difference", lambda w: (1 + 1e-5) * right(w))
    claims = first_judgement("flow/3.1").claims
    assert claims["gradient flow = mirror flow"].outcome is Outcome.HOLDS
    assert claims["gradient flow = mirror flow by hand"].outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("theorem_id", "method", "claim"),
    [
        ("spred/lasso", "spred", "training by spred tends to the LASSO"),
        ("ham/potential", "ham", "training by ham, η → 0 = mirror flow by hand"),
        ("signin/reset", "sign_in_reset", "training.sign_in_reset: (m, w)"),
    ],
)
def test_the_training_method_is_what_the_entry_runs(spoiled, theorem_id, method, claim):
    """With its strength wrong by 1e-5, the claim about training falls, and the others stand."""
    right, strength = getattr(mj.training, method), {"spred": 0, "ham": 2, "sign_in_reset": 1}[method]

    def wrong(*given):
        return right(*given[:strength], (1 + 1e-5) * given[strength], *given[strength + 1 :])

    spoiled.setattr(mj.training, method, wrong)
    jax.clear_caches()
    claims = first_judgement(theorem_id).claims
    jax.clear_caches()
    [fallen] = [name for name, decision in claims.items() if decision.outcome is not Outcome.HOLDS]
    assert fallen.startswith(claim)


@pytest.mark.slow
def test_the_rescaled_potential_of_the_library_is_what_the_entry_runs(spoiled):
    spoiled.setattr(RescaledPotential, "clock", lambda self, a: self.size(a, (1 + 1e-4) * (self.degree - 2)))
    claims = first_judgement("beyond/rescaled").claims
    fallen = {name for name, decision in claims.items() if decision.outcome is Outcome.REFUTED}
    assert {f"{name}: gradient flow = rescaled mirror flow" for name in _rescaled.DEGREES} <= fallen
