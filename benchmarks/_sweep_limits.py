"""One limit of the yardstick, five ways; a part of benchmarks/sweeps.py."""

import time

import numpy as np
from _yardstick import T_OFF, D, N, lap, legs, made_field, median, say, yardstick

DOSE = 1.0
TO = 1e4
"""Where the flow is stopped that stands for its limit."""
KKT = 1e-10
SMALL = 1e-6
"""Of the descent whose rate is measured, the Zx − y below which its end is taken."""


class Limit:
    """`argmin {R_a(x) : Zx = y}`; in NumPy, ∇Q(μ) = c sinh 2μ with c = 2·scale·e^(−4·dose)/2, at μ = Zᵀν."""

    def __init__(self, scale: float):
        self.scale, self.given = scale, yardstick()
        self.c = scale * np.exp(-4 * DOSE)

    def start(self):
        state = np.zeros(2 * N)
        state[:N] = np.sqrt(2 * self.scale)
        return state

    def kkt(self, x) -> float:
        """The larger of |Zx − y| and the distance of ∇R_a(x) from the range of Zᵀ, entries at most."""
        mu = np.arcsinh(np.asarray(x) / self.c) / 2
        nu = np.linalg.lstsq(self.given.Z.T, mu, rcond=None)[0]
        primal = np.max(np.abs(self.given.Z @ x - self.given.y))
        return float(max(primal, np.max(np.abs(self.given.Z.T @ nu - mu))))

    def x_of(self, nu):
        return self.c * np.sinh(2 * self.given.Z.T @ nu)

    def dual(self, nu):
        """`Q_a(Zᵀν) − yᵀν` and its gradient; infinite where it overflows."""
        mu = 2 * self.given.Z.T @ nu
        if np.max(np.abs(mu)) > 300:
            return np.inf, np.zeros(D)
        return (
            float(self.c / 2 * np.sum(np.cosh(mu)) - self.given.y @ nu),
            self.given.Z @ (self.c * np.sinh(mu)) - self.given.y,
        )

    def curvature(self, nu):
        mu = 2 * self.given.Z.T @ nu
        return self.given.Z * (2 * self.c * np.cosh(np.minimum(np.abs(mu), 300))) @ self.given.Z.T


def by_mirrorjax(asked: Limit, repeats: int):
    import jax
    import jax.numpy as jnp

    import mirrorjax as mj

    given = asked.given
    problem, param = mj.problems.LinearRegression(given.Z, given.y), mj.parameterizations.Hadamard()
    w0 = param.lift(jnp.zeros(N), scale=asked.scale)
    potential = mj.potential_of(param, w0)

    def limit():
        return jax.block_until_ready(mj.limit(problem, potential, -DOSE))

    def flow():
        flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(DOSE / T_OFF, at=T_OFF))
        return jax.block_until_ready(mj.integrate(flow, w0, ts=[0.0, TO], rtol=1e-9))

    first = lap(limit)
    found, base = limit(), median(limit, 5 * repeats)
    row = {"row": "limit", "scale": asked.scale}
    x = np.asarray(found.x)
    say(
        **row, name="mj.limit", first_s=first, again_s=base, ratio=1.0, kkt=asked.kkt(x), residual=float(found.residual)
    )
    first = lap(flow)
    path, seconds = flow(), median(flow, repeats)
    end = np.asarray(path.x[-1])
    say(
        **row, name=f"mj.integrate to t = {TO:g}", first_s=first, again_s=seconds, ratio=seconds / base,
        kkt=asked.kkt(end), error=float(np.max(np.abs(end - x))), steps=int(path.steps),
    )  # fmt: skip
    return x, base


def many(asked: Limit, repeats: int):
    """Limits in a sweep, per second, against flows to the same time in a sweep."""
    import jax.numpy as jnp
    from _sweep_parts import grid, quantity_of

    import mirrorjax as mj

    given, param = asked.given, mj.parameterizations.Hadamard()
    problem = mj.problems.LinearRegression(given.Z, given.y)

    def limits(point):
        potential = mj.potential_of(param, param.lift(jnp.zeros(N), scale=point.scale))
        found = mj.limit(problem, potential, -point.dose)
        return {"x": found.x, "residual": found.residual, "ok": found.ok}

    few = {name: values[::8] for name, values in grid().items()}
    for name, quantity, over in (("limits", limits, grid()), (f"flows to t = {TO:g}", quantity_of(1e-9, TO), few)):
        data, laps = None, []
        for _ in range(1 + min(repeats, 3)):
            began = time.perf_counter()
            data = mj.sweep(quantity, over)
            laps.append(time.perf_counter() - began)
        assert data is not None
        count = data.status.size
        say(
            row="limits swept", name=name, count=count, first_s=laps[0], per_s=count / float(np.median(laps[1:])),
            ok=float(np.mean(data.status == 0)), mapping=data.attrs["mapping_reason"],
            residual=float(np.nanmax(data.residual)) if "residual" in data else None,
        )  # fmt: skip


