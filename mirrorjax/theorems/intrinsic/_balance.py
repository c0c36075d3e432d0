"""intrinsic/balance: with a balance conserved, the product UVᵀ knows both Gram matrices."""

import dataclasses
from collections.abc import Callable

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare

ROWS, COLUMNS, RANK = 5, 4, 3
T1 = 20.0


@dataclasses.dataclass(frozen=True)
class Case:
    """U and V with `UᵀU − VᵀV = λI` for two heights of U, and a target for the flow of the taller one."""

    name: str
    lam: float
    w: np.ndarray
    tall: tuple[np.ndarray, np.ndarray]
    square: tuple[np.ndarray, np.ndarray]
    target: np.ndarray


def balanced(rng: np.random.Generator, n: int, m: int, lam: float) -> tuple[np.ndarray, np.ndarray]:
    """`U = O (VᵀV + λI)^{1/2}` with orthonormal columns in O; for λ < 0 the roles are exchanged."""
    if lam < 0:
        V, U = balanced(rng, m, n, -lam)
        return U, V
    V = 0.6 * rng.standard_normal((m, RANK))
    values, axes = np.linalg.eigh(V.T @ V + lam * np.eye(RANK))
    O = np.linalg.qr(rng.standard_normal((n, RANK)))[0]
    return O @ (axes * np.sqrt(values)) @ axes.T, V


def cases(seed, data=None):
    """λ positive, zero and negative."""
    found = []
    for lam, (_, rng) in zip((0.7, 0.0, -0.5), mj.instances.draw(seed, 53)):
        tall, target = balanced(rng, ROWS, COLUMNS, lam), rng.standard_normal((ROWS, COLUMNS))
        # n = r, where no projector is needed; for λ < 0 it is V that has as many rows as columns.
        square = balanced(rng, RANK, COLUMNS, lam) if lam >= 0 else balanced(rng, COLUMNS, RANK, lam)
        found.append(Case(f"λ = {lam:g} (seed {seed})", lam, tall[0], tall, square, target))
    return found


def smaller(Z: np.ndarray, lam: float, shift: float = -0.5, quarter: float = 0.25) -> np.ndarray:
    """`−λ/2 + √(ZᵀZ + λ²/4)`; through the SVD, as the root of a singular ZᵀZ keeps half the digits."""
    _, values, right = np.linalg.svd(Z)
    padded = np.zeros(Z.shape[1])
    padded[:RANK] = values[:RANK]
    return (right.T * (shift * lam + np.sqrt(padded**2 + quarter * lam**2))) @ right


def larger(Z: np.ndarray, lam: float, projector: bool = True, quarter: float = 0.25) -> np.ndarray:
    """`λ/2 + √(ZZᵀ + λ²/4)`, times the projector on col U, which is col Z where VᵀV has full rank."""
    left, values, _ = np.linalg.svd(Z)
    padded = np.zeros(Z.shape[0])
    padded[:RANK] = values[:RANK]
    roots = lam / 2 + np.sqrt(padded**2 + quarter * lam**2)
    if projector:
        roots = np.where(np.arange(len(roots)) < RANK, roots, 0.0)
    return (left * roots) @ left.T


