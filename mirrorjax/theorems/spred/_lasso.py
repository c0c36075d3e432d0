"""spred/lasso: weight decay on both factors is an ℓ1 penalty on their product."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, FlowRoute, compare

DECADES, SLOWEST = 28.0, 0.02
POLISH = 4
RATE, TRAINED = 0.2, (16.0, 22.0, 28.0, 34.0)
"""Step of training; its ends, in units of the slowest rate, the last of which is the reference."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A regression with whitened rows, a strength, and a start of the two factors."""

    name: str
    problem: mj.problems.LinearRegression
    strength: float
    w0: np.ndarray


def cases(seed, data=None):
    """The first draws whose flow is not slower than e^{−0.02 t} at its end."""
    return [
        fast_enough(name, rng, strength)
        for strength, (name, rng) in zip((0.02, 0.04, 0.08), mj.instances.draw(seed, 31))
    ]


def fast_enough(name: str, rng: np.random.Generator, strength: float) -> Case:
    """A thin margin of the LASSO is a rate near 0: nothing but time is gained by such an instance."""
    while True:
        problem, w0 = (
            mj.instances.random_problem(rng).whitened(),
            np.asarray(mj.instances.random_start(rng, mj.parameterizations.Hadamard())),
        )
        if slowest(problem, strength, lasso_of(problem, 2 * strength)) > SLOWEST:
            return Case(name, problem, strength, w0)


def lasso_of(problem: mj.problems.LinearRegression, weight: float) -> np.ndarray:
    """`argmin f + weight ‖x‖₁`."""
    return mj.problems.lasso(*mj.problems.normal_equations(problem.Z, problem.y), weight)


def margin(problem: mj.problems.LinearRegression, weight: float, x: np.ndarray) -> float:
    """`weight − max |∇f|` off the support: positive where the support is strictly optimal."""
    H, b = mj.problems.normal_equations(problem.Z, problem.y)
    return float(weight - np.max(np.abs(H @ x - b)[x == 0]))


def slowest(problem: mj.problems.LinearRegression, strength: float, x: np.ndarray) -> float:
    """The slowest rate of the flow at its end: twice the margin, or that of the support."""
    S = x != 0
    root = np.sqrt(2 * np.abs(x[S]))
    H = mj.problems.normal_equations(problem.Z, problem.y)[0]
    inside = np.linalg.eigvalsh(root[:, None] * H[np.ix_(S, S)] * root) if S.any() else np.zeros(1)
    return min(2 * margin(problem, 2 * strength, x), float(inside[0]))


def factored(H: np.ndarray, b: np.ndarray, strength: float, start: np.ndarray) -> np.ndarray:
    """A local minimizer (2, n) of `f(m ⊙ w) + α(‖m‖² + ‖w‖²)`: a trust region, then Newton to round-off."""
    from scipy.optimize import minimize

    def value(flat):
        x = flat[: len(b)] * flat[len(b) :]
        return x @ (H @ x / 2 - b) + strength * flat @ flat

    def slope(flat):
        m, w = flat.reshape(2, -1)
        force = H @ (m * w) - b
        return np.concatenate([force * w, force * m]) + 2 * strength * flat

    def curvature(flat):
        m, w = flat.reshape(2, -1)
        force = np.diag(H @ (m * w) - b)
        off = w[:, None] * H * m + force
        return np.block([[w[:, None] * H * w, off], [off.T, m[:, None] * H * m]]) + 2 * strength * np.eye(len(flat))

    flat = minimize(
        value, start.ravel(), jac=slope, hess=curvature, method="trust-exact", options={"gtol": 1e-9, "maxiter": 2000}
    ).x
    for _ in range(POLISH):
        flat = flat - np.linalg.solve(curvature(flat), slope(flat))
    return flat.reshape(2, -1)


