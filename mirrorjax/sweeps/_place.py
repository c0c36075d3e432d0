"""Where the chunks of a sweep are kept: in a folder, in memory, or with the first of several processes."""

import os
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils

from .._errors import InputError, MirrorjaxError
from ._in_memory import Memory
from ._plan import Plan
from ._store import Store

Place = Store | Memory


def place_of(out: str | os.PathLike[str] | None, plan: Plan, there: bool, resume: bool, other_versions: bool) -> Place:
    """What takes the chunks of a plan; `there` is whether the folder holds the beginning of it.

    Of several processes (`jax.distributed`) that compute each chunk together, the first one alone writes the folder,
    and tells the others what is finished.

    **Raises:** `InputError` as `Store.create` and `Store.resume`; `MirrorjaxError` in the processes beside one that
    raises it.
    """
    if jax.process_count() == 1:
        return _alone(out, plan, there, resume, other_versions)
    place: Any = Memory(plan)
    finished = np.zeros(plan.chunks + 1, np.int32)  # and whether that cannot be told
    error = None
    if jax.process_index() == 0:
        try:
            place = _alone(out, plan, there, resume, other_versions)
            finished[sorted(place.finished)] = 1
        except Exception as raised:
            error, finished[-1] = raised, 1
    finished = np.asarray(multihost_utils.broadcast_one_to_all(finished))
    if error:
        raise error
    if finished[-1]:
        raise MirrorjaxError("the first process cannot keep the sweep", "see its error")
    if jax.process_index() > 0:
        place.finished.update(np.flatnonzero(finished).tolist())
    return place


def _alone(out: str | os.PathLike[str] | None, plan: Plan, there: bool, resume: bool, other_versions: bool) -> Place:
    if out is None:
        return Memory(plan)
    if there and not resume:
        hint = "resume=True to go on with it, or another folder"
        raise InputError("the folder holds a sweep already", str(out), hint)
    return Store.resume(out, plan, other_versions) if there else Store.create(out, plan)
