"""beyond/degree-2: plain weight decay commutes with g if and only if g has degree 2.

Derivation: for g of degree p, `∇²g w = (p − 1) ∇g` (Euler), so that
`[∇g, ∇‖w‖²] = ∇²‖w‖² ∇g − ∇²g 2w = 2∇g − 2(p − 1)∇g = 2(2 − p)∇g`. Conversely a bracket that vanishes says
`∇²g w = ∇g`: ∇g is of degree 1, and g, up to a constant, of degree 2.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ..._compile import quick_jit
from ...checks import Evidence, Finding, identity

N = 6


@dataclasses.dataclass(frozen=True)
class Point:
    """A state (2, N)."""

    name: str
    seed: int
    w: np.ndarray


def cubic(w):
    # A twentieth: as it stands the flow of its gradient ends before the order-swap experiment does.
    return (w[0] ** 2 * w[1] + w[1] ** 3) / 20


def shifted_product(w):
    return w[0] * w[1] + 3.0


HOMOGENEOUS: dict[str, tuple[float, Callable]] = {
    "√(u² + 2v²)": (1.0, lambda w: jnp.sqrt(w[0] ** 2 + 2 * w[1] ** 2)),
    "uv + 3": (2.0, shifted_product),
    "u³/v": (2.0, lambda w: w[0] ** 3 / w[1]),
    "(u²v + v³)/20": (3.0, cubic),
    "√u·v⁴": (4.5, lambda w: jnp.sqrt(w[0]) * w[1] ** 4),
    "log u − log v": (0.0, lambda w: jnp.log(w[0]) - jnp.log(w[1])),
    "1/(u + v)": (-1.0, lambda w: 1 / (w[0] + w[1])),
}


def mixed(w):
    """Not homogeneous: no p makes `2(2−p)∇g` of its bracket."""
    return w[0] ** 2 + w[1] ** 4


def single(w):
    """p = 1: x = w itself, the second row carried along."""
    return w[0]


def plain(w):
    return jnp.sum(w**2)


def cases(seed, data=None):
    """Positive, for the roots and logarithms."""
    return [
        Point(name, seed + i, rng.uniform(0.6, 1.4, (2, N))) for i, (name, rng) in enumerate(mj.instances.draw(seed))
    ]


@quick_jit
def brackets(w):
    """`[∇g, ∇‖w‖²]` for every g at every column, (g, N, 2); that of the mixed one last."""
    return _stack(lambda g, at: mj.geometry.lie_bracket(g, plain, at), w)


@quick_jit
def gradients(w):
    """`∇g` likewise."""
    return _stack(lambda g, at: jax.grad(g)(at), w)


def _stack(of, w):
    functions = [g for _, g in HOMOGENEOUS.values()] + [mixed]
    return jnp.stack([jax.vmap(lambda at, g=g: of(g, at))(w.T) for g in functions])


@mj.theorem(
    id="beyond/degree-2",
    title="plain weight decay commutes with g exactly when g is, up to a constant, of degree 2",
    statement=r"For $g$ of degree $p$: $[\nabla g, \nabla \|w\|^2] = 2(2 - p)\nabla g$. So plain decay commutes with $g$ iff "
    r"$g - \mathrm{const}$ is homogeneous of degree 2; not even $x = w$ ($p = 1$) does, and the order in which decay and loss act "
    r"then matters.",
    source="a statement of this project: weight decay and the degree of g",
    instances=cases,
)
def theorem_(case: Point, rungs) -> Finding:
    degrees = np.array([p for p, _ in HOMOGENEOUS.values()])[:, None, None]
    count = len(HOMOGENEOUS)

    def stated(p, factor: float = 1.0) -> Evidence:
        return identity(lambda w: brackets(w)[:count], lambda w: factor * 2 * (2 - p) * gradients(w)[:count], case.w)

    def of_mixed(p: float) -> Evidence:
        return identity(lambda w: brackets(w)[count], lambda w: 2 * (2 - p) * gradients(w)[count], case.w)

    def euler(w):
        """The bracket of any C² g is ∇(2·2g − 2⟨w, ∇g⟩)."""

        def defect(at):
            return 4 * mixed(at) - 2 * at @ jax.grad(mixed)(at)

        return jax.vmap(jax.grad(defect))(w.T)

    same = order_swaps(case, rungs)

    def differ(name: str) -> Evidence:
        return same[name].differs()

    return Finding(
        claims={
            "[∇g, ∇‖w‖²] = 2(2−p)∇g, seven g": stated(degrees),
            "[∇g, ∇‖w‖²] = ∇(4g − 2⟨w,∇g⟩), u² + v⁴": identity(lambda w: brackets(w)[count], euler, case.w),
            "uv + 3: the order does not matter": same["uv + 3"],
            "(u²v + v³)/20: the order matters": differ("cubic"),
            "x = w: the order matters": differ("x = w"),
        },
        controls={
            "[∇g, ∇‖w‖²] = 0": stated(2.0 + 0 * degrees),
            "[∇g, ∇‖w‖²] = 2(1−p)∇g": stated(degrees + 1),
            f"wrong by {mj.checks.written(1e-6)}": stated(degrees, 1 + mj.checks.slight(1e-6)),
            "u² + v⁴: p = 2": of_mixed(2.0),
            "u² + v⁴: p = 4": of_mixed(4.0),
            "uv + 3: the order matters": differ("uv + 3"),
            "(u²v + v³)/20: the order does not matter": same["cubic"],
            "x = w: the order does not matter": same["x = w"],
        },
        planted={d: stated(degrees, 1 + d) for d in mj.checks.planted_sizes(1e-6, 1e-9, 1e-12)},
    )


SWAPPED = {"uv + 3": shifted_product, "cubic": cubic, "x = w": single}


def order_swaps(case: Point, rungs) -> dict[str, Evidence]:
    """For three g in one solve."""
    param, w0 = (
        mj.parameterizations.SideBySide(tuple(mj.parameterizations.Custom(g, plain) for g in SWAPPED.values())),
        3 * (jnp.asarray(case.w),),
    )
    return dict(zip(SWAPPED, mj.checks.swapped_controls(param, w0, case.seed, rungs, parts=param.slices(w0))))
