"""flow/contracting: decay lowers R exactly where h ≥ 0; and the engine of the convergence proofs."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, identity

N = 4


@dataclasses.dataclass(frozen=True)
class Family:
    """A start with a reachable state: `w = φ(μ, a)` and its x."""

    name: str
    param: object
    w0: np.ndarray
    nonnegative: bool
    seed: int


def cases(seed, data=None):
    """Three families with h ≥ 0, and the log ratio, whose h takes both signs."""
    rng = np.random.default_rng([seed, 31])
    return [
        Family(
            "m ⊙ w",
            mj.parameterizations.Hadamard(),
            np.asarray(mj.parameterizations.Hadamard().lift(rng.standard_normal(N), 0.5)),
            True,
            seed,
        ),
        Family("u⁴ − v⁴", mj.parameterizations.PowerDifference(2), rng.uniform(0.6, 0.9, (2, N)), True, seed),
        Family("u²", mj.parameterizations.ExponentiatedGradient(), rng.uniform(0.5, 1.0, N), True, seed),
        Family("log u − log v", mj.parameterizations.LogRatio(), rng.uniform(0.7, 0.9, (2, N)), False, seed),
    ]


@mj.theorem(
    id="flow/contracting",
    title="R_a falls with the dose exactly where h ≥ 0",
    statement=r"$\partial_a R_a(x) = -h(\varphi(\nabla R_a(x), a))$, so $R_a$ is contracting ($\partial_a R_a \leq 0$) iff $h \geq 0$ on "
    r"reachable states, and $\frac{d}{dt} D_{R_{a_t}}(x^*, x_t) = -\langle \nabla f(x_t), x_t - x^* \rangle + "
    r"\alpha_t (y_{a_t}(x^*) - y_{a_t}(x_t))$ with $y_a = -\partial_a R_a$. The flow does not see a constant added to $h$.",
    source="flow, Definition 3.2 and the proof of Theorem 3.2",
    instances=cases,
)
def theorem_(case: Family, rungs) -> Finding:
    rng = np.random.default_rng([case.seed, 32])
    R = mj.potentials.potential_of(case.param, jnp.asarray(case.w0))  # pyright: ignore[reportArgumentType]
    mu, a = 0.05 * rng.standard_normal(N), -0.05
    x = np.asarray(R.dual_grad(jnp.asarray(mu), jnp.asarray(a)))
    h = float(-jax.grad(R.value, argnums=1)(jnp.asarray(x), jnp.asarray(a)))
    claims, controls, planted = regularizer(case, R, mu, a)
    engine, wrong = bregman(case, R, mu, a, rng)
    floor = np.finfo(float).eps * max(1.0, abs(h))
    falls = mj.checks.at_most(-h, 0.0, floor, max(1.0, abs(h)))
    rises = mj.checks.at_most(h, 0.0, floor, max(1.0, abs(h)))
    sign, opposite = (falls, rises) if case.nonnegative else (rises, falls)
    name = "∂_aR ≤ 0" if case.nonnegative else "∂_aR ≥ 0: not contracting"
    return Finding(
        claims=claims | engine | {name: sign},
        controls=controls | wrong | {f"the opposite of {name}": opposite},
        planted=planted,
        observations={"h at the state": h},
    )


def regularizer(case: Family, R: mj.potentials.AbstractPotential, mu, a: float):
    """`−∂_aR_a(x)` by autodiff of the value, against h at the weights φ(μ, a)."""
    w = weights(case, mu, a)

    def slope(w, factor=1.0):
        x = case.param.g(w)  # pyright: ignore[reportAttributeAccessIssue]
        return -factor * jax.grad(R.value, argnums=1)(x, jnp.asarray(a))

    def plain(w):
        return case.param.h(w)  # pyright: ignore[reportAttributeAccessIssue]

    left = quick_jit(slope)

    def against(factor: float) -> Evidence:
        return identity(left, lambda w: factor * plain(w), w)

    return (
        {"−∂_aR = h(φ)": against(1.0)},
        {"−∂_aR = h(φ) wrong by 1e-6": against(1 + 1e-6), "−∂_aR = 2 h(φ)": against(2.0)},
        {d: against(1 + d) for d in mj.checks.planted_sizes(1e-6, 1e-9, 1e-12)},
    )


def weights(case: Family, mu, a: float) -> np.ndarray:
    """φ(μ, a), solved by hand for every family."""
    w0 = case.w0
    if case.name == "m ⊙ w":
        u, v = (w0[0] + w0[1]) * np.exp(2 * a + mu), (w0[0] - w0[1]) * np.exp(2 * a - mu)
        return np.stack([u + v, u - v]) / 2
    if case.name == "u²":
        return w0 * np.exp(2 * (mu + a))
    if case.name == "log u − log v":
        return np.sqrt(np.stack([w0[0] ** 2 + 2 * (mu + a), w0[1] ** 2 + 2 * (a - mu)]))
    return np.stack([(w0[0] ** -2 - 8 * (mu + a)) ** -0.5, (w0[1] ** -2 - 8 * (a - mu)) ** -0.5])


def bregman(case: Family, R: mj.potentials.AbstractPotential, mu: np.ndarray, a: float, rng: np.random.Generator):
    """The rate of `D_{R_{a_t}}(x*, x_t)`: D by the potential along a motion of the weights, against h of weights.

    The left side takes its velocity from g and h and its D from R; the right side knows no potential:
    `y_a(x*) = h(φ(μ*, a))`. Had both sides y from R, any R would pass.
    """
    w, target = weights(case, mu, a), weights(case, mu + 0.02 * rng.standard_normal(N), a)
    force, alpha = rng.standard_normal(N), 0.7
    level, strength = jnp.asarray(a), jnp.asarray(alpha)
    g, h = case.param.g, case.param.h  # pyright: ignore[reportAttributeAccessIssue]

    @quick_jit
    def rate(w, target, force):
        x, pull = jax.vjp(g, w)
        dw = -(pull(force)[0] + strength * jax.grad(h)(w))
        dx = jax.jvp(g, (w,), (dw,))[1]
        return jax.jvp(lambda x, a: R.bregman(g(target), x, a), (x, level), (dx, -strength))[1]

    def formula(with_decay, shift=0.0):
        def right(w, target, force):
            return -force @ (g(w) - g(target)) + with_decay * strength * (h(target) - (h(w) + shift))

        return quick_jit(right)

    points = (w, target, force)
    return (
        {"d/dt D(x*, x)": identity(rate, formula(1.0), *points)},
        {
            "d/dt D without the decay term": identity(rate, formula(0.0), *points),
            "d/dt D, decay term reversed": identity(rate, formula(-1.0), *points),
            "d/dt D, a constant added to y of x alone": identity(rate, formula(1.0, 1e-6), *points),
        },
    )
