"""Gradient flow of all families at once against their mirror maps."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from .._types import Scalar, Vector
from ..checks import Evidence, Finding, FlowRoute, compare

SWITCHED_OFF, T1 = 1.0, 2.0


class MirrorMaps(eqx.Module):
    """`∇_μ Q` of every part on its own coordinates, which end at `ends`."""

    maps: tuple[Callable[[Vector, Scalar], Vector], ...]
    ends: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, mu: Vector, a: Scalar) -> Vector:
        pieces = jnp.split(mu, self.ends[:-1])
        return jnp.concatenate([part(piece, a) for part, piece in zip(self.maps, pieces)])


def agreement_of_all(
    case: mj.instances.Families,
    schedule: mj.schedules.SwitchOff,
    rungs: Sequence[float],
    wrong: dict[str, dict[str, float]],
) -> Finding:
    """`x_t` of the weights against `∇_μ Q(μ_t, a_t)`, `μ_t = −∫∇f`, for all families in one flow.

    That μ comes from the solve of the weights, and a derived map calls their g and h: beside it runs a mirror
    flow by hand, which shares the problem's numbers with the weights and nothing else.

    Side by side they are a commuting pair themselves, whose potential is the sum. Every control is `wrong` about
    one family alone, and the planted error is in the family that shows it least.
    """
    names, params, starts, potentials = zip(*((m.name, m.param, m.w0, m.potential) for m in case.members))
    param = mj.parameterizations.SideBySide(params)
    ts = np.linspace(0.0, T1, mj.checks.POINTS)
    slices = param.slices(starts)
    ends = tuple(part.stop for part in slices)
    gradient = FlowRoute(
        mj.flows.AccompaniedFlow(case.problem, param, schedule), mj.flows.accompanied_start(param, starts), ts=ts
    )

    def against(which: int = -1, **factors: float) -> Evidence:
        maps = tuple(
            mj.potentials.Distorted(R, **(factors if i == which else {})).dual_grad for i, R in enumerate(potentials)
        )
        return compare(gradient, mj.checks.straight_route(gradient, MirrorMaps(maps, ends), schedule), rungs)

    def planted(size: float) -> Evidence:
        each = [against(i, mu_factor=1 + size) for i in range(len(names))]
        return min(each, key=lambda evidence: evidence.rows[-1].discrepancy if evidence.rows else 0.0)

    def by_hand(wrong: float = 1.0) -> Evidence:
        return compare(gradient, mj.checks.Exact(mj.instances.mirror_flow_by_hand(case, schedule, ts, wrong)), rungs)

    claims = {"gradient flow = mirror flow": against(), "gradient flow = mirror flow by hand": by_hand()}
    for name, potential, part in zip(names, potentials, slices):
        elsewhere = potential.along_another_path()
        if elsewhere is not None:
            straight = gradient.observing(lambda path, part=part: path.x[:, part])
            bent = gradient.observing(
                lambda path, x_of=elsewhere, part=part: mj.checks.along(x_of, schedule, path.ts, path.state[1][:, part])
            )
            claims[f"{name}: φ along another path"] = compare(straight, bent, rungs)
    return Finding(
        hypotheses=mj.checks.commuting_and_regular(param, starts),
        claims=claims,
        controls={
            f"{name}: {what}": against(i, **factors) for i, name in enumerate(names) for what, factors in wrong.items()
        }
        | {
            "by hand: constant halved": by_hand(0.5),
            f"by hand: wrong by {mj.checks.written(1e-6)}": by_hand(1 + mj.checks.slight(1e-6)),
        },
        planted={size: planted(size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-8)},
    )
