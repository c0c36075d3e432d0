"""A theorem is a value: its statement, its instances, and the check that tries it on one of them."""

import dataclasses
from collections.abc import Callable

from .._errors import InputError
from .._modules import FROM_FILE, load_module


@dataclasses.dataclass(frozen=True)
class Entry:
    """What a theorem says of itself, and where it is.

    **Fields:**

    - `id`: its name in the catalogue.
    - `title`: in one line.
    - `statement`: with LaTeX between dollars.
    - `source`: the paper and the number there.
    - `module`: its module by the dotted name or the file.
    - `name`: of the theorem in the module.
    """

    id: str
    title: str
    statement: str
    source: str
    module: str
    name: str = "theorem_"

    def load(self) -> "Theorem":
        """The theorem with its instances and its check; imports its module, and so jax.

        **Returns:** the `Theorem`.

        **Raises:** `InputError` for a module that cannot be imported.
        """
        return getattr(load_module(self.module), self.name)


@dataclasses.dataclass(frozen=True)
class Theorem:
    """An entry with the functions that test it; made by `theorem`.

    **Fields:**

    - `entry`: what it says of itself.
    - `instances`: from a seed and the user's table, or None, to instances, each with a `name`.
    - `check`: from an instance and the rungs of relative tolerance to a `Finding`.
    """

    entry: Entry
    instances: Callable
    check: Callable

    @property
    def id(self) -> str:
        """Its name in the catalogue."""
        return self.entry.id

    def load(self) -> "Theorem":
        """Itself, as `Entry.load`.

        **Returns:** the `Theorem`.
        """
        return self


def theorem(*, id: str, title: str, statement: str, source: str, instances: Callable) -> Callable[[Callable], Theorem]:
    r"""Makes a theorem of the function that checks it on one instance.

    The function takes an instance and the rungs of relative tolerance, and returns a `Finding`: claims that must hold,
    controls that must be refuted, planted errors. All arguments but `instances` are literals: `mirrorjax list` reads
    them without importing the file.

    **Arguments:**

    - `id`: its name, unlike any other, as `lab/1`.
    - `title`: in one line.
    - `statement`: with LaTeX between dollars.
    - `source`: the paper and the number there.
    - `instances`: a function `instances(seed, data)` that returns the instances, each with a `name`; `data` is the
      user's table or None, and an instance made of it is named "your data".

    **Returns:** a decorator, and from it a `Theorem`, for `mirrorjax.verify`.

    **Raises:** `InputError` for an id that is empty, ends in .py or holds a blank or one of `*?[`.

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
    if not id or set(id) & set("*?[ \t\n") or id.endswith(".py") or ".py::" in id:
        raise InputError("a theorem's id is one word without *, ? or [, and no file name", repr(id), "'lab/1'")

    def wrap(check: Callable) -> Theorem:
        # What was loaded from a file is found again by its file. Where code is only executed, no module is named.
        module = check.__module__ or "__main__"
        module = check.__code__.co_filename if module.startswith(FROM_FILE) else module
        return Theorem(Entry(id, title, statement, source, module, check.__name__), instances, check)

    return wrap
