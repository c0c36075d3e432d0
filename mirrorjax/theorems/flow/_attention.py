"""flow/attention: where softmax attention is m ⊙ w, and what its unaligned weights do."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ..._ode import Solution
from ...checks import Evidence, Finding, FlowRoute, compare
from ._ranks import MEASURES, effective_rank, nuclear_over_frobenius, paired_ranks

D, TOKENS, SAMPLES = 3, 4, 2
FLIPS = 2**D
T1 = 30.0
SEEDS, WIDTH, EACH = 10, 8, 16
"""Of part (iii): paired runs, the size of K and Q, and samples of one run."""
DOSES, T_OFF, T_END = np.array([0.0, 0.25, 0.5, 1.0, 2.0]), 5.0, 60.0
RTOLS = (1e-5, 1e-7)


@dataclasses.dataclass(frozen=True)
class Unaligned:
    """Full K, Q without alignment: `starts` is (Kᵀ, Q), (seeds, d, d) each, `samples` those of all seeds in one."""

    samples: mj.problems.Attention
    starts: tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Layer:
    """`K = O diag(k) Uᵀ`, `Q = O diag(q) Vᵀ`, a few samples, and as many unflipped ones as the flips make of them."""

    name: str
    U: np.ndarray
    V: np.ndarray
    O: np.ndarray
    other: np.ndarray
    w0: np.ndarray
    few: mj.problems.Attention
    many: mj.problems.Attention
    strength: float
    unaligned: Unaligned
    real: bool = False


def cases(seed, data=None):
    """Three random layers, and one that tells whether the next word of Python's help is "the"."""
    instances = []
    for strength, (name, rng) in zip((0.05, 0.1, 0.2), mj.instances.draw(seed, 65)):
        layer = *start(rng), random_attention(rng, SAMPLES, D), random_attention(rng, FLIPS * SAMPLES, D)
        full = unaligned(rng, random_attention(rng, SEEDS * EACH, WIDTH))
        instances.append(Layer(name, *layer, strength, full))
    rng = np.random.default_rng([seed, 65, len(instances)])
    few, many = (mj.problems.topics_attention(D, TOKENS, samples, rng) for samples in (SAMPLES, FLIPS * SAMPLES))
    layer = *start(rng), few, many
    full = unaligned(rng, mj.problems.topics_attention(WIDTH, TOKENS, SEEDS * EACH, rng))
    return [*instances, Layer("help topics", *layer, 0.1, full, real=True)]


def random_attention(rng: np.random.Generator, samples: int, d: int) -> mj.problems.Attention:
    """Gaussian queries, tokens and values with random labels."""
    shape = (samples, TOKENS)
    return mj.problems.Attention(
        2 * rng.standard_normal((samples, d)), rng.standard_normal((*shape, d)),
        2 * rng.standard_normal(shape), rng.choice([-1.0, 1.0], samples),
    )  # fmt: skip


def unaligned(rng: np.random.Generator, samples: mj.problems.Attention) -> Unaligned:
    """Gaussian K and Q for every seed."""
    K, Q = rng.standard_normal((2, SEEDS, WIDTH, WIDTH)) / np.sqrt(WIDTH)
    return Unaligned(samples, (np.swapaxes(K, 1, 2), Q))


