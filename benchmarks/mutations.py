"""Plants one error after another in a copy of the package and asks the tests: the score of the suite, by area.

    python benchmarks/mutations.py --list
    python benchmarks/mutations.py --area schedules --area flows --json mutants.json
    python benchmarks/mutations.py --only "flows/_limit" --tests tests/flows/test_limit.py

A mutant is an entry of `mutants.py`: a text of the source and what it becomes. It is *killed* where a test of its
area falls or does not come to an end, and *survived* where all pass; with `--slow` the tests marked slow are asked too,
before it has. The working tree is never touched.

mutmut and cosmic-ray were tried and left alone. cosmic-ray 8.7 finds 62,112 changes to make in this package, and runs
one command for all of them, in the working tree; with a suite of half an hour that is no measurement. mutmut 3.8 leaves
every decorated function out, and with them what `jax.custom_jvp`, `eqx.filter_jit`, `singledispatch` and `@theorem`
wrap: the mathematics. Here constants, signs, exponents, thresholds and dropped terms of formulas are chosen by hand,
each with the tests of its area, and all share one compilation cache: a mutant recompiles only what it changes.

Exit status: 0 where no mutant survived, 1 where one did, 3 where the table is stale or a test falls without any error.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "mirrorjax"
TIMEOUT = 600
"""Seconds for the tests of an area; a mutant that makes them run on counts as killed."""

# In the order of what kills most in the least time: the first failure ends a run.
TESTS: dict[str, tuple[str, ...]] = {
    "potentials": (
        "tests/potentials/test_mutants_potentials.py",
        "tests/potentials",
        "tests/catalogue",
        "tests/flows/test_limit.py",
    ),
    "parameterizations": ("tests/parameterizations", "tests/catalogue", "tests/potentials"),
    "schedules": ("tests/schedules/test_mutants_schedules.py", "tests/schedules"),
    "problems": (
        "tests/problems/test_mutants_problems.py",
        "tests/problems",
    ),
    "flows": ("tests/flows/test_mutants_flows.py", "tests/flows", "tests/test_ode.py"),
    "geometry": ("tests/geometry/test_mutants_geometry.py", "tests/geometry", "tests/analysis"),
    "checks": ("tests/checks", "tests/theorems/test_mutations.py", "tests/test_report.py"),
    "theorems": ("tests/theorems/test_mutants_theorems.py", "tests/theorems/test_verdicts.py"),
    "analysis": (
        "tests/analysis/test_mutants_analysis.py",
        "tests/analysis",
    ),
    "report": ("tests/test_report.py", "tests/test_report_folder.py", "tests/test_report_diff.py"),
    "training": ("tests/training/test_mutants_training.py", "tests/training"),
    "experiments": ("tests/experiments/test_mutants_experiments.py", "tests/experiments"),
}
FAST, SLOW = "not slow", "slow"


def stale(root: Path = ROOT) -> list[str]:
    """What in the table fits the source no more: texts that do not stand exactly once in their file."""
    found = []
    for mutant in MUTANTS:
        path = root / PACKAGE / mutant.path
        count = path.read_text(encoding="utf-8").count(mutant.old) if path.exists() else 0
        if count != 1:
            found.append(f"{mutant.name}: its text stands {count} times in the file")
    return found


def copy_of_the_tree(folder: Path) -> Path:
    """The package and what its tests read, without version control and caches."""
    tree = folder / "tree"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "node_modules", "shared")
    shutil.copytree(ROOT, tree, ignore=ignored)
    return tree


def run_tests(tree: Path, area: str, cache: Path, marked: str = FAST, keep_bytecode: bool = False) -> tuple[str, str]:
    """How the area's tests in that tree end (passed, failed, timeout or error), and what fell first."""
    environment = {
        "JAX_COMPILATION_CACHE_DIR": str(cache),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        **os.environ,
        "PYTHONPATH": str(tree),
    }
    if not keep_bytecode:  # a mutant of the same length within the same second would be read from the last one's
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    options = ("-x", "-q", "--no-header", "-p", "no:cacheprovider", "-n", "0", "-m", marked)
    command = [sys.executable, "-m", "pytest", *options, *TESTS[area]]
    try:
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return "timeout", f"no end in {TIMEOUT} s"
    lines = done.stdout.splitlines()
    fell = next((line for line in lines if line.startswith(("FAILED", "ERROR"))), lines[-1] if lines else done.stderr)
    # 2 is a collection that failed: an error at import, which a test has met in its way.
    # 5 is no test at all: an area without slow ones.
    outcome = {0: "passed", 1: "failed", 2: "failed", 5: "passed" if marked == SLOW else "error"}
    return outcome.get(done.returncode, "error"), fell.removeprefix("FAILED ").split(" - ")[0][:160]


