"""mask/3.2-PL: how fast, where f satisfies a Polyak-Łojasiewicz inequality."""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding
from ._thm_2_3 import Pair, Run

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
TARGET = 0.1
STRENGTH = 0.05


def cases(seed, data=None):
    """Generic; and one that starts at a minimizer, from where decay drives it off.

    With orthonormal rows L = λ/2, with x ≪ c the metric is c: both estimates of the proof are equalities up to
    α/(λc) and (x/c)². T is one of the compared times.
    """
    pairs = []
    for case, (_, rng) in zip(mj.instances.random_regressions(seed), mj.instances.draw(seed, 33)):
        frame = np.linalg.qr(rng.standard_normal((mj.instances.FEATURES, mj.instances.SAMPLES)))[0].T
        x = frame.T @ rng.standard_normal(mj.instances.SAMPLES)
        x *= TARGET / np.linalg.norm(x)
        Z, w0 = mj.instances.SAMPLES**0.5 * frame, mj.parameterizations.Hadamard().lift(x, scale=rng.uniform(0.4, 0.8))
        schedule = mj.schedules.SwitchOff(STRENGTH, at=3.0)
        tight = mj.instances.Instance(
            mj.problems.LinearRegression(Z, Z @ x), case.param, schedule, w0, 6.0, name="tight"
        )
        length = 2 * float(case.schedule.at) if isinstance(case.schedule, mj.schedules.SwitchOff) else case.t1
        pairs.append(Pair(**vars(dataclasses.replace(case, t1=length)), tight=tight))
    return pairs


@mj.theorem(
    id="mask/3.2-PL",
    title="under decay √(f − f*) obeys a linear differential inequality, and falls at a linear rate afterwards",
    statement=r"Let $x = m \odot w$, $\alpha \geq 0$, $E = f - f^*$, $c_t = \min_i c_i(t)$, $\|\nabla f\|^2 \geq \lambda E$, "
    r"$\|\nabla f\|^2 \leq 2LE$ and $\langle \nabla f, x - x^* \rangle \geq 0$ along the path. Then $\sqrt{E} \leq b$ with "
    r"$b' = -\lambda c_t b + 2\sqrt{2L}\,\|x^*\|\,\alpha_t$, $b(0) = \sqrt{E(0)}$; for convex $f$ with $-(\lambda c_t + 2\alpha_t) b$; "
    r"and if $\alpha = 0$ after $T$: $E(t) \leq E(T)\,e^{-2\lambda(C(t) - C(T))}$, $C = \int c$.",
    source="mask, Theorem 3.2 (PL), in the form that holds",
    instances=cases,
)
def theorem_(case: Pair, rungs) -> Finding:
    """No errors are planted: the bounds are attained to a few per cent only, and a smaller error leaves them true."""
    assert case.tight is not None
    generic, tight = Descent(case, rungs), Descent(case.tight, rungs)
    lasting = Descent(dataclasses.replace(case.tight, schedule=mj.schedules.SwitchOff(STRENGTH, at=1e3)), rungs)
    return mj.checks.merged([claims(generic, "generic"), claims(tight, "tight"), wrong(tight, lasting)])


def claims(run: "Descent", name: str) -> Finding:
    found = {f"{name}: √E ≤ b": run.below(), f"{name}: √E ≤ b of a convex f": run.below(convex=1.0)}
    if isinstance(run.case.schedule, mj.schedules.SwitchOff):
        found[f"{name}: linear rate after T"] = run.afterwards(float(run.case.schedule.at))
    return Finding(claims=found, controls={}, hypotheses=run.hypotheses(name))


def wrong(run: "Descent", lasting: "Descent") -> Finding:
    """What a bound that is nearly attained refutes."""
    T = float(run.case.schedule.at)  # pyright: ignore[reportAttributeAccessIssue]
    return Finding(
        claims={},
        controls={
            "half the bound": run.below(share=0.5),
            "√(2L) instead of 2√(2L)": run.below(drive=0.5),
            "λ doubled": run.below(rate=2.0),
            "c_t frozen at c₀": run.below(shrinking=0.0),
            "c_t with exp(−2A)": run.below(shrinking=0.5),
            "−(λc + 6α) b": run.below(convex=3.0),
            "E ≤ E(0) exp(1000 ‖x*‖ A − λ c_∞ t), as printed in preprint v1 with C = 1000": run.printed(1e3),
            "after T: rate larger by a twentieth": run.afterwards(T, 1.05),
            "after T: half the bound": run.afterwards(T, share=0.5),
            "after T: decay that goes on": lasting.afterwards(T),
        },
        observations={"tight: largest √E/b": run.tightness()},
    )


