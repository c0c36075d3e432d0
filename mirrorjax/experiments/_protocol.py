"""An experiment as data: what its TOML says, checked."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from .._errors import InputError
from .._toml import nearest, read_toml, refuse_unknown
from ._comparison import SEEDS_PER_FOLD
from ._datasets import FOLDS
from ._job import check_densities
from ._networks import NETWORKS
from ._recipe import NUMBERS, OPTIONAL, Recipe

KINDS = ("curves", "signs", "flips")
PRUNING = ("one-shot", "rewind", "continue")
FINDERS = ("gradual", "alternating")
WORDS = ("form", "penalty", "schedule", "rates")
NAME = re.compile(r"[^\W_][\w .+-]*")
STARTS = ("random signs", "random mask", "initial weights")
LAYER = re.compile(r"signs right in layer [1-9][0-9]*")
CONFIGS = Path(__file__).parent / "configs"
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A method of a protocol and the settings that it is tuned over.

    **Fields:**

    - `name`: of the method.
    - `words`: form, penalty, schedule and rates of its `Recipe`.
    - `pruning`: "one-shot": trained once, then pruned to every density; "rewind": iterative, each round from the
      initial weights (IMP); "continue": iterative, each round from the trained ones, at a rate that begins anew (LRR).
    - `settings`: numbers of the recipe, a dictionary for each point of the grid.
    """

    name: str
    words: dict[str, Any]
    pruning: str
    settings: tuple[dict[str, Any], ...]

    def recipe(self, setting: int) -> Recipe:
        """The recipe at a point of the grid.

        **Arguments:**

        - `setting`: its number, from 0.

        **Returns:** the `Recipe`.
        """
        return Recipe.of(**self.words, **self.settings[setting])


@dataclasses.dataclass(frozen=True)
class Protocol:
    """A whole experiment: what is trained how, and what is measured.

    **Fields:**

    - `name`: of the file.
    - `title`: for readers.
    - `kind`: "curves", accuracy over densities for each method; "signs", networks trained under a found mask from
      signs that are right or wrong; "flips", which signs change.
    - `data`, `network`: as for `load_data` and `Comparison`; the path of a file is relative to the current folder.
    - `epochs`, `batch`: of a training; of each round where pruning is iterative.
    - `seeds`, `tuning_seeds`: how many are reported, and how many others choose the settings.
    - `fold`: which fifth of the data tests.
    - `densities`: shares of the weights that are kept, decreasing.
    - `chunk`: networks trained in one program.
    - `methods`: the candidates, each with equally many settings.
    - `finders`: for "signs" and "flips": how masks are found, "gradual" or "alternating", with a recipe for each.
    - `shares`: for "signs": which shares of the signs are right.
    - `starts`: for "signs": which starts are compared; all of them where none is named.
    - `compare`: for "curves": pairs of methods, the first of which is claimed to be more accurate.
    """

    name: str
    title: str
    kind: str
    data: str
    network: str
    epochs: int
    batch: int
    seeds: int
    tuning_seeds: int
    fold: int
    densities: tuple[float, ...]
    chunk: int
    methods: tuple[Candidate, ...]
    finders: dict[str, dict[str, Any]]
    shares: tuple[float, ...]
    starts: tuple[str, ...] = ()
    compare: tuple[tuple[str, str], ...] = ()

    def candidate(self, name: str) -> Candidate:
        """A method.

        **Arguments:**

        - `name`: of it.

        **Returns:** the candidate.
        """
        return next(method for method in self.methods if method.name == name)

    @property
    def tuned(self) -> bool:
        """Whether there is anything to choose; no seed is spent on it else."""
        return any(len(method.settings) > 1 for method in self.methods)

    def about(self) -> dict[str, Any]:
        """What makes it the experiment that it is, name, title and comparisons apart.

        **Returns:** a dictionary.
        """
        return {
            key: value for key, value in dataclasses.asdict(self).items() if key not in ("title", "name", "compare")
        }


WHOLE = {"epochs": 150, "batch": 256, "seeds": 5, "tuning_seeds": 2, "fold": 0, "chunk": 8}
KEYS = (*WHOLE, "title", "kind", "data", "network", "densities", "budget", "common", "methods", "finders", "shares",
        "starts", "compare")  # fmt: skip


def ready_protocols() -> dict[str, Path]:
    """The protocols that come with the package.

    **Returns:** their files by name.

    !!! example
        >>> from mirrorjax import experiments
        >>> sorted(experiments.ready_protocols())[:2]
        ['ablation-mnist1d', 'curves-digits']
    """
    return {path.stem: path for path in sorted(CONFIGS.glob("*.toml"))}


