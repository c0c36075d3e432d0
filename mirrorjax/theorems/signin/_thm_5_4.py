"""signin/5.4: no reparameterization of bounded metric turns a negative w."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from ...checks import MAIN, SWAP, Finding, Hypothesis, StartMap
from ...instances import draw
from ...registry import theorem
from ._neurons import FAMILIES, RECOVERED, Ensemble, mismatches, scalar_force, scalar_loss

N, BOUNDED = 400, len(FAMILIES)
END, TIMES = 20.0, 17


@dataclasses.dataclass(frozen=True)
class Starts:
    """(a₀, w₀) of every start, (N, 2), w₀ < 0, and the families of a and of w, (N, 2)."""

    name: str
    w0: np.ndarray
    kinds: np.ndarray


def cases(seed, data=None):
    """a₀ of both signs, in all pairs of families and in random ones besides."""
    found = []
    pairs = np.stack(np.meshgrid(np.arange(BOUNDED), np.arange(BOUNDED)), axis=-1).reshape(-1, 2)
    for i, (_, rng) in enumerate(draw(seed)):
        a = rng.uniform(0.2, 2.0, N) * rng.choice([-1.0, 1.0], N)
        more = rng.integers(0, BOUNDED, (N - len(pairs), 2))
        starts = np.stack([a, -rng.uniform(0.05, 1.5, N)], axis=1)
        found.append(Starts(f"{N} starts, {i} (seed {seed})", starts, np.concatenate([pairs, more])))
    return found


def follow(starts: np.ndarray, kinds: np.ndarray, stops: bool = False) -> Ensemble:
    """`stops` for starts at w > 0 only, which may run into the kink."""
    lifts = [lift for _, lift in FAMILIES.values()]
    weights = np.array([
        np.stack([np.stack(lifts[kind](theta)) for kind, theta in zip(*row)], axis=1) for row in zip(kinds, starts)
    ])  # fmt: skip
    return Ensemble(scalar_force, kinds, weights, np.linspace(0.0, END, TIMES), np.full(len(starts), stops))


@theorem(
    id="signin/5.4",
    title="no reparameterization of bounded metric turns a negative w",
    statement=r"$\alpha = 0$, the $L$ of signin/5.1, and any reparameterization with $J_gJ_g^\top$ diagonal in $(a, w)$ and bounded "
    r"at $w = 0$: $w_0 < 0$ implies $w_t < 0$ for all $t$, as $\partial_w L = \frac{1}{2}a^2w$ there; so $aw = 1$ is never reached "
    r"with $w > 0$. The metric of $w = \theta^{1/3}$ is unbounded there, and $w$ can reach 0 in finite time.",
    source="signin, Theorem 5.4",
    instances=cases,
)
def theorem_(case: Starts, rungs) -> Finding:
    """No errors are planted: a number of starts is whole."""
    ensemble = follow(case.w0, case.kinds)
    main, swap = ensemble.paths(rungs[-1], MAIN), ensemble.paths(rungs[-2], SWAP)
    w, other = main.theta[..., 1], swap.theta[..., 1]
    # The sign is as certain as the relative agreement of two solvers on w, however small w is.
    with np.errstate(invalid="ignore", divide="ignore"):  # a w that comes to 0, as w₀ > 0 may, is left undecided
        apart = np.max(np.abs(other / w - 1), axis=1)
    solved = main.ok & swap.ok & (apart < 1e-3)
    floor = float(np.max(apart[solved]))
    crossed = int(np.sum(np.any(w[solved] >= 0, axis=1)))
    there = scalar_loss(main.theta[:, -1]) < RECOVERED
    right = case.w0[:, 0] > 0
    open_ = int(np.sum(~solved))
    return Finding(
        claims={
            "w₀ < 0: w_t ≥ 0 at some time": mismatches(crossed, N, floor),
            "w₀ < 0: recovered": mismatches(int(np.sum(there[solved])), N, floor),
        },
        controls={
            "recovers iff a₀ > 0": mismatches(int(np.sum((there != right)[solved])), N, floor),
            "w = θ^{1/3}, unbounded metric: w_t ≥ 0 at some time": unbounded(case, floor),
            "w₀ > 0 keeps its sign too": positive(case, rungs, floor),
        },
        hypotheses=(
            Hypothesis("largest w₀", float(np.max(case.w0[:, 1])), bool(np.all(case.w0[:, 1] < 0))),
            Hypothesis("metric at w = 0, largest", largest_metric(case), largest_metric(case) < 100),
            Hypothesis("starts left undecided at the horizon", f"{open_} of {N}", 20 * open_ <= N),
        ),
        observations={
            "largest w at any time": float(np.max(w)),
            "solvers apart, relative": floor,
            "undecided": float(open_),
        },
        series=(StartMap(case.w0[:, 0], case.w0[:, 1], np.where(solved, there, np.nan), np.zeros(N)),),
    )


def largest_metric(case: Starts) -> float:
    """Jg Jgᵀ of every family in use, at weights of w = −1e-9 and below: it stays bounded."""
    small = -np.geomspace(1e-3, 1e-9, 4)
    found = []
    for kind in np.unique(case.kinds[:, 1]):
        g, lift = list(FAMILIES.values())[kind]
        weights = jnp.stack([jnp.asarray(part) for part in lift(small)])
        slope = jax.vmap(jax.grad(g), in_axes=1)(weights)
        found.append(float(jnp.max(jnp.sum(slope**2, axis=1))))
    return max(found)


def unbounded(case: Starts, floor: float):
    """The same starts with a plain and w = θ^{1/3}, whose metric is w⁻⁴/9.

    In y = w⁴, by fourth-order steps: there the flow runs smoothly into 0, at rate −(2/9)a², where the
    weights themselves would stall an adaptive solver at an infinite slope.
    """

    def field(state):
        a, y = state
        return np.stack([-0.5 * a * np.sqrt(np.maximum(y, 0.0)), -2 / 9 * a**2])

    state, h = np.stack([case.w0[:, 0], case.w0[:, 1] ** 4]), END / 2000
    reached = np.zeros(N, bool)
    for _ in range(2000):
        k1 = field(state)
        k2 = field(state + h / 2 * k1)
        k3 = field(state + h / 2 * k2)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + field(state + h * k3))
        reached |= state[1] <= 0
    return mismatches(int(np.sum(reached)), N, floor)


def positive(case: Starts, rungs, floor: float):
    """w₀ of the other sign, plain: a₀ < −w₀ runs into w = 0."""
    starts = np.abs(case.w0) * np.where(case.w0[:, :1] < 0, np.array([-1.0, 1.0]), 1.0)
    w = follow(starts, np.zeros((N, 2), int), stops=True).paths(rungs[-1]).theta[:, -1, 1]
    return mismatches(int(np.sum(w <= 0)), N, floor)
