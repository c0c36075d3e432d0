"""Wrong versions of the claims of the other papers, and of the statements of this project."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from planting import (
    DoubledProduct,
    HalfDecay,
    Mutation,
    asked,
    handed,
    potential,
    replaced,
    scaled,
    unmet,
    with_fields,
    wrong,
)

from mirrorjax.parameterizations import Hadamard
from mirrorjax.problems import LinearRegression
from mirrorjax.schedules import SwitchOff
from mirrorjax.theorems.beyond import _degree_2, _homogeneous_q, _rescaled
from mirrorjax.theorems.ham import _potential
from mirrorjax.theorems.marcotte import _decay, _heavy_ball
from mirrorjax.theorems.saddle import _jumps

SCALE = potential(lambda R: R.log_c0, lambda log_c0: log_c0 + np.log(2.0))
TURNED = potential(lambda R: R.s, jnp.negative)


def half_range(case):
    member = case.members[0]
    R = eqx.tree_at(lambda R: R.c_u, member.potential, member.potential.c_u * 1.001)
    return dataclasses.replace(case, members=(dataclasses.replace(member, potential=R), *case.members[1:]))


def shifted(right):
    return lambda R, a_shift=0.0: right(R, a_shift=a_shift + 1e-3)


# ham


class FasterBeside(_potential.Beside):
    """θ at the speed 1 + 2α|θ|."""

    def __call__(self, t, state, args=None):
        theta = state[0] / self.alpha
        return -self.alpha * (1 + 2 * self.alpha * jnp.abs(theta)) * self.problem.grad(theta), moves(self, t, state)[1]


moves = _potential.Beside.__call__
plain_potential = _potential.potential


def doubled_potential(x, alpha):
    return 2 * plain_potential(x, alpha)


def other_strength(right):
    return lambda theta, alpha, *rest: right(theta, 1.001 * alpha, *rest)


# beyond


class HalfTurned(_homogeneous_q.Sensitivities):
    """φ by another μ and a than its derivatives."""

    def __call__(self, t, state, args=None):
        field = sensitivities(self, t, state)
        return field[0], field[1] * jnp.array([1.001, 0.999])


sensitivities = _homogeneous_q.Sensitivities.__call__


def other_degrees(right):
    class OtherDegree(right):
        def __init__(self, R, degree):
            super().__init__(R, degree + 1e-3)

    return OtherDegree


def with_degree(name, p):
    """A wrong degree of one g."""
    return replaced("HOMOGENEOUS", _degree_2.HOMOGENEOUS | {name: (p, _degree_2.HOMOGENEOUS[name][1])})


# marcotte


class MoreFriction(_heavy_ball.HeavyBall):
    """Friction off by a thousandth."""

    def __init__(self, problem: LinearRegression, friction: jax.Array):
        super().__init__(problem, 1.001 * friction)


def difference(path):
    """The part of V of the other sign."""
    (U, Vt), (dU, dVt) = ((np.asarray(a), np.asarray(b)) for a, b in path.state)
    half = np.einsum("tki,tkj->tij", dU, U) - np.einsum("tik,tjk->tij", dVt, Vt)
    return half - half.transpose(0, 2, 1)


def sum_of_squares(w):
    return w[0] ** 2 + w[1] ** 2


def stronger(strength, at):
    return SwitchOff(1.001 * strength, at=at)


# The rest


def unbalanced(right):
    """Factors of the same product, of which two are of other sizes."""

    def stationary(H, b, strength, start):
        w = right(H, b, strength, start)
        return np.concatenate([2 * w[:1], w[1:2] / 2, w[2:]])

    return stationary


def late(self, tau):
    """x̄ of one jump before."""
    return self.saddles[np.maximum(np.searchsorted(self.times, tau, side="right") - 1, 0)]


def least_norm(Z, y):
    return np.linalg.lstsq(Z, y)[0]


def first_order_only(right):
    return lambda case, gradients, w0, first_order=False: right(case, gradients, w0, True)


def without_correction(right):
    return lambda w, X, y, eta, shrink, spread: right(w, X, y, eta, 0 * shrink, spread)


def with_square_shape(case):
    """The case of `r(r + 1)/2` with r²."""
    return dataclasses.replace(case, expected=4)


def unequal(right):
    """LASSO points of another weight."""
    return lambda H, b, weight, x: right(H, b, 1.0001 * weight, x)


def unequal_moduli(right):
    return lambda *args: right(*args) * np.array([[1.001], [1 / 1.001]])


def trained_with_more(right):
    return lambda x0, scale, strength, *rest: right(x0, scale, 1.01 * strength, *rest)


def larger_entropy(right):
    return lambda log_c, sign, kappa: right(log_c + 1.0, sign, kappa)


MUTATIONS = {
    "amid/duality": [
        Mutation("scale c doubled", SCALE, "Jg Jgᵀ = (∇²R)⁻¹"),
        Mutation("2 m ⊙ w", with_fields(param=DoubledProduct()), "Jg Jgᵀ = (∇²R)⁻¹"),
        Mutation("half the decay", with_fields(param=HalfDecay()), "Jg Jgᵀ = (∇²R)⁻¹"),
    ],
    "beyond/degree-2": [
        Mutation("degree 4 of √u·v⁴", with_degree("√u·v⁴", 4.0), "[∇g, ∇‖w‖²] = 2(2−p)∇g"),
        Mutation(
            "a cubic of degree 2",
            replaced("SWAPPED", _degree_2.SWAPPED | {"uv + 3": _degree_2.cubic}),
            "uv + 3: the order does not",
        ),
        Mutation(
            "u² + v² that does not commute",
            replaced("SWAPPED", _degree_2.SWAPPED | {"cubic": _degree_2.shifted_product}),
            "(u²v + v³)/20: the order matters",
        ),
    ],
    "beyond/homogeneous-Q": [
        Mutation("derivatives of another φ", replaced("Sensitivities", HalfTurned), "∂_a‖φ‖²/(2p) = (q/p)h"),
        unmet(
            "uv of degree 3",
            replaced(
                "BLOCKS",
                _homogeneous_q.BLOCKS | {"uv, h = u² + v²": (3, *_homogeneous_q.BLOCKS["uv, h = u² + v²"][1:])},
            ),
            "⟨w,∇g⟩ − pg",
        ),
    ],
    "beyond/rescaled": [
        Mutation(
            "degrees off by 1e-3", wrong("RescaledPotential", other_degrees), "gradient flow = rescaled mirror flow"
        ),
        Mutation(
            "u² − v² of degree 3",
            replaced("DEGREES", _rescaled.DEGREES | {"u³ − v³": 2.0}),
            "u³ − v³: ∇R_s(x∞) in row space",
        ),
    ],
    "dwf/penalty": [
        Mutation("least decay off by 1e-6", scaled("least_decay", 1 + 1e-6), "least decay = λ|x|^(2/D)"),
        Mutation("factors of other sizes", wrong("stationary", unbalanced), "D = 2: at a minimizer |w_l| = |x|^(1/D)"),
    ],
    "even/gd": [
        Mutation("c without η²g²", wrong("sums", first_order_only), "x_K = c_K sinh"),
        Mutation("s of the other sign", scaled("start_shift", -1.0), "x_∞ = argmin"),
    ],
    "gunasekar/depth-L": [
        Mutation(
            "σ off by 1e-6",
            wrong(
                "formula",
                lambda right: lambda L, gamma, factor=1.0, power=0.0: right(L, gamma, factor * (1 + 1e-6), power),
            ),
            "x as stated",
        ),
    ],
    "gunasekar/nuclear": [
        Mutation("scale off", wrong("Distorted", shifted), "flow limit = least entropy"),
        Mutation("c = 1e-3", replaced("SMALL", -7.0), "trace at c = 1e-113 = least trace"),
    ],
    "ham/potential": [
        Mutation("1 + 2α|θ|", replaced("Beside", FasterBeside), "θ = x of the mirror flow"),
        Mutation("R doubled", replaced("potential", doubled_potential), "1/R'' = 1 + α|x|"),
        Mutation("training with another α", wrong("trained", other_strength), "training by ham"),
    ],
    "intrinsic/balance": [
        Mutation(
            "+λ/2",
            wrong("smaller", lambda right: lambda Z, lam, shift=-0.5, **rest: right(Z, lam, -shift, **rest)),
            "VVᵀ as stated",
        ),
        Mutation("without the projector", asked("larger", projector=False), "n > r: UUᵀ as stated"),
        Mutation("λ² for λ²/4", asked("larger", quarter=1.0), "along the flow"),
        unmet("another λ", with_fields(lam=0.8), "n > r: UᵀU − VᵀV − λI"),
    ],
    "li/4.9": [Mutation("c_u of u⁴ − v⁴ off by 1e-3", handed(half_range), "gradient flow = mirror flow")],
    "li/4.10": [
        Mutation(
            "m ⊙ w",
            with_fields(param=Hadamard(), w=lambda case: np.stack([case.w[:4] + 2, case.w[:4]])),
            "some Jg b ≠ 0",
        ),
        Mutation(
            "losses in the order of m ⊙ w",
            with_fields(param=Hadamard(), w=lambda case: np.stack([case.w[:4] + 2, case.w[:4]])),
            "the order of losses matters",
        ),
    ],
    "marcotte/count": [
        Mutation("n + 1 laws of m ⊙ w", with_fields(expected=5), "5 laws"),
        Mutation("r² laws", handed(with_square_shape), "4 laws", instance=1),
    ],
    "marcotte/decay": [
        Mutation("λ off by 1e-3", replaced("SwitchOff", stronger), "constant"),
        Mutation("where neither is homogeneous", replaced("NEITHER", ""), f"{_decay.NEITHER}: constant"),
        unmet(
            "m² + w²",
            replaced("LAWS", _decay.LAWS | {next(iter(_decay.LAWS)): (_decay.product, sum_of_squares)}),
            "drift without decay",
        ),
    ],
    "marcotte/heavy-ball": [
        Mutation("the part of V of the other sign", replaced("momentum", difference), "is constant"),
        Mutation("friction off by 1e-3", replaced("HeavyBall", MoreFriction), "is constant"),
    ],
    "pesme/sgd": [
        Mutation("without Itô's correction", wrong("stated", without_correction), "both stochastic differentials"),
        Mutation(
            "exponent off by 1e-3",
            wrong("argmin", lambda right: lambda case, exponent: right(case, 1.001 * exponent)),
            "end of the path",
        ),
    ],
    "saddle/jumps": [
        Mutation("one jump late", replaced((_jumps.Path, "at"), late), "x between the jumps = x̄"),
        Mutation("least norm", replaced("basis_pursuit", least_norm), "last x̄ = basis pursuit"),
    ],
    "spred/lasso": [
        Mutation("ℓ1 weight off by 1e-4", wrong("on_support", unequal), "minimizer of the factors = LASSO"),
        Mutation("|m| ≠ |w|", wrong("factored", unequal_moduli), "|m| = |w|"),
        Mutation("training with 1.01 α", wrong("trained", trained_with_more), "training by spred"),
    ],
    "woodworth/2": [
        Mutation("γ = 1 for ℓ1", wrong("rich", lambda right: lambda case, eps: 0.0), "ℓ1, ε = 0.1"),
        Mutation("γ = 1/2 for ℓ2", wrong("kernel", lambda right: lambda case, eps: -np.log(2.0)), "ℓ2, ε = 0.02"),
        Mutation("half the norm", with_fields(l1=lambda case: case.l1 / 2), "ℓ1, ε = 0.1"),
    ],
}
