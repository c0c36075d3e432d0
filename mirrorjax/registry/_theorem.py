"""A theorem is a value: its statement, its instances, and the check that tries it on one of them."""

import dataclasses
from collections.abc import Callable

from .._errors import InputError
from .._modules import FROM_FILE, load_module


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a theorem says of itself, and where it is: a module by its dotted name or its file, and a name in it."""

    id: str
    title: str
    statement: str
    source: str
    module: str
    name: str = "theorem_"

    def load(self) -> "Theorem":
        """The theorem with its instances and its check; imports its module, and so jax."""
        return getattr(load_module(self.module), self.name)


@dataclasses.dataclass(frozen=True)
class Theorem:
    """An entry with the functions that test it; made by `theorem`."""

    entry: Entry
    instances: Callable
    check: Callable

    @property
    def id(self) -> str:
        """Its name in the catalogue."""
        return self.entry.id

    def load(self) -> "Theorem":
        """Itself."""
        return self


def theorem(*, id: str, title: str, statement: str, source: str, instances: Callable) -> Callable[[Callable], Theorem]:
    r"""Makes a theorem of the function that checks it on one instance.

    The function takes an instance and the rungs of relative tolerance, and returns a `Finding`: claims that must
    hold, controls that must be refuted, planted errors.

    **Arguments:** `id` its name, unlike any other, as `lab/1`; `title` in one line; `statement` with LaTeX between
    dollars; `source` the paper and the number there; `instances(seed, data)` gives the instances, each with a `name`;
    `data` is the user's table or None, and an instance made of it is named "your data". All but `instances` are
    literals: `mirrorjax list` reads them without importing the file.

    **Returns:** a decorator, and from it a `Theorem`, for `mirrorjax.verify`.

    **Raises:** `InputError` for an id that is empty or holds a blank or one of `*?[`.

    !!! example
        >>> from types import SimpleNamespace
        >>> import mirrorjax as mj
        >>> from mirrorjax.checks import Finding, at_most
        >>> @mj.theorem(id="lab/1", title="1 ≤ 2", statement="$1 \\leq 2$", source="folklore",
        ...             instances=lambda seed, data: [SimpleNamespace(name="the only one")])
        ... def order(case, rungs):
        ...     return Finding(claims={"1 ≤ 2": at_most(1.0, 2.0, 1e-9)}, controls={"2 ≤ 1": at_most(2.0, 1.0, 1e-9)})
        >>> [verdict] = mj.verify(order)
        >>> str(verdict.outcome)
        'holds'
    """
    if not id or set(id) & set("*?[ \t\n") or id.endswith(".py"):
        raise InputError("a theorem's id is one word without *, ? or [, and no file name", repr(id), "'lab/1'")

    def wrap(check: Callable) -> Theorem:
        # What was loaded from a file is found again by its file. Where code is only executed, no module is named.
        module = check.__module__ or "__main__"
        module = check.__code__.co_filename if module.startswith(FROM_FILE) else module
        return Theorem(Entry(id, title, statement, source, module, check.__name__), instances, check)

    return wrap
