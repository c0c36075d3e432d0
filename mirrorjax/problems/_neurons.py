"""ReLU neurons that learn ReLU neurons, on Gaussian inputs and in closed form."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._errors import InputError
from .._types import ArrayLike, Scalar, Vector, as_array
from ._base import AbstractProblem
from ._finite import refuse_nonfinite


def _norm(v: Vector) -> Scalar:
    """‖v‖ with derivative 0 at 0 instead of NaN."""
    square = jnp.sum(v**2)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)


def _angle(w: Vector, v: Vector) -> tuple[Scalar, Vector, Vector]:
    """The angle between w and v, and both at length 1, or 0 where they are."""
    w, v = (u / jnp.where(_norm(u) > 0, _norm(u), 1.0) for u in (w, v))
    # arccos⟨w, v⟩ would lose half the digits of a small angle, and its derivative all of them.
    apart, together = _norm(w - v), _norm(w + v)
    together = jnp.where(apart + together > 0, together, 1.0)  # arctan2 has no derivative where both are 0
    return 2 * jnp.arctan2(apart, together), w, v


@jax.custom_jvp
def relu_kernel(w: Vector, v: Vector) -> Scalar:
    """`E ReLU(⟨w, z⟩) ReLU(⟨v, z⟩) = ‖w‖‖v‖ (sin ϑ + (π − ϑ) cos ϑ) / 2π`, z ~ N(0, I), ϑ the angle of w and v.

    Its derivative in w, `(‖v‖ sin ϑ w/‖w‖ + (π − ϑ) v) / 2π`, is right for parallel and opposite w and v too, where ϑ
    has none, d = 1 among them. At w = 0 it is 0, as ReLU'(0) = 0.

    **Arguments:**

    - `w`, `v`: the weights of two neurons, shape `(d,)` each.

    **Returns:** scalar.

    **Reference:** `signin`, the complementary roles of a and w.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import relu_kernel
        >>> one = jnp.ones(1)
        >>> round(float(relu_kernel(2 * one, 3 * one)), 6), round(abs(float(relu_kernel(one, -one))), 6)
        (3.0, 0.0)
    """
    angle, _, _ = _angle(w, v)
    return _norm(w) * _norm(v) * (jnp.sin(angle) + (jnp.pi - angle) * jnp.cos(angle)) / (2 * jnp.pi)


@relu_kernel.defjvp
def _relu_kernel_jvp(primals, tangents):
    (w, v), (dw, dv) = primals, tangents
    angle, w1, v1 = _angle(w, v)

    def slope(unit, other):
        there = jnp.where(_norm(unit) > 0, 1.0, 0.0)
        return there * (_norm(other) * jnp.sin(angle) * unit + (jnp.pi - angle) * other) / (2 * jnp.pi)

    return relu_kernel(w, v), jnp.vdot(slope(w1, v), dw) + jnp.vdot(slope(v1, w), dv)


def _gram(W: Float[Array, "j d"], V: Float[Array, "k d"]) -> Float[Array, "j k"]:
    return jax.vmap(lambda w: jax.vmap(lambda v: relu_kernel(w, v))(V))(W)


class ReluNeurons(AbstractProblem):
    r"""`f = ½ E (Σ_j a_j ReLU(⟨w_j, z⟩) − Σ_k b_k ReLU(⟨v_k, z⟩))²` over z ~ N(0, I_d), in closed form.

    The effective parameter is the students' rows (a_j, w_j) one after the other, students · (1 + d) numbers.
    With d = 1 and the teacher 1: `¼(aw − 1)²` for w > 0 and `¼(a²w² + 1)` for w ≤ 0.

    **Arguments:**

    - `b`: output weights of the teachers, shape `(k,)`.
    - `V`: input weights of the teachers, shape `(k, d)`.
    - `students`: how many neurons learn them.

    **Raises:** `InputError` for shapes that do not fit, entries that are not finite, and no students.

    **Reference:** `signin`, one neuron and the complementary case.

    !!! example
        >>> import jax.numpy as jnp
        >>> from mirrorjax.problems import ReluNeurons
        >>> problem = ReluNeurons([1.0], [[1.0]])
        >>> [round(float(problem.loss(jnp.array(x))), 6) for x in ([2.0, 1.0], [1.0, -1.0], [0.5, 2.0])]
        [0.25, 0.5, 0.0]
    """

    b: Float[Array, " k"] = eqx.field(converter=as_array)
    V: Float[Array, "k d"] = eqx.field(converter=as_array)
    students: int = eqx.field(static=True, default=1)

    def __check_init__(self):
        if self.V.ndim != 2 or self.b.shape != self.V.shape[:1]:
            raise InputError("b must be (k,) and V (k, d)", f"b {self.b.shape}, V {self.V.shape}")
        if self.students < 1:
            raise InputError("someone must learn", f"students = {self.students}", "students=1")
        refuse_nonfinite("", b=self.b, V=self.V)

    @classmethod
    def single(cls, dimension: int = 1) -> "ReluNeurons":
        """One student of the teacher `ReLU(z₁)`.

        **Arguments:**

        - `dimension`: d.

        **Returns:** the problem, n = 1 + d.

        !!! example
            >>> from mirrorjax.problems import ReluNeurons
            >>> ReluNeurons.single(3).n
            4
        """
        return cls(np.ones(1), np.eye(1, dimension))

    @classmethod
    def random(
        cls, seed: int | Sequence[int] | np.random.Generator, dimension: int = 3, teachers: int = 2, students: int = 3
    ) -> "ReluNeurons":
        """Teachers b_k = ±1 in random directions of length 1.

        **Arguments:**

        - `seed`: of the random numbers, or their generator.
        - `dimension`: d.
        - `teachers`: how many.
        - `students`: how many neurons learn them.

        **Returns:** the problem, n = students · (1 + d).

        !!! example
            >>> from mirrorjax.problems import ReluNeurons
            >>> ReluNeurons.random(0, dimension=4, students=2).n
            10
        """
        rng = np.random.default_rng(seed)
        V = rng.standard_normal((teachers, dimension))
        return cls(rng.choice([-1.0, 1.0], teachers), V / np.linalg.norm(V, axis=1, keepdims=True), students)

    @property
    def n(self) -> int:
        return self.students * (1 + self.d)

    @property
    def d(self) -> int:
        """The dimension of the inputs."""
        return self.V.shape[1]

    def loss(self, x: Vector, t: Scalar | float = 0.0) -> Scalar:
        rows = x.reshape(self.students, 1 + self.d)
        a, W = rows[:, 0], rows[:, 1:]
        heights, directions = jnp.concatenate([a, -self.b]), jnp.concatenate([W, self.V])
        return heights @ _gram(directions, directions) @ heights / 2

    def solution(self) -> Vector:
        """The teachers as students, the others 0: loss 0.

        **Returns:** x, shape `(n,)`.

        **Raises:** `InputError` where there are fewer students than teachers.

        !!! example
            >>> from mirrorjax.problems import ReluNeurons
            >>> ReluNeurons.single(2).solution().tolist()
            [1.0, 1.0, 0.0]
        """
        spare = self.students - len(self.b)
        if spare < 0:
            raise InputError("fewer students than teachers", f"{self.students} < {len(self.b)}", "more students")
        rows = jnp.concatenate([self.b[:, None], self.V], axis=1)
        return jnp.ravel(jnp.pad(rows, ((0, spare), (0, 0))))

    def sampled(self, x: ArrayLike, z: ArrayLike) -> Scalar:
        """The loss averaged over given inputs instead of all.

        **Arguments:**

        - `x`: the effective parameter, shape `(n,)`.
        - `z`: inputs, shape `(samples, d)`.

        **Returns:** scalar.
        """
        rows, z = as_array(x).reshape(self.students, 1 + self.d), as_array(z)
        student = jax.nn.relu(z @ rows[:, 1:].T) @ rows[:, 0]
        return jnp.mean((student - jax.nn.relu(z @ self.V.T) @ self.b) ** 2) / 2