def oriented(lam: float, U: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(U, V) with λ ≥ 0."""
    return (U, V) if lam >= 0 else (V, U)


@mj.theorem(
    id="intrinsic/balance",
    title="balanced factors: both Gram matrices are functions of the product",
    statement=r"Let $U^\top U - V^\top V = \lambda I_r$, $\lambda \geq 0$, $Z = UV^\top$. Then "
    r"$VV^\top = -\frac{\lambda}{2} + \sqrt{Z^\top Z + \lambda^2/4}$, and "
    r"$UU^\top = P_{\mathrm{col}\,U}(\frac{\lambda}{2} + \sqrt{ZZ^\top + \lambda^2/4})$, where the projector may be left out iff "
    r"$n = r$ or $\lambda = 0$; for $\lambda < 0$ exchange the roles. Gradient flow of $f(UV^\top)$ keeps $\lambda$.",
    source="intrinsic, balance of two factors",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    return mj.checks.merged(
        [at_a_point("n > r", case, *case.tall), at_a_point("n = r", case, *case.square), along(case, rungs)]
    )


def at_a_point(name: str, case: Case, U: np.ndarray, V: np.ndarray) -> Finding:
    """Both formulas at one pair."""
    lam = abs(case.lam)
    U, V = oriented(case.lam, U, V)
    grams = mj.checks.sampled(lambda U, V: V @ V.T, U, V), mj.checks.sampled(lambda U, V: U @ U.T, U, V)

    def of_V(**wrong: float) -> Evidence:
        return mj.checks.agree(grams[0], mj.checks.sampled(lambda U, V: smaller(U @ V.T, lam, **wrong), U, V))

    def of_U(factor: float = 1.0, **wrong) -> Evidence:
        return mj.checks.agree(grams[1], mj.checks.sampled(lambda U, V: factor * larger(U @ V.T, lam, **wrong), U, V))

    free = lam == 0 or U.shape[0] == RANK
    bare = {f"{name}: UUᵀ without the projector": of_U(projector=False)}
    wrong = {f"{name}: UUᵀ wrong by 1e-6": of_U(1 + 1e-6), f"{name}: UUᵀ halved": of_U(0.5)}
    if lam > 0:
        wrong |= {
            f"{name}: VVᵀ, +λ/2": of_V(shift=0.5),
            f"{name}: VVᵀ, λ² for λ²/4": of_V(quarter=1.0),
            f"{name}: VVᵀ, λ²/4 wrong by 1e-6": of_V(quarter=0.25 * (1 + 1e-6)),
            f"{name}: UUᵀ, λ² for λ²/4": of_U(quarter=1.0),
        }
    balance = U.T @ U - V.T @ V - lam * np.eye(RANK)
    off = float(np.max(np.abs(balance)))
    return Finding(
        hypotheses=(mj.checks.Hypothesis(f"{name}: UᵀU − VᵀV − λI, worst entry", off, off < 1e-13),),
        claims={f"{name}: VVᵀ as stated": of_V(), f"{name}: UUᵀ as stated": of_U()} | (bare if free else {}),
        controls=wrong | ({} if free else bare),
        planted={d: of_U(1 + d) for d in mj.checks.planted_sizes(1e-4, 1e-8, 1e-12)},
    )


def along(case: Case, rungs) -> Finding:
    """Along a gradient flow, with the λ of its start."""
    problem = mj.problems.LinearRegression(np.eye(ROWS * COLUMNS), case.target.ravel())
    U, V = case.tall
    flow = mj.flows.GradientFlow(problem, mj.parameterizations.Factorization(), mj.schedules.SwitchOff(0.0, at=4.0))
    route = FlowRoute(flow, (U, V.T.copy()), ts=np.linspace(0.0, T1, mj.checks.POINTS))

    def grams(path: mj.flows.Trajectory) -> np.ndarray:
        B, A = (np.asarray(part) for part in path.state)
        pairs = [oriented(case.lam, b, a.T) for b, a in zip(B, A)]
        return np.stack([np.concatenate([(v @ v.T).ravel(), (u @ u.T).ravel()]) for u, v in pairs])

    def formulas(lam: float) -> Callable[[mj.flows.Trajectory], np.ndarray]:
        def observe(path: mj.flows.Trajectory) -> np.ndarray:
            products = np.asarray(path.x).reshape(-1, ROWS, COLUMNS)
            products = products if case.lam >= 0 else products.transpose(0, 2, 1)
            pairs = [(smaller(Z, lam), larger(Z, lam)) for Z in products]
            return np.stack([np.concatenate([v.ravel(), u.ravel()]) for v, u in pairs])

        return observe

    def against(lam: float) -> Evidence:
        return compare(route.observing(grams), route.observing(formulas(lam)), rungs)

    lam = abs(case.lam)
    return Finding(
        claims={"along the flow": against(lam)},
        controls={"along the flow, λ + 0.1": against(lam + 0.1), "along the flow, λ + 1e-6": against(lam + 1e-6)},
    )
