"""Wrong versions of the claims of `flow` about the effects of decay and about matrices."""

import dataclasses

import numpy as np
from planting import Mutation, handed, potential, replaced, scaled, unmet, wrong

from mirrorjax.problems import Attention
from mirrorjax.theorems.flow import _lora, _type
from mirrorjax.theorems.flow._spectral_lemma import Aligned

SCALE = potential(lambda R: R.log_c0, lambda log_c0: log_c0 + np.log(2.0))


def exchanged(right):
    """`right(left, right, …)` of its first two arguments exchanged."""
    return lambda left, other, *rest: right(other, left, *rest)


def backwards(right):
    """`never_rises` of what never falls."""
    return lambda values, evidence: right(-values, evidence)


def at_half_the_dose(right):
    return lambda name, w0, doses: right(name, w0, doses / 2)


def wider_and_narrower(right):
    return lambda R, doses: right(R, -doses)


def other_frame(right):
    return lambda U, V: right(V, U)


def partly(right):
    """`Distorted` without a tenth of the time variation, where it should be right."""
    return lambda R, **factors: right(R, **({"a_factor": 0.9} | factors))


def from_larger_weights(right):
    return lambda A, B, w0: right(A, B, 1.001 * w0)


def faster_dictionary(right):
    return lambda f, R, schedule, speed: right(f, R, schedule, 1.001 * speed)


def other_singular_values(right):
    return lambda case, *rest: right(dataclasses.replace(case, S=1.001 * case.S), *rest)


def another_O(right):
    return lambda self, O, turn=None: right(self, self.other, turn)


def larger_weight(right):
    return lambda case, weight: right(case, 1.0001 * weight)


def exchanged_decay(right):
    """Decay where there should be none, and none where there should be."""
    return lambda case, starts, strength: right(case, starts, _lora.STRENGTH - strength)


def other_scale(case):
    return dataclasses.replace(case, c0=2 * case.c0)


def without_flips(self, U, V):
    return self


MUTATIONS = {
    "flow/position": [
        Mutation("half the dose", wrong("formula", at_half_the_dose), "argmin R as stated"),
        Mutation("away from 0 and towards it", wrong("never_rises", backwards), ": it moves"),
        Mutation("argmin R off by 1e-6", scaled("minima", 1 + 1e-6), ": decay alone leads to argmin R"),
        Mutation("no minimum from half the dose on", scaled("dose_without_minimum", 0.5), "log u − log v: no minimum"),
    ],
    "flow/range": [
        Mutation("−c_u − a and c_v + a for u^{2k} − v^{2k}", wrong("ends", wider_and_narrower), "ends of ran ∇R"),
        Mutation("wider for what is narrower", wrong("never_rises", backwards), ": the dose "),
        Mutation("exit off by 1e-6", scaled("leaves_at", 1 + 1e-6), "first exit of the flow"),
    ],
    "flow/type": [
        Mutation("ℓ1 norm per half the dose", replaced("PER_DOSE", _type.PER_DOSE | {"m⊙w": 1.0}), "m⊙w: limit ‖x‖₁"),
        Mutation("first-order term off by 1e-3", scaled("first_order", 1.001), "first-order term"),
        Mutation("local exponents from 1 to ½", scaled("_exponents", 0.5), "local exponent ≥ 1"),
        Mutation("exponents that rise", wrong("DOUBLING", lambda right: right[::-1].copy()), "it falls with the dose"),
        Mutation("scale c doubled", SCALE, "m⊙w: R of φ = R"),
    ],
    "flow/matrix-sensing": [
        Mutation("a tenth of the decay forgotten", wrong("Distorted", partly), "X = c exp(4 Σ μᵢAᵢ)"),
        Mutation(
            "a start larger by 1e-3", wrong("QuadraticPotential", from_larger_weights), "R_a(⟨Aᵢ, X⟩) = entropy of X"
        ),
        unmet("U₀U₀ᵀ = 2c₀ I", handed(other_scale), "U₀U₀ᵀ = c₀ I"),
    ],
    "flow/spectral-lemma": [
        Mutation("scale c doubled", SCALE, "BA = U diag(σ) Vᵀ"),
        Mutation("a target off by 1e-3", wrong("spectral_route", other_singular_values), "BA = U diag(σ) Vᵀ"),
        unmet("another O in A₀", wrong((Aligned, "factors"), another_O), "B₀ᵀB₀ and A₀A₀ᵀ commute"),
    ],
    "flow/sparse-coding": [
        Mutation("scale c doubled", SCALE, "(X, D) of the weights"),
        Mutation("a dictionary that moves faster", wrong("CodesInDual", faster_dictionary), "(X, D) of the weights"),
    ],
    "flow/attention": [
        Mutation("scale c doubled", SCALE, "(i) diagonal K, Q"),
        Mutation("V in the place of U", wrong("in_frame", other_frame), "(ii) aligned K, Q"),
        unmet("no flips", replaced((Attention, "flipped"), without_flips), "∇f diagonal in (U, V)"),
    ],
    "flow/lora": [
        Mutation("scale c doubled", SCALE, "aligned: BA = U diag(σ) Vᵀ"),
        Mutation("above and not below", wrong("paired_below", exchanged), "unaligned: on-then-off ends below"),
        Mutation("decay exchanged", wrong("measured", exchanged_decay), "unaligned: on-then-off ends below never"),
    ],
    "flow/switch-off": [
        Mutation("above and not below", wrong("paired_below", exchanged), "σ = 0.1: switched off ends below constant"),
        Mutation("LASSO of weight 2.0002 α", wrong("lasso_at", larger_weight), "constant α ends at the LASSO point"),
    ],
}
