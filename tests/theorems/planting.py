"""Errors planted in what a theorem claims: a name of its module that is wrong, or an instance that it is not about."""

import dataclasses
import inspect
import re
from collections.abc import Callable
from types import ModuleType
from typing import Any

import equinox as eqx
import pytest

import mirrorjax as mj
from mirrorjax.checks import Outcome
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import _dispatch

Plant = Callable[[pytest.MonkeyPatch, ModuleType, Any], Any]
"""Plants the error, given the module of the entry, and returns the instance to be examined."""


@dataclasses.dataclass(frozen=True)
class Mutation:
    """A wrong version of what an entry claims.

    `says` is a part of the names of the claims that must be refuted. Where the error breaks a hypothesis instead, the
    outcome is inconclusive and `says` is how that hypothesis begins. `traced`: the error is in what is compiled under
    a name that does not change, so that what is compiled has to be forgotten before and after.
    """

    name: str
    plant: Plant
    says: str
    outcome: Outcome = Outcome.REFUTED
    instance: int = 0
    traced: bool = False


def owner_of(module: ModuleType, name: str) -> ModuleType:
    """The entry's module, or the package by whose face it takes the name."""
    if hasattr(module, name):
        return module
    source = inspect.getsource(module)
    [room] = {room for room in re.findall(rf"\bmj\.(\w+)\.{name}\b", source)}
    return getattr(mj, room)


def wrong(where: str | tuple[Any, str], by: Callable[[Any], Any]) -> Plant:
    """The name `where` of the entry's module, or of an owner of its own, is `by` of the right one."""

    def plant(patch, module, case):
        owner, name = (owner_of(module, where), where) if isinstance(where, str) else where
        patch.setattr(owner, name, by(getattr(owner, name)))
        return case

    return plant


def replaced(where: str | tuple[Any, str], value: Any) -> Plant:
    """The name is something else."""
    return wrong(where, lambda right: value)


def scaled(where: str | tuple[Any, str], factor: float) -> Plant:
    """A function, whose values are multiplied."""
    return wrong(where, lambda right: lambda *args, **kwargs: factor * right(*args, **kwargs))


def asked(where: str | tuple[Any, str], **changes: Any) -> Plant:
    """A function that is always called with these arguments."""
    return wrong(where, lambda right: lambda *args, **kwargs: right(*args, **(kwargs | changes)))


def handed(by: Callable[[Any], Any]) -> Plant:
    """Another instance."""
    return lambda patch, module, case: by(case)


def with_fields(**fields: Any) -> Plant:
    """The instance with other fields; a function is asked for its value at the instance."""

    def by(case):
        values = {name: value(case) if callable(value) else value for name, value in fields.items()}
        return dataclasses.replace(case, **values)

    return handed(by)


def potential(where: Callable, by: Callable) -> Plant:
    """A number inside every hyperbolic entropy, so that nothing is compiled anew and no compilation hides the error."""

    def wrong_potential(right):
        return lambda *args, **kwargs: eqx.tree_at(where, right(*args, **kwargs), replace_fn=by)

    return wrong((_dispatch, "_hyperbolic"), wrong_potential)


def unmet(name: str, plant: Plant, hypothesis: str, instance: int = 0) -> Mutation:
    """An instance that breaks a hypothesis."""
    return Mutation(name, plant, hypothesis, Outcome.INCONCLUSIVE, instance)


class HalfDecay(Hadamard):
    """m ⊙ w with half of the decay that the statement has."""

    def h(self, w):
        return Hadamard.h(self, w) / 2


class DoubledProduct(Hadamard):
    """2 m ⊙ w."""

    def g(self, w):
        return 2 * Hadamard.g(self, w)
