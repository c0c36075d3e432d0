"""The flows that benchmarks/sweeps.py measures, in NumPy alone: what every solver is given, and how it is timed."""

import json
import os
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

D, N, SPARSE, T_OFF, T_END = 40, 100, 5, 20.0, 100.0
SIDE = 32
"""Scales and doses: 32 of each."""
TARGET = 1e-8
"""The largest error of x(T) over the sample that is let pass."""
TOLERANCES = [10 ** (-k / 2) for k in range(9, 27)]
SAMPLE, QUICK_SAMPLE = 32, 12
"""Flows whose error is measured."""


class Yardstick(NamedTuple):
    """The data and the flows: for each its scale, dose and start (m, w); the first ones are a random sample."""

    Z: np.ndarray
    y: np.ndarray
    scales: np.ndarray
    doses: np.ndarray
    starts: np.ndarray


def yardstick() -> Yardstick:
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((D, N))
    x = np.zeros(N)
    x[:SPARSE] = rng.standard_normal(SPARSE)
    scales, doses = (v.ravel() for v in np.meshgrid(*axes(), indexing="ij"))
    order = np.random.default_rng(1).permutation(scales.size)
    scales, doses = scales[order], doses[order]
    # `param.lift(0, scale)`: m² − w² = 2 scale.
    starts = np.zeros((scales.size, 2 * N))
    starts[:, :N] = np.sqrt(2 * scales)[:, None]
    return Yardstick(Z, Z @ x, scales, doses, starts)


def axes() -> tuple[np.ndarray, np.ndarray]:
    """The scales and the doses of the sweep."""
    return np.geomspace(1e-3, 1.0, SIDE), np.linspace(0.0, 4.0, SIDE)


def made_field(Z, y):
    """`field(decay, state, out)` in NumPy, without an allocation; `decay` is 2α."""
    d, n = Z.shape
    Zt, x, r, g, part = np.ascontiguousarray(Z.T), np.empty(n), np.empty(d), np.empty(n), np.empty(n)

    def field(decay, state, out):
        m, w = state[:n], state[n:]
        np.multiply(m, w, out=x)
        np.dot(Z, x, out=r)
        np.subtract(r, y, out=r)
        np.dot(Zt, r, out=g)
        np.multiply(g, -1 / d, out=g)
        np.multiply(g, w, out=out[:n])
        np.multiply(g, m, out=out[n:])
        if decay:
            np.multiply(state[:n], decay, out=part)
            out[:n] -= part
            np.multiply(state[n:], decay, out=part)
            out[n:] -= part
        return out

    return field


def made_jacobian(Z, y):
    """The Jacobian of the field."""
    d, n = Z.shape
    gram = Z.T @ Z / d
    eye = np.arange(n)

    def jacobian(decay, state):
        m, w = state[:n], state[n:]
        g = Z.T @ (Z @ (m * w) - y) / d
        J = np.empty((2 * n, 2 * n))
        J[:n, :n] = -w[:, None] * gram * w
        J[:n, n:] = -w[:, None] * gram * m
        J[n:, :n] = -m[:, None] * gram * w
        J[n:, n:] = -m[:, None] * gram * m
        J[eye, eye] -= decay
        J[n + eye, n + eye] -= decay
        J[eye, n + eye] -= g
        J[n + eye, eye] -= g
        return J

    return jacobian


def legs(dose):
    """Begin, end and 2α of the two legs, so that every solver is told where the field jumps."""
    return ((0.0, T_OFF, 2 * dose / T_OFF), (T_OFF, T_END, 0.0))


def reference(folder: Path, quick: bool) -> np.ndarray:
    """x(T) of the sample by SciPy's DOP853 at rtol 1e-13; computed once in a run."""
    file = folder / "reference.npy"
    if file.exists():
        return np.load(file)
    from scipy.integrate import solve_ivp

    given = yardstick()
    field, found = made_field(given.Z, given.y), []
    for k in range(QUICK_SAMPLE if quick else SAMPLE):
        state = given.starts[k]
        for begin, end, decay in legs(given.doses[k]):

            def slope(t, s, decay=decay):
                return field(decay, s, np.empty_like(s))

            state = solve_ivp(slope, (begin, end), state, method="DOP853", rtol=1e-13, atol=1e-16).y[:, -1]
        found.append(state[:N] * state[N:])
    np.save(file, np.array(found))
    return np.array(found)


def say(**row):
    """One result of a part, as the command reads it."""
    print("ROW " + json.dumps({**row, "load": os.getloadavg()[0]}), flush=True)


def lap(function, clock=time.perf_counter) -> float:
    began = clock()
    function()
    return clock() - began


def median(function, repeats: int, clock=time.perf_counter) -> float:
    """Of so many laps, in seconds."""
    return statistics.median(lap(function, clock) for _ in range(repeats))


def work_precision(name, solve, count, exact, *, repeats, tolerances=TOLERANCES, longest=12.0, **more):
    """Says the curve and the row of a solver: `solve(rtol)` gives x(T) of the first `count` flows.

    The curve ends at an error of 1e-10, or where one run takes longer than `longest` seconds. The row is at the loosest
    tolerance whose error is at most the target.
    """
    began = time.perf_counter()
    solve(tolerances[0])
    first = time.perf_counter() - began
    curve = []
    few = min(count, len(exact))
    for rtol in tolerances:
        began = time.perf_counter()
        x = np.asarray(solve(rtol))
        seconds = time.perf_counter() - began
        error = float(np.max(np.abs(x[:few] - exact[:few])))
        curve.append((rtol, error, seconds / count))
        if error <= 1e-10 or seconds > longest:
            break
    good = [rtol for rtol, error, _ in curve if error <= TARGET]
    row = {"row": "solver", "name": name, "count": count, "first_s": first, "curve": curve, **more}
    if not good:
        best = min(curve, key=lambda point: point[1])
        say(**row, rtol=best[0], error=best[1], per_s=1 / best[2], repeats=1, reached=False)
        return
    [(_, error, _)] = [point for point in curve if point[0] == good[0]]
    again = median(lambda: solve(good[0]), repeats)
    say(**row, rtol=good[0], error=error, per_s=count / again, repeats=repeats, reached=True)
