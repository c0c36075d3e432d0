"""A verdict can lose: with an error planted in the library itself, the theorems are refuted."""

import equinox as eqx
import pytest

import mirrorjax as mj
from mirrorjax.checks import RUNGS, Outcome, judge
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import _dispatch
from mirrorjax.registry import catalogue

# Numbers inside the potential, so that nothing is compiled anew and no stale compilation hides the error.
MUTATIONS = {
    "rate 4 → 2": (lambda R: R.rate, 0.5),
    "rate wrong by 1e-5": (lambda R: R.rate, 1 + 1e-5),
    "kappa doubled": (lambda R: R.kappa, 2.0),
    "kappa wrong by 1e-5": (lambda R: R.kappa, 1 + 1e-5),
}
SEEN_BY = {
    "mask/3.1": ["rate 4 → 2", "rate wrong by 1e-5", "kappa doubled", "kappa wrong by 1e-5"],
    "mask/3.3": ["rate 4 → 2", "rate wrong by 1e-5"],
    "mask/argmin": ["rate 4 → 2", "rate wrong by 1e-5"],
    "mask/2.1": ["kappa doubled", "kappa wrong by 1e-5"],
    "flow/riemannian": ["rate 4 → 2", "kappa wrong by 1e-5"],
}


def mutated(where, factor):
    """`_hyperbolic`, one constant of whose result is multiplied."""
    right = _dispatch._hyperbolic

    def wrong(*args, **kwargs):
        return eqx.tree_at(where, right(*args, **kwargs), replace_fn=lambda value: factor * value)

    return wrong


@pytest.mark.parametrize(("theorem_id", "mutation"), [(i, m) for i, ms in SEEN_BY.items() for m in ms])
def test_a_wrong_constant_in_the_potential_is_refuted(monkeypatch, theorem_id, mutation):
    where, factor = MUTATIONS[mutation]
    [entry] = [entry for entry in catalogue() if entry.id == theorem_id]
    theorem = entry.load()
    case = theorem.instances(0, None)[0]
    monkeypatch.setattr(_dispatch, "_hyperbolic", mutated(where, factor))
    judgement = judge(case.name, theorem.check(case, RUNGS))
    assert judgement.outcome is Outcome.REFUTED, judgement.reason
    assert judgement.effect > (1e-3 if factor in (0.5, 2.0) else 1e-8)


def test_the_whole_theorem_is_refuted_where_one_instance_is(monkeypatch, verdict_of):
    monkeypatch.setattr(_dispatch, "_hyperbolic", mutated(*MUTATIONS["rate 4 → 2"]))
    [verdict] = mj.verify("mask/3.3")
    assert verdict.outcome is Outcome.REFUTED and not verdict
    monkeypatch.undo()
    assert verdict_of("mask/3.3").outcome is Outcome.HOLDS


@pytest.mark.parametrize("factor", [2.0, 1 + 1e-5])
def test_the_certificate_is_that_of_the_potential(monkeypatch, factor):
    """A multiple of μ is in the row space too: the certificate once asked nothing else."""
    right = Hadamard.dual
    monkeypatch.setattr(Hadamard, "dual", lambda self, w, w0: factor * right(self, w, w0))
    [entry] = [entry for entry in catalogue() if entry.id == "mask/3.3"]
    theorem = entry.load()
    case = theorem.instances(0, None)[0]
    judgement = judge(case.name, theorem.check(case, RUNGS))
    assert judgement.claims["∇R(x∞) in row space"].outcome is Outcome.HOLDS
    for name in ("multipliers of the weights = Newton's", "x∞ = ∇Q(∇R(x∞)) at the dose"):
        assert judgement.claims[name].outcome is Outcome.REFUTED, name
