"""Runs theorems over their instances."""

import contextlib
import dataclasses
import functools
import inspect
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .._compile import exact_products
from .._errors import InputError, MirrorjaxError
from .._executors import Where, executor_of, run
from .._room import make_room
from .._types import x64_on
from ..checks import (
    DEEP_RUNGS,
    FLOAT32_RUNGS,
    RUNGS,
    Finding,
    Hypothesis,
    Judgement,
    Verdict,
    combine,
    failed,
    judge,
    without_planted_errors,
)
from ..instances import YOUR_DATA
from ..problems import LinearRegression
from ._select import Asked, select, sendable
from ._theorem import Entry, Theorem


@dataclasses.dataclass(frozen=True)
class Plan:
    """Theorems with their instances, laid out before the work starts.

    **Arguments:**

    - `tasks`: each theorem with its instances.
    - `seed`: of the random instances.
    - `rungs`: relative tolerances, falling.
    - `table`: whether the user gave a table.
    - `quick`: whether errors are left unplanted.
    - `float32`: whether verdicts in float32 were asked for.
    """

    tasks: tuple[tuple[Theorem, tuple], ...]
    seed: int
    rungs: tuple[float, ...]
    table: bool = False
    quick: bool = False
    float32: bool = False

    @property
    def size(self) -> int:
        """How many instances there are in all."""
        return sum(len(cases) for _, cases in self.tasks)

    def run(self, on_instance: Callable[[Entry, Judgement], None] | None = None) -> Iterator[Verdict]:
        """Checks every theorem on its instances, one after another.

        **Arguments:**

        - `on_instance`: called with the entry and the `Judgement` of every instance as it ends.

        **Returns:** an iterator of one `Verdict` per theorem.

        **Raises:** none of the errors of a check: they become part of its verdict.
        """
        for theorem, cases in self.tasks:
            judgements = []
            for case in cases:
                with without_planted_errors() if self.quick else contextlib.nullcontext():
                    judgements.append(_examine(theorem, case, self.rungs, self.float32))
                if on_instance:
                    on_instance(theorem.entry, judgements[-1])
            if self.table and all(case.name != YOUR_DATA for case in cases):
                judgements.append(_unused_table())
            make_room()
            verdict = combine(theorem.entry.id, judgements, self.seed, self.rungs)
            yield _said_to_be_quick(verdict) if self.quick else verdict


def plan(
    asked: Sequence[Asked] = (),
    seed: int = 0,
    deep: bool = False,
    data: LinearRegression | None = None,
    quick: bool = False,
    float32: bool = False,
) -> Plan:
    """Chooses the theorems and builds their instances.

    **Arguments:**

    - `asked`: as of `select`.
    - `seed`, `deep`, `data`, `quick`, `float32`: as of `verify`.

    **Returns:** the `Plan`. What raises while instances are made becomes part of a verdict.

    **Raises:** `InputError` as `verify`.
    """
    if float32 and deep:
        raise InputError("float32 and deep exclude each other", "float32 does not resolve 1e-12", "one of them")
    if float32 and x64_on():
        raise InputError(
            "float32 was asked for and float64 is on",
            "every number would be made in float64",
            "jax.config.update('jax_enable_x64', False) before anything else, or leave float32 out",
        )
    theorems = [entry.load() for entry in select(asked)]
    data = data.as_dense() if isinstance(data, LinearRegression) else data  # the checks ask for entries of Z
    tasks = tuple((t, _made(t, seed, data)) for t in theorems)
    if quick:
        tasks = tuple((t, _one_of(cases)) for t, cases in tasks)
    rungs = FLOAT32_RUNGS if float32 else DEEP_RUNGS if deep else RUNGS
    return Plan(tasks, seed, rungs, data is not None, quick, float32)


def _said_to_be_quick(verdict: Verdict) -> Verdict:
    """A check that plants its errors without asking `planted_sizes` plants them in a smoke test too."""
    planted = any(judgement.finding.planted for judgement in verdict.instances)
    said = "quick: one instance" if planted else "quick: one instance, no errors planted"
    return dataclasses.replace(verdict, reason=f"{verdict.reason}; {said}")


def _one_of(cases: tuple) -> tuple:
    """The user's table where there is one."""
    return tuple(case for case in cases if case.name == YOUR_DATA)[:1] or cases[:1]


@dataclasses.dataclass(frozen=True)
class _Unmade:
    """In place of instances that could not be made."""

    error: Exception
    name: str = "instances"


def _made(theorem: Theorem, seed: int, data: LinearRegression | None) -> tuple:
    try:
        made = tuple(theorem.instances(seed, data))
        unnamed = [case for case in made if not isinstance(getattr(case, "name", None), str)]
        if unnamed or not made:
            what = f"an instance is {type(unnamed[0]).__name__}, without a name" if unnamed else "there is none"
            raise InputError(f"instances(seed, data) must give instances with a name: {what}", theorem.id)
        return made
    except Exception as error:
        return (_Unmade(error),)


