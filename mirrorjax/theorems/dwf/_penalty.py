"""dwf/penalty: weight decay on D factors is a quasi-norm penalty on their product."""

import dataclasses

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding

DEPTHS = (2, 3, 4, 5)
NEWTONS, POLISH = 60, 4


@dataclasses.dataclass(frozen=True)
class Case:
    """A target x, the regression's f and an x near a minimizer, a strength, factors for the largest depth."""

    name: str
    x: np.ndarray
    H: np.ndarray
    b: np.ndarray
    near: np.ndarray
    strength: float
    w0: np.ndarray

    def factors(self, depth: int) -> np.ndarray:
        """Unbalanced factors (D, n) of about `near`: from a small start every w_l tends to 0 where D ≥ 3."""
        spread = np.exp(0.2 * self.w0[:depth])
        signs = np.where(np.arange(depth)[:, None] == 0, np.sign(self.near), 1.0)
        return signs * np.abs(self.near) ** (1 / depth) * spread + 0.05 * self.w0[:depth]


def cases(seed, data=None):
    """Three random ones."""
    found = []
    for strength, (name, rng) in zip((0.003, 0.01, 0.02), mj.instances.draw(seed, 37)):
        problem = mj.instances.random_problem(rng).whitened()
        x = rng.standard_normal(mj.instances.FEATURES) * 10.0 ** rng.uniform(-2, 1, mj.instances.FEATURES)
        w0 = rng.standard_normal((max(DEPTHS), mj.instances.FEATURES))
        H, b = mj.problems.normal_equations(problem.Z, problem.y)
        near = mj.problems.lasso(H, b, 0.02)
        found.append(Case(name, x, H, b, near, strength, w0))
    return found


def least_decay(x: np.ndarray, depth: int, start: np.ndarray) -> np.ndarray:
    """`min Σ_l w_l²` over `∏ w_l = x`, per coordinate, by Newton in `τ_l = log w_l²`, l < D.

    `Σ_{l<D} e^{τ_l} + x² e^{−Σ τ}` is convex and knows no balance: the minimizer must find it.
    """
    tau = start.copy()

    def terms(tau):
        return np.exp(tau), x**2 * np.exp(-tau.sum(0))

    for _ in range(NEWTONS):
        own, last = terms(tau)
        slope = own - last
        # Hessian diag(own) + last 11ᵀ, inverted by Sherman and Morrison.
        step = slope / own
        step -= (last * step.sum(0) / (1 + last * (1 / own).sum(0))) / own
        tau = tau - step * np.minimum(1.0, 1.0 / np.maximum(np.abs(step).max(0), 1e-300))
    own, last = terms(tau)
    return own.sum(0) + last


def stationary(H: np.ndarray, b: np.ndarray, strength: float, start: np.ndarray) -> np.ndarray:
    """A local minimizer (D, n) of `f(∏ w_l) + (λ/D) Σ ‖w_l‖²`: a trust region, then Newton to round-off."""
    from scipy.optimize import minimize

    depth, n = start.shape

    def without(w, *rows):
        return np.prod(np.delete(w, rows, axis=0), axis=0)

    def value(flat):
        x = np.prod(flat.reshape(depth, n), axis=0)
        return x @ (H @ x / 2 - b) + strength / depth * flat @ flat

    def slope(flat):
        w = flat.reshape(depth, n)
        force = H @ np.prod(w, axis=0) - b
        return np.concatenate([force * without(w, k) for k in range(depth)]) + 2 * strength / depth * flat

    def curvature(flat):
        w = flat.reshape(depth, n)
        force = H @ np.prod(w, axis=0) - b
        jacobian = np.concatenate([np.diag(without(w, k)) for k in range(depth)])
        second = [
            [np.diag(force * without(w, k, j)) if j != k else np.zeros((n, n)) for j in range(depth)]
            for k in range(depth)
        ]
        return jacobian @ H @ jacobian.T + np.block(second) + 2 * strength / depth * np.eye(depth * n)

    flat = minimize(
        value, start.ravel(), jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-9, "maxiter": 2000}
    ).x
    for _ in range(POLISH):
        flat = flat - np.linalg.solve(curvature(flat), slope(flat))
    return flat.reshape(depth, n)


@mj.theorem(
    id="dwf/penalty",
    title="weight decay on D factors is the penalty of the quasi-norm of exponent 2/D",
    statement=r"$\min\{\frac{\lambda}{D}\sum_{l=1}^D \|w_l\|^2 : w_1 \odot \dots \odot w_D = x\} = \lambda\|x\|_{2/D}^{2/D}$. So a "
    r"local minimizer of $f(\prod w_l) + \frac{\lambda}{D}\sum\|w_l\|^2$ has factors of equal modulus, and on its support "
    r"$\nabla f(x) = -\lambda\frac{2}{D}|x|^{2/D - 1}\mathrm{sign}\,x$.",
    source="dwf, the penalty of depth D",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    return mj.checks.merged([one_depth(case, D) for D in DEPTHS])


def one_depth(case: Case, D: int) -> Finding:
    lam = case.strength
    least = mj.checks.sampled(lambda x: lam / D * least_decay(x, D, case.w0[: D - 1]), case.x)

    def penalty(exponent: float = 2 / D, factor: float = 1.0) -> Evidence:
        return mj.checks.agree(least, mj.checks.sampled(lambda x: factor * lam * np.abs(x) ** exponent, case.x))

    w = stationary(case.H, case.b, lam, case.factors(D))
    active = np.abs(np.prod(w, axis=0)) > 1e-8

    def minimum(H: np.ndarray, b: np.ndarray) -> np.ndarray:
        at = stationary(H, b, lam, w)
        return np.concatenate([at, (b - H @ np.prod(at, axis=0))[None]])[:, active]

    both = mj.checks.sampled(minimum, case.H, case.b, samples=5)
    minima, forces = both[:, :-1], both[:, -1]
    x = np.prod(minima, axis=1)

    def slope(exponent: float = 2 / D, factor: float = 1.0) -> Evidence:
        return mj.checks.agree(forces, factor * lam * exponent * np.sign(x) * np.abs(x) ** (exponent - 1))

    equal = np.broadcast_to(np.abs(x[:, None]) ** (1 / D), minima.shape)
    support = float(active.sum())
    return Finding(
        hypotheses=(mj.checks.Hypothesis(f"D = {D}: support of the minimizer", support, support > 0),),
        claims={
            f"D = {D}: least decay = λ|x|^(2/D)": penalty(),
            f"D = {D}: at a minimizer |w_l| = |x|^(1/D)": mj.checks.agree(np.abs(minima), equal),
            f"D = {D}: −∇f = λ(2/D)|x|^(2/D−1) sign x": slope(),
        },
        controls={
            f"D = {D}: exponent 1/D": penalty(1 / D),
            f"D = {D}: exponent wrong by 1e-6": penalty(2 / D * (1 + 1e-6)),
            f"D = {D}: constant λD": penalty(factor=float(D)),
            f"D = {D}: constant wrong by 1e-6": penalty(factor=1 + 1e-6),
            f"D = {D}: slope of exponent 1/D": slope(1 / D),
            f"D = {D}: slope of exponent 2/(D + 1)": slope(2 / (D + 1)),
            f"D = {D}: slope wrong by 1e-6": slope(factor=1 + 1e-6),
        },
        planted={d: penalty(factor=1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-8, 1e-12)},
    )
