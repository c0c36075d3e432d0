"""Masks and signs of dense-to-sparse training: gradual magnitude pruning, and alternating dense and sparse phases."""

import jax
from jaxtyping import PyTree

from .._errors import InputError
from ._curves import Batch
from ._ensemble import again, all_kept, begin, count_of, largest

PHASES = 20
GRADUAL = 0.75
"""The share of the training in which gradual pruning prunes."""
WARM, LAST, SPAN = 4, 4, 2
"""Alternating: dense phases at first, sparse ones at the end, and how long each of those between is."""


def dense_to_sparse(batch: Batch, finder: str) -> tuple[PyTree, PyTree, PyTree]:
    """Plain networks trained from dense to sparse.

    "gradual": after each of 20 phases the smallest weights go for good, the density falling along a cubic to that of
    the plan at ¾ of the training. "alternating": of 20 phases the first four are dense; then two sparse, under the mask
    of the largest weights, and two dense ones, in which the others grow from 0; the last four are sparse. Phases have
    the same number of steps; what is left over of the training, fewer than 20 steps, is not done.

    **Arguments:**

    - `batch`: members of form "plain".
    - `finder`: "gradual" or "alternating".

    **Returns:** the networks at the end, their masks, and the networks at half of the training, all stacked.

    **Raises:** `InputError` for a training of fewer than 20 steps.
    """
    everything = all_kept(batch.models)
    [density] = batch.plan.densities
    if int(batch.course.steps) < PHASES:
        raise InputError(
            f"dense-to-sparse training has {PHASES} phases, of a step or more each",
            f"{batch.plan.name}: {int(batch.course.steps)} steps", "more epochs, or smaller batches",
        )  # fmt: skip
    ensemble, masks = begin(batch.recipe, batch.course, batch.models, everything), everything
    steps = int(batch.course.steps) // PHASES
    half = batch.models
    for phase in range(PHASES):
        wanted = density_at(phase, finder, density)
        if phase and wanted != density_at(phase - 1, finder, density):
            gone = finder == "gradual"
            masks = everything if wanted == 1 else largest(
                ensemble.plain(), masks if gone else everything, count_of(everything, wanted)
            )  # fmt: skip
            ensemble = again(ensemble, masks)
        if phase == PHASES // 2:
            half = ensemble.plain()
        ensemble = batch.advanced(ensemble, masks, phase * steps, steps)
    return jax.vmap(_under)(ensemble.plain(), masks), masks, half


def density_at(phase: int, finder: str, density: float) -> float:
    """The share of the weights that may move in a phase."""
    if finder == "gradual":
        left = max(0.0, 1 - phase / (GRADUAL * PHASES))
        return density + (1 - density) * left**3
    sparse = phase >= PHASES - LAST or (phase >= WARM and (phase - WARM) // SPAN % 2 == 0)
    return density if sparse else 1.0


def _under(models: PyTree, masks: PyTree) -> PyTree:
    return jax.tree.map(
        lambda keep, leaf: leaf if keep is None else leaf * keep.astype(leaf.dtype),
        masks, models, is_leaf=lambda node: node is None,
    )  # fmt: skip
