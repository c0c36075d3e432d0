"""One start of every family of the catalogue, small, inside its domain for the doses used here."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from .._types import State
from ..parameterizations import (
    AbstractParameterization,
    Custom,
    ExponentiatedGradient,
    Linear,
    LogRatio,
    PowerDifference,
    Quadratic,
)
from ..potentials import AbstractPotential, DerivedPotential, potential_of
from ..problems import LinearRegression
from ._draw import draw

FAMILY_SIZE = 4


@dataclasses.dataclass(frozen=True)
class Member:
    """A parameterization with its start and its potential.

    **Arguments:**

    - `name`: its g, as "u²".
    - `param`: g and h.
    - `w0`: the start, pytree.
    - `potential`: that of the start.
    """

    name: str
    param: AbstractParameterization
    w0: State
    potential: AbstractPotential


@dataclasses.dataclass(frozen=True)
class Families:
    """A start of each of several families, and a regression that couples all their coordinates.

    **Arguments:**

    - `name`: what a verdict calls the instance.
    - `members`: one for each family, in the order of x.
    - `problem`: the regression on x of all families, one after the other.
    """

    name: str
    members: tuple[Member, ...]
    problem: LinearRegression

    @property
    def w0(self) -> np.ndarray:
        """All starts in one vector, shape `(D,)`."""
        return np.concatenate([np.ravel(member.w0) for member in self.members])


def families(seed: int, data: LinearRegression | None = None) -> list[Families]:
    """Three random instances, each of five families of the catalogue and one that a user defines.

    **Arguments:**

    - `seed`: of the random numbers.
    - `data`: without effect; all makers of instances take it.

    **Returns:** the instances.

    !!! example
        >>> from mirrorjax.instances import families
        >>> case = families(0)[0]
        >>> len(case.members), case.problem.Z.shape
        (6, (18, 24))
    """
    return [_regression(name, rng) for name, rng in draw(seed, 11)]


def _regression(name: str, rng: np.random.Generator) -> Families:
    members = _members(rng)
    n = FAMILY_SIZE * len(members)
    Z = rng.standard_normal((n - len(members), n)) * 0.7
    return Families(name, members, LinearRegression(Z, 0.5 * rng.standard_normal(len(Z))))


def _sinh_difference(w):
    """A g that no catalogue has: `sinh u − sinh v`."""
    return jnp.sinh(w[0]) - jnp.sinh(w[1])


def _sinh_sum(w):
    """Its commuting regularizer, `Σ sinh u + sinh v`."""
    return jnp.sum(jnp.sinh(w))


def _members(rng: np.random.Generator) -> tuple[Member, ...]:
    """Power difference, log ratio, exponentiated gradient, quadratic, linear; and a user's own pair."""

    def pair(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (2, FAMILY_SIZE))

    user = Custom(_sinh_difference, _sinh_sum)
    start = pair(0.3, 0.6)
    members = [
        ("u⁴ − v⁴", PowerDifference(2), pair(0.6, 0.9)),
        ("log u − log v", LogRatio(), pair(1.5, 2.5)),
        ("u²", ExponentiatedGradient(), pair(0.5, 1.0)[0]),
        ("½wᵀA_iw, commuting", commuting_quadratic(rng), rng.uniform(0.5, 1.0, FAMILY_SIZE + 1)),
        (
            "Gw",
            Linear(rng.standard_normal((FAMILY_SIZE, FAMILY_SIZE + 1)), rng.standard_normal(FAMILY_SIZE + 1)),
            rng.standard_normal(FAMILY_SIZE + 1),
        ),
    ]
    known = [Member(name, p, jnp.asarray(w0), potential_of(p, jnp.asarray(w0))) for name, p, w0 in members]
    derived = DerivedPotential(user, jnp.asarray(start), diagonal=True)
    return (*known, Member("sinh u − sinh v, potential derived", user, jnp.asarray(start), derived))


def commuting_quadratic(rng: np.random.Generator) -> Quadratic:
    """Random A_i and B ⪰ 0 with one common eigenbasis: four and one, of size 5.

    **Arguments:**

    - `rng`: the generator of random numbers.

    **Returns:** the parameterization, whose states have shape `(5,)`.
    """
    D = FAMILY_SIZE + 1
    basis = np.linalg.qr(rng.standard_normal((D, D)))[0]
    A = np.einsum("dk,ik,ek->ide", basis, rng.standard_normal((FAMILY_SIZE, D)), basis)
    B = (basis * rng.uniform(0.2, 1.0, D)) @ basis.T
    return Quadratic((A + A.transpose(0, 2, 1)) / 2, (B + B.T) / 2)