@mj.theorem(
    id="spred/lasso",
    title="m ⊙ w with constant weight decay is the LASSO",
    statement=r"$\min_{m, w} f(m \odot w) + \alpha(\|m\|^2 + \|w\|^2) \equiv \min_x f(x) + 2\alpha\|x\|_1$: a local minimizer "
    r"of the left side has $|m| = |w|$ and $m \odot w$ is the minimizer of the right side; gradient flow under constant decay "
    r"tends to it.",
    source="spred, m ⊙ w with constant weight decay",
    instances=cases,
)
def theorem_(case: Case, rungs) -> Finding:
    alpha = case.strength
    H, b = mj.problems.normal_equations(case.problem.Z, case.problem.y)
    x = lasso_of(case.problem, 2 * alpha)
    w = factored(H, b, alpha, case.w0)
    minima = mj.checks.sampled(lambda H, b: factored(H, b, alpha, w), H, b)
    products = minima[:, 0] * minima[:, 1]

    def solved(weight: float) -> np.ndarray:
        guess = lasso_of(case.problem, weight)
        return mj.checks.sampled(lambda H, b: mj.problems.on_support(H, b, weight, guess), H, b)

    ridge = np.linalg.solve(H + 2 * alpha * np.eye(len(b)), b)
    others = {
        "ℓ1 weight α": solved(alpha),
        "ℓ1 weight 4α": solved(4 * alpha),
        "ℓ1 weight wrong by 1e-6": solved(2 * alpha * (1 + 1e-6)),
        "ridge α‖x‖²": np.broadcast_to(ridge, products.shape),
    }
    flow, training = descent(case, x, rungs), training_of(case, x)
    truth = solved(2 * alpha)
    return Finding(
        hypotheses=(second_order(H, b, alpha, w),),
        claims={
            "minimizer of the factors = LASSO": mj.checks.agree(products, truth),
            "|m| = |w|": mj.checks.agree(np.abs(minima[:, 0]), np.abs(minima[:, 1])),
            "gradient flow tends to the LASSO": flow(truth[0]),
            "training by spred tends to the LASSO": training(truth[0]),
        },
        controls={
            **{f"minimizer, {name}": mj.checks.agree(products, other) for name, other in others.items()},
            **{f"flow, {name}": flow(other[0]) for name, other in others.items()},
            **{f"training, {name}": training(other[0]) for name, other in others.items()},
        },
        planted={
            d: mj.checks.agree(products, solved(2 * alpha * (1 + d)))
            for d in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8, 1e-10)
        },
    )


def second_order(H: np.ndarray, b: np.ndarray, alpha: float, w: np.ndarray) -> mj.checks.Hypothesis:
    """That no saddle was taken for a minimizer: inactive pairs have curvature 2α ± |∇f_i|."""
    x = w[0] * w[1]
    force = np.abs(H @ x - b)
    least = float(np.min(2 * alpha - force[np.abs(x) < 1e-8]))
    return mj.checks.Hypothesis("least curvature of an inactive pair", least, least > 0)


def descent(case: Case, x: np.ndarray, rungs):
    """Gradient flow, followed to e^−28 of its distance to the limit x; the result compares its end."""
    t1 = DECADES / slowest(case.problem, case.strength, x)
    ts = np.concatenate([[0.0], np.geomspace(t1 / 1e3, t1, mj.checks.POINTS - 1)])
    flow = mj.flows.GradientFlow(
        case.problem, mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(case.strength, at=2 * t1)
    )
    route = FlowRoute(flow, case.w0, ts=ts, observe=lambda path: path.x[-1:])
    moved = float(np.max(np.abs(case.w0[0] * case.w0[1] - x)))

    def against(limit: np.ndarray) -> Evidence:
        return compare(route, mj.checks.Exact(limit), rungs, moved=moved)

    return against


@quick_jit
def trained(x0: Array, scale: Array, strength: Array, steps: Array, Z: Array, Y: Array) -> Array:
    model = mj.training.reparameterize(mj.instances.student([x0], (x0.shape[1], 1)), where=jax.tree.leaves, scale=scale)
    optimizer = mj.training.gradient_descent(RATE, mj.training.spred(strength))
    return jax.tree.leaves(
        mj.training.merge(mj.instances.descended(model, mj.instances.squared_error, optimizer, steps, Z, Y))
    )[0][0]


def training_of(case: Case, x: np.ndarray):
    """The method that people train with, from the same start; how far longer training moves its end is the budget."""
    m, w = case.w0
    Z, y = np.asarray(case.problem.Z), np.asarray(case.problem.y)
    counts = [int(length / slowest(case.problem, case.strength, x) / RATE) for length in TRAINED]
    start = jnp.asarray((m * w)[None]), jnp.asarray((m**2 - w**2)[None] / 2), jnp.asarray(case.strength)
    *ends, last = (np.asarray(trained(*start, jnp.asarray(count), Z, y[:, None])) for count in counts)

    def against(limit: np.ndarray) -> Evidence:
        gaps, left = np.abs(np.stack(ends) - limit), np.abs(np.stack(ends) - last)
        return mj.checks.ladder(
            np.exp(-np.array(TRAINED[: len(ends)])),
            np.max(gaps, axis=1),
            np.max(left, axis=1),
            of="share of the way left",
            steps=counts[: len(ends)],
            scale=float(np.max(np.abs(last))),
            moved=float(np.max(np.abs(m * w - last))),
            where=mj.checks.locate(gaps[-1:]),
        )

    return against
