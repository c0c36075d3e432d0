"""One deep-linear flow and one limit, against SciPy's LSODA and DOP853 at equal measured error.

    python benchmarks/flows.py

Every solver runs at the loosest tolerance whose measured error, against DOP853 at rtol 1e-13, is
below the target. The first call (tracing and compiling) and repeats (median) stand apart.
"""

import math
import os
import platform
import statistics
import time

os.environ.setdefault("EQX_ON_ERROR", "off")

import jax
import numpy as np
from scipy.integrate import solve_ivp

import mirrorjax as mj

jax.config.update("jax_enable_x64", True)

D, N, SCALE, TARGET, REPEATS = 40, 100, 0.5, 1e-7, 15
TOLERANCES = [10.0**-k for k in range(4, 13)]
T_FLOW, T_LIMIT = 100.0, 4000.0


def instance():
    """m ⊙ w with decay switched off at t = 2; Gaussian Z, 5 active features."""
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((D, N))
    x = np.zeros(N)
    x[:5] = rng.standard_normal(5)
    problem = mj.problems.LinearRegression(Z, Z @ x)
    param = mj.parameterizations.Hadamard()
    w0 = param.lift(rng.standard_normal(N) * N**-0.5, scale=SCALE)
    return problem, param, mj.schedules.SwitchOff(0.1, at=2.0), w0


def scipy_field(problem, schedule):
    """The same right-hand side in numpy."""
    Z, y = np.asarray(problem.Z), np.asarray(problem.y)
    strength, at = float(schedule.strength), float(schedule.at)

    def field(t, state):
        m, w = state[:N], state[N:]
        g = Z.T @ (Z @ (m * w) - y) / D
        decay = 2 * strength if t < at else 0.0
        return np.concatenate([-(g * w) - decay * m, -(g * m) - decay * w])

    return field


def scipy_solver(problem, schedule, w0, t1, method):
    """Solved in two legs, so that SciPy too is told where the field jumps."""
    field, at = scipy_field(problem, schedule), float(schedule.at)

    def solve(rtol):
        state = np.asarray(w0).ravel()
        for leg in ((0.0, at - 1e-12), (at, t1)):
            state = solve_ivp(field, leg, state, method=method, rtol=rtol, atol=rtol).y[:, -1]
        return state[:N] * state[N:]

    return solve


def timed(solve, reference):
    """Loosest tolerance that reaches the target, then first call and median repeat."""
    start = time.perf_counter()
    solve(TOLERANCES[0])
    first = time.perf_counter() - start
    rtol, error = math.nan, math.inf
    for rtol in TOLERANCES:
        error = float(np.max(np.abs(np.asarray(solve(rtol)) - reference)))
        if error <= TARGET:
            break
    laps = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        np.asarray(solve(rtol))
        laps.append(time.perf_counter() - start)
    return rtol, error, first, statistics.median(laps)


def table(title, solvers, reference):
    """Prints one row per solver; ratios are to the first."""
    print(f"\n{title}\n{'solver':<26}{'rtol':>8}{'error':>10}{'first call':>13}{'repeat':>13}{'ratio':>8}")
    base = None
    for name, solve in solvers.items():
        rtol, error, first, repeat = timed(solve, reference)
        base = base or repeat
        print(f"{name:<26}{rtol:8.0e}{error:10.1e}{first * 1e3:10.1f} ms{repeat * 1e3:10.2f} ms{repeat / base:8.1f}")


def main():
    problem, param, schedule, w0 = instance()
    flow = mj.flows.GradientFlow(problem, param, schedule)
    potential = mj.potential_of(param, w0)

    def gradient_flow(t1):
        ts = np.array([0.0, t1])
        return lambda rtol: mj.integrate(flow, w0, ts=ts, rtol=rtol).x[-1]

    def mirror_flow(t1):
        ts = np.array([0.0, t1])
        dual = mj.flows.MirrorFlow(problem, potential, schedule)
        return lambda rtol: mj.integrate(dual, ts=ts, rtol=rtol).x[-1]

    def peers(t1):
        return {f"SciPy {m}": scipy_solver(problem, schedule, w0, t1, m) for m in ("LSODA", "DOP853")}

    versions = {k: v for k, v in mj.checks.environment().items() if k in ("jax", "diffrax", "numpy", "scipy", "python")}
    print(f"{platform.machine()}, {os.cpu_count()} cores, float64, {versions}")
    print(f"x = m ⊙ w, d = {D}, n = {N}; target error {TARGET:g} in x(t1)")
    # SciPy's, so that the first call of mirrorjax is the first; and independent of what it judges.
    reference = scipy_solver(problem, schedule, w0, T_FLOW, "DOP853")(1e-13)
    solvers = {
        "mirrorjax gradient flow": gradient_flow(T_FLOW),
        "mirrorjax mirror flow": mirror_flow(T_FLOW),
        **peers(T_FLOW),
    }
    table(f"flow to t = {T_FLOW:g}", solvers, reference)

    reference = scipy_solver(problem, schedule, w0, T_LIMIT, "DOP853")(1e-13)
    solvers = {
        "mirrorjax limit (Newton)": lambda rtol: mj.limit(problem, potential, -schedule.total).x,
        "mirrorjax gradient flow": gradient_flow(T_LIMIT),
        **peers(T_LIMIT),
    }
    table(f"limit t → ∞ (flows stopped at t = {T_LIMIT:g})", solvers, reference)


if __name__ == "__main__":
    main()
