"""Flows, limits and verdicts on an accelerator, against its own ceilings and against the processor beside it.

    python benchmarks/accelerator.py --out accelerator
    python benchmarks/accelerator.py --out accelerator --small     everything in little, to try it on a processor

Writes accelerator.md and accelerator.json to the folder, anew after every row, so that a run that is cut off keeps what
it has. Every part is a process of its own: precision and platform are chosen when jax starts. A part that fails, or
takes too long, is a row that says so.

A flow of the yardstick: regression with d = 40, n = 100, x = m ⊙ w from m = 0, decay dose/20 switched off at t = 20,
to t = 100; scales 1e-3 to 1 and doses 0 to 4 from a Halton sequence, so that the first flows of every row are the same.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _accelerator_page import page

D, N, T_OFF, T_END = 40, 100, 20.0, 100.0
SAMPLE = 16
"""How many flows are compared with the reference, solved on the processor at rtol 1e-12."""
COUNTS = {1024: (32, 1024), 8192: (1024, 8192), 65536: (1024, 4096, 16384, 65536)}
SMALL_COUNTS = {64: (16, 64), 128: (32,)}
CPU_COUNTS = {512: (32,)}
SMALL_CPU_COUNTS = {64: (32,)}
THEOREMS = ("mask/3.1", "mask/2.4", "flow/range")
SECONDS = 290.0
"""Of the whole run: parts that would begin later are left out."""
HERE = Path(__file__).resolve().parents[1]


def say(**row):
    print("ROW " + json.dumps(row), flush=True)


def attempt(name, function, *arguments, **labels):
    """A row, or the row that says what went wrong."""
    began = time.perf_counter()
    try:
        found = function(*arguments)
    except Exception as error:
        traceback.print_exc()
        found = {"error": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:300]}
    say(row=name, **labels, **found, all_s=time.perf_counter() - began)


def halton(count, base):
    """The first points of van der Corput's sequence."""
    import numpy as np

    index, value, share = np.arange(1, count + 1), np.zeros(count), 1.0
    while index.any():
        share /= base
        value += share * (index % base)
        index //= base
    return value


def yardstick():
    import numpy as np

    import mirrorjax as mj

    rng = np.random.default_rng(0)
    Z = rng.standard_normal((D, N))
    x = np.zeros(N)
    x[:5] = rng.standard_normal(5)
    return mj.problems.LinearRegression(Z, Z @ x), mj.parameterizations.Hadamard()


def points(count):
    """Scales and doses."""
    return 10 ** (-3 + 3 * halton(count, 2)), 4 * halton(count, 3)


def one_flow(rtol):
    import jax.numpy as jnp

    import mirrorjax as mj

    problem, param = yardstick()

    def run(scale, dose):
        flow = mj.flows.GradientFlow(problem, param, mj.schedules.SwitchOff(dose / T_OFF, at=T_OFF))
        path = mj.integrate(flow, param.lift(jnp.zeros(N), scale=scale), ts=[0.0, T_END], rtol=rtol, throw=False)
        return path.x[-1], path.ok, path.steps

    return run


def timed(function, repeats):
    """The result, the first call and the median of the others, in seconds."""
    import jax

    laps: list[float] = []
    found: Any = None
    for _ in range(repeats + 1):
        began = time.perf_counter()
        found = jax.block_until_ready(function())
        laps.append(time.perf_counter() - began)
    return found, laps[0], statistics.median(laps[1:])


def flows(count, width, rtol, ceilings, reference, repeats, products="highest"):
    import diffrax
    import jax
    import jax.numpy as jnp
    import numpy as np

    from mirrorjax._vmapped import in_lanes

    scales, doses = (jnp.asarray(v) for v in points(count))
    began = time.perf_counter()
    with in_lanes(width), jax.default_matmul_precision(products):
        program = jax.jit(jax.vmap(one_flow(rtol))).lower(scales, doses).compile()
    compiling = time.perf_counter() - began
    (x, ok, steps), _, again = timed(lambda: program(scales, doses), repeats)
    stages = len(diffrax.Dopri8.tableau.b_sol)
    size = x.dtype.itemsize
    evaluations = int(np.sum(np.asarray(steps))) * (stages - 1)
    # A stage reads all slopes and the state, writes the argument and its slope; the field reads the argument.
    moved = evaluations * (stages + 4) * 2 * N * size
    flops = evaluations * 2 * 2 * D * N
    found = {
        "count": count, "width": width, "dtype": str(x.dtype), "rtol": rtol, "compile_s": compiling, "repeat_s": again,
        "per_s": count / again, "steps": float(np.mean(steps)), "most_steps": int(np.max(steps)),
        "ok": float(np.mean(ok)), "tflops": flops / again / 1e12, "gb_s": moved / again / 1e9,
    }  # fmt: skip
    if reference and Path(reference).exists():
        found["max_error"] = float(np.max(np.abs(np.asarray(x[:SAMPLE], float) - np.load(reference))))
    for name, got in (("product", found["tflops"] * 1e12), ("copy", found["gb_s"] * 1e9)):
        if ceilings.get(name):
            found[f"share_of_{name}"] = got / ceilings[name]
    return found