class Descent:
    """One instance with √E along its flow, and the bounds by quadrature from the schedule alone."""

    def __init__(self, case: mj.instances.Regression, rungs: Sequence[float]):
        self.run = Run(case, rungs)
        self.case, self.rungs, self.ts = case, rungs, self.run.ts
        values = np.linalg.svd(self.run.Z, compute_uv=False)
        self.lam, self.L = 2 * values[-1] ** 2 / case.problem.d, values[0] ** 2 / case.problem.d
        self.target = np.linalg.pinv(self.run.Z) @ self.run.y
        self.root = self.run.flow.observing(self.root_of)
        self.values = self.root_of(self.run.flow.path(rungs[-1]))
        self.integrals = Integrals(case.schedule, self.ts)

    def root_of(self, path: mj.flows.Trajectory) -> np.ndarray:
        """√E; f* = 0, as Z has full row rank."""
        return np.sqrt(self.run.loss(path))

    def clock(self, shrinking: float) -> tuple[np.ndarray, np.ndarray]:
        """`C` at the compared times, and at the nodes between them."""
        start, (at, inside) = float(np.min(self.run.c)), self.integrals.scale(shrinking)
        return start * at, start * inside

    def bound(self, rate=1.0, drive=1.0, convex=0.0, shrinking=1.0) -> np.ndarray:
        """b: `b e^P = √E(0) + ∫ 2√(2L)‖x*‖ α e^P`, `P = λC`, with 2A added where f is convex."""
        at, inside = self.clock(shrinking)
        P = rate * self.lam * at + 2 * convex * self.integrals.dose
        between = rate * self.lam * inside + 2 * convex * self.integrals.dose_inside
        force = drive * 2 * np.sqrt(2 * self.L) * np.linalg.norm(self.target) * self.integrals.alpha
        b = [self.values[0]]
        for i, gap in enumerate(np.diff(self.ts)):
            gained = gap / 2 * np.sum(WEIGHTS * force[i] * np.exp(between[i] - P[i + 1]))
            b.append(b[-1] * np.exp(P[i] - P[i + 1]) + gained)
        return np.array(b)

    def below(self, share=1.0, **wrong: float) -> Evidence:
        return mj.checks.stays_below(self.root, share * self.bound(**wrong), self.rungs, float(np.max(self.values)))

    def printed(self, constant: float) -> Evidence:
        decayed = float(np.min(self.run.c)) * np.exp(-4 * float(self.case.schedule.total))
        grown = constant * np.linalg.norm(self.target) * self.integrals.dose
        bound = self.values[0] * np.exp((grown - self.lam * decayed * self.ts) / 2)
        return mj.checks.stays_below(self.root, bound, self.rungs, float(np.max(self.values)))

    def afterwards(self, T: float, rate=1.0, share=1.0) -> Evidence:
        """√E after T, half of whose logarithm the bound is."""
        first = int(np.argmin(np.abs(self.ts - T)))
        start = float(np.min(self.run.c)) * np.exp(-4 * float(self.case.schedule.dose(jnp.asarray(T))))
        bound = share * self.values[first] * np.exp(-rate * self.lam * start * (self.ts[first:] - T))
        late = self.run.flow.observing(lambda path: self.root_of(path)[first:])
        return mj.checks.stays_below(late, bound, self.rungs, float(self.values[first]))

    def tightness(self) -> float:
        return float(np.max(self.values[1:] / self.bound()[1:]))

    def hypotheses(self, name: str) -> tuple[mj.checks.Hypothesis, ...]:
        path = self.run.flow.path(self.rungs[-1])
        x, E = np.asarray(path.x), self.values**2
        slope = (x @ self.run.Z.T - self.run.y) @ self.run.Z / self.case.problem.d
        inward = np.sum(slope * (x - self.target), axis=1)
        seen = np.max(E) * 1e-12 < E
        square = np.sum(slope**2, axis=1)[seen] / E[seen]
        low, high = float(np.min(square) / self.lam), float(np.max(square) / (2 * self.L))
        least = float(np.min(inward[seen] / E[seen]))
        weakest = float(np.min(self.integrals.alpha))
        return (
            mj.instances.product_of_factors(self.case),
            mj.instances.mean_square_loss(self.case.problem, f"{name}: "),
            mj.checks.Hypothesis(f"{name}: ‖∇f‖²/(λE) ≥ 1 along the path", low, low >= 1 - 1e-9),
            mj.checks.Hypothesis(f"{name}: ‖∇f‖²/(2LE) ≤ 1 along the path", high, high <= 1 + 1e-9),
            mj.checks.Hypothesis(f"{name}: ⟨∇f, x − x*⟩/E ≥ 1 along the path, f convex", least, least >= 1 - 1e-9),
            mj.checks.Hypothesis(f"{name}: least α", weakest, weakest >= 0),
        )


class Integrals:
    """α and its dose at 16 Gauss nodes between any two of the times; the T of a jump is a time, never a node."""

    def __init__(self, schedule: mj.schedules.AbstractSchedule, ts: np.ndarray):
        self.gaps, starts = np.diff(ts), ts[:-1]
        self.steps = np.outer(self.gaps, (1 + NODES) / 2)
        inside = starts[:, None] + self.steps
        nested = starts[:, None, None] + self.steps[..., None] * (1 + NODES) / 2
        self.dose, self.dose_inside, self._dose_nested = (
            np.asarray(schedule.dose(jnp.asarray(part.ravel()))).reshape(part.shape) for part in (ts, inside, nested)
        )
        self.alpha = np.asarray(schedule.alpha(jnp.asarray(inside.ravel()))).reshape(inside.shape)

    def scale(self, shrinking: float) -> tuple[np.ndarray, np.ndarray]:
        """`∫ e^{−4A}` up to the times and up to the nodes; `shrinking` is the control's factor of 4."""
        pieces = self.gaps / 2 * (np.exp(-4 * shrinking * self.dose_inside) @ WEIGHTS)
        at = np.concatenate([[0.0], np.cumsum(pieces)])
        return at, at[:-1, None] + self.steps / 2 * (np.exp(-4 * shrinking * self._dose_nested) @ WEIGHTS)
