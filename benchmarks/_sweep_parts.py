"""The parts of benchmarks/sweeps.py that run mirrorjax."""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from _yardstick import T_END, T_OFF, D, N, axes, lap, median, say, yardstick

LANES, CHUNK = 32, 128
STAGES = 13
"""Evaluations of a step: Dormand–Prince 8(7) has 14 stages, and the last is the first of the next step."""
HERE = Path(__file__).resolve()


def one_flow(rtol):
    """x(T), whether it is good, and the steps, of a scale and a dose."""
    import jax.numpy as jnp

    import mirrorjax as mj

    given = yardstick()
    problem, param = mj.problems.LinearRegression(given.Z, given.y), mj.parameterizations.Hadamard()

    def run(scale, dose, rtol=rtol, t_end=T_END):
        flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(dose / T_OFF, at=T_OFF))
        path = mj.integrate(flow, param.lift(jnp.zeros(N), scale=scale), ts=[0.0, t_end], rtol=rtol, throw=False)
        return path.x[-1], path.ok, path.steps

    return run


def quantity_of(rtol, t_end=T_END):
    run = one_flow(rtol)

    def quantity(point):
        x, ok, steps = run(point.scale, point.dose, t_end=t_end)
        return {"x": x, "ok": ok, "steps": steps}

    return quantity


def grid(times=1):
    """The axes of the yardstick; with `times` more doses."""
    scales, doses = axes()
    return {"scale": scales, "dose": np.linspace(doses[0], doses[-1], len(doses) * times)}


