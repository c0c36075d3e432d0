"""flow/attention: where softmax attention is m ⊙ w, and what its unaligned weights do."""

import dataclasses

import jax.numpy as jnp
import numpy as np

from ...checks import POINTS, Evidence, Finding, FlowRoute, Hypothesis, compare
from ...flows import GradientFlow, MirrorFlow
from ...parameterizations import Factorization, Hadamard
from ...potentials import Distorted, potential_of
from ...problems import Attention, Diagonal, topics_attention
from ...schedules import SwitchOff
from .._frame import in_frame, orthonormal
from .._hyperbolic import hyperbolic, positive_scale
from .._registry import theorem

D, TOKENS, SAMPLES = 3, 4, 2
FLIPS = 2**D
T1 = 30.0


@dataclasses.dataclass(frozen=True)
class Layer:
    """`K = O diag(k) Uᵀ`, `Q = O diag(q) Vᵀ`, a few samples, and as many unflipped ones as the flips make of them."""

    name: str
    U: np.ndarray
    V: np.ndarray
    O: np.ndarray
    other: np.ndarray
    w0: np.ndarray
    few: Attention
    many: Attention
    strength: float
    real: bool = False


def cases(seed, data=None):
    """Three random layers, and one that tells whether the next word of Python's help is "the"."""
    instances = []
    for i, strength in enumerate((0.05, 0.1, 0.2)):
        rng = np.random.default_rng([seed, 65, i])

        def data_of(samples, rng=rng):
            shape = (samples, TOKENS)
            return Attention(
                2 * rng.standard_normal((samples, D)), rng.standard_normal((*shape, D)),
                2 * rng.standard_normal(shape), rng.choice([-1.0, 1.0], samples),
            )  # fmt: skip

        layer = *start(rng), data_of(SAMPLES), data_of(FLIPS * SAMPLES)
        instances.append(Layer(f"random {i} (seed {seed})", *layer, strength))
    rng = np.random.default_rng([seed, 65, len(instances)])
    few, many = (topics_attention(D, TOKENS, samples, rng) for samples in (SAMPLES, FLIPS * SAMPLES))
    return [*instances, Layer("help topics", *start(rng), few, many, 0.1, real=True)]


def start(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """U, V, O, another O, and (k, q)."""
    U, V, O, other = (orthonormal(rng, D, D) for _ in range(4))
    return U, V, O, other, np.stack([rng.uniform(0.8, 1.3, D), 0.4 * rng.standard_normal(D)])


@theorem(
    id="flow/attention",
    title="diagonal or aligned attention weights follow the m ⊙ w flow",
    statement=r"Logits $\hat q^\top K^\top Q z/\sqrt{d}$. (i) Diagonal $K$, $Q$: $x = k \odot q$ is the flow of $m \odot w$, for "
    r"any loss. (ii) $K = O\,\mathrm{diag}(k)U^\top$, $Q = O\,\mathrm{diag}(q)V^\top$, scalar token values and a logistic loss "
    r"averaged over all joint flips $(\hat q, z) \to (USU^\top\hat q, VSV^\top z)$, $S = \mathrm{diag}(\pm 1)$: the spectral "
    r"lemma applies, $K^\top Q = U\,\mathrm{diag}(\sigma)V^\top$. Full $K$, $Q$ without alignment are outside the theorem.",
    source="flow, attention",
    cases=cases,
)
def theorem_(case: Layer, rungs) -> Finding:
    schedule = SwitchOff(case.strength, at=5.0)
    ts = np.linspace(0.0, T1, POINTS)
    R = potential_of(Hadamard(), case.w0)
    flipped = case.few.flipped(case.U, case.V)

    def full(problem: Attention, O: np.ndarray = case.O) -> FlowRoute:
        k, q = case.w0
        start = case.U * k @ case.O.T, O * q @ case.V.T
        return FlowRoute(GradientFlow(problem, Factorization(), schedule), start, ts=ts)

    def spectral(**wrong: float) -> FlowRoute:
        problem = Diagonal(flipped, case.U, case.V)
        return FlowRoute(MirrorFlow(problem, Distorted(R, **wrong), schedule), ts=ts, observe=in_frame(case.U, case.V))

    diagonal = Diagonal(case.many, np.eye(D), np.eye(D))
    left = FlowRoute(GradientFlow(diagonal, Hadamard(), schedule), case.w0, ts=ts)
    aligned = full(flipped)

    def of_diagonal(**wrong: float) -> Evidence:
        return compare(left, FlowRoute(MirrorFlow(diagonal, Distorted(R, **wrong), schedule), ts=ts), rungs)

    def of_aligned(route: FlowRoute = aligned, **wrong: float) -> Evidence:
        return compare(route, spectral(**wrong), rungs)

    unaligned = full(case.many)
    return Finding(
        hypotheses=(positive_scale(hyperbolic(Hadamard(), case.w0)), alignment(case, flipped)),
        claims={
            "(i) diagonal K, Q: k ⊙ q by the mirror flow": of_diagonal(),
            "(ii) aligned K, Q: KᵀQ = U diag(σ) Vᵀ": of_aligned(),
        },
        controls={
            "(i) exponent halved": of_diagonal(a_factor=0.5),
            "(i) constant halved": of_diagonal(mu_factor=0.5),
            "(ii) loss without the flips": of_aligned(unaligned),
            "(ii) another O in Q": of_aligned(full(flipped, case.other)),
            "(ii) time variation dropped": of_aligned(a_factor=0.0),
        },
        planted={size: of_aligned(mu_factor=1 + size) for size in (1e-4, 1e-6, 1e-8)},
        observations={
            "outside the theorem, loss without flips: nuclear/Frobenius norm of KᵀQ, start to end": ranks(
                unaligned, rungs
            )
        },
    )


def alignment(case: Layer, flipped: Attention) -> Hypothesis:
    """`∇f` at `U diag(σ) Vᵀ` is diagonal in (U, V)."""
    sigma = np.arange(1.0, D + 1)
    gradient = np.asarray(flipped.grad(jnp.ravel(case.U * sigma @ case.V.T))).reshape(D, D)
    turned = case.U.T @ gradient @ case.V
    off = float(np.max(np.abs(turned - np.diag(np.diag(turned)))) / np.max(np.abs(turned)))
    return Hypothesis("∇f diagonal in (U, V), off the diagonal", off, off < 1e-13)


def ranks(route: FlowRoute, rungs) -> str:
    """Nuclear over Frobenius norm, 1 for rank one."""
    ends = np.asarray(route.path(rungs[-1]).x)[[0, -1]].reshape(2, D, D)
    values = np.linalg.svd(ends, compute_uv=False)
    ratio = values.sum(axis=1) / np.sqrt((values**2).sum(axis=1))
    return f"{ratio[0]:.3f} to {ratio[1]:.3f}"
