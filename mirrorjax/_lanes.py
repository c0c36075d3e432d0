"""Many adaptive solves in one loop: a step is one of each lane, with its own time and its own length.

`vmap` of a solve steps until the slowest of all has arrived, and from stop to stop. Here a lane that has arrived takes
the next solve from the queue, so no lane waits, and the product of a shared matrix with the states of all lanes is
one product of matrices, which a core computes ten times as fast as its columns one by one.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

SAFETY, SHORTEST, LONGEST = 0.9, 0.2, 10.0
"""Of diffrax's controller: the next step is the last one times a factor, 1 to LONGEST where that was kept, SHORTEST to
SAFETY where it was not."""
FIRST_STEP = 1e-3
"""The first step, as a share of the way to the first stop. Two field evaluations would find a better one, and cost
22 of the 73 kernels of a small solve to compile; from here the controller is where it would be after three steps."""
STRETCH = 1 + 1e-9
"""A step is lengthened by this much rather than leave a rest of round-off size before a stop."""


class Tableau(eqx.Module):
    """An explicit Runge–Kutta pair whose last stage is the first one of the next step.

    The slope of stage i is kept at `place[i]`: one that no later stage reads leaves its place, which makes 10 of the
    14 of Dopri8. The sums read places: the columns of `a`, and the entries of `b` and `error`.
    """

    a: Float[Any, "s p"]
    b: Float[Any, " p"]
    c: Float[Any, " s"]
    error: Float[Any, " p"]
    place: Int[Any, " s"]
    exponent: float = eqx.field(static=True)
    name: str = eqx.field(static=True)

    @classmethod
    def of(cls, method: Any) -> "Tableau":
        """Of a pair of diffrax."""
        tableau = method.tableau
        stages = len(tableau.b_sol)
        read = np.zeros((stages + 2, stages))
        for row, coefficients in enumerate(tableau.a_lower, start=1):
            read[row, :row] = coefficients
        read[stages:] = tableau.b_sol, tableau.b_error
        place = _places(read)
        kept = np.zeros((stages + 2, place.max() + 1))
        for row in range(stages + 2):
            read_here = np.flatnonzero(read[row])
            kept[row, place[read_here]] = read[row, read_here]
        c, order = np.append(0.0, tableau.c), float(method.error_order(None))
        *a, b, error = kept
        return cls(np.array(a), b, c, error, place, 1 / order, type(method).__name__)


def _places(read: np.ndarray) -> np.ndarray:
    """Where the slope of each stage is kept, from the coefficients by which every sum reads them."""
    last = [int(max(np.flatnonzero(column), default=-1)) for column in read.T]
    last[-1] = len(read)  # the next step begins with it
    place: list[int] = []
    for stage in range(len(last)):
        taken = {place[other] for other in range(stage) if last[other] > stage}
        place.append(min(set(range(stage + 1)) - taken))
    return np.array(place)


def first_length(t: Array, stop: Array) -> Array:
    """Of the first step. At a large t floats are far apart: one below their spacing would not move t."""
    return jnp.maximum(t + FIRST_STEP * (stop - t), jnp.nextafter(t, jnp.inf)) - t


class Solves(eqx.Module):
    """What is asked: N solves, each with its constants, start, stops and tolerances.

    `begins[i, k]` and `ends[i, k]` are where the steps to the k-th stop begin and end, beside the stops where the
    field jumps there; `length` is that of the first step.
    """

    constants: list[Array]
    starts: Float[Array, "N m"]
    begins: Float[Array, "N k"]
    ends: Float[Array, "N k"]
    rtol: Float[Array, " N"]
    atol: Float[Array, " N"]
    length: Float[Array, " N"]


class _Lanes(eqx.Module):
    """Where every lane stands; `solve` is its number in the queue, N for a lane that has nothing left to do."""

    solve: Int[Array, " L"]
    stop: Int[Array, " L"]
    own: Solves
    t: Float[Array, " L"]
    y: Float[Array, "L m"]
    slope: Float[Array, "L m"]
    length: Float[Array, " L"]
    steps: Int[Array, " L"]


class Solved(eqx.Module):
    """A row for each stop of each solve: the state, the time, and the steps until there; `inf` where not reached.

    The last row of a solve is for where it was stuck. One array, for XLA's scatter takes as long as a stage of all
    lanes, whatever the size of its rows.
    """

    rows: Float[Array, "N rows columns"]

    @classmethod
    def none_of(cls, asked: Solves) -> "Solved":
        count, stops = asked.ends.shape
        return cls(jnp.full((count, stops + 1, asked.starts.shape[1] + 2), jnp.inf, asked.starts.dtype))

    def note(self, lanes: _Lanes, arrived: Array, stuck: Array) -> "Solved":
        """With what has arrived at its stop, and what is stuck before it."""
        count, rows, _ = self.rows.shape
        solve = jnp.where(arrived | stuck, lanes.solve, count)
        steps = jnp.asarray(lanes.steps, lanes.y.dtype)
        row = jnp.concatenate([lanes.y, lanes.t[:, None], steps[:, None]], axis=1)
        return Solved(self.rows.at[solve, jnp.where(stuck, rows - 1, lanes.stop)].set(row, mode="drop"))

    @property
    def ys(self) -> Float[Array, "N k m"]:
        """The states at the stops."""
        return self.rows[:, :-1, :-2]

    @property
    def ok(self) -> Bool[Array, " N"]:
        """Whether the last stop was reached."""
        return jnp.isfinite(self.rows[:, -2, -2])

    @property
    def end(self) -> tuple[Float[Array, "N m"], Float[Array, " N"], Int[Array, " N"]]:
        """The state where each solve ended, its time, and the steps."""
        row = _where(self.ok, self.rows[:, -2], self.rows[:, -1])
        return row[:, :-2], row[:, -2], jnp.asarray(row[:, -1], int)


class _Queue(eqx.Module):
    """What the lanes take their solves from, and note their results in."""

    field: Callable[[list[Array], Array, Array], Array]
    shared: tuple[bool, ...] = eqx.field(static=True)
    asked: Solves

    @property
    def count(self) -> int:
        return self.asked.ends.shape[0]

    def fields(self, constants: list[Array], t: Array, y: Array) -> Array:
        """The field of every lane."""
        return jax.vmap(self.field, in_axes=([None if shared else 0 for shared in self.shared], 0, 0))(constants, t, y)

    def pick(self, i: Int[Array, " L"]) -> Solves:
        """The solves of these numbers."""
        asked = self.asked
        constants = [c if shared else c[i] for c, shared in zip(asked.constants, self.shared)]
        rest = (asked.starts, asked.begins, asked.ends, asked.rtol, asked.atol, asked.length)
        return Solves(constants, *(leaf[i] for leaf in rest))

    def begin(self, width: int) -> tuple[_Lanes, Solved]:
        """Lanes with the first solves, and results with none of them."""
        number, none = jnp.arange(width), jnp.zeros(width, int)
        own = self.pick(number)
        t, y = own.begins[:, 0], own.starts
        lanes = _Lanes(number, none, own, t, y, self.fields(own.constants, t, y), own.length, none)
        return lanes, Solved.none_of(self.asked)

    def refill(self, lanes: _Lanes, solved: Solved, taken: Array, arrived: Array, stuck: Array):
        """Notes what has arrived, and gives the lanes that are done the next solves."""
        last = lanes.stop == self.asked.ends.shape[1] - 1
        done = stuck | (arrived & last)
        solved = solved.note(lanes, arrived, stuck)
        solve = jnp.where(done, jnp.minimum(taken + jnp.cumsum(done) - 1, self.count), lanes.solve)
        stop = jnp.where(done, 0, lanes.stop + jnp.asarray(arrived, int))
        new = self.pick(jnp.minimum(solve, self.count - 1))
        constants = [
            n if shared else _where(done, n, old)
            for n, old, shared in zip(new.constants, lanes.own.constants, self.shared)
        ]
        rest = jax.tree.map(lambda n, old: _where(done, n, old), _without_constants(new), _without_constants(lanes.own))
        own = eqx.tree_at(lambda s: s.constants, rest, constants)
        t = jnp.where(done | arrived, own.begins[jnp.arange(stop.size), stop], lanes.t)
        y = _where(done, own.starts, lanes.y)
        slope = self.fields(constants, t, y)  # anew: it may jump at a stop
        length = jnp.where(done, own.length, lanes.length)
        lanes = _Lanes(solve, stop, own, t, y, slope, length, jnp.where(done, 0, lanes.steps))
        return lanes, solved, taken + jnp.sum(done)


def _without_constants(solves: Solves) -> Solves:
    return eqx.tree_at(lambda s: s.constants, solves, [])


def solve_in_lanes(
    field: Callable[[list[Array], Array, Array], Array],
    shared: list[bool],
    asked: Solves,
    tableau: Tableau,
    width: int,
    max_steps: Int[Array, ""],
) -> Solved:
    """Solves `dy/dt = field(constants, t, y)`; a constant that is `shared` has no axis of solves."""
    queue = _Queue(field, tuple(shared), asked)
    width = min(width, queue.count)
    lanes, solved = queue.begin(width)

    def body(carry):
        lanes, solved, taken = carry
        end = lanes.own.ends[jnp.arange(width), lanes.stop]
        lanes = _step(queue.fields, tableau, lanes, end)
        busy = lanes.solve < queue.count
        arrived = busy & (lanes.t >= end)
        stuck = busy & ~arrived & ((lanes.length <= 0) | (lanes.steps >= max_steps))
        return jax.lax.cond(
            jnp.any(arrived | stuck),
            lambda *now: queue.refill(*now),
            lambda *same: same[:3],
            lanes,
            solved,
            taken,
            arrived,
            stuck,
        )

    carry = (lanes, solved, jnp.asarray(width))
    return jax.lax.while_loop(lambda carry: jnp.any(carry[0].solve < queue.count), body, carry)[1]


def _step(fields: Callable, tableau: Tableau, lanes: _Lanes, end: Array) -> _Lanes:
    """One step of each lane towards its end and no further. As in `_ode`, but for the next length: see there."""
    a, b, c, error = (jnp.asarray(v, lanes.y.dtype) for v in (tableau.a, tableau.b, tableau.c, tableau.error))
    place = jnp.asarray(tableau.place)
    clipped = lanes.t + lanes.length * STRETCH >= end
    # Beside a jump at the first or last time a lane starts past its end: it stays there.
    target = jnp.where(clipped, jnp.maximum(end, lanes.t), lanes.t + lanes.length)
    h = (target - lanes.t)[:, None]

    def stage(i, slopes):
        # By a product, not a sum: XLA would fuse the sum into each product of the field and compute it again there.
        y = lanes.y + h * jnp.einsum("j,jlm->lm", a[i], slopes)
        slope = fields(lanes.own.constants, lanes.t + c[i] * h[:, 0], y)
        return jax.lax.dynamic_update_index_in_dim(slopes, slope, place[i], 0)  # `at` would look whether i is in range

    slopes = jnp.zeros((len(b), *lanes.y.shape), lanes.y.dtype).at[0].set(lanes.slope)
    slopes = jax.lax.fori_loop(1, len(c), stage, slopes)
    y = lanes.y + h * jnp.einsum("j,jlm->lm", b, slopes)
    scale = lanes.own.atol[:, None] + lanes.own.rtol[:, None] * jnp.maximum(jnp.abs(lanes.y), jnp.abs(y))
    squares = (h * jnp.einsum("j,jlm->lm", error, slopes) / scale) ** 2
    # The mean by a product: XLA's sum along rows takes a tenth of a step.
    size = jnp.sqrt(squares @ jnp.full(y.shape[1], 1 / y.shape[1], y.dtype))
    # Outside the field's domain the step is shortened.
    size = jnp.where(jnp.isfinite(size) & jnp.all(jnp.isfinite(y), axis=1), size, jnp.inf)
    # As diffrax does: the slope of a root is inf at the zero error of a step of no length, and 0 times inf is NaN.
    size = jax.lax.stop_gradient(size)
    keep = size < 1
    factor = SAFETY * jnp.maximum(size, 1e-300) ** -tableau.exponent
    length = h[:, 0] * jnp.clip(factor, jnp.where(keep, 1.0, SHORTEST), jnp.where(keep, LONGEST, SAFETY))
    length = jnp.where(keep & clipped, jnp.maximum(length, lanes.length), length)
    length = jnp.where(keep | (length < h[:, 0]), length, 0.0)
    return _Lanes(
        lanes.solve, lanes.stop, lanes.own, jnp.where(keep, target, lanes.t), _where(keep, y, lanes.y),
        _where(keep, slopes[tableau.place[-1]], lanes.slope), length, lanes.steps + 1,
    )  # fmt: skip


def _where(which: Array, new: Array, old: Array) -> Array:
    return jnp.where(which.reshape(-1, *[1] * (new.ndim - 1)), new, old)