def bare_loop(count=None):
    """`solve(rtol, count)`: what mj.sweep compiles, for chunks in a thread for each core, with nothing around it."""
    import jax
    import jax.numpy as jnp

    from mirrorjax._compile import options
    from mirrorjax._vmapped import in_lanes

    run = one_flow(None)
    given = yardstick()
    scales, doses = given.scales, given.doses
    if count:
        scales, doses = (np.resize(v, count) for v in (scales, doses))
    with in_lanes(LANES):
        mapped = jax.vmap(lambda scale, dose, rtol: run(scale, dose, rtol), in_axes=(0, 0, None))
        program = jax.jit(mapped).lower(jnp.zeros(CHUNK), jnp.zeros(CHUNK), 1e-8).compile(options("often"))

    def solve(rtol, threads=2):
        def chunk(k):
            part = slice(k * CHUNK, (k + 1) * CHUNK)
            return [np.asarray(leaf) for leaf in program(scales[part], doses[part], rtol)]

        with ThreadPoolExecutor(threads) as pool:
            return [np.concatenate(leaves) for leaves in zip(*pool.map(chunk, range(len(scales) // CHUNK)))]

    return solve


def tolerance(options) -> float:
    """That of the part "mirrorjax", if it ran."""
    file = options.folder / "rtol"
    return float(file.read_text()) if file.exists() else 1e-9


def mirrorjax_part(options, exact):
    """The curve, and mj.sweep at the loosest tolerance that reaches the target."""
    import mirrorjax as mj

    began = time.perf_counter()
    solve = bare_loop()
    compiling = time.perf_counter() - began
    given = yardstick()
    found, curve = None, []
    for rtol in [10 ** (-k / 2) for k in (range(16, 21) if options.quick else range(10, 25))]:
        seconds = lap(
            lambda rtol=rtol: curve.append([rtol, float(np.max(np.abs(solve(rtol)[0][: len(exact)] - exact)))])
        )
        curve[-1].append(seconds / given.scales.size)
        found = rtol if found is None and curve[-1][1] <= 1e-8 else found
        if curve[-1][1] <= 1e-10:
            break
    assert found is not None
    (options.folder / "rtol").write_text(str(found))
    data, laps, loops = None, [], []
    quantity = quantity_of(found)
    for _ in range(options.repeats + 1):  # in turn: the load moves
        began = time.perf_counter()
        data = mj.sweep(quantity, grid())
        laps.append(time.perf_counter() - began)
        loops.append(lap(lambda: solve(found)))
    assert data is not None
    scales, doses = axes()
    at = [(int(np.argmin(abs(scales - s))), int(np.argmin(abs(doses - d)))) for s, d in zip(given.scales, given.doses)]
    x = np.array([data.x.values[i, j] for i, j in at[: len(exact)]])
    count, again = given.scales.size, statistics.median(laps[1:])
    say(
        row="solver", name="mirrorjax, mj.sweep", count=count, first_s=laps[0], curve=curve, rtol=found,
        error=float(np.max(np.abs(x - exact))), per_s=count / again, repeats=options.repeats,
        reached=bool(np.max(np.abs(x - exact)) <= 1e-8), version=mj.__version__, how="2 threads",
        ok=float(np.mean(data.status == 0)), steps=float(data.steps.mean()), mapping=data.attrs["mapping_reason"],
    )  # fmt: skip
    again = statistics.median(loops[1:])
    say(
        row="solver", name="mirrorjax, the compiled loop alone", count=count, first_s=compiling, curve=[], rtol=found,
        error=float(np.max(np.abs(x - exact))), per_s=count / again, repeats=options.repeats, reached=True,
        version=mj.__version__, how="2 threads",
    )  # fmt: skip


# Where the time goes -------------------------------------------------------------------------------------------------


def products_alone(width, repeats):
    """Processor seconds of the two products of ∇f for one evaluation of one flow, while each core does the same."""
    given = yardstick()
    Z, Zt, many = given.Z, np.ascontiguousarray(given.Z.T), 20000 // width

    def work(_):
        shape = (width,) if width > 1 else ()
        x, r, g = np.ones((N, *shape)), np.empty((D, *shape)), np.empty((N, *shape))
        for _ in range(many):
            np.dot(Z, x, out=r)
            np.dot(Zt, r, out=g)

    def run():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, range(2)))

    return median(run, repeats, time.process_time) / 2 / many / width


def jax_loops(repeats):
    """Processor seconds, for an evaluation of one flow, of parts of a step of 32 lanes in loops of their own."""
    import diffrax
    import jax
    import jax.numpy as jnp

    import mirrorjax as mj
    from mirrorjax._compile import options
    from mirrorjax._lanes import Solves, Tableau, _Lanes, _step

    given, many = yardstick(), 500
    Z = jnp.asarray(given.Z)
    problem, param = mj.problems.LinearRegression(given.Z, given.y), mj.parameterizations.Hadamard()
    tableau = Tableau.of(diffrax.Dopri8())
    states = jnp.asarray(given.starts[:LANES]) + 1e-3
    none, zero = jnp.zeros(LANES, int), jnp.zeros(LANES)
    stop, small = zero[:, None], zero + 1e-9
    own = Solves([jnp.asarray(given.doses[:LANES])], states, stop, stop, small, small, zero + 1e-3)
    lanes = _Lanes(none, none, own, zero, states, -states, zero + 1e-3, none)

    def field(constants, t, s):
        flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(constants[0] / T_OFF, at=T_OFF))
        return flow(t, s.reshape(2, N)).ravel()

    fields = jax.vmap(field)
    slopes = jnp.ones((len(tableau.b), *states.shape))
    a = jnp.asarray(tableau.a)

    def products(x):
        return (x @ Z.T) @ Z * 1e-3

    def stage(slopes):
        return slopes.at[0].set(jnp.einsum("j,jlm->lm", a[STAGES], slopes) * 1e-3)

    def whole(fields):
        return lambda lanes: _step(fields, tableau, lanes, zero + 1e9)

    asked = {
        "the two products": (products, states[:, :N], 1),
        "the field": (lambda s: s + 1e-9 * fields(own.constants, zero, s), states, 1),
        "a sum of the tableau over all stages": (stage, slopes, 1),
        "a step without the field": (whole(lambda constants, t, s: -s), lanes, STAGES),
        "a step": (whole(fields), lanes, STAGES),
    }
    found = {}
    for name, (body, start, evaluations) in asked.items():
        program = jax.jit(
            lambda start, body=body: jax.lax.fori_loop(0, many, lambda _, carry: body(carry), start),
            compiler_options=options("often"),
        )
        jax.block_until_ready(program(start))
        seconds = median(lambda: jax.block_until_ready(program(start)), repeats, time.process_time)  # noqa: B023
        found[name] = seconds / many / evaluations / LANES
    return found


LOOPS = """
import json, os, sys
sys.path.insert(0, {folder!r})
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
import jax
jax.config.update("jax_enable_x64", True)
from _sweep_parts import jax_loops
print(json.dumps(jax_loops({repeats})))
"""


def profile_part(options, exact):
    """In processor seconds, which the load of the machine changes less than those of the wall."""
    solve, rtol, repeats = bare_loop(), tolerance(options), options.repeats
    steps = float(np.sum(solve(rtol)[2]))
    whole = median(lambda: solve(rtol), repeats, time.process_time) / (steps * STAGES)
    say(row="profile", name="the whole", ns=whole * 1e9, share=1.0)
    kinds = {1: "products of a matrix and a vector", 16: "products with 16 columns", 32: "products with 32 columns"}
    for width, name in kinds.items():
        alone = products_alone(width, repeats)
        say(row="profile", name=f"NumPy: {name}", ns=alone * 1e9, share=alone / whole, width=width)
    # In a process on one core: with two XLA would give a large product to both, and count their waiting.
    code = LOOPS.format(folder=str(HERE.parent), repeats=repeats)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name, each in json.loads(done.stdout).items():
        say(row="profile", name=f"XLA, 32 lanes: {name}", ns=each * 1e9, share=each / whole)


# Limits --------------------------------------------------------------------------------------------------------------


def limits_part(options, exact):
    """One regression at scale 0.1 and dose 1 (and at 1e-3): its limit by mirrorjax, by flows, by descent, by SciPy."""
    import _sweep_limits

    _sweep_limits.run(options)


def phase_part(options, exact):
    """64 scales × 64 doses × 16 seeds of limits, each path of doses in one continuation."""
    import jax
    import jax.numpy as jnp

    import mirrorjax as mj

    d, n, sparse = 20, 50, 3
    side, seeds = (16, 4) if options.quick else (64, 16)
    param = mj.parameterizations.Hadamard()

    def quantity(point):
        keys = jax.random.split(point.key, 2)
        Z = jax.random.normal(keys[0], (d, n))
        x = jnp.zeros(n).at[:sparse].set(jax.random.normal(keys[1], (sparse,)))
        potential = mj.potential_of(param, param.lift(jnp.zeros(n), scale=point.scale))
        path = mj.limit_path(mj.problems.LinearRegression(Z, Z @ x), potential, -point.dose)
        return {"l1": jnp.sum(jnp.abs(path.x), axis=1), "residual": path.residual, "ok": jnp.all(path.ok)}

    asked = {"scale": np.geomspace(1e-3, 1e3, side)}
    along = {"dose": np.linspace(0.0, 4.0, side)}
    data, laps = None, []
    for _ in range(2):
        began = time.perf_counter()
        data = mj.sweep(quantity, asked, seeds=seeds, along=along)
        laps.append(time.perf_counter() - began)
    assert data is not None
    say(
        row="phase", limits=side * side * seeds, first_s=laps[0], again_s=laps[1],
        ok=float(np.mean(data.status == 0)), residual=float(np.nanmax(data.residual)),
        mapping=data.attrs["mapping_reason"],
    )  # fmt: skip
    if not options.quick:
        command = [sys.executable, "-m", "mirrorjax", "sweep", "phase-diagram", "--out", str(options.folder / "phase")]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        if done.returncode:
            say(row="phase command", name="phase-diagram", error=(done.stderr.strip().splitlines() or [""])[-1])
        else:
            say(row="phase command", name="phase-diagram", wall_s=seconds)


# Cores, devices, folders, memory -------------------------------------------------------------------------------------


CHILD = """
import os, sys, time, statistics
sys.path.insert(0, {folder!r})
cores, repeats, times, rtol = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
import jax
jax.config.update("jax_enable_x64", True)
import mirrorjax as mj
from _sweep_parts import grid, quantity_of
quantity, laps = quantity_of(rtol), []
for _ in range(repeats + 1):
    began = time.perf_counter()
    data = mj.sweep(quantity, grid(times))
    laps.append(time.perf_counter() - began)
assert int((data.status == 0).sum()) == data.status.size
print(laps[0], statistics.median(laps[1:]), len(jax.devices()))
"""


def devices_part(options, exact):
    """One core, two threads, two devices: each a process, in turn, so that they meet the same load."""
    kinds = {"1 thread": (1, 1), "2 threads": (2, 1), "2 devices": (2, 2)}
    times = 1 if options.quick else 2
    rounds = 1 if options.quick else 2
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, (cores, devices) in kinds.items():
            flags = os.environ.get("XLA_FLAGS", "") + f" --xla_force_host_platform_device_count={devices}"
            done = subprocess.run(
                [sys.executable, "-c", CHILD.format(folder=str(HERE.parent)), str(cores), "3", str(times),
                 str(tolerance(options))],
                env={**os.environ, "XLA_FLAGS": flags}, capture_output=True, text=True,
            )  # fmt: skip
            if done.returncode:
                say(row="devices", name=kind, error=done.stderr.strip().splitlines()[-1])
                continue
            found[kind].append([float(word) for word in done.stdout.split()])
    for kind, runs in found.items():
        if runs:
            first, again = (statistics.median(run[k] for run in runs) for k in (0, 1))
            say(row="devices", name=kind, flows=1024 * times, first_s=first, again_s=again)


def store_part(options, exact):
    """What mj.sweep adds to its compiled loop: tracing, arrays, and a folder."""
    import mirrorjax as mj

    rtol = tolerance(options)
    quantity = quantity_of(rtol)
    for times in (1,) if options.quick else (1, 4):
        count = 1024 * times
        solve = bare_loop(count)

        def stored():
            folder = tempfile.mkdtemp(dir=options.folder)
            shutil.rmtree(folder)
            mj.sweep(quantity, grid(times), chunk=CHUNK, out=folder)  # noqa: B023
            shutil.rmtree(folder)

        def in_memory():
            mj.sweep(quantity, grid(times), chunk=CHUNK)  # noqa: B023

        asked = {"bare": lambda: solve(rtol), "memory": in_memory, "folder": stored}  # noqa: B023
        laps = {name: [] for name in asked}
        for function in asked.values():
            function()
        for _ in range(options.repeats):  # in turn: the load moves
            for name, function in asked.items():
                laps[name].append(lap(function))
        bare = statistics.median(laps["bare"])
        for name, seconds in laps.items():
            again = statistics.median(seconds)
            share = statistics.median(s / b for s, b in zip(seconds, laps["bare"])) - 1
            say(row="store", name=name, flows=count, again_s=again, over=share, bare_s=bare)


def memory_part(options, exact):
    """Of one flow with d = 16 and n = 10⁶, as `memory.py` measures it."""
    for flow in ("gradient", "mirror", "reduced"):
        command = [sys.executable, str(Path(__file__).with_name("memory.py")), flow, "dense"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            say(row="memory", name=flow, error=done.stderr.strip().splitlines()[-1])
            continue
        found = json.loads(done.stdout)
        mega = 2**20
        say(
            row="memory", name=flow, n=1_000_000, matrix=found["size"] * mega, over=found["MB"] * mega,
            ratio=found["factor"], seconds=found["seconds"], steps=found["steps"],
            rss=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024,
        )  # fmt: skip


PARTS = {
    "mirrorjax": mirrorjax_part, "profile": profile_part, "limits": limits_part, "phase": phase_part,
    "devices": devices_part, "store": store_part, "memory": memory_part,
}  # fmt: skip
