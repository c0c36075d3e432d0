"""What several entries measure beside their claims."""

import functools
import operator
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .._compile import quick_jit
from ..checks import Evidence, Finding, Hypothesis, at_most
from ..geometry import lie_bracket
from ..parameterizations import AbstractParameterization

_VANISHES = 1e-12


def bracket_hypothesis(param: AbstractParameterization, w, name: str = "") -> Hypothesis:
    """`[∇⟨r,g⟩, ∇h]` at w for one random r, relative to the two terms that it is the difference of."""
    n = jax.eval_shape(param.g, w).shape[0]
    r = jnp.asarray(np.random.default_rng(n).standard_normal(n))
    bracket, term, other = _bracket(param, w, r)
    size = largest(bracket) / max(largest(term), largest(other))
    return Hypothesis(f"[∇g, ∇h] relative{name}", size, size <= _VANISHES)


@quick_jit
def _bracket(param: AbstractParameterization, w, r: Array):
    def probe(state):
        return r @ param.g(state)

    term = jax.jvp(jax.grad(param.h), (w,), (jax.grad(probe)(w),))[1]
    other = jax.jvp(jax.grad(probe), (w,), (jax.grad(param.h)(w),))[1]
    return lie_bracket(probe, param.h, w), term, other


def largest(tree) -> float:
    """The largest absolute entry of a pytree."""
    return max(float(np.max(np.abs(np.asarray(leaf)))) for leaf in jax.tree.leaves(tree))


def budget_of(evidence: Evidence) -> float:
    """The numerical error measured on the last rung; NaN, which no check survives, where a solve failed."""
    return evidence.rows[-1].budget if evidence.rows else float("nan")


def never_rises(values: np.ndarray, evidence: Evidence) -> Evidence:
    """Whether no column of `values` (k, n) ever grows from row to row, to the budget of `evidence`."""
    rise = float(np.max(np.diff(values, axis=0)))
    return at_most(rise, 0.0, budget_of(evidence), float(np.max(np.abs(values))))


def merged(findings: Sequence[Finding]) -> Finding:
    """One finding of several on the same instance; of errors planted in several, those of the last."""
    return Finding(
        **{
            field: functools.reduce(operator.or_, (getattr(f, field) for f in findings))
            for field in ("claims", "controls", "planted", "observations", "series")
        },
        hypotheses=functools.reduce(operator.add, (f.hypotheses for f in findings)),
    )
