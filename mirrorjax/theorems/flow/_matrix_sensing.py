"""flow/matrix-sensing: commuting measurements of UUᵀ under decay."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare, identity

T1, LEVEL = 6.0, -0.3


def cases(seed, data=None):
    """Three random families of commuting measurements."""
    return mj.instances.sensing(seed, 63, c0=(0.3, 1.0))


@mj.theorem(
    id="flow/matrix-sensing",
    title="matrix sensing with commuting measurements is a mirror flow in the von Neumann entropy",
    statement=r"$f = \ell(\langle A_i, X\rangle)$, $X = UU^\top$, $A_i$ symmetric, commuting, independent, $h = \|U\|_F^2$, "
    r"$U_0U_0^\top = c_0 I$: $X_t = c\exp(4\mathcal{A}^*\mu_t)$, $c = c_0e^{-4A(t)}$, and for $z = \mathcal{A}(X)$ "
    r"$R_a(z) = \min\{\frac{1}{4}\mathrm{tr}(X\log X - X - X\log c) : \mathcal{A}(X) = z\}$.",
    source="flow, matrix sensing",
    instances=cases,
)
def theorem_(case: mj.instances.Sensing, rungs) -> Finding:
    schedule = mj.schedules.SwitchOff(0.2, at=2.0)
    left = case.gradient(schedule, T1)
    mirror = mj.instances.in_frame(case.O, case.O)

    def against(**wrong: float) -> Evidence:
        flow = mj.flows.MirrorFlow(case.spectral, mj.potentials.Distorted(case.entropy, **wrong), schedule)
        return compare(left, FlowRoute(flow, ts=left.ts, observe=mirror), rungs)

    stretched = case.w0 * np.linspace(0.8, 1.2, mj.instances.SIZE)[:, None]
    flow = mj.flows.MirrorFlow(case.spectral, mj.potentials.Distorted(case.entropy), schedule)
    elsewhere = compare(case.gradient(schedule, T1, stretched), FlowRoute(flow, ts=left.ts, observe=mirror), rungs)
    claims, controls = least_entropy(case)
    return Finding(
        hypotheses=case.hypotheses,
        claims={"X = c exp(4 Σ μᵢAᵢ), eigenvalues by their mirror flow": against(), **claims},
        controls={
            "U₀U₀ᵀ not a multiple of I": elsewhere,
            "exponent halved": against(a_factor=0.5),
            "time variation dropped": against(a_factor=0.0),
            "constant of the potential halved": against(mu_factor=0.5),
            **controls,
        },
        planted={size: against(mu_factor=1 + size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )


def least_entropy(case: mj.instances.Sensing) -> tuple[dict[str, Evidence], dict[str, Evidence]]:
    """R_a(z) by conjugating `Q = ¼‖U‖²` in m dual variables, against the entropy of X in n eigenvalues."""
    A, a = jnp.asarray(case.A), jnp.asarray(LEVEL)
    conjugate = mj.potentials.QuadraticPotential(2 * A, 2 * jnp.eye(mj.instances.SIZE), case.w0)
    log_c = np.log(case.c0) + 4 * LEVEL
    mu = np.random.default_rng([mj.instances.SIZE, *np.abs(case.y * 1e6).astype(int)]).uniform(
        -0.3, 0.3, mj.instances.MEASUREMENTS
    )
    outside = np.random.default_rng(0).standard_normal((mj.instances.SIZE, mj.instances.SIZE))
    outside = (outside + outside.T) / 8

    @quick_jit
    def values(mu, size):
        """R_a(𝒜(X)), the entropy of X, and its slope along a direction that 𝒜 does not see."""
        X = jax.scipy.linalg.expm(4 * jnp.tensordot(mu, A, 1) + log_c * jnp.eye(mj.instances.SIZE)) + size * outside

        def entropy(X):
            spectrum = jnp.linalg.eigvalsh(X)
            return jnp.sum(spectrum * (jnp.log(spectrum) - 1 - log_c)) / 4

        rows = A.reshape(mj.instances.MEASUREMENTS, -1)
        seen = jnp.linalg.solve(rows @ rows.T, rows @ outside.ravel())
        hidden = outside - jnp.tensordot(seen, A, 1)
        slope = jax.jvp(entropy, (X,), (hidden,))[1]
        return conjugate.value(jnp.tensordot(A, X, 2), a), entropy(X), slope

    def value(size: float) -> Evidence:
        return identity(lambda at: values(at, size)[0], lambda at: values(at, size)[1], mu)

    def slope(size: float) -> Evidence:
        return identity(lambda at: values(at, size)[1] + values(at, size)[2], lambda at: values(at, size)[1], mu)

    return (
        {"R_a(⟨Aᵢ, X⟩) = entropy of X": value(0.0), "no other X with these measurements has less": slope(0.0)},
        {
            "another X with such measurements has it too": value(1e-2),
            "another X is the least one": slope(1e-6),
        },
    )