def product(size, repeats):
    """Flops of one large product of matrices, in the session's precision and by its highest."""
    import jax
    import jax.numpy as jnp

    a = jnp.ones((size, size)) / size
    # float32 as float32: by default an accelerator may round its factors to fewer digits.
    program = jax.jit(lambda a: jnp.matmul(a, a, precision=jax.lax.Precision.HIGHEST))
    _, first, again = timed(lambda: program(a), repeats)
    return {"size": size, "dtype": str(a.dtype), "compile_s": first, "repeat_s": again, "value": 2 * size**3 / again}


def copy(size, repeats):
    """Bytes read and written by a copy in the device's memory."""
    import jax
    import jax.numpy as jnp

    a = jnp.ones(size, jnp.float32)
    program = jax.jit(lambda a: a + 1)  # XLA would not copy for an identity
    _, first, again = timed(lambda: program(a), repeats)
    return {"size": size, "compile_s": first, "repeat_s": again, "value": 2 * 4 * size / again}


def small_product(width, repeats):
    """Flops of the two products of a field alone, for so many lanes at once, many times in one program."""
    import jax
    import jax.numpy as jnp

    problem, _ = yardstick()
    Z, many = jnp.asarray(problem.Z), 100

    def body(_, x):
        return jnp.matmul(jnp.matmul(x, Z.T), Z) * 1e-3

    program = jax.jit(lambda x: jax.lax.fori_loop(0, many, body, x))
    x = jnp.ones((width, N)) * 1e-3
    _, first, again = timed(lambda: program(x), repeats)
    return {
        "width": width, "dtype": str(x.dtype), "compile_s": first, "repeat_s": again / many,
        "value": many * 2 * 2 * D * N * width / again,
    }  # fmt: skip


def limits(count, repeats):
    import jax
    import jax.numpy as jnp
    import numpy as np

    import mirrorjax as mj
    from mirrorjax._vmapped import in_lanes

    problem, param = yardstick()

    def one(scale, dose):
        potential = mj.potential_of(param, param.lift(jnp.zeros(N), scale=scale))
        found = mj.limit(problem, potential, -dose)
        return found.x, found.residual, found.iterations

    scales, doses = (jnp.asarray(v) for v in points(count))
    began = time.perf_counter()
    with in_lanes(count):
        program = jax.jit(jax.vmap(one)).lower(scales, doses).compile()
    compiling = time.perf_counter() - began
    (x, residual, iterations), _, again = timed(lambda: program(scales, doses), repeats)
    return {
        "count": count, "dtype": str(x.dtype), "compile_s": compiling, "repeat_s": again, "per_s": count / again,
        "max_residual": float(np.max(residual)), "iterations": float(np.mean(iterations)),
    }  # fmt: skip


def swept(count, repeats):
    """What a user calls."""
    import numpy as np

    import mirrorjax as mj

    run = one_flow(1e-8)

    def quantity(point):
        x, ok, _ = run(point.scale, point.dose)
        return {"x": x, "ok": ok}

    side = int(count**0.5)
    axes = {"scale": np.geomspace(1e-3, 1, side), "dose": np.linspace(0, 4, side)}
    data, first, again = timed(lambda: mj.sweep(quantity, axes), repeats)
    return {
        "count": side**2, "compile_s": first, "repeat_s": again, "per_s": side**2 / again,
        "ok": float(np.mean(data.status == 0)), "mapping": data.attrs.get("mapping_reason", ""),
    }  # fmt: skip


def verified(theorem, float32):
    import mirrorjax as mj

    began = time.perf_counter()
    [verdict] = mj.verify(theorem, quick=True, float32=float32)
    first = time.perf_counter() - began
    began = time.perf_counter()
    mj.verify(theorem, quick=True, float32=float32)
    return {
        "outcome": str(getattr(verdict.outcome, "value", verdict.outcome)), "compile_s": first,
        "repeat_s": time.perf_counter() - began,
    }  # fmt: skip


def write_reference(path):
    import jax
    import jax.numpy as jnp
    import numpy as np

    scales, doses = (jnp.asarray(v) for v in points(SAMPLE))
    x, ok, _ = jax.jit(lambda s, d: jax.lax.map(lambda p: one_flow(1e-12)(*p), (s, d)))(scales, doses)
    assert bool(jnp.all(ok))
    np.save(path, np.asarray(x))
    return {"count": SAMPLE}


