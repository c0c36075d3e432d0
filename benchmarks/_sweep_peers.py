"""The peers of mj.sweep in benchmarks/sweeps.py: the same flows by NumPy, SciPy, numba, SUNDIALS and torch."""

import importlib
import importlib.metadata
import importlib.util
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from _yardstick import T_END, T_OFF, D, N, legs, made_field, made_jacobian, median, say, work_precision, yardstick

CORES = 2


# SciPy and SUNDIALS: one flow after the other in each of two processes -----------------------------------------------


def by_scipy(method, rtol, k):
    """x(T) of flow k."""
    from scipy.integrate import odeint, solve_ivp

    given = yardstick()
    field, jacobian, state = made_field(given.Z, given.y), made_jacobian(given.Z, given.y), given.starts[k]
    for begin, end, decay in legs(given.doses[k]):
        if method == "LSODA":  # odeint: SciPy's own LSODA class of solve_ivp returns to Python after every step
            out = np.empty(2 * N)

            def slope(t, s, decay=decay, out=out):
                return field(decay, s, out)

            state = odeint(slope, state, [begin, end], tfirst=True, rtol=rtol, atol=rtol, mxstep=100000)[-1]
        else:

            def fresh(t, s, decay=decay):
                return field(decay, s, np.empty_like(s))

            more: Any = {"jac": lambda t, s, decay=decay: jacobian(decay, s)} if method == "BDF" else {}
            state = solve_ivp(fresh, (begin, end), state, method=method, rtol=rtol, atol=rtol, **more).y[:, -1]
    return state[:N] * state[N:]


def by_sundials(method, rtol, k):
    cvode = importlib.import_module("sksundae.cvode")
    given = yardstick()
    field, jacobian, state = made_field(given.Z, given.y), made_jacobian(given.Z, given.y), given.starts[k]
    now: list[Any] = [0.0]  # sksundae counts arguments, so the leg's decay is none of them

    def slope(t, s, out):
        field(now[0], s, out)

    def filled(t, s, out, J):
        J[:] = jacobian(now[0], s)

    more = {"linsolver": "gmres"} if method == "Adams" else {"jacfn": filled}
    for begin, end, now[0] in legs(given.doses[k]):
        solver = cvode.CVODE(slope, method=method, rtol=rtol, atol=rtol, max_num_steps=100000, **more)
        state = np.asarray(solver.solve(np.array([begin, end]), state).y[-1])
    return state[:N] * state[N:]


def _share(task):
    """What one process solves."""
    by, method, rtol, flows = task
    return by(method, rtol, flows) if by is by_torch else [by(method, rtol, k) for k in flows]


def in_processes(pool, by, method, rtol, count):
    shares = [range(part, count, CORES) for part in range(CORES)]
    found = np.empty((count, N))
    for share, xs in zip(shares, pool.map(_share, [(by, method, rtol, share) for share in shares])):
        found[list(share)] = xs
    return found


def scipy_part(options, exact):
    import scipy

    count = len(exact)
    with ProcessPoolExecutor(CORES) as pool:
        for method, few in (("DOP853", count), ("LSODA", count), ("BDF", 4)):
            work_precision(
                f"SciPy {method}", lambda rtol, m=method, c=few: in_processes(pool, by_scipy, m, rtol, c), few, exact,
                repeats=options.repeats, version=scipy.__version__, how="2 processes",
                longest=4.0 if options.quick else 12.0,
            )  # fmt: skip


def sundials_part(options, exact):
    if importlib.util.find_spec("sksundae") is None:
        for method in ("Adams", "BDF"):
            say(row="solver", name=f"SUNDIALS CVODE {method}", missing=True)
        return
    version = importlib.import_module("sksundae").__version__
    count = len(exact)
    with ProcessPoolExecutor(CORES) as pool:
        for method, few in (("Adams", count), ("BDF", 4)):
            work_precision(
                f"SUNDIALS CVODE {method}", lambda rtol, m=method, c=few: in_processes(pool, by_sundials, m, rtol, c),
                few, exact, repeats=options.repeats, version=f"scikit-SUNDAE {version}", how="2 processes",
                longest=4.0 if options.quick else 12.0,
            )  # fmt: skip


# numba: compiled, in parallel over flows -----------------------------------------------------------------------------


def pairs():
    """The tableaus of DOP853 and Dormand–Prince 5(4), from SciPy."""
    coefficients = importlib.import_module("scipy.integrate._ivp.dop853_coefficients")
    rk45 = importlib.import_module("scipy.integrate._ivp.rk").RK45
    stages = coefficients.N_STAGES
    return {
        "DOP853": (coefficients.A[:stages, :stages], coefficients.B, coefficients.E5, coefficients.E3, 1 / 8),
        "DP5(4)": (rk45.A, rk45.B, rk45.E, np.zeros_like(rk45.E), 1 / 5),
    }


