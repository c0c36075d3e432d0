"""Wrong versions of the claims of `flow` about the theorem itself and its limits."""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from planting import Mutation, handed, potential, replaced, scaled, unmet, with_fields, wrong

from mirrorjax.instances import mask_alone
from mirrorjax.parameterizations import Custom, Hadamard, PowerDifference
from mirrorjax.schedules import SwitchOff
from mirrorjax.theorems.flow import _thm_3_2
from mirrorjax.theorems.flow._cor_3_1 import SeparablePair, skewed

FOR_EVER = SwitchOff(0.15, at=1e30)
SCALE = potential(lambda R: R.log_c0, lambda log_c0: log_c0 + np.log(2.0))


class SlowSchedule(SwitchOff):
    """A schedule that decays a thousandth less than its dose says."""

    def alpha(self, t):
        return 0.999 * SwitchOff.alpha(self, t)


class HalfAsStrong(SwitchOff):
    """Half of the strength."""

    def __init__(self, strength, at):
        SwitchOff.__init__(self, strength / 2, at)


class HalfPowers(PowerDifference):
    """u⁴ − v⁴ with half of its decay."""

    def h(self, w):
        return PowerDifference.h(self, w) / 2


class OffsetDecay(Hadamard):
    """h + 1: the same flow, another h."""

    def h(self, w):
        return Hadamard.h(self, w) + 1


def first_member(**changes):
    """The draw with the first family changed."""

    def by(case):
        return dataclasses.replace(case, members=(dataclasses.replace(case.members[0], **changes), *case.members[1:]))

    return by


def half_range(case):
    """u⁴ − v⁴ with a potential whose u₀ is another."""
    R = case.members[0].potential
    return first_member(potential=eqx.tree_at(lambda R: R.c_u, R, R.c_u * 1.001))(case)


def sine(w):
    return jnp.sum(jnp.sin(w[0]) * w[1] ** 2)


def fourth_powers(w):
    return w[0] ** 4 - w[1] ** 4


def other_gap(w):
    return jnp.sum((w[0] - 2 * w[1]) ** 2)


class AlsoAnother(SeparablePair):
    """h with a millionth of a part that is no multiple of g."""

    def h(self, w):
        return SeparablePair.h(self, w) + 1e-6 * jnp.sum(w[0] ** 2 + w[1] ** 3)


def exchanged(right):
    """`right(left, right, …)` of its first two arguments exchanged."""
    return lambda left, other, *rest: right(other, left, *rest)


def at_another_dose(right):
    return lambda potentials, x, a: right(potentials, x, 0.99 * a)


def negative_B(case):
    return dataclasses.replace(case, param=eqx.tree_at(lambda p: p.B, case.param, -case.param.B))


def turned_A(case):
    A = case.param.A
    order = np.arange(A.shape[1])[::-1]
    return dataclasses.replace(case, param=eqx.tree_at(lambda p: p.A, case.param, A.at[0].set(A[0][order][:, order])))


MUTATIONS = {
    "flow/3.1": [
        Mutation("half the decay", handed(first_member(param=HalfPowers(2))), "gradient flow = mirror flow by hand"),
        Mutation("c_u of u⁴ − v⁴ off by 1e-3", handed(half_range), "gradient flow = mirror flow"),
        unmet("an h that does not commute", handed(first_member(param=Custom(fourth_powers, sine))), "brackets at w₀"),
    ],
    "flow/cor-3.1": [
        Mutation("1e-6 of another part", replaced("SeparablePair", AlsoAnother), "h = Σ c_ij g_ij + const commutes"),
        Mutation("h = u v²", replaced("product", skewed), "g = u² + v², h = uv commutes"),
        Mutation("h = (u − 2v)²", replaced("squared_gap", other_gap), "g = u + v, h = (u − v)² commutes"),
    ],
    "flow/contracting": [
        Mutation("c of half the rate", potential(lambda R: R.rate, lambda rate: rate / 2), "−∂_aR = h(φ)"),
        Mutation("h + 1", with_fields(param=OffsetDecay()), "−∂_aR = h(φ)"),
        Mutation("contracting for h of both signs", with_fields(nonnegative=True), "∂_aR ≤ 0", instance=3),
        Mutation(
            "y(x*) at other weights",
            wrong("weights", lambda right: lambda case, mu, a: right(case, mu, 1.01 * a)),
            "d/dt D(x*, x)",
        ),
    ],
    "flow/3.3": [
        Mutation(
            "φ = exp(aB/2 + ΣμA) w₀",
            wrong("ControlledFlow", lambda right: lambda param, *pair: right(param, *[(mu, 2 * a) for mu, a in pair])),
            "φ(μ, a) = exp(aB + ΣμA) w₀",
        ),
        Mutation("¼‖φ‖² of another φ", scaled("from_eigenbasis", 1 + 1e-6), "∇_μ ¼‖φ‖² = g(φ)"),
        unmet("B negative", handed(negative_B), "least eigenvalue of B"),
        unmet("A_i that do not commute", handed(turned_A), "largest commutator"),
    ],
    "flow/riemannian": [
        Mutation("rate 4 → 2", potential(lambda R: R.rate, lambda rate: rate / 2), "gradient flow = Riemannian flow"),
        Mutation("scale c doubled", SCALE, "gradient flow = Riemannian flow"),
        Mutation(
            "drift 2αx",
            wrong("RiemannianFlow", lambda right: lambda f, R, s: right(f, R, SwitchOff(s.strength / 2, s.at))),
            "gradient flow = Riemannian flow",
        ),
    ],
    "flow/storage": [
        Mutation("decay on m alone", with_fields(param=mask_alone()), "equal doses"),
        Mutation("a dose off by 1e-3", replaced("SwitchOff", SlowSchedule), "equal doses, equal limits"),
        unmet("an infinite dose", with_fields(schedule=0.1), "0 ≤ ∫α < ∞"),
    ],
    "flow/3.2": [
        Mutation("h of the weights off by 1e-3", scaled("regularizers", 1.001), "D(x*, x_t) = ∫ of its rate"),
        Mutation("y of the other sign", scaled("heights", -1.0), "D(x*, x_t) = ∫ of its rate"),
        Mutation("decay that does not end", with_fields(schedule=FOR_EVER), "x_t → a minimizer, four families"),
        Mutation("a limit read too soon", replaced("LAST", _thm_3_2.AT_T + 5), "x_t → a minimizer, four families"),
        Mutation("D bounded", wrong("at_most", exchanged), "m⊙w: D(x*, z) unbounded"),
        Mutation("an end read too soon", replaced("CLOCK", 8.0), "log u − log v: ends at a finite t"),
    ],
    "flow/3.2-regression": [
        Mutation("a dose off by a hundredth", wrong("mirror_maps", at_another_dose), "∇R(x∞) in row space"),
        Mutation("R of the other sign", scaled("heights_along", -1.0), "R(x∞) ≤ R beside it in ker Z"),
        Mutation("a limit read too soon", replaced("LAST", _thm_3_2.AT_T), "four families interpolate"),
        Mutation("decay half as strong", replaced("SwitchOff", HalfAsStrong), "log u − log v: ends at"),
        unmet("decay that ends before the range", replaced("T_OFF", 0.01), "log u − log v: ends before decay does"),
    ],
}
