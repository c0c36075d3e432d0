"""Wrong versions of the claims of `signin` and `train`."""

import dataclasses

import jax.numpy as jnp
import numpy as np
from planting import Mutation, asked, handed, potential, replaced, scaled, unmet, with_fields, wrong

from mirrorjax.parameterizations import SquaredDifference
from mirrorjax.theorems.signin import _complementary, _metric
from mirrorjax.theorems.train import _factor_flow, _switch_off

EXACTLY = "(m, w) = √β (cosh q, sinh q), sinh 2q = 2θ/β"
SCALE = potential(lambda R: R.log_c0, lambda log_c0: log_c0 + np.log(2.0))


def exchanged(right):
    """`right(left, right, …)` of its first two arguments exchanged."""
    return lambda left, other, *rest: right(other, left, *rest)


def opposite(right):
    """A predicted outcome turned round."""
    return lambda measured, expected: right(measured, ~np.asarray(expected))


def faster_a(theta):
    """The force on a doubled: it drives to the same teacher, and conserves a²/2 − w²."""
    a, w = theta
    return 0.5 * (a * w - jnp.where(w > 0, 1.0, 0.0)) * jnp.stack([2 * w, a])


def linear_neuron(theta):
    """∇L of ¼(aw − 1)², also where w ≤ 0."""
    a, w = theta
    return 0.5 * (a * w - 1) * jnp.stack([w, a])


def unbalanced(case):
    """|a₀| = ½‖w₀‖ in every group."""
    return dataclasses.replace(case, w0=case.w0 * np.array([0.5, *np.ones(_complementary.SPACE)]))


class SlowBeta(_metric.MetricFlow):
    """β that decays at half its rate."""

    def __init__(self, problem, schedule, beta0, inner, rate, drift):
        self.problem, self.schedule, self.beta0, self.inner = problem, schedule, beta0, inner
        self.rate, self.drift = rate / 2, drift


def lower_edge(right):
    return lambda starts, factor=1.0: right(starts, factor * (1 + 1e-5))


def with_the_error_of(other, method="pilot"):
    """One method with the error of another."""

    def by(right):
        def trained(*args, **kwargs):
            runs = right(*args, **kwargs)
            return runs | {method: dataclasses.replace(runs[method], error=runs[other].error)}

        return trained

    return by


def with_half_of_beta(right):
    return lambda theta, beta: right(theta, beta / 2)


def with_twice_beta(right):
    return lambda theta, beta: right(theta, 2 * beta)


def of_small_weights(right):
    return lambda theta, beta: right(theta / 1e9, beta)


def off(name, factor):
    """One of the results of a training, multiplied."""

    def by(right):
        def trained(*args, **kwargs):
            run = right(*args, **kwargs)
            return run | {name: factor * run[name]}

        return trained

    return by


def lifted(right):
    """Factors of c = 0.01 where c = 0 is asked for."""
    return lambda *args: right(*args[:5], jnp.maximum(args[5], 0.01), *args[6:])


def to_another_scale(right):
    return lambda w, scale: right(w, 0.8 * scale)


def exchanging(one, other):
    """A function that returns a dictionary, or several of which the first is meant, with two entries exchanged."""

    def by(right):
        def found(*args):
            answer = right(*args)
            several = isinstance(answer, tuple)
            first = dict(answer[0] if several else answer)
            first[one], first[other] = first[other], first[one]
            return (first, *answer[1:]) if several else first

        return found

    return by


def better_search(right):
    """The dense-to-sparse network as far above the found signs as these are above random ones."""

    def found(case):
        tests = right(case)
        gain = tests["signs right in 1", "plain"] - tests["random signs", "plain"]
        return tests | {("dense to sparse", "gradual"): tests["signs right in 1", "plain"] + gain}

    return found


def of_the_other_method(right):
    """Records under the names of each other."""
    other = {"plain": "sign-in", "sign-in": "plain"}
    return lambda *args: [record | {"method": other[record["method"]]} for record in right(*args)]


def layers_reversed(right):
    return lambda *args: [record | {"table": record["table"][::-1]} for record in right(*args)]


def larger_dose(right):
    """Trainings of a switch, whose strength is off by a thousandth: 2α and not α marks them."""

    def trained(case, strength, *rest, **kwargs):
        return right(case, strength * (1.001 if strength > 10 * _switch_off.STRENGTH else 1.0), *rest, **kwargs)

    return trained