def _unused_table() -> Judgement:
    """That the table was not used: without it the verdict on other instances would read as one about the table."""
    unused = Hypothesis("your table is used", "no instance of this theorem is made of a table", False)
    return judge(YOUR_DATA, Finding({}, {}, (unused,)), 0.0)


def _examine(theorem: Theorem, case, rungs: tuple[float, ...], float32: bool) -> Judgement:
    start, crash = time.perf_counter(), ""
    try:
        if isinstance(case, _Unmade):
            raise case.error
        with exact_products() if float32 else contextlib.nullcontext():
            finding = theorem.check(case, rungs)
        if not isinstance(finding, Finding):
            raise TypeError(f"the check returned {type(finding).__name__}, not a Finding")
    except Exception as error:
        finding = _unfinished(error, theorem)
        # Without float64 a check that counts on 16 digits fails in ways of its own: an entry of 1e-60 is 0, a matrix
        # whose rows were independent is singular. That is no bug of the check.
        if x64_on() and not isinstance(error, MirrorjaxError):
            crash = traceback.format_exc()
    judgement = judge(case.name, finding, time.perf_counter() - start, float32=float32)
    return dataclasses.replace(judgement, traceback=crash)


def _unfinished(error: Exception, theorem: Theorem) -> Finding:
    """The finding where a check raised: an error on one instance must not end the run."""
    if not x64_on():
        return _nothing(_line(error))
    if isinstance(error, InputError):
        # No solver failed: more steps, which a failed solve recommends, would not help.
        return _unmet("the instance can be computed", str(error))
    if isinstance(error, MirrorjaxError):
        return _nothing(str(error))
    frames = traceback.extract_tb(error.__traceback__)
    # Where the author can do something about it; the traceback, which is kept, has the lines of libraries below.
    home = getattr(inspect.unwrap(theorem.check), "__code__", None)
    own = [frame for frame in frames if home is not None and frame.filename == home.co_filename]
    last = (own or frames)[-1]
    return _unmet("the check runs to its end", f"{_line(error)}, in {Path(last.filename).name}, line {last.lineno}")


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}".removesuffix(": ")


def _nothing(why: str) -> Finding:
    return Finding({"computed": failed(why)}, {})


def _unmet(what: str, why: str) -> Finding:
    return Finding({}, {}, (Hypothesis(what, why, False),))


def verify(
    theorems: Asked | Sequence[Asked] = (),
    *,
    seed: int = 0,
    deep: bool = False,
    data: LinearRegression | None = None,
    quick: bool = False,
    float32: bool = False,
    executor: Where = None,
) -> list[Verdict]:
    """Verifies theorems: those that are asked for, or the whole catalogue.

    **Arguments:**

    - `theorems`: an id, a shell pattern such as "mask/*", a file "my_paper.py", one theorem of it
      "my_paper.py::ID", the name of a module, a module, a theorem made by `mirrorjax.theorem`, or a list of these.
    - `seed`: of the random instances.
    - `deep`: whether to add the tolerance 1e-12.
    - `data`: your table in place of the measurements; a theorem that is tried on none comes out inconclusive then, its
      other instances holding or not.
    - `quick`: whether to try one instance of each and plant no errors: a smoke test, whose verdicts have no detection
      limit and say so.
    - `float32`: where float64 is off, asks for what float32 can say, to some 1e-4; without it every verdict there is
      inconclusive.
    - `executor`: where the theorems run, one task each: None for this process, "processes" or "processes:4" for
      processes of this machine, "dask://HOST:PORT" for the workers of a Dask scheduler, "mpi" for those of `mpiexec -n
      9 python -m mpi4py.futures SCRIPT.py`, or any `concurrent.futures.Executor`, which is left open. Every machine
      needs the same mirrorjax; a theorem of a file or module needs that file at the same path, or that module, there.

    **Returns:** one `Verdict` per theorem, in the order of their ids. Of a check that crashes it is inconclusive, with
    the traceback in `Verdict.traceback`; the others go on.

    **Raises:** `InputError` for an unknown id, with near matches; for a file or module without a theorem, or that
    cannot be imported; for two theorems of one id; for `float32` with float64 on, or with `deep`; for an executor that
    there is not. `MirrorjaxError` where the executor's workers die.

    !!! example
        >>> import mirrorjax as mj
        >>> [verdict] = mj.verify("mask/C.1", seed=0)
        >>> str(verdict.outcome)
        'holds'
    """
    chosen = theorems if isinstance(theorems, Sequence) and not isinstance(theorems, str) else [theorems]
    how = {"seed": seed, "deep": deep, "data": data, "quick": quick, "float32": float32}
    with executor_of(executor) as opened:
        if opened is None:
            return list(plan(chosen, **how).run())
        tasks = [functools.partial(_verdict, sendable(found), how) for found in select(chosen)]
        return [verdict for _, verdict in sorted(run(tasks, opened), key=lambda pair: pair[0])]


def _verdict(theorem: Entry | Theorem, how: dict[str, Any]) -> Verdict:
    [verdict] = plan([theorem], **how).run()
    return verdict
