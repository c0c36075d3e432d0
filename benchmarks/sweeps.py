"""mj.sweep against what else solves the same flows, and where its time goes.

    python benchmarks/sweeps.py                        all, into benchmarks/sweeps.md (15 minutes on two cores)
    python benchmarks/sweeps.py --quick --out little   in little (2 minutes)
    python benchmarks/sweeps.py limits devices         some parts; the page keeps the others' last results
    PYTHONPATH=peers python benchmarks/sweeps.py       with peers that are installed elsewhere

A part is a process of its own, so that memory and settings do not mix. Peers that are not installed have a row that
says so: numba, scikit-SUNDAE, torch with torchdiffeq and torchode (pip install --target peers …).
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import threading
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).resolve()
PARTS = (
    "mirrorjax", "numba", "scipy", "sundials", "torch", "descent", "profile", "store", "devices", "limits", "phase",
    "memory",
)  # fmt: skip
OURS = ("mirrorjax", "profile", "limits", "phase", "devices", "store", "memory")
LONGEST = {"limits": 240, "torch": 300, "devices": 240, "store": 240, "phase": 240}
"""Seconds after which a part is stopped, if not 150."""


def in_part(options):
    """Runs a part; its rows go to the standard output."""
    import _yardstick

    exact = _yardstick.reference(options.folder, options.quick)
    if options.part in OURS:
        import jax

        jax.config.update("jax_enable_x64", True)
        import _sweep_parts as parts
    else:
        import _sweep_peers as parts
    try:
        parts.PARTS[options.part](options, exact)
    except ImportError as error:
        _yardstick.say(row="missing", name=error.name or str(error))


def run_part(name, options):
    """The rows of a part, printed as they come."""
    environment = {
        **os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2", "EQX_ON_ERROR": "off",
        "JAX_ENABLE_COMPILATION_CACHE": "false",
        "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]),
    }  # fmt: skip
    command = [sys.executable, str(HERE), "--part", name, "--folder", str(options.folder)]
    command += ["--repeats", str(options.repeats)] + ["--quick"] * options.quick
    rows, began, limit = [], time.monotonic(), LONGEST.get(name, 150)
    log = options.folder / f"{name}.log"
    with open(log, "w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        timer = threading.Timer(limit, process.kill)
        timer.start()
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ROW "):
                rows.append(json.loads(line[4:]))
                shown = {k: v for k, v in rows[-1].items() if k not in ("row", "curve", "measured")}
                cells = (f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in shown.items())
                print(f"  {rows[-1]['row']}:", ", ".join(cells), flush=True)
        code = process.wait()
        late = not timer.is_alive()
        timer.cancel()
    if code:
        said = "" if late else (log.read_text(encoding="utf-8").strip().splitlines() or [""])[-1]
        rows.append({"row": "failed", "name": name, "error": f"stopped after {limit} s" if late else said[:200]})
        print("  failed:", rows[-1]["error"], flush=True)
    print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)
    return rows


def about(options):
    """The machine, the versions and the load."""
    versions = {}
    for name in ("jax", "jaxlib", "diffrax", "numpy", "scipy", "numba", "scikit-SUNDAE", "torch", "torchdiffeq",
                 "torchode", "xarray", "zarr"):  # fmt: skip
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    return {
        "date": datetime.date.today().isoformat(), "cores": len(os.sched_getaffinity(0)), "model": model,
        "python": platform.python_version(), "versions": versions, "quick": options.quick, "load": os.getloadavg()[0],
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="of " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="in little")
    parser.add_argument("--repeats", type=int, help="median of so many: 5, with --quick 2")
    parser.add_argument("--out", type=Path, default=HERE.parent, help="where sweeps.md, .json and .png go")
    parser.add_argument("--folder", type=Path, help="of what parts keep; by default a fresh one beside --out")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.repeats = options.repeats or (2 if options.quick else 5)
    if options.part:
        return in_part(options)
    for name in options.parts:
        if name not in PARTS:
            parser.error(f"no part {name!r}; parts are {', '.join(PARTS)}")
    import _sweep_page

    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "sweeps.json"
    found = json.loads(kept.read_text(encoding="utf-8")) if options.parts and kept.exists() else {"rows": {}}
    fresh = options.folder is None
    options.folder = options.folder or options.out / f".sweeps-{os.getpid()}"
    options.folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    try:
        for name in options.parts or PARTS:
            found["rows"][name] = run_part(name, options)
            found["about"] = about(options)
            kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
            _sweep_page.write(found, options.out)
    finally:
        if fresh:
            shutil.rmtree(options.folder)
    print(f"{time.monotonic() - began:.0f} s; {options.out / 'sweeps.md'}")


if __name__ == "__main__":
    main()
