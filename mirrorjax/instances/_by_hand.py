"""The mirror flow of all families by hand: their maps in NumPy, the gradient of a least square, SciPy's solver."""

import itertools
from collections.abc import Callable

import numpy as np
from scipy.integrate import solve_ivp

from ..schedules import SwitchOff
from ._families import Families, Member

Map = Callable[[np.ndarray, float], np.ndarray]


def power(w0: np.ndarray) -> Map:
    """u⁴ − v⁴: `u⁻² = u₀⁻² − 8(μ + a)`, `v⁻² = v₀⁻² − 8(a − μ)`."""
    return lambda mu, a: (w0[0] ** -2 - 8 * (mu + a)) ** -2 - (w0[1] ** -2 - 8 * (a - mu)) ** -2


def log_ratio(w0: np.ndarray) -> Map:
    """log u − log v: `u² = u₀² + 2(μ + a)`, `v² = v₀² + 2(a − μ)`."""
    return lambda mu, a: np.log((w0[0] ** 2 + 2 * (mu + a)) / (w0[1] ** 2 + 2 * (a - mu))) / 2


def exponentiated(w0: np.ndarray) -> Map:
    """u²: `u₀² e^{4(μ + a)}`."""
    return lambda mu, a: w0**2 * np.exp(4 * (mu + a))


def quadratic(w0: np.ndarray, A: np.ndarray, B: np.ndarray) -> Map:
    """½wᵀA_iw: exponentials of numbers in the common eigenbasis."""
    V = np.linalg.eigh(B + np.einsum("i,ijk->jk", 1 / np.arange(2.0, len(A) + 2), A))[1]
    on_A, on_B, start = np.einsum("jk,ijl,lk->ik", V, A, V), np.einsum("jk,jl,lk->k", V, B, V), V.T @ w0
    return lambda mu, a: on_A @ (np.exp(a * on_B + mu @ on_A) * start) ** 2 / 2


def linear(w0: np.ndarray, G: np.ndarray, b: np.ndarray) -> Map:
    """Gw, h = b·w: `w = w₀ + Gᵀμ + ab`."""
    return lambda mu, a: G @ (w0 + mu @ G + a * b)


def hyperbolic_sine(w0: np.ndarray) -> Map:
    """sinh u − sinh v: du = (μ + a) cosh u, so `sinh u = tan(arctan sinh u₀ + μ + a)`; v alike with a − μ."""
    angle = np.arctan(np.sinh(w0))
    return lambda mu, a: np.tan(angle[0] + mu + a) - np.tan(angle[1] + a - mu)


def map_of(member: Member) -> Map:
    """`∇_μ Q` of one family from its start and its matrices."""
    w0, param = np.asarray(member.w0), member.param
    by_name = {"u⁴ − v⁴": power, "log u − log v": log_ratio, "u²": exponentiated}
    if member.name in by_name:
        return by_name[member.name](w0)
    if member.name == "Gw":
        return linear(w0, np.asarray(param.G), np.asarray(param.b))  # pyright: ignore[reportAttributeAccessIssue]
    if member.name == "½wᵀA_iw, commuting":
        return quadratic(w0, np.asarray(param.A), np.asarray(param.B))  # pyright: ignore[reportAttributeAccessIssue]
    return hyperbolic_sine(w0)


def mirror_flow_by_hand(case: Families, schedule: SwitchOff, ts: np.ndarray, wrong: float = 1.0) -> np.ndarray:
    """x at the times, (k, n), from `dμ = −∇f(x(wrong · μ, a_t)) dt`; it steps on them, T among them."""
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    maps, n = [map_of(member) for member in case.members], len(case.members)
    strength, end = float(schedule.strength), float(schedule.at)

    def x_of(mu: np.ndarray, t: float) -> np.ndarray:
        a = -strength * min(t, end)
        return np.concatenate([part(wrong * piece, a) for part, piece in zip(maps, np.split(mu, n))])

    def rate(t: float, mu: np.ndarray) -> np.ndarray:
        return -Z.T @ (Z @ x_of(mu, t) - y) / len(y)

    mus = [np.zeros(Z.shape[1])]
    for start, stop in itertools.pairwise(ts):
        mus.append(solve_ivp(rate, (start, stop), mus[-1], method="DOP853", rtol=1e-12, atol=1e-13).y[:, -1])
    return np.stack([x_of(mu, t) for mu, t in zip(mus, ts)])