def numba_solver(by_dot):
    """`solve(Z, y, starts, doses, tableau…, rtol)` and `descend(Z, y, starts, doses, eta, share)`."""
    numba: Any = importlib.import_module("numba")

    jit = numba.njit(fastmath=True)

    @jit
    def by_loops(Z, Zt, x, y, r, g):
        d, n = Z.shape
        g[:] = 0.0
        for i in range(0, d, 4):  # four rows at once, so that x and g are loaded once for four
            a, b, c, e = 0.0, 0.0, 0.0, 0.0
            for j in range(n):
                a += Z[i, j] * x[j]
                b += Z[i + 1, j] * x[j]
                c += Z[i + 2, j] * x[j]
                e += Z[i + 3, j] * x[j]
            a, b, c, e = a - y[i], b - y[i + 1], c - y[i + 2], e - y[i + 3]
            for j in range(n):
                g[j] += a * Z[i, j] + b * Z[i + 1, j] + c * Z[i + 2, j] + e * Z[i + 3, j]

    @jit
    def by_blas(Z, Zt, x, y, r, g):
        np.dot(Z, x, r)
        for i in range(len(y)):
            r[i] -= y[i]
        np.dot(Zt, r, g)

    products = by_blas if by_dot else by_loops

    @jit
    def field(Z, Zt, y, decay, state, out, x, r, g):
        d, n = Z.shape
        for j in range(n):
            x[j] = state[j] * state[n + j]
        products(Z, Zt, x, y, r, g)
        for j in range(n):
            s = g[j] / d
            out[j] = -s * state[n + j] - decay * state[j]
            out[n + j] = -s * state[j] - decay * state[n + j]

    @jit
    def leg(Z, Zt, y, decay, state, length, A, B, E, F, power, rtol):
        d, n = Z.shape
        size, stages = 2 * n, len(B)
        x, r, g = np.empty(n), np.empty(d), np.empty(n)
        K, at, new = np.empty((stages + 1, size)), np.empty(size), np.empty(size)
        field(Z, Zt, y, decay, state, K[0], x, r, g)
        t, h = 0.0, 1e-3 * length
        while t < length:
            last = t + h * (1 + 1e-9) >= length
            if last:
                h = length - t
            for s in range(1, stages):
                at[:] = state
                for q in range(s):
                    if A[s, q] != 0:
                        weight = h * A[s, q]
                        for j in range(size):
                            at[j] += weight * K[q, j]
                field(Z, Zt, y, decay, at, K[s], x, r, g)
            new[:] = state
            for q in range(stages):
                if B[q] != 0:
                    weight = h * B[q]
                    for j in range(size):
                        new[j] += weight * K[q, j]
            field(Z, Zt, y, decay, new, K[stages], x, r, g)
            e5, e3 = 0.0, 0.0
            for j in range(size):
                p, q = 0.0, 0.0
                for s in range(stages + 1):
                    p += E[s] * K[s, j]
                    q += F[s] * K[s, j]
                scale = rtol * (1 + max(abs(state[j]), abs(new[j])))
                e5 += (p / scale) ** 2
                e3 += (q / scale) ** 2
            error = 0.0 if e5 == 0 else h * e5 / np.sqrt((e5 + 0.01 * e3) * size)
            factor = min(10.0, max(0.2, 0.9 * max(error, 1e-300) ** -power))
            if error < 1:
                t = length if last else t + h
                state[:] = new
                K[0] = K[stages]
                h *= factor
            else:
                h *= min(1.0, factor)

    @numba.njit(fastmath=True, parallel=True)
    def solve(Z, Zt, y, starts, doses, A, B, E, F, power, rtol):
        n = Z.shape[1]
        found = np.empty((len(doses), n))
        for k in numba.prange(len(doses)):
            state = starts[k].copy()
            leg(Z, Zt, y, 2 * doses[k] / T_OFF, state, T_OFF, A, B, E, F, power, rtol)
            leg(Z, Zt, y, 0.0, state, T_END - T_OFF, A, B, E, F, power, rtol)
            found[k] = state[:n] * state[n:]
        return found

    @numba.njit(fastmath=True, parallel=True)
    def descend(Z, Zt, y, starts, doses, eta, steps):
        d, n = Z.shape
        found = np.empty((len(doses), n))
        for k in numba.prange(len(doses)):
            state = starts[k].copy()
            out, x, r, g = np.empty(2 * n), np.empty(n), np.empty(d), np.empty(n)
            for s in range(steps):
                field(Z, Zt, y, 2 * doses[k] / T_OFF if s * eta < T_OFF else 0.0, state, out, x, r, g)
                for j in range(2 * n):
                    state[j] += eta * out[j]
            found[k] = state[:n] * state[n:]
        return found

    return solve, descend


def numba_part(options, exact):
    numba: Any = importlib.import_module("numba")

    numba.set_num_threads(CORES)
    given, count = yardstick(), 128 if options.quick else 512
    Zt = np.ascontiguousarray(given.Z.T)
    for name, (A, B, E, F, power) in pairs().items():
        for products in ("loops", "np.dot") if name == "DOP853" else ("loops",):
            solve, _ = numba_solver(products == "np.dot")
            tableau: Any = (*(np.ascontiguousarray(v) for v in (A, B, E, F)), power)

            def run(rtol, solve: Any = solve, tableau: Any = tableau):
                return solve(given.Z, Zt, given.y, given.starts[:count], given.doses[:count], *tableau, rtol)

            work_precision(
                f"numba {name}, products by {products}", run, count, exact, repeats=options.repeats,
                version=numba.__version__, how="2 threads",
            )  # fmt: skip


