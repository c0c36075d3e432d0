"""The plugin, as the pytest of another project meets it."""

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

THEIRS = """
from types import SimpleNamespace
import mirrorjax as mj
from mirrorjax.checks import Finding, at_most

def toy(left):
    @mj.theorem(id="toy/1", title="", statement="", source="",
                instances=lambda seed, data: [SimpleNamespace(name="only")])
    def claim(case, rungs):
        x = {n: at_most(n, 1.0, 1e-9) for n in (left, 2.0)}
        return Finding({f"{left} is at most 1": x[left]}, {"2 is at most 1": x[2.0]})
    return claim

def test_passes(assert_holds):
    assert assert_holds(toy(0.5)).seed == 0

def test_fails(assert_holds):
    assert_holds(toy(3.0))

def test_slips(assert_holds):
    assert_holds(toy(0.5), shedule=None)
"""


def run(pytester, *options):
    # By name and not by its entry point too, so that it is the same whether that is installed or not.
    return pytester.runpytest_subprocess("-p", "no:mirrorjax", "-p", "mirrorjax._pytest_plugin", *options)


def test_it_gives_a_fixture_a_short_failure_and_a_line_per_verdict(pytester):
    pytester.makepyfile(test_theirs=THEIRS)
    result = run(pytester, "--junitxml=junit.xml")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines([
        "*TypeError: *unexpected keyword argument 'shedule'*",
        "*== verdicts of mirrorjax ==*",
        "holds        toy/1  resolution 1.0e-09  test_theirs.py::test_passes",
        "refuted      toy/1  resolution *  test_theirs.py::test_fails",
    ])  # fmt: skip
    assert (pytester.path / "junit.xml").read_text().count('name="mirrorjax"') == 2

    lines = result.stdout.lines
    start = next(i for i, line in enumerate(lines) if line.startswith("_") and " test_fails " in line)
    end = next(i for i, line in enumerate(lines) if line.startswith("_") and " test_slips " in line)
    failure = lines[start:end]
    assert len(failure) < 20 and not any("mirrorjax/" in line for line in failure), "\n".join(failure)
    assert any("claim   3.0 is at most 1: refuted" in line for line in failure)


SINGLE = """
import jax.numpy as jnp

def is_single():
    return jnp.ones(1).dtype == jnp.float32 and (jnp.ones(3) / 3).dtype == jnp.float32

def test_before():
    assert is_single()

def test_between(assert_holds):
    assert jnp.ones(1).dtype == jnp.float64  # the parts that a test makes are in float64 as well

def test_after():
    assert is_single()
"""


def test_float64_ends_with_the_test_that_asked_for_it(pytester, monkeypatch):
    monkeypatch.delenv("JAX_ENABLE_X64", raising=False)
    pytester.makepyfile(test_single=SINGLE)
    run(pytester, "-p", "no:randomly").assert_outcomes(passed=3)


def test_who_does_not_ask_for_it_pays_nothing(pytester):
    # NumPy is there already: jaxtyping's plugin imports it.
    pytester.makepyfile(
        test_other="import sys\n\ndef test_it():\n    assert not {'jax', 'equinox'} & set(sys.modules)\n"
    )
    result = run(pytester)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*verdicts of mirrorjax*")


def test_importing_it_imports_nothing_but_pytest():
    code = "import sys, pytest, mirrorjax._pytest_plugin; print(sorted({'jax', 'numpy', 'equinox'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_entry_point_leads_to_it():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    [(name, target)] = project["project"]["entry-points"]["pytest11"].items()
    assert callable(importlib.import_module(target).assert_holds)
    # The name by which our own options keep it out, for the sake of `--jaxtyping-packages=mirrorjax`.
    assert ["-p", f"no:{name}"] == project["tool"]["pytest"]["ini_options"]["addopts"].split()[:2]
