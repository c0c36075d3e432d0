"""Theorems as regression tests of your own problems, parameterizations and schedules."""

import dataclasses
import operator
from typing import Any

import equinox as eqx
import jax
import numpy as np

from ._errors import InputError
from ._types import as_array
from .checks import DEEP_RUNGS, RUNGS, Verdict
from .instances import Instance, Regression, random_start, to_the_limit
from .parameterizations import AbstractLiftable, AbstractParameterization
from .problems import LinearRegression
from .registry import Entry, Plan, Theorem, plan, select
from .schedules import AbstractSchedule


class DoesNotHold(AssertionError):
    """A theorem that was not confirmed. The message is its table.

    **Arguments:**

    - `verdict`: what was found instead.
    """

    def __init__(self, verdict: Verdict):
        super().__init__("\n".join(filter(None, [f"{verdict.id} does not hold here", str(verdict), verdict.traceback])))
        self.verdict = verdict


def assert_holds(
    theorem: str | Theorem,
    *,
    problem: LinearRegression | None = None,
    param: AbstractParameterization | None = None,
    schedule: AbstractSchedule | None = None,
    t1: float | None = None,
    seed: int = 0,
    deep: bool = False,
) -> Verdict:
    """Passes where the theorem holds on your problem, parameterization or schedule; else raises with the table.

    The theorem's random instances keep whatever you do not hand in; a new problem or parameterization gets random
    starts of its size. An inconclusive verdict does not pass: nothing was confirmed.

    **Arguments:**

    - `theorem`: its id, a file with one theorem in it, or a theorem made by `mirrorjax.theorem`.
    - `problem`: yours, in whitened rows with its own loss where the theorem is about the limit (a loss that is not
      least where Zx = y meets no hypothesis there).
    - `param`: yours, with a `lift` and a state of the shape that the theorem's own has, `(2, n)`.
    - `schedule`: yours.
    - `t1`: how far to follow the flow, by default as far as the theorem's own instances, or to e^−32 of the distance to
      the limit, where the theorem is about that.
    - `seed`: of the random instances and starts.
    - `deep`: whether to add the tolerance 1e-12.

    **Returns:** the `Verdict`, measured in float64 whatever the session is in: what you hand in is lifted to it.

    **Raises:** `DoesNotHold` with the verdict's table; `InputError` for an unknown theorem or several, a theorem whose
    instances are not made of these parts, and a `param` without a `lift` or of another state.

    !!! example
        >>> import mirrorjax as mj
        >>> verdict = mj.testing.assert_holds("mask/argmin", schedule=mj.schedules.SwitchOff(0.2, at=1.0))
        >>> str(verdict.outcome)
        'holds'
    """
    # pytest shows the line of the user's test and the table, not this frame.
    __tracebackhide__ = operator.methodcaller("errisinstance", DoesNotHold)
    rungs = DEEP_RUNGS if deep else RUNGS
    parts = {"problem": problem, "param": param, "schedule": schedule, "t1": t1}
    # Here and no longer: switched on for good, it would change the float32 tests that come after.
    with jax.enable_x64(True):
        [(found, cases)] = plan([_one(theorem)], seed, deep).tasks
        given = {name: _lifted(value) for name, value in parts.items() if value is not None}
        if isinstance(problem, LinearRegression):
            given["problem"] = given["problem"].as_dense()  # the checks ask for entries of Z
        if given:
            cases = tuple(_with(case, given, seed + i) for i, case in enumerate(_own(found.id, cases, given)))
        [verdict] = Plan(((found, cases),), seed, rungs).run()
    if not verdict:
        raise DoesNotHold(verdict)
    return verdict


def _lifted(part: Any) -> Any:
    """A part made in float32 with its arrays in float64: half of a problem in each would be two problems."""
    return jax.tree.map(lambda leaf: as_array(leaf) if eqx.is_inexact_array(leaf) else leaf, part)


def _one(theorem: str | Theorem) -> Entry | Theorem:
    one, *others = select([theorem])
    if others:
        raise InputError("assert_holds takes one theorem", repr(theorem), "mj.verify for several")
    return one


def _own(theorem_id: str, cases: tuple, given: dict[str, Any]) -> list[Regression]:
    """The random instances, if parts of them can be exchanged."""
    random = [case for case in cases if isinstance(case, Instance) and not case.real]
    if not random:
        raise InputError(
            f"the instances of {theorem_id} are not made of a problem, a parameterization and a schedule",
            f"given: {', '.join(given)}",
            "mj.checks.agreement compares both flows for any problem, parameterization and schedule",
        )
    return random


def _with(case: Regression, given: dict[str, Any], seed: int) -> Regression:
    changed = dataclasses.replace(case, **given)
    if {"problem", "param"} & set(given):
        if not isinstance(changed.param, AbstractLiftable):
            raise InputError(
                f"{type(changed.param).__name__} has no lift, so no start can be made for it",
                "param",
                "mj.checks.agreement, which takes a w0",
            )
        start = random_start(np.random.default_rng([seed, 7]), changed.param, changed.problem.n)
        changed = dataclasses.replace(changed, w0=start)
    if case.followed_to_the_limit and "t1" not in given:
        [changed] = to_the_limit([changed])
    return dataclasses.replace(changed, name=f"{', '.join(given)} given; {changed.name}")
