"""What `vmap` makes of an adaptive solve where lanes are asked for."""

import contextlib
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jax.extend.core import jaxpr_as_fun

from ._compile import inlined
from ._lanes import Solves, Tableau, first_length, solve_in_lanes

LARGE = 1024
"""Numbers of a solve's own, as a matrix that no other solve has: no product of matrices then, and lanes would read all
of these from memory at every stage, where one solve after the other keeps its own in the cache."""


class Lanes:
    """How wide the lanes are, and what became of the solves that were traced."""

    def __init__(self, width: int):
        self.width = width
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


_here: ContextVar[Lanes | None] = ContextVar("lanes", default=None)


@contextlib.contextmanager
def in_lanes(width: int) -> Generator[Lanes, None, None]:
    """What is traced here solves in lanes wherever it is vmapped, of this width."""
    lanes = Lanes(width)
    token = _here.set(lanes)
    try:
        with inlined():
            yield lanes
    finally:
        _here.reset(token)


def lanes_here() -> Lanes | None:
    """The lanes asked for, if any."""
    return _here.get()


def vmappable(
    lanes: Lanes,
    slope: Callable[[Any, Any], Any],
    plain: Callable[..., tuple],
    beside: Callable[[Any, Any, float], Any],
    in_order: Callable[[Any, Any, Any], tuple[Any, Any]],
    tableau: Tableau | None,
    *data: Any,
) -> tuple:
    """`plain(slope, *data)` with a rule for `vmap`; `data` are y₀, ts, rtol, atol, jumps and max_steps.

    **Arguments:**

    - `slope`: the field, of t and a vector.
    - `plain`: one solve; returns the states at ts, the last one, its time, ok, out_of_steps, steps.
    - `beside`: the float beside a time where that is a jump.
    - `in_order`: the times with the jumps among them.
    - `tableau`: of the explicit pair; None for a method that lanes do not know.
    """
    start, ts = data[:2]
    # By a jaxpr: what the field closes over becomes an argument, since no rule hears of a closure.
    traced = jax.make_jaxpr(slope)(ts[0], start)
    constants = [jnp.asarray(constant) for constant in traced.consts]

    def field(constants: list, t, y):
        return jaxpr_as_fun(traced.replace(consts=constants))(t, y)[0]

    def once(constants, *data):
        return plain(lambda t, y: field(constants, t, y), *data)

    run = custom_vmap(once)

    @run.def_vmap
    def rule(size, batched, constants, *data):
        if not any(jax.tree.leaves(batched)):
            return once(constants, *data), (False,) * 6
        own = sum(c[0].size for c, is_own in zip(constants, batched[0]) if is_own)
        if tableau is None or own > LARGE or batched[-1]:
            why = "an implicit method" if tableau is None else f"{own} numbers of its own for each"
            lanes.note(f"solves one after the other: {why}")
            return _one_by_one(run, batched, constants, data), (True,) * 6
        lanes.note(f"solves in {min(size, lanes.width)} lanes by {tableau.name}")
        start, ts, rtol, atol, jumps = (
            part if b else jnp.broadcast_to(part, (size, *jnp.shape(part))) for part, b in zip(data, batched[1:-1])
        )
        stops, rank = jax.vmap(lambda ts, jumps: in_order(ts[1:], jumps, ts))(ts, jumps)
        ends = jax.vmap(lambda stops, jumps: beside(stops, jumps, -jnp.inf))(stops, jumps)
        begins = jax.vmap(lambda s, jumps: beside(s, jumps, jnp.inf))(jnp.hstack([ts[:, :1], stops[:, :-1]]), jumps)
        asked = Solves(
            list(constants), start, begins, ends, rtol, atol, first_length(*jax.lax.stop_gradient((ts[:, 0], ts[:, 1])))
        )
        found = solve_in_lanes(field, [not b for b in batched[0]], asked, tableau, lanes.width, data[-1])
        last, t_last, steps = found.end
        path = found.ys if rank is None else jnp.take_along_axis(found.ys, rank[..., None], axis=1)
        ys = jnp.concatenate([start[:, None], path], axis=1)
        t_last = jnp.where(found.ok, ts[:, -1], t_last)
        outcome = (ys, last, t_last, found.ok, ~found.ok & (steps >= data[-1]), steps)
        return outcome, (True,) * 6

    return run(constants, *data)


def _one_by_one(run: Callable[..., tuple], batched: Any, constants: list, data: tuple) -> tuple:
    leaves, tree = jax.tree.flatten((constants, data))
    is_own = jax.tree.leaves(batched)

    def one(own: list) -> tuple:
        left = iter(own)
        return run(*_joined(tree, [next(left) if mine else leaf for leaf, mine in zip(leaves, is_own)]))

    return jax.lax.map(one, [leaf for leaf, mine in zip(leaves, is_own) if mine])


def _joined(tree: Any, leaves: list) -> tuple:
    constants, data = jax.tree.unflatten(tree, leaves)
    return (constants, *data)