MUTATIONS = {
    "signin/5.1": [
        Mutation("a₀ > −1.00001 w₀", wrong("predicted", lower_edge), "recovers iff"),
        Mutation("balanced: where a₀ or w₀ is negative", wrong("on_balanced", opposite), "balanced: iff a₀, w₀ > 0"),
        Mutation("a twice as fast as w", replaced("scalar_force", faster_a), "a² − w² is constant"),
        Mutation("the force of twice its size", scaled("followed", 2.0), "the flow descends on L"),
    ],
    "signin/5.2": [
        Mutation("a boundary off by 1e-5", asked("predicted", factor=1 + 1e-5), "recovers iff"),
        Mutation("β₁ < β₂", wrong("on_balanced", lambda right: lambda m, e: right(m, not e)), "a₀ = −w₀: iff β₁ > β₂"),
        Mutation("a twice as fast as w", replaced("scalar_force", faster_a), "K is constant"),
    ],
    "signin/5.4": [
        Mutation("a linear neuron", replaced("scalar_force", linear_neuron), "w₀ < 0: w_t ≥ 0 at some time"),
        unmet("w₀ > 0", with_fields(w0=lambda case: case.w0 * np.array([1.0, -1.0])), "largest w₀"),
    ],
    "signin/complementary": [
        Mutation(
            "β exchanged", wrong("GOOD", lambda right: _complementary.BAD), "β = (1, 0.2), a₀ = −½: not recovered"
        ),
        Mutation("overlap off", scaled("losses", 1 + 1e-6), "L = ½E(a ReLU⟨w, z⟩ − ReLU z₁)²"),
        Mutation("force of twice its size", scaled("forces", 2.0), "the flow descends on L"),
        Mutation("started off balance", handed(unbalanced), "plain: a_t of the other sign than a₀"),
    ],
    "signin/metric": [
        Mutation("β = β₀e^{−2A}", replaced("MetricFlow", SlowBeta), "gradient flow on (m, w)"),
        Mutation("velocity off by 1e-6", scaled("velocity", 1 + 1e-6), "dθ at a point"),
        unmet("u² − v²", with_fields(param=SquaredDifference()), "x = m ⊙ w"),
    ],
    "signin/reset": [
        Mutation("m and w exchanged", wrong("reset", lambda right: lambda *at: right(*at)[::-1]), EXACTLY),
        Mutation("β/2", wrong("reset", with_half_of_beta), "m² = w² + β"),
        Mutation("training with 2β", wrong("trained", with_twice_beta), "training.sign_in_reset"),
        Mutation("the metric off by 1e-6", scaled("metric", 1 + 1e-6), "Jg Jgᵀ = √(4θ² + β²)"),
        Mutation("small weights", wrong("digits_lost", of_small_weights), "m² − w² is not β to round-off", instance=2),
    ],
    "train/factor-flow": [
        Mutation(
            "c falls at half its rate",
            replaced("STATED", _factor_flow.STATED | {"fall": 2.0}),
            "limit η → 0 = the stated equation",
        ),
        Mutation("scale c doubled", SCALE, "limit η → 0 = Riemannian flow of the potential"),
        Mutation("order 1 in η²", wrong("order", lambda right: lambda values: right(values[::2])), "order 1 within"),
    ],
    "train/flips-complement": [
        Mutation("the methods exchanged", wrong("records_of", of_the_other_method), "new flips: plain fewer"),
        Mutation("layers counted from the end", wrong("records_of", layers_reversed), "share of layer 1"),
    ],
    "train/pilot-curve": [
        Mutation(
            "plain weights for PILoT", wrong("areas", exchanging("plain", "pilot-dynamic")), "pilot-dynamic above plain"
        ),
        Mutation("ℓ1 for PILoT", wrong("areas", exchanging("l1", "pilot-dynamic")), "pilot-dynamic above l1"),
    ],
    "train/pilot-vs-constant": [
        Mutation("without decay", wrong("trained", with_the_error_of("no decay")), "PILoT below the tuned constant"),
        Mutation(
            "a switch that changes nothing",
            wrong("trained", with_the_error_of("pilot", "pilot, not switched off")),
            "PILoT below PILoT not switched off",
        ),
    ],
    "train/sign-in-flips": [
        Mutation("more and not fewer", wrong("paired_below", exchanged), "outer weights: plain flips fewer"),
        Mutation("spred with c = 1e-2", wrong("_factors", lifted), "spred flips none"),
        Mutation("resets to 0.4", wrong("_reset", to_another_scale), "and puts c to ½"),
        Mutation("resets that move θ", scaled("_reset", 1 + 1e-6), "a reset leaves θ"),
    ],
    "train/signs-suffice": [
        Mutation(
            "random signs for found ones",
            wrong("accuracies", exchanging(("random signs", "plain"), ("signs right in 1", "plain"))),
            "random signs below the found ones",
        ),
        Mutation("a better search", wrong("accuracies", better_search), "less than half is missing"),
    ],
    "train/switch-off": [
        Mutation("no decay for a switch", wrong("tested", exchanging("none", "off")), "fresh samples, pruned"),
        Mutation("above and not below", wrong("paired_below", exchanged), "training loss: switched off below"),
        Mutation("p² off by 1e-6", wrong("trained", off("of decay", 1 + 1e-6)), "c_K = c₀ Π|p² − η²g²|"),
        Mutation("half of η²g²", wrong("trained", off("of steps", 0.5)), "c_K = c₀ Π|p² − η²g²|"),
        Mutation("a dose off by a thousandth", wrong("trained", larger_dose), "η → 0: equal doses share c"),
    ],
}
