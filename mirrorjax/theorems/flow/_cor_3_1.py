"""flow/cor-3.1: which separable regularizers commute."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ...checks import Evidence, Finding

N = 4


@dataclasses.dataclass(frozen=True)
class Separable:
    """A random state and random coefficients c_ij."""

    name: str
    w: np.ndarray
    c: np.ndarray
    power: int
    seed: int


def cases(seed, data=None):
    """Three separable g of different kind."""
    rngs = [rng for _, rng in mj.instances.draw(seed, 41)]
    return [
        Separable(f"g of kind {i} (seed {seed})", rng.uniform(0.5, 1.5, (2, N)), rng.standard_normal((2, N)), i, seed)
        for i, rng in enumerate(rngs)
    ]


def parts(w, kind: int):
    """The analytic g_ij(w_ij): powers, exponentials, a logarithm beside a sine."""
    if kind == 0:
        return jnp.stack([w[0] ** 3, -(w[1] ** 5)])
    if kind == 1:
        return jnp.stack([jnp.exp(w[0]), jnp.exp(-w[1])])
    return jnp.stack([jnp.log(w[0]), jnp.sin(w[1])])


class SeparablePair(mj.parameterizations.AbstractParameterization):
    """`g_i = Σ_j g_ij`, `h = Σ c_ij g_ij + extra · (w² and w³)`, which is of that form for none of the kinds.

    A Module, so that one compilation per kind serves every c and every extra.
    """

    kind: int = eqx.field(static=True)
    c: Array
    extra: Array

    def g(self, w):
        return jnp.sum(parts(w, self.kind), axis=0)

    def h(self, w):
        return jnp.sum(self.c * parts(w, self.kind)) + self.extra * jnp.sum(w[0] ** 2 + w[1] ** 3)


def squares(w):
    """`u² + v²`."""
    return w[0] ** 2 + w[1] ** 2


def total(w):
    """`u + v`."""
    return w[0] + w[1]


def product(w):
    """`Σ u v`, not separable."""
    return jnp.sum(w[0] * w[1])


def squared_gap(w):
    """`Σ (u − v)²`, not separable."""
    return jnp.sum((w[0] - w[1]) ** 2)


def skewed(w):
    """`Σ u v²`, not separable and not commuting with `u² + v²`."""
    return jnp.sum(w[0] * w[1] ** 2)


@mj.theorem(
    id="flow/cor-3.1",
    title="a separable h commutes with a separable g iff h_ij = c_ij g_ij + const",
    statement=r"Let $g_i = \sum_j g_{ij}(w_{ij})$ on disjoint blocks and $h = \sum h_{ij}(w_{ij})$, analytic, $g_{ij}$ not constant. "
    r"Then $(g, h)$ commutes iff $h_{ij} = c_{ij} g_{ij} + \mathrm{const}$. Without “h separable” it is false: "
    r"$g = u^2 + v^2$ with $h = uv$, and $g = u + v$ with $h = (u - v)^2$, commute.",
    source="flow, Corollary 3.1",
    instances=cases,
)
def theorem_(case: Separable, rungs) -> Finding:
    w = jnp.asarray(case.w)

    def separable(extra: float) -> Evidence:
        return mj.checks.commutes(SeparablePair(case.power, jnp.asarray(case.c), jnp.asarray(extra)), w, case.seed)

    def coupled(g, h) -> Evidence:
        return mj.checks.commutes(mj.parameterizations.Custom(g, h), w, case.seed)

    return Finding(
        claims={
            "h = Σ c_ij g_ij + const commutes": separable(0.0),
            "g = u² + v², h = uv commutes": coupled(squares, product),
            "g = u + v, h = (u − v)² commutes": coupled(total, squared_gap),
        },
        controls={
            "h with another separable part commutes": separable(1.0),
            "h with 1e-6 of another part commutes": separable(1e-6),
            "g = u² + v², h = u v² commutes": coupled(squares, skewed),
        },
        planted={d: separable(d) for d in mj.checks.planted_sizes(1e-4, 1e-8, 1e-12)},
    )
