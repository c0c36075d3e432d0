"""beyond/homogeneous-Q: the conjugate potential of a homogeneous g is a multiple of the squared weights.

Derivation: φ moves by `∂φ/∂μ_i = ∇g_i` and `∂φ/∂a = ∇h`, so that `∂_{μ_i} ‖φ‖²/2 = ⟨φ, ∇g_i⟩ = p g_i` and
`∂_a ‖φ‖²/2 = ⟨φ, ∇h⟩ = q h`, for g of degree p and h of degree q (Euler).
"""

import dataclasses
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

Block = tuple[float, float, Callable, Callable]

BLOCKS: dict[str, Block] = {
    "u⁴ − v⁴, h = u⁴ + v⁴": (4, 4, lambda w: w[0] ** 4 - w[1] ** 4, lambda w: w[0] ** 4 + w[1] ** 4),
    "uv, h = u² + v²": (2, 2, lambda w: w[0] * w[1], lambda w: w[0] ** 2 + w[1] ** 2),
    "u³, h = z⁶": (3, 6, lambda w: w[0] ** 3, lambda w: w[1] ** 6),
    "u², h = u² + z⁴": (2, 2, lambda w: w[0] ** 2, lambda w: w[0] ** 2 + w[1] ** 4),
}
"""p, the degree of h (where it has one), g and h of two weights; the last h has no degree."""
MIXED = "u², h = u² + z⁴"


class Sensitivities(mj.flows.AbstractFlow):
    """`dw/dτ = μ∇g + a∇h` and its derivatives (∂w/∂μ, ∂w/∂a) beside it, for k starts of every block.

    The state is (w (b, k, 2), S (b, k, 2, 2)). Forward sensitivities, because the derivative is the
    claim: a derived potential has it built in as a rule.
    """

    mu: Float[Array, "b k"]
    a: Float[Array, "b k"]

    def __call__(self, t, state, args=None):
        blocks = [
            jax.vmap(lambda w, S, mu, a, g=g, h=h: _turn(g, h, w, S, mu, a))(*parts)
            for (_, _, g, h), *parts in zip(BLOCKS.values(), *state, self.mu, self.a)
        ]
        return tuple(jnp.stack(part) for part in zip(*blocks))

    def effective(self, t, state):
        return jnp.ravel(state[0])

    @property
    def breakpoints(self):
        return jnp.zeros(0)


def _turn(g: Callable, h: Callable, w: Array, S: Array, mu: Array, a: Array) -> tuple[Array, Array]:
    def field(w):
        return mu * jax.grad(g)(w) + a * jax.grad(h)(w)

    moved = jax.vmap(lambda s: jax.jvp(field, (w,), (s,))[1], 1, 1)(S)
    return field(w), moved + jnp.stack([jax.grad(g)(w), jax.grad(h)(w)], axis=1)


@dataclasses.dataclass(frozen=True)
class Case:
    """Starts (block, k, 2) with a μ and an a for each."""

    name: str
    w0: np.ndarray
    mu: np.ndarray
    a: np.ndarray


def cases(seed, data=None):
    """Three random sets of four starts per block, small enough for every φ to exist."""
    found = []
    for name, rng in mj.instances.draw(seed):
        shape = (len(BLOCKS), 4)
        w0, mu, a = rng.uniform(0.5, 0.9, (*shape, 2)), rng.uniform(-0.08, 0.08, shape), -rng.uniform(0.05, 0.2, shape)
        found.append(Case(name, w0, mu, a))
    return found


@mj.theorem(
    id="beyond/homogeneous-Q",
    title="for g of degree p, Q is the squared norm of the weights over 2p",
    statement=r"All $g_i$ of degree $p \neq 0$, $(g, h)$ commuting: $\nabla_\mu (\|\varphi\|^2/(2p)) = g(\varphi)$ whatever $h$ is. "
    r"$\partial_a (\|\varphi\|^2/(2p)) = (q/p)\,h(\varphi)$ for $h$ of degree $q$: it is the $Q$ with $\partial_a Q = h$ only if "
    r"$q = p$, and not for $g = u^2$, $h = u^2 + z^4$.",
    source="a statement of this project: Q of a homogeneous g",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    flow = Sensitivities(jnp.asarray(case.mu), jnp.asarray(case.a))
    start = (jnp.asarray(case.w0), jnp.zeros((*case.w0.shape, 2)))
    route = FlowRoute(flow, start, ts=np.array([0.0, 1.0]))
    parts = [one_block(i, name, route, rungs) for i, name in enumerate(BLOCKS)]
    return dataclasses.replace(mj.checks.merged(parts), hypotheses=tuple(hypotheses(case)))


def hypotheses(case: Case) -> Iterator[mj.checks.Hypothesis]:
    """Euler's relations and the bracket, at every start."""
    for (name, (p, q, g, h)), w0 in zip(BLOCKS.items(), jnp.asarray(case.w0)):
        yield vanishes(f"⟨w,∇g⟩ − pg, {name}", lambda w, g=g, p=p: w @ jax.grad(g)(w) - p * g(w), w0)
        yield vanishes(f"[∇g, ∇h], {name}", lambda w, g=g, h=h: mj.geometry.lie_bracket(g, h, w), w0)
        if name != MIXED:
            yield vanishes(f"⟨w,∇h⟩ − qh, {name}", lambda w, h=h, q=q: w @ jax.grad(h)(w) - q * h(w), w0)


def vanishes(name: str, of: Callable, points: Array) -> mj.checks.Hypothesis:
    size = float(np.max(np.abs(np.asarray(jax.vmap(of)(points)))))
    return mj.checks.Hypothesis(name, size, size <= 1e-14)


def one_block(i: int, name: str, route: FlowRoute, rungs) -> Finding:
    p, q, g, h = BLOCKS[name]

    def last(path: mj.flows.Trajectory) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(path.state[0][-1, i]), np.asarray(path.state[1][-1, i])

    def slope(which: int, factor: float = 1.0) -> FlowRoute:
        """`∂(‖φ‖²/(2p))`, by μ or by a."""

        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            w, S = last(path)
            return factor * np.sum(w * S[:, :, which], axis=1)[None] / p

        return route.observing(observe)

    def value(of: Callable, factor: float = 1.0) -> FlowRoute:
        return route.observing(lambda path: factor * np.array([[float(of(w)) for w in last(path)[0]]]))

    def same(which: int, of: Callable, factor: float) -> Evidence:
        right = value(of, factor)
        size = float(np.max(np.abs(right(rungs[-1], "dopri8").values)))
        return compare(slope(which), right, rungs, scale=size, moved=size)

    by_mu = {f"{name}: ∇_μ‖φ‖²/(2p) = g": same(0, g, 1.0)}
    wrong = {
        f"{name}: ∇_μ‖φ‖²/2 = g": same(0, g, 1 / p),
        f"{name}: ∇_μ wrong by 1e-6": same(0, g, 1 + 1e-6),
    }
    planted = {d: same(0, g, 1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-6)}
    if name == MIXED:
        return Finding(by_mu, wrong | {f"{name}: ∂_a‖φ‖²/(2p) = h": same(1, h, 1.0)}, planted=planted)
    wrong[f"{name}: ∂_a‖φ‖²/(2p) = h/p"] = same(1, h, 1 / p)
    if q != p:
        wrong[f"{name}: ∂_a‖φ‖²/(2p) = h"] = same(1, h, 1.0)
    return Finding(by_mu | {f"{name}: ∂_a‖φ‖²/(2p) = (q/p)h": same(1, h, q / p)}, wrong, planted=planted)
