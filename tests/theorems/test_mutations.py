"""A verdict can lose: with an error planted in what an entry claims, it does not hold, whichever entry it is."""

import functools
import importlib
from types import ModuleType

import jax
import mutations_effects
import mutations_flow
import mutations_mask
import mutations_papers
import mutations_training
import pytest
from planting import Mutation, potential

import mirrorjax as mj
from mirrorjax.checks import RUNGS, Judgement, Outcome
from mirrorjax.parameterizations import Hadamard
from mirrorjax.registry import Plan, catalogue

TABLES = (mutations_mask, mutations_flow, mutations_effects, mutations_training, mutations_papers)
MUTATIONS: dict[str, list[Mutation]] = {id: found for table in TABLES for id, found in table.MUTATIONS.items()}
ENTRIES = {entry.id: entry for entry in catalogue() if entry.module.startswith("mirrorjax.")}


def module_of(theorem_id: str) -> ModuleType:
    return importlib.import_module(ENTRIES[theorem_id].module)


def examined(
    theorem_id: str, instance: int, patch: pytest.MonkeyPatch | None = None, mutation: Mutation | None = None
) -> Judgement:
    """What an entry finds on one instance; no errors are planted beside the one of the mutation."""
    theorem = ENTRIES[theorem_id].load()
    case = theorem.instances(0, None)[instance]
    if mutation:
        assert patch is not None
        case = mutation.plant(patch, module_of(theorem_id), case)
    [verdict] = Plan(((theorem, (case,)),), 0, RUNGS, quick=True).run()
    assert not verdict.traceback, verdict.traceback
    return verdict.instances[0]


@functools.cache
def as_it_is(theorem_id: str, instance: int) -> Judgement:
    return examined(theorem_id, instance)


# The others take three minutes of a processor.
ROWS = [
    pytest.param(id, m, id=f"{id}: {m.name}", marks=[] if id.startswith("mask/") else [pytest.mark.slow])
    for id, found in MUTATIONS.items()
    for m in found
]


@pytest.mark.parametrize(("theorem_id", "mutation"), ROWS)
def test_a_wrong_claim_does_not_hold(monkeypatch, theorem_id, mutation):
    right = as_it_is(theorem_id, mutation.instance)
    assert right.outcome is Outcome.HOLDS, right.reason
    if mutation.traced:
        jax.clear_caches()
    try:
        found = examined(theorem_id, mutation.instance, monkeypatch, mutation)
    finally:
        if mutation.traced:
            jax.clear_caches()
    assert found.outcome is mutation.outcome, found.reason
    if mutation.outcome is Outcome.REFUTED:
        named = [mutation.says] if mutation.says in found.claims else [n for n in found.claims if mutation.says in n]
        assert named, f"none of {list(found.claims)} is meant"
        assert all(found.claims[n].outcome is Outcome.REFUTED for n in named), {n: found.claims[n] for n in named}
    else:
        assert found.reason.startswith(f"hypothesis not met: {mutation.says}"), found.reason


def test_every_entry_of_the_catalogue_has_a_claim_that_is_refuted():
    assert set(MUTATIONS) == set(ENTRIES)
    for theorem_id, found in MUTATIONS.items():
        assert any(mutation.outcome is Outcome.REFUTED for mutation in found), theorem_id
        assert len({mutation.name for mutation in found}) == len(found), theorem_id


CONSTANTS = {
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


def constant(name: str) -> Mutation:
    where, factor = CONSTANTS[name]
    return Mutation(name, potential(where, lambda value: factor * value), "")


@pytest.mark.parametrize(("theorem_id", "name"), [(i, m) for i, ms in SEEN_BY.items() for m in ms])
def test_a_wrong_constant_in_the_potential_is_refuted(monkeypatch, theorem_id, name):
    found = examined(theorem_id, 0, monkeypatch, constant(name))
    assert found.outcome is Outcome.REFUTED, found.reason
    assert found.effect > (1e-8 if "1e-5" in name else 1e-3)


def test_the_whole_theorem_is_refuted_where_one_instance_is(monkeypatch, verdict_of):
    constant("rate 4 → 2").plant(monkeypatch, module_of("mask/3.3"), None)
    [verdict] = mj.verify("mask/3.3")
    assert verdict.outcome is Outcome.REFUTED and not verdict
    monkeypatch.undo()
    assert verdict_of("mask/3.3").outcome is Outcome.HOLDS


@pytest.mark.parametrize("factor", [2.0, 1 + 1e-5])
def test_the_certificate_is_that_of_the_potential(monkeypatch, factor):
    """A multiple of μ is in the row space too: the certificate once asked nothing else."""
    right = Hadamard.dual
    monkeypatch.setattr(Hadamard, "dual", lambda self, w, w0: factor * right(self, w, w0))
    found = examined("mask/3.3", 0)
    assert found.claims["∇R(x∞) in row space"].outcome is Outcome.HOLDS
    for name in ("multipliers of the weights = Newton's", "x∞ = ∇Q(∇R(x∞)) at the dose"):
        assert found.claims[name].outcome is Outcome.REFUTED, name
