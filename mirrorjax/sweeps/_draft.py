"""What a quantity returns, found out before the work starts."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from .._errors import InputError
from .._vmapped import in_lanes
from ._identity import identity
from ._mapping import How, choose, shapes_of
from ._outputs import UnusableError, outputs_of, require_same
from ._plan import Output
from ._points import Grid, Point
from ._work import KEPT, Work, place_of_point, point_of

TRIED = 16
"""Points at which a quantity that is not compiled is tried, until it returns."""


class Draft(NamedTuple):
    """How the quantity is mapped, what it returns, and where it has no program."""

    how: How
    outputs: tuple[Output, ...]
    refused: dict[tuple[Any, ...], str]


_drafts: dict[str, Draft] = {}


def known_draft(
    quantity: Callable[[Point], Mapping[str, Any]],
    grid: Grid,
    width: int,
    units: Mapping[str, str],
    parts: Mapping[str, Any],
) -> Draft:
    """`draft_of`, once in a process for each identity of the `parts`, the mapping that is asked for among them."""
    asked = dict(parts) | {"width": width, "static": grid.static, "units": units}

    def key() -> str:
        return jax.default_backend() + "".join(identity(asked).values())

    draft = _drafts.get(key()) or draft_of(quantity, grid, parts["mapping"], width, units)
    if draft.how.mapping != "python":  # in Python it may look at what no hash sees
        if len(_drafts) >= KEPT:
            _drafts.clear()
        _drafts[key()] = draft  # hashed again, for the trace may have changed what the code reads
    return draft


def draft_of(
    quantity: Callable[[Point], Mapping[str, Any]], grid: Grid, mapping: str, width: int, units: Mapping[str, str]
) -> Draft:
    """Traces the quantity once for each combination of the static axes; what is not traceable is called at a point.

    **Raises:** `InputError` where it raises everywhere, and where its outputs differ.
    """
    work = Work(quantity, grid, 1, How("vmap", width, ""), (), {}, "")
    values = shapes_of({n: v for n, v in grid.values(np.zeros(1, int)).items() if n not in grid.static})
    how, shapes, refused, errors = None, None, {}, []
    for fixed in grid.combinations():

        def one(values, fixed=fixed):
            return work.one({**fixed, **values})

        try:
            if how is None:
                how, found = choose(one, values, mapping, width)
            else:
                with in_lanes(width):
                    found = jax.eval_shape(one, values)
        except UnusableError:
            raise
        except Exception as error:
            if not grid.static:
                raise _raises(error, "") from error
            refused[tuple(fixed.values())] = f"{place_of_point(fixed)}: {type(error).__name__}: {error}"
            errors.append(error)
            continue
        if how.mapping == "python":
            return Draft(how, _tried(work, grid, units), {})
        if shapes is None:
            shapes = found
        require_same(shapes, found, place_of_point(fixed))
    if how is None or shapes is None:
        raise _raises(errors[0], "for all values of the static axes") from errors[0]
    return Draft(how, tuple(outputs_of(shapes, grid.along, units)), refused)


def _tried(work: Work, grid: Grid, units: Mapping[str, str]) -> tuple[Output, ...]:
    """The outputs of a quantity that is not compiled, at the first point where it returns."""
    errors = []
    for i in range(min(TRIED, int(np.prod(grid.shape)))):
        try:
            found = work.called(point_of(grid.values(np.array([i])), 0))
        except UnusableError:
            raise
        except Exception as error:
            errors.append(error)
        else:
            return tuple(outputs_of(found, grid.along, units))
    raise _raises(errors[0], f"at each of the first {len(errors)} points") from errors[0]


def _raises(error: Exception, where: str) -> InputError:
    says = str(error).strip().rstrip(".")
    return InputError(f"the quantity raises {type(error).__name__}: {says}", where, "the quantity at one point first")
