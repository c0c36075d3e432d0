"""A verdict can lose: with an error planted in what an entry claims, it does not hold, whichever entry it is."""

import functools
import importlib

import jax
import mutations_mask
import pytest
from planting import Mutation

from mirrorjax.checks import RUNGS, Judgement, Outcome
from mirrorjax.registry import Plan, catalogue

TABLES = (mutations_mask,)
MUTATIONS: dict[str, list[Mutation]] = {id: found for table in TABLES for id, found in table.MUTATIONS.items()}
ENTRIES = {entry.id: entry for entry in catalogue() if entry.module.startswith("mirrorjax.")}


def examined(theorem_id: str, instance: int, patch=None, mutation: Mutation | None = None) -> Judgement:
    """What an entry finds on one instance; no errors are planted beside the one of the mutation."""
    theorem = ENTRIES[theorem_id].load()
    case = theorem.instances(0, None)[instance]
    if mutation:
        case = mutation.plant(patch, importlib.import_module(ENTRIES[theorem_id].module), case)
    [verdict] = Plan(((theorem, (case,)),), 0, RUNGS, quick=True).run()
    assert not verdict.traceback, verdict.traceback
    return verdict.instances[0]


@functools.cache
def as_it_is(theorem_id: str, instance: int) -> Judgement:
    return examined(theorem_id, instance)


@pytest.mark.parametrize(
    ("theorem_id", "mutation"),
    [pytest.param(id, m, id=f"{id}: {m.name}") for id, found in MUTATIONS.items() for m in found],
)
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


def test_every_entry_of_the_catalogue_has_a_claim_refuted():
    assert set(MUTATIONS) == set(ENTRIES)
    for theorem_id, found in MUTATIONS.items():
        assert any(mutation.outcome is Outcome.REFUTED for mutation in found), theorem_id
        assert len({mutation.name for mutation in found}) == len(found), theorem_id
