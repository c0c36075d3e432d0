"""How long a first answer takes, cold and again, in processor and wall seconds; against another checkout if named.

    python benchmarks/latency.py
    python benchmarks/latency.py --against ../before --rows "agreement;analyze" --repeats 3

Every row is a process of its own, from an empty compilation cache ("cold") and then with what it left ("again"). The
`before` checkout runs in the same sitting, before and after in turn: machines differ between hours by more than a
change does. Processor seconds count all threads, those of the compiler too.

The rows "… again with other numbers" are of one process: the first call and the next of the same shapes, whose answer
nothing keeps.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]

SET_UP = """
import os
os.environ.setdefault("EQX_ON_ERROR", "off")
import jax
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
import numpy as np, jax.numpy as jnp
import mirrorjax as mj
rng = np.random.default_rng(0)
problem = mj.problems.LinearRegression(rng.standard_normal((20, 100)), rng.standard_normal(20))
H, schedule = mj.parameterizations.Hadamard(), mj.schedules.SwitchOff(0.3, at=1.0)
w0 = H.lift(np.zeros(100), scale=0.5)
"""

README = """
import re, pathlib
text = pathlib.Path("README.md").read_text(encoding="utf-8")
[block] = [code for code in re.findall(r"```python\\n(.*?)```", text, re.DOTALL) if "agreement(" in code]
exec(compile(block, "README.md", "exec"), {"__name__": "readme"})
"""

EXAMPLE = """
import doctest, jax
jax.config.update("jax_enable_x64", True)
import mirrorjax as mj
examples = doctest.DocTestParser().get_examples(mj.analysis.__doc__)
exec("".join(example.source for example in examples), {"__name__": "example"})
"""

ROWS = {
    "import jax": "import jax",
    "one flow": SET_UP + "mj.integrate(mj.flows.GradientFlow(problem, H, schedule), w0, ts=np.linspace(0.0, 5.0, 21))",
    "agreement": SET_UP + "assert mj.checks.agreement(problem, H, schedule, w0, t1=5.0)",
    "analyze": SET_UP
    + "mj.analyze(lambda w: w[0] * w[1], lambda w: jnp.sum(w**2), np.array([[1.0, 0.7], [0.4, 1.1]]))",
    "limit": SET_UP + "mj.limit(problem, mj.potential_of(H, w0), -0.3)",
    "README, a first verdict": README,
    "help(mj.analysis)": EXAMPLE,
    "mask/3.1": "from mirrorjax._cli import main; raise SystemExit(main(['verify', 'mask/3.1', '--jobs', '1']))",
    "registry": "from mirrorjax._cli import main; raise SystemExit(main(['verify']))",
}
SLOW = ("registry",)

LAPS = """
import time
for k in range(3):
    start = time.process_time(), time.perf_counter()
    answer(k)
    print(time.process_time() - start[0], time.perf_counter() - start[1])
"""
AGAIN = {
    "one flow": SET_UP
    + """
def answer(k):
    schedule = mj.schedules.SwitchOff(0.3 + 0.01 * k, at=1.0)
    mj.integrate(mj.flows.GradientFlow(problem, H, schedule), w0, ts=np.linspace(0.0, 5.0, 21)).x.block_until_ready()
""",
    "agreement": SET_UP
    + """
def answer(k):
    mine = mj.problems.LinearRegression(rng.standard_normal((20, 100)), rng.standard_normal(20))
    assert mj.checks.agreement(mine, H, mj.schedules.SwitchOff(0.3 + 0.01 * k, at=1.0), w0, t1=5.0)
""",
    "analyze": SET_UP
    + """
pairs = [(lambda w: w[0] * w[1], lambda w: jnp.sum(w**2)), (lambda w: w[0]**2 - w[1]**2, lambda w: jnp.sum(w**2)),
         (lambda w: jnp.sinh(w[0]) - jnp.sinh(w[1]), lambda w: jnp.sum(jnp.sinh(w)))]
def answer(k):
    mj.analyze(*pairs[k], np.array([[1.0, 0.7], [0.4, 1.1]]))
""",
    "limit": SET_UP
    + """
def answer(k):
    mj.limit(problem, mj.potential_of(H, w0), -0.3 - 0.01 * k)
""",
}
"""`answer(k)`: the same question with other numbers."""


def output(tree: Path, code: str, cache: Path) -> str:
    """What a process prints."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "JAX_COMPILATION_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{tree}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def run(tree: Path, code: str, cache: Path) -> tuple[float, float]:
    """Processor and wall seconds of a process."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    output(tree, code, cache)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def measure(trees: list[Path], code: str, repeats: int) -> list[list[float]]:
    """For each tree: processor and wall seconds cold, processor and wall seconds again; medians."""
    laps: list[list[tuple[float, ...]]] = [[] for _ in trees]
    for _ in range(repeats):
        for k, tree in enumerate(trees):
            with tempfile.TemporaryDirectory(prefix="mirrorjax-latency-") as cache:
                laps[k].append((*run(tree, code, Path(cache)), *run(tree, code, Path(cache))))
    return [[statistics.median(column) for column in zip(*lap)] for lap in laps]


def laps(trees: list[Path], code: str) -> list[list[float]]:
    """For each tree: processor and wall seconds of the first call, and of the last one with other numbers."""
    found = []
    for tree in trees:
        with tempfile.TemporaryDirectory(prefix="mirrorjax-latency-") as cache:
            lines = output(tree, code + LAPS, Path(cache)).splitlines()
        first, last = ([float(word) for word in line.split()] for line in (lines[0], lines[-1]))
        found.append([*first, *last])
    return found


def line(name: str, now: list[float], before: list[list[float]]) -> str:
    """A row of a table: each tree's seconds, and ours as a share of the other's."""
    cells = [f"{c:.2f} ({w:.2f})" for lap in (*before, now) for c, w in (lap[:2], lap[2:])]
    cells += [f"{now[k] / lap[k]:.2f} ×" for lap in before for k in (0, 2)]
    return "| " + " | ".join([name, *cells]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, help="a checkout of another commit, measured beside this one")
    parser.add_argument(
        "--rows", default=";".join(row for row in ROWS if row not in SLOW), help="separated by ;, of " + ", ".join(ROWS)
    )
    parser.add_argument(
        "--again", action="store_true", help="with the rows of one process: first call, and a later one"
    )
    parser.add_argument("--repeats", type=int, default=3, help="median of so many")
    options = parser.parse_args()
    trees = [HERE] + ([options.against.resolve()] if options.against else [])
    version = subprocess.run(
        [sys.executable, "-c", "import jax; print(jax.__version__)"], capture_output=True, text=True
    )
    print(f"jax {version.stdout.strip()}, {os.cpu_count()} cores; processor s (wall s), median of {options.repeats}\n")
    titles = ["cold", "again"] if len(trees) == 1 else ["before: cold", "again", "now: cold", "again", "cold", "again"]
    print("| " + " | ".join(["row", *titles]) + " |\n|" + "---|" * (len(titles) + 1))
    for name in options.rows.split(";"):
        now, *before = measure(trees, ROWS[name], options.repeats)
        print(line(name, now, before), flush=True)
    for name in AGAIN if options.again else ():
        now, *before = laps(trees, AGAIN[name])
        print(line(f"{name}: again with other numbers", now, before), flush=True)


if __name__ == "__main__":
    main()