def read_protocol(source: str | Path, **changes: int) -> Protocol:
    """The protocol of a file, or of one of `ready_protocols` by its name.

    A method's table holds words of its `Recipe` (`form`, `penalty`, `schedule`, `rates`), `pruning`, and numbers of it;
    a list of numbers is an axis of its grid. `[common]` holds what all methods share. Every method has `budget`
    settings, no more and no fewer. `densities = 25` is 0.8, 0.8², … 0.8²⁵.

    **Arguments:**

    - `source`: a path, or a name.
    - `**changes`: `epochs`, `seeds`, `chunk` … in place of those of the file.

    **Returns:** the `Protocol`.

    **Raises:** `InputError`, which names the file, for one that cannot be read, an unknown key or word, a number
    outside its range, a grid whose size is not the budget, and what the kind of experiment would not look at.

    !!! example
        >>> from mirrorjax.experiments import read_protocol
        >>> plan = read_protocol("curves-mnist1d", seeds=3)
        >>> plan.seeds, len(plan.densities), {len(method.settings) for method in plan.methods}
        (3, 25, {8})
    """
    path = Path(source)
    if path.suffix != ".toml":
        ready = ready_protocols()
        if str(source) not in ready:
            raise InputError(f"no experiment {str(source)!r}", "", nearest(str(source), ready, "a file.toml, or"))
        path = ready[str(source)]
    said = {**read_toml(path), **changes}
    refuse_unknown(said, KEYS, path.name)
    whole = {name: _whole(said.get(name, default), name, path.name) for name, default in WHOLE.items()}
    kind = _one_of(said.get("kind"), KINDS, "kind", path.name)
    found = Protocol(
        path.stem,
        str(said.get("title", path.stem)),
        kind,
        str(said.get("data", "mnist1d")),
        _one_of(said.get("network", "small"), NETWORKS, "network", path.name),
        **whole,
        densities=_named(lambda: _densities(said.get("densities", 25), path.name), path.name),
        methods=_candidates(said, path.name),
        finders=_finders(said, kind, path.name),
        shares=tuple(_listed(said.get("shares", [0.0, 0.25, 0.5, 0.75, 1.0]), "shares", path.name)),
        starts=tuple(_listed(said.get("starts", []), "starts", path.name)),
        compare=_pairs(said.get("compare", []), path.name),
    )
    _check(found)
    _check_kind(found, said)
    return found


def _check(plan: Protocol) -> None:
    for name, least in (("epochs", 1), ("batch", 1), ("seeds", 2), ("tuning_seeds", 1), ("chunk", 1)):
        if getattr(plan, name) < least:
            raise InputError(f"{name} must be {least} or more", f"{plan.name}: {name} = {getattr(plan, name)}")
    if plan.seeds > SEEDS_PER_FOLD:
        raise InputError(f"at most {SEEDS_PER_FOLD} seeds", f"{plan.name}: seeds = {plan.seeds}")
    if plan.fold not in range(FOLDS):
        raise InputError(f"there are {FOLDS} folds, from 0 on", f"{plan.name}: fold = {plan.fold}")
    names = [method.name for method in plan.methods]
    for pair in plan.compare:
        if len(pair) != 2 or pair[0] == pair[1] or any(name not in names for name in pair):
            raise InputError("compare holds pairs of two methods", f"{plan.name}: {list(pair)}", ", ".join(names))
    if any(not isinstance(share, int | float) or not 0 <= share <= 1 for share in plan.shares):
        raise InputError("shares lie between 0 and 1", f"{plan.name}: {plan.shares}")
    known = {*STARTS, *(f"signs right in {share:g}" for share in plan.shares)}
    for start in plan.starts:
        if not isinstance(start, str) or not (start in known or LAYER.fullmatch(start)):
            raise InputError(f"there is no start {start!r}", plan.name, ", ".join([*sorted(known), LAYER.pattern]))


def _check_kind(plan: Protocol, said: Mapping[str, Any]) -> None:
    """Refuses what would be said in vain."""
    if plan.kind != "curves":
        if len(plan.densities) != 1:
            raise InputError(
                f"kind {plan.kind!r} has one density", f"{plan.name}: {plan.densities}", "densities = [0.1]"
            )
        if any(method.pruning != "one-shot" for method in plan.methods):
            raise InputError(f"kind {plan.kind!r} prunes by its finders", plan.name, "no pruning")
    if plan.kind == "flips" and len(plan.methods[0].settings) > 1:
        raise InputError("nothing is tuned where flips are counted", plan.name, "one setting for each method")
    of = {"shares": "signs", "starts": "signs", "compare": "curves"}
    for key, kind in of.items():
        if key in said and plan.kind != kind:
            raise InputError(f"kind {plan.kind!r} has no {key}", plan.name, f'kind = "{kind}"')


