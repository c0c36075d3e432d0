"""Wrong versions of the claims of `mask` and of what shares its instances."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from planting import HalfDecay, Mutation, asked, handed, potential, replaced, scaled, unmet, with_fields, wrong

from mirrorjax.parameterizations import Hadamard
from mirrorjax.problems import LinearRegression, mean_log_cosh
from mirrorjax.schedules import SwitchOff
from mirrorjax.theorems.mask import _thm_2_3, _thm_3_2, _thm_3_2_pl

FOR_EVER = SwitchOff(0.2, at=1e30)


def doubled_scale(log_c0):
    return log_c0 + np.log(2.0)


def longer_plateau(r):
    """`terraced`, flat up to 8/5 and not 3/2."""
    q = 0.5 * jnp.mean(r**2)
    return jnp.minimum(q - 1.0, 0.0) ** 3 + jnp.maximum(q - 1.6, 0.0) ** 3


def with_longer_plateau(case):
    problem = LinearRegression(case.above.problem.Z, case.above.problem.y, loss=longer_plateau)
    return dataclasses.replace(case, above=dataclasses.replace(case.above, problem=problem))


def below_with_decay(case):
    return dataclasses.replace(case, below=dataclasses.replace(case.below, schedule=FOR_EVER))


def two_rows(w):
    return w if w.ndim == 2 else np.stack([w[1:] + 2, w[1:]])


def faster(right):
    return lambda self, T, rate=1.0, share=1.0: right(self, T, 2 * rate, share)


class Lifted(Hadamard):
    """A lift of c₀ = ½ whatever scale is asked for."""

    def lift(self, x0, scale=0.5):
        return Hadamard.lift(self, x0, scale=0.5)


SCALE = potential(lambda R: R.log_c0, doubled_scale)
TURNED = potential(lambda R: R.s, jnp.negative)
DOSE = wrong((SwitchOff, "total"), lambda right: property(lambda self: 0.9 * right.fget(self)))

MUTATIONS = {
    "mask/2.1": [
        Mutation("scale c doubled", SCALE, "gradient flow = mirror flow"),
        Mutation("s of the other sign", TURNED, "argmin R = m₀w₀"),
        unmet("with decay", with_fields(schedule=SwitchOff(0.3, at=1.0)), "no decay"),
    ],
    "mask/2.3": [
        Mutation(
            "σλ halved", wrong("constants", lambda right: lambda case: (right(case)[0] / 2, right(case)[1])), "attained"
        ),
        Mutation(
            "σ = 4 min c",
            wrong((_thm_2_3.Run, "decay"), lambda right: lambda self, factor: right(self, 2 * factor)),
            "tight: f ≤ f₀ e^{−σλt}",
        ),
        Mutation(
            "metric √(x² + 4c²)",
            wrong((_thm_2_3.Run, "metric"), lambda right: lambda self, factor: right(self, 2 * factor)),
            "Jg Jgᵀ",
        ),
        unmet(
            "λ doubled",
            wrong("constants", lambda right: lambda case: (2 * right(case)[0], right(case)[1])),
            "generic: ‖∇f‖²/(λf) ≥ 1",
        ),
    ],
    "mask/2.4": [
        Mutation("scale c doubled", SCALE, "flow limit = Newton limit"),
        Mutation("s of the other sign", TURNED, "x∞ = ∇Q(∇R(x∞)) at the dose"),
        unmet("with decay", with_fields(schedule=SwitchOff(0.3, at=1.0)), "no decay"),
    ],
    "mask/3.1": [
        Mutation("scale c doubled", SCALE, "gradient flow = mirror flow"),
        Mutation("κ doubled at a point", potential(lambda R: R.kappa, lambda kappa: 2 * kappa), "pointwise identity"),
        Mutation("half the decay", with_fields(param=HalfDecay()), "(m² − w²)exp(4A) is conserved"),
    ],
    "mask/3.2": [
        Mutation("a plateau that ends later", handed(with_longer_plateau), "above: limit on the rim"),
        Mutation("decay of infinite dose", with_fields(schedule=FOR_EVER), "convex: limit = least squares"),
        Mutation("decay that does not end", handed(below_with_decay), "below: limit = minimizer"),
        Mutation("a limit read too soon", with_fields(t1=lambda case: case.t1 / 30), "convex: x has come to rest"),
        unmet("|m₀| = |w₀|", with_fields(w0=_thm_3_2.balanced), "the instance can be computed"),
        unmet(
            "another loss",
            with_fields(problem=lambda case: LinearRegression(case.problem.Z, case.problem.y, loss=mean_log_cosh)),
            "convex: ℓ(r) = ½ mean r²",
        ),
    ],
    "mask/3.2-PL": [
        Mutation("√(2L) and not 2√(2L)", asked((_thm_3_2_pl.Descent, "bound"), drive=0.5), "tight: √E ≤ b"),
        Mutation("c_t that does not shrink", asked((_thm_3_2_pl.Descent, "bound"), shrinking=0.0), "tight: √E ≤ b"),
        Mutation("−(λc + 6α) b", asked((_thm_3_2_pl.Descent, "bound"), convex=3.0), "tight: √E ≤ b of a convex f"),
        Mutation("rate after T doubled", wrong((_thm_3_2_pl.Descent, "afterwards"), faster), "tight: linear rate"),
    ],
    "mask/3.3": [
        Mutation("scale c doubled", SCALE, "flow limit = Newton limit"),
        Mutation("nine tenths of the dose", DOSE, "x∞ = ∇Q(∇R(x∞)) at the dose"),
        Mutation("μ of twice its size", scaled((Hadamard, "dual"), 2.0), "multipliers of the weights = Newton's"),
    ],
    "mask/C.1": [
        Mutation("brackets of twice their size", scaled("brackets", 2.0), "[∇g_i,∇g_j] = "),
        Mutation("image of the other sign", scaled("images", -1.0), "its image is"),
        Mutation(
            "a mask for every weight",
            wrong("swapped_controls", lambda right: lambda param, w, *rest: right(Hadamard(), two_rows(w), *rest)),
            "the order of controls matters",
        ),
    ],
    "mask/argmin": [
        Mutation("half the decay", with_fields(param=HalfDecay()), "exp(−4A) m₀w₀"),
        Mutation(
            "minimum at half the dose",
            wrong("minimize", lambda right: lambda R, a: right(R, a / 2)),
            "decay alone leads to argmin R",
        ),
        Mutation("s of the other sign", TURNED, "decay alone leads to argmin R"),
    ],
    "mask/dln": [
        Mutation("rate 8δ", scaled("widest_margin", 2.0), "≥ 0.8"),
        Mutation("rate 2δ", scaled("widest_margin", 0.5), "≤ 1.2"),
        Mutation("half the exponent of c", potential(lambda R: R.rate, lambda rate: rate / 2), "below 1e-3"),
        Mutation("c grows with the dose", potential(lambda R: R.rate, lambda rate: -rate / 16), "falls with the dose"),
        Mutation("c₀ = ½ in (ii)", replaced("Hadamard", Lifted), "(ii) c₀ = 0, strong decay"),
    ],
    "mask/only-m": [
        Mutation("brackets of the other sign", scaled("image", -1.0), "Jg[∇g,∇h] = 2(w² − m²)"),
        Mutation("decay on both", replaced("MASK_ALONE", Hadamard()), "the order of controls matters", traced=True),
    ],
    "mask/rem-2.1": [
        Mutation("first-order term off by 1e-6", asked("expansion", first=1 + 1e-6), "c → 0: first-order term"),
        Mutation("s of the other sign", TURNED, "R from the weights = R"),
        Mutation("μ of twice its size", scaled("from_weights", 2.0), "R from the weights = R"),
        Mutation("half of R, c → 0", scaled("excess", 0.5), "c → 0: limit ‖x‖₁"),
        Mutation("half of R, c → ∞", scaled("excess", 0.5), "c → ∞: 4c"),
    ],
}