def part(name, options):
    """Runs one part: `<what>-<precision>-<platform>`."""
    what, precision, platform = name.split("-")
    import jax

    jax.config.update("jax_enable_x64", precision == "f64")
    device = jax.devices()[0]
    on = {"on": platform, "precision": precision}
    say(row="device", **on, device=str(device.device_kind), backend=jax.default_backend(), jax=jax.__version__)
    small, repeats = options.small, 2 if options.small else 3
    cpu = platform == "cpu"
    reference = str(options.out / "reference.npy")
    if what == "reference":
        attempt("reference", write_reference, reference, **on)
    elif what == "flows":
        ceilings = {}
        size = 1024 if small else 2048 if cpu else 8192
        for title, run, argument in (("product", product, size), ("copy", copy, 10**7 if small or cpu else 10**9)):

            def kept(run=run, title=title, argument=argument):
                found = run(argument, repeats)
                ceilings[title] = found["value"]
                return found

            attempt(title, kept, **on)
        counts = (SMALL_CPU_COUNTS if small else CPU_COUNTS) if cpu else SMALL_COUNTS if small else COUNTS
        for width in (32,) if cpu or small else (1024, 16384):
            attempt("products of ∇f alone", small_product, width, repeats, **on)
        for count, widths in counts.items():
            for width in widths:
                few = 1 if width == 32 and not cpu else repeats
                rtol = 1e-8 if precision == "f64" else 1e-6
                attempt("flows", flows, count, width, rtol, ceilings, reference, few, **on)
        if precision == "f32" and not cpu:
            # By default an accelerator may round the factors of a product in float32 to fewer digits.
            count = 64 if small else 1024
            attempt("flows", flows, count, count, 1e-6, ceilings, reference, 1, "default", products="default", **on)
    elif what == "limits":
        for count in (32,) if small else (256,) if cpu else (1024, 8192):
            attempt("limits", limits, count, repeats, **on)
    elif what == "sweep":
        attempt("mj.sweep", swept, 64 if small else 1024 if cpu else 4096, 1, **on)
    elif what == "verify":
        for theorem in THEOREMS[:1] if small else THEOREMS:
            attempt("verify", verified, theorem, precision == "f32", theorem=theorem, **on)


VERDICTS = tuple(f"verify-{precision}-{on}" for on in ("accelerator", "cpu") for precision in ("f64", "f32"))
PARTS = (
    (("reference-f64-cpu",), 40),
    (("flows-f64-cpu",), 50),
    (("flows-f64-accelerator",), 110),
    (("flows-f32-accelerator",), 90),
    (("limits-f64-accelerator",), 50),
    (("sweep-f64-accelerator",), 50),
    (VERDICTS, 80),
    (("flows-f32-cpu",), 40),
    (("limits-f64-cpu",), 40),
    (("sweep-f64-cpu",), 40),
)
"""What runs at the same time, and the most seconds of each. Verdicts are compiling for the most part, on one core."""


def run_part(name, options, limit, take):
    """Runs a part in its own process; `take` gets each row as it comes."""
    environment = {**os.environ, "JAX_ENABLE_COMPILATION_CACHE": "false", "EQX_ON_ERROR": "off"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    if name.endswith("cpu"):
        environment["JAX_PLATFORMS"] = "cpu"
    if name in VERDICTS:
        environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"  # two of them share the accelerator
    command = [sys.executable, __file__, "--part", name, "--out", str(options.out)] + ["--small"] * options.small
    errors = options.out / f"{name}.log"
    with open(errors, "w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        timer = threading.Timer(limit, process.kill)
        timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ROW "):
                take({"part": name, **json.loads(line[4:])})
        code = process.wait()
        late = not timer.is_alive()
        timer.cancel()
    if code:
        said = errors.read_text().strip().splitlines()[-1:] or [""]
        take(
            {"part": name, "row": "end", "error": f"stopped after {limit:.0f} s" if late else f"exit {code}: {said[0]}"}
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for accelerator.md and accelerator.json")
    parser.add_argument("--small", action="store_true", help="everything in little")
    parser.add_argument("--only", default="", help="parts whose name contains one of these, separated by commas")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="no part begins later, and none runs on")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        return part(options.part, options)
    options.out.mkdir(parents=True, exist_ok=True)
    began, rows, one_at_a_time = time.monotonic(), [], threading.Lock()

    def take(row):
        with one_at_a_time:
            keep(row)

    def keep(row):
        rows.append(row)
        shown = {
            k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items() if k not in ("part", "on", "precision")
        }
        print(
            f"{time.monotonic() - began:6.1f} s  {row['part']:<24}", *(f"{k} {v}" for k, v in shown.items()), flush=True
        )
        (options.out / "accelerator.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
        text = page(rows, time.monotonic() - began, options.small, __doc__, SAMPLE)
        (options.out / "accelerator.md").write_text(text, encoding="utf-8")

    for together, limit in PARTS:
        names = [name for name in together if any(word in name for word in options.only.split(","))]
        left = options.seconds - (time.monotonic() - began)
        if left < 10:
            for name in names:
                take({"part": name, "row": "left out", "error": "no time left"})
            continue
        run = functools.partial(run_part, options=options, limit=min(limit, left), take=take)
        with ThreadPoolExecutor(max(1, len(names))) as pool:
            list(pool.map(run, names))
    print(f"\n{page(rows, time.monotonic() - began, options.small, __doc__, SAMPLE)}")


if __name__ == "__main__":
    main()