def descent_part(options, exact):
    """Gradient descent with η = 1e-4 as the discretization of the flow."""
    numba: Any = importlib.import_module("numba")

    numba.set_num_threads(CORES)
    given, eta, count = yardstick(), 1e-4, 2 if options.quick else 4
    Zt, steps = np.ascontiguousarray(given.Z.T), round(T_END / eta)
    _, descend = numba_solver(False)
    few = steps // 50

    def run(steps):
        return descend(given.Z, Zt, given.y, given.starts[:count], given.doses[:count], eta, steps)

    first = median(lambda: run(1), 1)
    rate = median(lambda: run(few), options.repeats) / few
    error = float(np.max(np.abs(run(steps) - exact[:count])))
    say(
        row="solver", name="gradient descent η = 1e-4, numba", count=count, first_s=first, curve=[], rtol=None,
        error=error, per_s=count / (rate * steps), repeats=options.repeats, reached=False, version=numba.__version__,
        how=f"2 threads; rate of {few} of {steps} steps, error of all",
    )  # fmt: skip
    field, state, out = made_field(given.Z, given.y), given.starts[0].copy(), np.empty(2 * N)

    def in_numpy():
        for _ in range(few // 10):
            field(0.1, state, out)
            np.multiply(out, eta, out=out)
            np.add(state, out, out=state)

    rate = median(in_numpy, options.repeats) / (few // 10)
    say(
        row="solver", name="gradient descent η = 1e-4, NumPy", count=1, first_s=0.0, curve=[], rtol=None, error=error,
        per_s=CORES / (rate * steps), repeats=options.repeats, reached=False, version=np.__version__,
        how=f"one process, doubled; extrapolated from {few // 10} of {steps} steps",
    )  # fmt: skip


# torch: all flows of a batch at once ---------------------------------------------------------------------------------


def by_torch(method, rtol, flows):
    """x(T) of flows as one batch, on one thread. Two threads of one batch wait for each other at every operation."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    package, name = method.split()
    solver = importlib.import_module(package)
    given = yardstick()
    Z, y = torch.from_numpy(given.Z), torch.from_numpy(given.y)
    Zt, scaled = Z.T.contiguous(), Z / D
    state = torch.from_numpy(given.starts[list(flows)])
    doses = torch.from_numpy(given.doses[list(flows)])[:, None]

    def slope(decay):
        def field(t, state):
            m, w = state[:, :N], state[:, N:]
            g = torch.addmm(-y, m * w, Zt) @ scaled
            out = torch.cat([g * w, g * m], dim=1)
            return -out if decay is None else torch.addcmul(out, decay, state).neg_()

        return field

    def one_leg(field, state, begin, end):
        if package == "torchdiffeq":
            # A step ends at the end: the interpolation there is less accurate than the steps.
            ts = torch.tensor([begin, end])
            more = {"method": name, "rtol": rtol, "atol": rtol, "options": {"step_t": ts[1:]}}
            return solver.odeint(field, state, ts, **more)[-1]
        term = solver.ODETerm(field)
        method = solver.AutoDiffAdjoint(solver.Dopri5(term), solver.IntegralController(rtol, rtol, term=term))
        ends, begins = torch.full((len(state), 1), end), torch.full((len(state),), begin)
        return method.solve(solver.InitialValueProblem(y0=state, t_start=begins, t_eval=ends)).ys[:, -1]

    with torch.no_grad():
        for begin, end, decay in ((0.0, T_OFF, 2 * doses / T_OFF), (T_OFF, T_END, None)):
            state = one_leg(slope(decay), state, begin, end)
    return list((state[:, :N] * state[:, N:]).numpy())


def torch_part(options, exact):
    count = 32 if options.quick else 128
    tolerances = {
        "torchdiffeq dopri5": (1e-7, 1e-8, 1e-9, 1e-10), "torchdiffeq dopri8": (1e-6, 1e-7, 1e-8, 1e-9),
        "torchode Dopri5": (1e-8, 1e-9, 1e-10, 1e-11),
    }  # fmt: skip
    with ProcessPoolExecutor(CORES) as pool:
        for method, several in tolerances.items():
            package = method.split()[0]
            if importlib.util.find_spec("torch") is None or importlib.util.find_spec(package) is None:
                say(row="solver", name=method, missing=True)
                continue
            version = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in (package, "torch"))
            work_precision(
                method, lambda rtol, m=method: in_processes(pool, by_torch, m, rtol, count), count, exact,
                repeats=options.repeats, version=version, how=f"2 processes, batches of {count // CORES}",
                tolerances=several, longest=6.0 if options.quick else 15.0,
            )  # fmt: skip


PARTS = {
    "scipy": scipy_part, "numba": numba_part, "descent": descent_part, "sundials": sundials_part, "torch": torch_part,
}  # fmt: skip