def start(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """U, V, O, another O, and (k, q)."""
    U, V, O, other = (mj.instances.orthonormal(rng, D, D) for _ in range(4))
    return U, V, O, other, np.stack([rng.uniform(0.8, 1.3, D), 0.4 * rng.standard_normal(D)])


@mj.theorem(
    id="flow/attention",
    title="diagonal or aligned attention weights follow the m ⊙ w flow",
    statement=r"Logits $\hat q^\top K^\top Q z/\sqrt{d}$. (i) Diagonal $K$, $Q$: $x = k \odot q$ is the flow of $m \odot w$, for "
    r"any loss. (ii) $K = O\,\mathrm{diag}(k)U^\top$, $Q = O\,\mathrm{diag}(q)V^\top$, scalar token values and a logistic loss "
    r"averaged over all joint flips $(\hat q, z) \to (USU^\top\hat q, VSV^\top z)$, $S = \mathrm{diag}(\pm 1)$: the spectral "
    r"lemma applies, $K^\top Q = U\,\mathrm{diag}(\sigma)V^\top$. (iii) Full $K$, $Q$ without alignment are outside the theorem: "
    r"how the rank of $K^\top Q$ goes with the dose is measured over paired seeds with 98 % intervals, not claimed.",
    source="flow, attention",
    instances=cases,
)
def theorem_(case: Layer, rungs) -> Finding:
    schedule = mj.schedules.SwitchOff(case.strength, at=5.0)
    ts = np.linspace(0.0, T1, mj.checks.POINTS)
    R = mj.potentials.potential_of(mj.parameterizations.Hadamard(), case.w0)
    flipped = case.few.flipped(case.U, case.V)

    def full(problem: mj.problems.Attention, O: np.ndarray = case.O) -> FlowRoute:
        k, q = case.w0
        start = case.U * k @ case.O.T, O * q @ case.V.T
        return FlowRoute(mj.flows.GradientFlow(problem, mj.parameterizations.Factorization(), schedule), start, ts=ts)

    def spectral(**wrong: float) -> FlowRoute:
        problem = mj.problems.Diagonal(flipped, case.U, case.V)
        return FlowRoute(
            mj.flows.MirrorFlow(problem, mj.potentials.Distorted(R, **wrong), schedule),
            ts=ts,
            observe=mj.instances.in_frame(case.U, case.V),
        )

    diagonal = mj.problems.Diagonal(case.many, np.eye(D), np.eye(D))
    left = FlowRoute(mj.flows.GradientFlow(diagonal, mj.parameterizations.Hadamard(), schedule), case.w0, ts=ts)
    aligned = full(flipped)

    def of_diagonal(**wrong: float) -> Evidence:
        return compare(
            left, FlowRoute(mj.flows.MirrorFlow(diagonal, mj.potentials.Distorted(R, **wrong), schedule), ts=ts), rungs
        )

    def of_aligned(route: FlowRoute = aligned, **wrong: float) -> Evidence:
        return compare(route, spectral(**wrong), rungs)

    observations, series = ranks(case.unaligned)
    return Finding(
        hypotheses=(
            mj.instances.positive_scale(mj.instances.hyperbolic(mj.parameterizations.Hadamard(), case.w0)),
            alignment(case, flipped),
        ),
        claims={
            "(i) diagonal K, Q: k ⊙ q by the mirror flow": of_diagonal(),
            "(ii) aligned K, Q: KᵀQ = U diag(σ) Vᵀ": of_aligned(),
        },
        controls={
            "(i) exponent halved": of_diagonal(a_factor=0.5),
            "(i) constant halved": of_diagonal(mu_factor=0.5),
            "(ii) loss without the flips": of_aligned(full(case.many)),
            "(ii) another O in Q": of_aligned(full(flipped, case.other)),
            "(ii) time variation dropped": of_aligned(a_factor=0.0),
        },
        planted={size: of_aligned(mu_factor=1 + size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
        observations=observations,
        series=(series,),
    )


def alignment(case: Layer, flipped: mj.problems.Attention) -> mj.checks.Hypothesis:
    """`∇f` at `U diag(σ) Vᵀ` is diagonal in (U, V)."""
    sigma = np.arange(1.0, D + 1)
    gradient = np.asarray(flipped.grad(jnp.ravel(case.U * sigma @ case.V.T))).reshape(D, D)
    turned = case.U.T @ gradient @ case.V
    off = float(np.max(np.abs(turned - np.diag(np.diag(turned)))) / np.max(np.abs(turned)))
    return mj.checks.Hypothesis("∇f diagonal in (U, V), off the diagonal", off, off < 1e-13)


class Weights(mj.parameterizations.AbstractParameterization):
    """`M = KᵀQ` of the state (Kᵀ, Q), or its first part itself with `linear`, an array: one compilation for both."""

    linear: Array

    @property
    def degree(self) -> None:
        return None

    def g(self, w):
        return jnp.ravel(jnp.where(self.linear, w[0], w[0] @ w[1]))

    def h(self, w):
        return jnp.sum(w[0] ** 2) + jnp.sum(w[1] ** 2)


def singular_values(flow: mj.flows.GradientFlow, path: Solution) -> Array:
    """Of M at the end."""
    values = jnp.linalg.svd(flow.param.g(path.last).reshape(WIDTH, WIDTH), compute_uv=False)
    return jnp.where(path.ok, values, jnp.nan)


@quick_jit
def ends(param: Weights, problems: mj.problems.Attention, starts, strengths: Array, rtol: Array) -> Array:
    """Singular values of M at the end for every seed and strength of decay, (seeds, strengths, d)."""

    def under(problem, strength):
        return mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(strength, at=T_OFF))

    everywhere = functools.partial(jnp.repeat, repeats=len(strengths), axis=0)
    flows = jax.vmap(under)(jax.tree.map(everywhere, problems), jnp.tile(strengths, SEEDS))
    values = mj.flows.ensemble(
        flows, jax.tree.map(everywhere, starts), jnp.array([0.0, T_END]), rtol, rtol * 1e-2, "tsit5", 20_000,
        singular_values,
    )  # fmt: skip
    return values.reshape(SEEDS, len(strengths), -1)


def spectra(case: Unaligned, linear: bool) -> tuple[np.ndarray, float]:
    """The singular values at the end, (seeds, doses, d), and how much a finer tolerance changes what is made of them."""
    problems = jax.tree.map(lambda a: jnp.asarray(np.reshape(a, (SEEDS, EACH, *a.shape[1:]))), case.samples)
    left, right = case.starts
    starts = jax.tree.map(jnp.asarray, (left @ right, 0 * right) if linear else case.starts)
    param, strengths = Weights(jnp.asarray(linear)), jnp.asarray(DOSES / T_OFF)
    coarse, fine = (np.asarray(ends(param, problems, starts, strengths, jnp.asarray(r))) for r in RTOLS)
    return fine, max(float(np.max(np.abs(measure(fine) - measure(coarse)))) for measure in MEASURES.values())


def ranks(case: Unaligned) -> tuple[dict[str, float | str], mj.checks.RankPath]:
    """Part (iii): the rank of KᵀQ against the dose, beside that of a linear parameterization, M trained itself."""
    runs = {"KᵀQ": spectra(case, linear=False), "M trained itself": spectra(case, linear=True)}
    outside = "(iii) outside the theorem"
    observations: dict[str, float | str] = {}
    for name, (values, _) in runs.items():
        means = (f"{what} {np.mean(measure(values[:, 0])):.3f}" for what, measure in MEASURES.items())
        observations[f"{outside}, {name}: mean at dose 0"] = "; ".join(means)
    for i, dose in enumerate(DOSES[1:], 1):
        for name, (values, _) in runs.items():
            observations[f"{outside}, {name}: dose {dose:g} minus 0"] = paired_ranks(values[:, i], values[:, 0])
    observations[f"{outside}: numerical error of these"] = max(error for _, error in runs.values())
    found: dict[str, np.ndarray] = {}
    for suffix, (values, _) in zip(("", "_linear"), runs.values()):
        found |= {f"ratio{suffix}": changes(nuclear_over_frobenius(values))}
        found |= {f"effective_rank{suffix}": changes(effective_rank(values))}
    return observations, mj.checks.RankPath(DOSES, **found)


def changes(measured: np.ndarray) -> np.ndarray:
    """Mean paired difference to the first dose and half its interval, (doses, 2), of values (seeds, doses)."""
    return np.array([mj.checks.interval(at - measured[:, 0]) for at in measured.T])