def try_mutant(mutant: Mutant, tree: Path, cache: Path, rounds: Sequence[str] = (FAST,)) -> dict:
    """Plants it in the copy, runs its area, and takes it out again."""
    path = tree / PACKAGE / mutant.path
    before = path.stat()
    source = path.read_text(encoding="utf-8")
    began = time.perf_counter()
    try:
        path.write_text(source.replace(mutant.old, mutant.new), encoding="utf-8")
        outcome, why = "passed", ""
        for marked in rounds:
            if outcome == "passed":
                outcome, why = run_tests(tree, mutant.area, cache, marked)
    finally:
        path.write_text(source, encoding="utf-8")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    if outcome == "error":
        raise RuntimeError(f"pytest did not run for {mutant.name}: {why}")
    killed = outcome != "passed"
    seconds = round(time.perf_counter() - began, 1)
    return {"name": mutant.name, "area": mutant.area, "killed": killed, "by": why if killed else "", "seconds": seconds}


def table(results: Sequence[dict]) -> str:
    """Markdown: the score of each area, and the survivors."""
    lines = ["| area | killed | of | score |", "|---|---|---|---|"]
    for area in [*dict.fromkeys(result["area"] for result in results), None]:
        mine = [result["killed"] for result in results if area in (None, result["area"])]
        name, share = ("all" if area is None else area), sum(mine) / max(1, len(mine))
        lines.append(f"| {name} | {sum(mine)} | {len(mine)} | {100 * share:.0f} % |")
    lines += [f"survived: {result['name']}" for result in results if not result["killed"]]
    return "\n".join(lines)


def chosen(areas: Sequence[str], only: Sequence[str]) -> list[Mutant]:
    """The mutants of these areas whose names hold one of these texts; all where nothing is asked."""
    return [
        mutant
        for mutant in MUTANTS
        if (not areas or mutant.area in areas) and (not only or any(text in mutant.name for text in only))
    ]


def measure(mutants: Sequence[Mutant], rounds: Sequence[str] = (FAST,), say=print) -> list[dict]:
    """The result of every mutant, each area's tests having passed without any.

    **Raises:** `RuntimeError` where they do not: a test that falls anyway kills everything.
    """
    results = []
    with tempfile.TemporaryDirectory(prefix="mirrorjax-mutants-") as folder:
        tree, cache = copy_of_the_tree(Path(folder)), Path(folder) / "cache"
        for area in dict.fromkeys(mutant.area for mutant in mutants):
            for marked in rounds:
                outcome, why = run_tests(tree, area, cache, marked, keep_bytecode=True)
                if outcome != "passed":
                    raise RuntimeError(f"the tests of {area} do not pass as they are: {why}")
            for mutant in [mutant for mutant in mutants if mutant.area == area]:
                results.append(try_mutant(mutant, tree, cache, rounds))
                mark = "killed  " if results[-1]["killed"] else "SURVIVED"
                say("{} {seconds:6.1f} s  {name}  {by}".format(mark, **results[-1]))
    return results


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--area", action="append", default=[], choices=TESTS, help="one or several areas")
    parser.add_argument("--only", action="append", default=[], help="mutants whose name holds this text")
    parser.add_argument("--tests", nargs="+", metavar="FILE", help="ask these tests only, whatever the area")
    parser.add_argument("--list", action="store_true", help="name the mutants and run nothing")
    parser.add_argument("--slow", action="store_true", help="ask survivors with the tests marked slow")
    parser.add_argument("--json", type=Path, help="write the results to this file")
    options = parser.parse_args(arguments)
    mutants = chosen(options.area, options.only)
    if not mutants:
        parser.error("no mutant of that name in that area")
    if options.list:
        print("\n".join(f"{mutant.area}: {mutant.name}" for mutant in mutants))
        return 0
    if outdated := stale():
        print("the table is stale:", *outdated, sep="\n", file=sys.stderr)
        return 3
    if options.tests:
        TESTS.update(dict.fromkeys(TESTS, tuple(options.tests)))
    try:
        results = measure(mutants, (FAST, SLOW) if options.slow else (FAST,), say=lambda line: print(line, flush=True))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 3
    if options.json:
        options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(table(results))
    return 0 if all(result["killed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
