"""gunasekar/nuclear: a small start makes commuting matrix sensing find the least trace."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, compare, identity

T1 = 1000.0
SMALL = -260.0
"""log of the scale at which the limit is compared with the linear program: c = 1e-113."""
SLACK = 0.15
"""The trace exceeds the least one by about c^slack: 1e-17 here, and 1e-8 at half the slack."""


def cases(seed, data=None):
    """Three random families of commuting measurements whose least trace is well separated."""
    return [case for case in mj.instances.sensing(seed, 64, c0=(0.05, 0.2), count=20) if least_trace(case)[1] > SLACK][
        :3
    ]


def least_trace(case: mj.instances.Sensing) -> tuple[np.ndarray, float]:
    """Where the eigenvalues of the least trace are positive, and the least slack of the dual program elsewhere."""
    from scipy.optimize import linprog

    program = linprog(np.ones(mj.instances.SIZE), A_eq=case.E, b_eq=case.y, bounds=(0, None), method="highs")
    support = np.flatnonzero(program.x > 1e-9)
    slack = 1 - case.E.T @ np.linalg.lstsq(case.E[:, support].T, np.ones(len(support)))[0]
    return support, float(np.min(np.delete(slack, support))) if len(support) == mj.instances.MEASUREMENTS else 0.0


@mj.theorem(
    id="gunasekar/nuclear",
    title="commuting matrix sensing from a small start minimizes the nuclear norm",
    statement=r"$X = UU^\top$, commuting $A_i$, $U_0U_0^\top = cI$, no decay, $\mathcal{A}(X_\infty) = y$: $X_\infty$ minimizes "
    r"$\frac{1}{4}\mathrm{tr}(X\log X - X - X\log c)$ over $\{X \succeq 0 : \mathcal{A}(X) = y\}$, and as $c \to 0$ its trace "
    r"becomes the least one, a linear program in the common eigenbasis.",
    source="gunasekar, commuting measurements",
    instances=cases,
)
def theorem_(case: mj.instances.Sensing, rungs) -> Finding:
    flow = case.gradient(mj.schedules.SwitchOff(0.0, at=1.0), T1)
    last = flow.observing(lambda path: mj.instances.all_of_X(path)[-1:])
    X = flow(rungs[-1], "dopri8").values
    moved = float(np.max(np.abs(X[-1] - X[0])))
    missed = float(
        np.linalg.norm(case.A.reshape(mj.instances.MEASUREMENTS, -1) @ X[-1] - case.y) / np.linalg.norm(case.y)
    )

    def whole(spectrum: np.ndarray) -> mj.checks.Exact:
        return mj.checks.Exact((case.O * spectrum @ case.O.T).ravel())

    def against(shift: float) -> Evidence:
        """The flow's end against Newton's, the log of the scale moved by `shift`."""
        found = mj.flows.limit(case.spectral, mj.potentials.Distorted(case.entropy, a_shift=shift / 4), 0.0)
        return compare(last, whole(np.asarray(found.x)), rungs, moved=moved)

    least_norm = np.linalg.pinv(case.E) @ case.y
    claims, controls, hypothesis = small_scale(case)
    return Finding(
        hypotheses=(
            *case.hypotheses,
            mj.checks.Hypothesis("interpolation, ‖𝒜(X) − y‖/‖y‖ ≤ 1e-8", missed, missed <= 1e-8),
            hypothesis,
        ),
        claims={"flow limit = least entropy": against(0.0), **claims},
        controls={
            "scale doubled": against(np.log(2.0)),
            "scale wrong by 1e-6": against(1e-6),
            "least Frobenius norm": compare(last, whole(least_norm), rungs, moved=moved),
            **controls,
        },
        planted={size: against(size) for size in mj.checks.planted_sizes(1e-4, 1e-6, 1e-7)},
    )


def small_scale(case: mj.instances.Sensing) -> tuple[dict[str, Evidence], dict[str, Evidence], mj.checks.Hypothesis]:
    """The trace at scale 1e-113 against that of the vertex of the linear program."""
    support, slack = least_trace(case)
    # From c₀ = 1 down: `limit` continues in a, which is log c / 4.
    unit = mj.potentials.SignedEntropy(jnp.zeros(mj.instances.SIZE), jnp.ones(mj.instances.SIZE), 4.0)

    def trace(y, E, log_c):
        return jnp.sum(mj.flows.limit(mj.problems.LinearRegression(E, y), unit, log_c / 4).x)[None]

    def vertex(y, E, log_c):
        """Solved for, not HiGHS's 1e-9."""
        return np.linalg.lstsq(np.asarray(E)[:, support], np.asarray(y))[0].sum(keepdims=True)

    def norm(y, E, log_c):
        return (np.linalg.pinv(np.asarray(E)) @ np.asarray(y)).sum(keepdims=True)

    def same(right: Callable, log_c: float = SMALL) -> Evidence:
        # E and log c are moved too: an exponent of 260 loses two digits that y does not see. Newton
        # ends anywhere below its tolerance: the residual it left is part of the budget.
        left = float(mj.flows.limit(case.spectral, unit, log_c / 4).residual)
        return identity(trace, right, case.y, case.E, np.array(log_c)).loosened(left)

    return (
        {"trace at c = 1e-113 = least trace": same(vertex)},
        {
            "trace at c = 1e-3 = least trace": same(vertex, -7.0),
            "trace at c = 1e-113 = trace of the least Frobenius norm": same(norm),
            "least trace wrong by 1e-6": same(lambda *at: (1 + 1e-6) * vertex(*at)),
        },
        mj.checks.Hypothesis(f"unique least trace: least dual slack > {SLACK}", slack, slack > SLACK),
    )
