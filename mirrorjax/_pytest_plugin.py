"""What pytest finds where mirrorjax is installed: the fixture `assert_holds`, and a line per verdict at the end.

Loaded in every run of pytest, so nothing heavy is imported before a test asks for the fixture.
"""

import functools
import math
import operator
import typing
from collections.abc import Callable, Iterator

import pytest

_PROPERTY = "mirrorjax"


# jaxtyping's import hook would wrap the generator, which pytest then takes for a plain function.
@pytest.fixture
@typing.no_type_check
def _float64() -> Iterator[None]:
    """Float64 for one test: its parts are made in full precision, and the tests after it are left as they were."""
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture
def assert_holds(request: pytest.FixtureRequest, _float64: None) -> Callable:
    """`assert_holds("mask/argmin", problem=, param=, schedule=, t1=, seed=0, deep=False)`: fails with the table.

    It is `mirrorjax.testing.assert_holds`, with float64 on for the whole of the test; the verdict, passed or
    failed, is listed at the end of the run and in a JUnit file under the properties of the test.
    """
    from . import testing

    def note(verdict) -> None:
        resolution = f"resolution {verdict.resolution:.1e}" if math.isfinite(verdict.resolution) else "no resolution"
        line = f"{verdict.outcome!s:<12} {verdict.id}  {resolution}"
        request.node.user_properties.append((_PROPERTY, line))

    @functools.wraps(testing.assert_holds)
    def assert_holds(*args, **kwargs):
        __tracebackhide__ = operator.methodcaller("errisinstance", testing.DoesNotHold)
        try:
            verdict = testing.assert_holds(*args, **kwargs)
        except testing.DoesNotHold as error:
            note(error.verdict)
            raise
        note(verdict)
        return verdict

    return assert_holds


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each call of the fixture, also of those that ran in other processes."""
    # Of the three reports of a test the last one has the properties of all, even where the test failed.
    reports = (report for of_one_kind in terminalreporter.stats.values() for report in of_one_kind)
    last = [report for report in reports if getattr(report, "when", "") == "teardown"]
    lines = [f"{line}  {report.nodeid}" for report in last for key, line in report.user_properties if key == _PROPERTY]
    if lines:
        terminalreporter.write_sep("=", "verdicts of mirrorjax")
        for line in lines:
            terminalreporter.write_line(line, green=line.startswith("holds"), red=line.startswith("refuted"))