def _named(made: Callable[[], T], where: str) -> T:
    """What is made, or why not, with the file's name."""
    try:
        return made()
    except InputError as error:
        there = error.where if where in error.where else f"{where}: {error.where}"
        raise InputError(error.what, there, error.hint) from error


def _listed(given: Any, name: str, where: str) -> list[Any]:
    if not isinstance(given, list | tuple):
        raise InputError(f"{name} is a list", f"{where}: {name} = {given!r}", f"{name} = […]")
    return list(given)


def _pairs(given: Any, where: str) -> tuple[Any, ...]:
    return tuple(tuple(_listed(pair, "a pair of compare", where)) for pair in _listed(given, "compare", where))


def _whole(value: Any, name: str, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InputError(f"{name} is a whole number", f"{where}: {name} = {value!r}")
    return value


def _one_of(value: Any, known: Iterable[str], name: str, where: str) -> str:
    if value not in known:
        raise InputError(f"there is no {name} {value!r}", where, ", ".join(known))
    return value


def _densities(given: Any, where: str) -> tuple[float, ...]:
    if isinstance(given, int) and not isinstance(given, bool) and given > 0:
        return tuple(0.8**k for k in range(1, given + 1))
    if not isinstance(given, list) or not all(isinstance(share, int | float) for share in given):
        raise InputError("densities are a list, or how many powers of 0.8", f"{where}: {given!r}", "densities = 25")
    check_densities(given)
    return tuple(sorted((float(share) for share in given), reverse=True))


def _candidates(said: dict[str, Any], where: str) -> tuple[Candidate, ...]:
    common, methods = said.get("common", {}), said.get("methods", {})
    if not methods or not isinstance(methods, Mapping):
        raise InputError("an experiment has one method or more", where, "[methods.plain]")
    known = (*WORDS, "pruning", *NUMBERS, *OPTIONAL)
    refuse_unknown(common, known, f"{where}, common")
    found = []
    for name, table in methods.items():
        if not NAME.fullmatch(name):
            raise InputError(
                f"files and tables cannot hold the name {name!r}", where, "letters, digits, spaces, _ . + -"
            )
        refuse_unknown(table, known, f"{where}, {name}")
        found.append(_candidate(name, common | table, f"{where}, {name}"))
    budget = said.get("budget", len(found[0].settings))
    for method in found:
        if len(method.settings) != budget:
            raise InputError(
                f"every method has {budget} settings: {method.name} has {len(method.settings)}", where,
                "lists whose lengths multiply to the budget",
            )  # fmt: skip
    return tuple(found)


def _candidate(name: str, table: dict[str, Any], where: str) -> Candidate:
    _check_types(table, where)
    pruning = _one_of(table.get("pruning", "one-shot"), PRUNING, "pruning", where)
    words = {key: table[key] for key in WORDS if key in table}
    known = (*NUMBERS, *OPTIONAL)
    axes = {key: value if isinstance(value, list) else [value] for key, value in table.items() if key in known}
    for key, values in axes.items():
        if not values or any(value in values[:i] for i, value in enumerate(values)):
            raise InputError("an axis of a grid has numbers, each once", f"{where}: {key} = {values}")
    settings = tuple(dict(zip(axes, point)) for point in itertools.product(*axes.values()))
    found = Candidate(name, words, pruning, settings)
    for i in range(len(settings)):
        _named(lambda i=i: found.recipe(i), where)
    return found


def _check_types(table: Mapping[str, Any], where: str) -> None:
    """Words are strings, numbers are numbers or lists of them."""
    for key, value in table.items():
        if key in WORDS and not isinstance(value, str):
            raise InputError(f"there is no {key} {value!r}", where)
        if key in NUMBERS and any(
            not isinstance(number, int | float) or isinstance(number, bool)
            for number in (value if isinstance(value, list) else [value])
        ):
            raise InputError(f"{key} must be a finite number, not negative", f"{where}: {key} = {value!r}")


def _finders(said: dict[str, Any], kind: str, where: str) -> dict[str, dict[str, Any]]:
    given = said.get("finders", {})
    refuse_unknown(given, FINDERS, f"{where}, finders")
    if (kind == "curves") == bool(given):
        raise InputError(f"kind {kind!r} has {'no finders' if given else 'one finder or more'}", where)
    for name, table in given.items():
        refuse_unknown(table, (*NUMBERS, *OPTIONAL), f"{where}, finders.{name}")
        _check_types({key: [value] if isinstance(value, list) else value for key, value in table.items()}, where)
        _named(lambda table=table: Recipe.of(**table), f"{where}, finders.{name}")
    return dict(given)