def by_scipy(asked: Limit, base: float, exact, repeats: int):
    import scipy.optimize as so

    given = asked.given
    zero = np.zeros(D)
    objective = {
        "L-BFGS-B on the dual": lambda: so.minimize(
            asked.dual, zero, jac=True, method="L-BFGS-B",
            options={"maxiter": 20000, "maxfun": 40000, "gtol": 1e-11, "ftol": 1e-18},
        ).x,
        "trust-exact on the dual": lambda: so.minimize(
            asked.dual, zero, jac=True, hess=asked.curvature, method="trust-exact",
            options={"gtol": 1e-11, "maxiter": 5000},
        ).x,
        "trust-constr on the primal": lambda: trust_constr(asked, so),
    }  # fmt: skip
    row = {"row": "limit", "scale": asked.scale}
    for name, solve in objective.items():
        try:
            first = lap(solve)
            seconds = first if first > 2 else median(solve, repeats)
            end = solve() if first < 5 else None
            more = {}
            if end is not None:
                x = end if len(end) == N else asked.x_of(end)
                more = {"kkt": asked.kkt(x), "error": float(np.max(np.abs(x - exact)))}
            say(**row, name=f"SciPy {name}", first_s=first, again_s=seconds, ratio=seconds / base, **more)
        except Exception as error:
            say(**row, name=f"SciPy {name}", error_text=f"{type(error).__name__}: {error}"[:120])

    def pursuit():
        cost, both = np.ones(2 * N), np.hstack([given.Z, -given.Z])
        return so.linprog(cost, A_eq=both, b_eq=given.y, method="highs").x

    seconds = median(pursuit, repeats)
    both = pursuit()
    error = float(np.max(np.abs(both[:N] - both[N:] - exact)))
    say(**row, name="SciPy linprog: least ℓ₁, the end of the path", again_s=seconds, ratio=seconds / base, error=error)


def trust_constr(asked: Limit, so):
    given, c = asked.given, asked.c

    def value(x):
        s = np.arcsinh(x / c)
        return float(np.sum(x * s - np.sqrt(x**2 + c**2)) / 2)

    return so.minimize(
        value, np.linalg.lstsq(given.Z, given.y, rcond=None)[0], jac=lambda x: np.arcsinh(x / c) / 2,
        hess=lambda x: np.diag(0.5 / np.sqrt(x**2 + c**2)), method="trust-constr",
        constraints=[so.LinearConstraint(given.Z, given.y, given.y)], options={"gtol": 1e-10, "maxiter": 300},
    ).x  # fmt: skip


def by_descent(asked: Limit, base: float, exact, quick: bool):
    """Gradient descent, by NumPy's field; how long until its KKT residual is 1e-10.

    Its end differs from the limit by an error of the first order in η, measured at two η and extrapolated to 1e-10; it
    comes to its end at a rate measured from the last halvings of Zx − y; and a step takes what it takes. The steps are
    those in the end alone: |Zx − y| from what it is at t = 20 down to 1e-10.
    """
    given, field = asked.given, made_field(asked.given.Z, asked.given.y)
    out, ends = np.empty(2 * N), []
    row = {"row": "limit", "scale": asked.scale}
    per_step = 0.0
    etas = (4e-2, 2e-2) if asked.scale > 1e-2 else (2e-2, 1e-2)
    for eta in etas:
        state, seconds = asked.start(), 0.0
        rate, last, at, t = 0.0, None, 0.0, 0.0
        began, steps = time.perf_counter(), 0
        most = 150_000 if quick else 600_000
        while steps < most:
            decay = legs(DOSE)[0][2] if t < T_OFF - eta / 2 else 0.0
            field(decay, state, out)
            np.multiply(out, eta, out=out)
            np.add(state, out, out=state)
            steps += 1
            t = steps * eta
            if steps % 1000 == 0:
                gap = float(np.max(np.abs(given.Z @ (state[:N] * state[N:]) - given.y)))
                if last is not None and 0 < gap < last:
                    rate = np.log(last / gap) / (t - at)
                last, at = gap, t
                if gap < 1e-12:
                    break
        seconds = time.perf_counter() - began
        per_step = seconds / steps
        x = state[:N] * state[N:]
        ends.append((eta, asked.kkt(x), rate, t, last, float(np.max(np.abs(x - exact)))))
    (eta, kkt, rate, t, gap, error), fine = ends
    order = np.log(kkt / fine[1]) / np.log(eta / fine[0])
    wanted = fine[0] * (KKT / fine[1]) ** (1 / order if order > 0.5 else 1.0)
    steps = fine[3] / wanted
    seconds = steps * per_step
    say(
        **row, name=f"gradient descent to KKT {KKT:g}, extrapolated", again_s=seconds, ratio=seconds / base, kkt=KKT,
        eta=wanted, measured=[list(end) for end in ends], order=order, per_step=per_step, steps=steps,
    )  # fmt: skip
    seconds = t / eta * per_step
    say(
        **row, name=f"gradient descent, η = {eta:g}, to its end", again_s=seconds, ratio=seconds / base, kkt=kkt,
        error=error, gap=gap, steps=t / eta,
    )  # fmt: skip


def run(options) -> None:
    for scale in (0.1, 1e-3):
        asked = Limit(scale)
        exact, base = by_mirrorjax(asked, options.repeats)
        by_scipy(asked, base, exact, options.repeats)
        by_descent(asked, base, exact, options.quick)
    many(asked, options.repeats)
