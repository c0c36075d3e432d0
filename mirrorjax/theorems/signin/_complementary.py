"""signin/complementary: in two dimensions or more plain flow turns w, and Sign-In turns a."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

import mirrorjax as mj

from ..._compile import quick_jit
from ..._ode import Solver
from ...checks import Evidence, Finding, identity
from ._neurons import RECOVERED, Paths, Recovery, follow, maps, mismatches, reset

EACH, AXIS, SPACE = 24, 12, 5
"""Starts of a group, of those on the axis, and the dimension in which every d ≤ 5 is followed."""
GOOD, BAD = (1.0, 0.2), (0.2, 1.0)
NEAREST = 0.6
END, TIMES = 250.0, 17
STILL = 3e-4
"""Speed at rest: where a and w tend to 0 together they do so like t^(−1/2), and 1.3e-4 is left at the end."""
BOUNDARY = np.array([[0.0, -2.0], [0.0, 2.0]])
"""Between the starts that plain flow recovers from and the others, in (a₀, ⟨w₀, e₁⟩)."""
SAMPLES = 100_000
NODES = 12


@dataclasses.dataclass(frozen=True)
class Starts:
    """(a₀, w₀) of every start, (N, 1 + 5), their `groups`, w₀ in the first d coordinates."""

    name: str
    w0: np.ndarray
    groups: dict[str, slice]
    d: int


def cases(seed, data=None):
    """d = 2, 3, 5: directions on both sides of the equator."""
    found = []
    for d, (name, rng) in zip((2, 3, 5), mj.instances.draw(seed, 55)):
        size = rng.uniform(0.4, 1.6, EACH)
        axis = rng.uniform(0.4, 1.6, AXIS) * np.tile([1.0, -1.0], AXIS // 2)
        half = np.full(EACH, 0.5)
        parts = {
            "plain, a₀ > 0": balanced(size, directions(rng, EACH, d)),
            "plain, a₀ < 0": balanced(-size, directions(rng, EACH, d)),
            "β = (1, 0.2)": balanced(-half, directions(rng, EACH, d)),
            "β = (0.2, 1)": balanced(-half, directions(rng, EACH, d)),
            "plain, on the axis": balanced(np.abs(axis), np.sign(axis)[:, None]),
            "β = (1, 0.2), on the axis": balanced(np.full(AXIS, -0.5), np.sign(axis)[:, None]),
            "plain, 2|a₀| = ‖w₀‖": balanced(-size, directions(rng, EACH, d)) * np.array([0.5, *np.ones(SPACE)]),
        }
        ends = np.cumsum([0, *(len(part) for part in parts.values())])
        groups = {name: slice(int(a), int(b)) for name, a, b in zip(parts, ends, ends[1:])}
        found.append(Starts(f"d = {d} (seed {seed})", np.concatenate(list(parts.values())), groups, d))
    return found


def directions(rng: np.random.Generator, count: int, d: int) -> np.ndarray:
    """Unit vectors, ⟨w, e₁⟩ of alternating sign, none nearer than 53° to −e₁.

    At an angle δ to −e₁ only δ³/3 of the overlap is left to drive a: from there it merely takes longer.
    """
    along = rng.uniform(0.05, NEAREST, count) * np.tile([1.0, -1.0], count // 2)
    across = rng.standard_normal((count, d - 1))
    across *= np.sqrt(1 - along**2)[:, None] / np.linalg.norm(across, axis=1, keepdims=True)
    return np.concatenate([along[:, None], across], axis=1)


def balanced(a: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """(a, w) with |a| = ‖w‖; the coordinates beyond d are 0 and remain so."""
    starts = np.zeros((len(a), 1 + SPACE))
    starts[:, 0] = a
    starts[:, 1 : 1 + direction.shape[1]] = np.abs(a)[:, None] * direction
    return starts


def angle(w):
    """ϑ between w and e₁. Not by the cosine, which loses half of the digits near 0 and π."""
    across = jnp.sum(w[1:] ** 2)
    return jnp.arctan2(jnp.where(across > 0, jnp.sqrt(jnp.where(across > 0, across, 1.0)), 0.0), w[0])


def loss(theta):
    """The population loss as stated; written out, as the derivative of `ReluNeurons` is the formula of `force`."""
    a, w = theta[0], theta[1:]
    size, turn = jnp.sqrt(jnp.sum(w**2)), angle(w)
    overlap = jnp.sin(turn) + (jnp.pi - turn) * jnp.cos(turn)
    return (a**2 * size**2 / 2 + 0.5 - a * size / jnp.pi * overlap) / 2


def force(theta):
    """∇L, with `∇‖w‖(sin ϑ + (π − ϑ) cos ϑ) = (π − ϑ) e₁ + sin ϑ w/‖w‖`: finite wherever w ≠ 0."""
    a, w = theta[0], theta[1:]
    size, turn = jnp.sqrt(jnp.sum(w**2)), angle(w)
    pull = (jnp.sin(turn) / size * w).at[0].add(jnp.pi - turn)
    return jnp.concatenate([jnp.sum(w * (a * w - pull / jnp.pi))[None], a**2 * w - a / jnp.pi * pull]) / 2


losses, gradients, forces = (quick_jit(jax.vmap(function)) for function in (loss, jax.grad(loss), force))


class Neuron(eqx.Module):
    """Gradient flow on (m, w): θ = mw where `product` is 1, θ = m where it is 0."""

    product: Float[Array, "*members"]

    @property
    def breakpoints(self):
        return jnp.zeros(0)

    def __call__(self, t, state, args=None):
        theta, pull = jax.vjp(self.g, state)
        return -pull(force(theta))[0]

    def g(self, state):
        m, w = state
        return m * (self.product * w + 1 - self.product)


def follow_all(case: Starts, rtol: float, solver: Solver) -> Paths:
    """All starts of an instance, each in its parameterization."""
    products, states = np.zeros(len(case.w0)), np.zeros((len(case.w0), 2, 1 + SPACE))
    states[:, 0] = case.w0
    for name, group in case.groups.items():
        if name.startswith("β"):
            first, second = GOOD if name.startswith("β = (1") else BAD
            products[group] = 1.0
            states[group] = np.stack(reset(case.w0[group], np.array([first, *[second] * SPACE])), axis=1)
    # Coordinates pass through 0 here, which only an absolute tolerance gets across.
    ts = jnp.linspace(0.0, END, TIMES)
    return follow(Neuron(jnp.asarray(products)), jnp.asarray(states), ts, rtol, rtol, solver)


def recovery(runs: list[Paths]) -> Recovery:
    """Not recovered: at rest at a loss of ¼ or more. Undecided where the two solvers differ."""
    outcomes = []
    for run in runs:
        end = np.asarray(losses(run.theta[:, -1]))
        there, lost = end < RECOVERED, (end > 0.25 - 1e-15) & (run.speed < STILL)
        outcomes.append(np.where(run.ok & (there | lost), np.where(there, 1.0, 0.0), np.nan))
    end = np.asarray(losses(runs[0].theta[:, -1]))
    outcome = np.where(outcomes[0] == outcomes[1], outcomes[0], np.nan)
    return Recovery(outcome, float(np.max(end[outcome == 1], initial=0) / np.min(end[outcome == 0], initial=1)))


@mj.theorem(
    id="signin/complementary",
    title="in d ≥ 2 plain flow turns w but never the sign of a, and Sign-In turns a",
    statement=r"Teacher $\mathrm{ReLU}(z_1)$, student $a\,\mathrm{ReLU}(\langle w, z \rangle)$, $z \sim N(0, I_d)$, $d \geq 2$, $\vartheta$ "
    r"the angle between $w$ and $e_1$: $L = \frac{1}{2}[\frac{1}{2}a^2\|w\|^2 + \frac{1}{2} - \frac{a\|w\|}{\pi}(\sin\vartheta + "
    r"(\pi - \vartheta)\cos\vartheta)]$. Plain flow from $|a_0| = \|w_0\|$ keeps the sign of $a$ and recovers the teacher if "
    r"$a_0 > 0$, also from $\langle w_0, e_1 \rangle < 0$, and never if $a_0 < 0$. Sign-In from $a_0 = -\frac{1}{2}$ recovers it with "
    r"$\beta = (1, 0.2)$ and not with $(0.2, 1)$. In $d = 1$ Sign-In turns $a$, and nothing turns $w$.",
    source="signin, the complementary roles of a and w",
    instances=cases,
)
def theorem_(case: Starts, rungs) -> Finding:
    runs = [follow_all(case, rungs[-1], mj.checks.MAIN), follow_all(case, rungs[-1], mj.checks.SWAP)]
    measured = recovery(runs)
    a, along = case.w0[:, 0], case.w0[:, 1]

    def part(*names: str):
        return np.concatenate([np.arange(len(a))[case.groups[name]] for name in names])

    def on(rows: np.ndarray, expected) -> Evidence:
        return Recovery(measured.outcome[rows], measured.floor).against(np.broadcast_to(expected, len(a))[rows])

    plain = part("plain, a₀ > 0", "plain, a₀ < 0")
    good, bad = part("β = (1, 0.2)"), part("β = (0.2, 1)")
    axis, turned = part("plain, on the axis"), part("β = (1, 0.2), on the axis")
    claims, controls = population(case)
    return Finding(
        claims={
            "plain: recovers iff a₀ > 0: mismatches": on(plain, a > 0),
            "plain: a_t of the other sign than a₀": turns(runs, plain),
            "β = (1, 0.2), a₀ = −½: not recovered": on(good, True),
            "β = (0.2, 1), a₀ = −½: recovered": on(bad, False),
            "d = 1, plain, a₀ > 0: recovers iff w₀ > 0: mismatches": on(axis, along > 0),
            "d = 1, β = (1, 0.2), a₀ = −½: recovers iff w₀ > 0: mismatches": on(turned, along > 0),
            **claims,
        },
        controls={
            "plain: recovers iff a₀, ⟨w₀, e₁⟩ > 0": on(plain, (a > 0) & (along > 0)),
            "plain: recovers iff ⟨w₀, e₁⟩ > 0": on(plain, along > 0),
            "plain: recovers from a₀ < 0 too": on(plain, True),
            "Sign-In with β exchanged: (0.2, 1) recovers": on(bad, True),
            "Sign-In with β exchanged: (1, 0.2) does not": on(good, False),
            "β = (1, 0.2): recovers iff ⟨w₀, e₁⟩ > 0": on(good, along > 0),
            "d = 1, plain: recovers iff a₀ > 0, as in d ≥ 2": on(axis, a > 0),
            "d = 1, β = (1, 0.2): recovers, as in d ≥ 2": on(turned, True),
            "with 2|a₀| = ‖w₀‖: a_t of the other sign than a₀": turns(runs, part("plain, 2|a₀| = ‖w₀‖")),
            **controls,
        },
        hypotheses=(measured.hypothesis(), sampled_loss(case)),
        planted={size: agrees(case.w0[:EACH], 1 + size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        observations={
            **{f"recovered, {name}": share(measured.outcome[group]) for name, group in case.groups.items()},
            "undecided": float(measured.undecided),
        },
        series=maps(case.w0[plain, :2], Recovery(measured.outcome[plain], measured.floor), a[plain] > 0, BOUNDARY),
    )


def share(outcome: np.ndarray) -> str:
    return f"{int(np.nansum(outcome))} of {len(outcome)}"


def turns(runs: list[Paths], rows: np.ndarray) -> Evidence:
    """Starts whose a changes its sign; a sign is as certain as two solvers agree on a."""
    main, other = (run.theta[rows, :, 0] for run in runs)
    floor = float(np.max(np.abs(other / main - 1)))
    return mismatches(int(np.sum(np.any(main * main[:, :1] <= 0, axis=1))), len(rows), floor)


def by_quadrature(starts: np.ndarray) -> np.ndarray:
    """½ E(a ReLU⟨w, z⟩ − ReLU z₁)² by Gauss's rules in polar coordinates of the plane of w and e₁.

    Laguerre's along r²/2, Legendre's between the four directions where one of the neurons switches.
    """
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    square, mass = np.polynomial.laguerre.laggauss(2)
    a, first, second = starts[:, 0], starts[:, 1], np.linalg.norm(starts[:, 2:], axis=1)
    turn = np.arctan2(second, first)
    quarter, ends = np.full_like(turn, np.pi / 2), (0 * turn, 0 * turn + 2 * np.pi)
    kinks = np.stack([-quarter, quarter, turn - quarter, turn + quarter]) % (2 * np.pi)
    cuts = np.sort(np.concatenate([kinks, ends]), axis=0)
    half = np.diff(cuts, axis=0)[..., None] / 2
    phi, r = cuts[:-1, :, None] + half * (1 + nodes), np.sqrt(2 * square)[:, None, None, None]
    z1, z2 = r * np.cos(phi), r * np.sin(phi)
    own = np.maximum(first[:, None] * z1 + second[:, None] * z2, 0)
    error = (a[:, None] * own - np.maximum(z1, 0)) ** 2
    return np.einsum("r,rkin,kin->i", mass, error, half * weights) / (4 * np.pi)


def agrees(starts: np.ndarray, factor: float = 1.0) -> Evidence:
    """The stated loss against the quadrature; `factor` on its overlap term."""

    def stated(theta):
        at = np.asarray(theta)
        own = (at[:, 0] ** 2 * np.sum(at[:, 1:] ** 2, axis=1) / 2 + 0.5) / 2
        return own + factor * (np.asarray(losses(theta)) - own)

    return identity(stated, lambda theta: by_quadrature(np.asarray(theta)), starts)


def population(case: Starts) -> tuple[dict[str, Evidence], dict[str, Evidence]]:
    """That the loss followed is the one of the two neurons, and why balance holds."""
    inside = case.w0[:EACH]  # off the axis, where ϑ has a derivative

    def balance(wrong: float) -> Evidence:
        def left(theta):
            return wrong * np.asarray(theta)[:, 0] * np.asarray(gradients(theta))[:, 0]

        def right(theta):
            return np.sum(np.asarray(theta)[:, 1:] * np.asarray(gradients(theta))[:, 1:], axis=1)

        return identity(left, right, inside)

    return (
        {
            "L = ½E(a ReLU⟨w, z⟩ − ReLU z₁)²": agrees(case.w0),
            "the flow descends on L": identity(forces, gradients, inside),
            "a ∂_aL = ⟨w, ∇_wL⟩, so that a² − ‖w‖² is constant": balance(1.0),
        },
        {
            "L with the overlap wrong by 1e-6": agrees(case.w0, 1 + 1e-6),
            "L without the factor ½ of the overlap": agrees(case.w0, 2.0),
            "a ∂_aL = 2⟨w, ∇_wL⟩": balance(0.5),
        },
    )


def sampled_loss(case: Starts) -> mj.checks.Hypothesis:
    """The same mean over draws of all d coordinates, in standard errors."""
    rng = np.random.default_rng(5)
    a, w = case.w0[0, 0], case.w0[0, 1:]
    z = rng.standard_normal((SAMPLES, SPACE))
    error = (a * np.maximum(z @ w, 0) - np.maximum(z[:, 0], 0)) ** 2 / 2
    away = float((np.mean(error) - losses(case.w0[:1])[0]) / (np.std(error) / np.sqrt(SAMPLES)))
    return mj.checks.Hypothesis(f"L against {SAMPLES:,} draws of z, in standard errors", away, abs(away) < 5)
