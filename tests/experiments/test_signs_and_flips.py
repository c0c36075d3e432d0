"""Starts with right and wrong signs, counts of flips, and the dense-to-sparse training that both begin with."""

import dataclasses
import functools
import itertools
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from experiment_data import blobs

from mirrorjax._errors import InputError
from mirrorjax.experiments import _signs as signs, overlap, protocol_page, read_protocol
from mirrorjax.experiments._curves import Batch
from mirrorjax.experiments._dense_to_sparse import PHASES, dense_to_sparse
from mirrorjax.experiments._ensemble import Ensemble, masked_leaves
from mirrorjax.experiments._flips import (
    PERIODS,
    _alike,
    _between,
    _expected,
    _periods,
    _shuffled,
    _table,
    _units,
    flip_records,
)
from mirrorjax.experiments._pages import flip_claims
from mirrorjax.experiments._signs import Found, arms_of, found_by, planted, searched

DATA = blobs(100, (5,))
FAST = tuple(
    dataclasses.replace(method, settings=({"rate": 1.0},))
    for method in read_protocol("flips-patterns").methods
)  # fmt: skip
# 20 steps, at a rate that lets large weights flip.
PLAN = dataclasses.replace(
    read_protocol("flips-patterns", epochs=10, seeds=2),
    batch=30,
    densities=(0.1,),
    methods=FAST,
    finders={"gradual": {"rate": 1.0}},
)
SIGNS = dataclasses.replace(read_protocol("signs-patterns", epochs=10, seeds=2, chunk=4), batch=30, densities=(0.1,))


def layers(rng, *shapes):
    return [rng.standard_normal(shape) for shape in shapes]


@functools.cache
def found():
    """A mask of 30 % in two layers, as a search would leave it."""
    rng = np.random.default_rng(0)
    ends, fresh, initial = (layers(rng, (20, 5), (3, 20)) for _ in range(3))
    masks = [rng.random(end.shape) < 0.3 for end in ends]
    return Found(masks, [np.sign(end) for end in ends], [np.abs(w) for w in fresh], initial)


def start(arm, seed=0):
    return arm(found(), np.random.default_rng([3, seed]))


def agreeing(weights):
    """Whether each weight that is kept has the sign that was found, in one array."""
    pairs = zip(weights, found().signs, found().masks)
    return np.concatenate([(np.sign(w) == sign)[mask] for w, sign, mask in pairs])


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.77, 1.0])
def test_exactly_that_share_of_all_signs_is_right(share):
    weights, masks = start(signs.right_share(share))
    right = agreeing(weights)
    assert right.sum() == round(share * right.size) and masks is found().masks
    assert all(np.array_equal(np.abs(w), size) for w, size in zip(weights, found().magnitudes))


def test_what_is_right_at_a_smaller_share_is_right_at_a_larger_one():
    shares = [agreeing(start(signs.right_share(share))[0]) for share in (0.2, 0.5, 0.9)]
    assert all(np.all(~small | large) for small, large in itertools.pairwise(shares))
    assert not np.array_equal(shares[1], agreeing(start(signs.right_share(0.5), seed=1)[0]))


def test_with_no_sign_right_every_kept_weight_is_the_opposite():
    wrong, right = (start(signs.right_share(share))[0] for share in (0.0, 1.0))
    assert all(np.array_equal(a[mask], -b[mask]) for a, b, mask in zip(wrong, right, found().masks))


@pytest.mark.parametrize("layer", [0, 1])
def test_one_layer_has_its_signs_and_the_other_those_of_random_signs(layer):
    weights, masks = start(signs.right_layer(layer))
    random, _ = start(signs.random_signs)
    assert np.array_equal(np.sign(weights[layer]), found().signs[layer]) and masks is found().masks
    assert np.array_equal(weights[1 - layer], random[1 - layer])
    assert 0.2 < np.mean(np.sign(random[1 - layer]) == found().signs[1 - layer]) < 0.8


def test_a_random_mask_keeps_as_many_in_each_layer_and_draws_the_signs_of_random_signs():
    weights, masks = start(signs.random_mask)
    random, _ = start(signs.random_signs)
    assert [mask.sum() for mask in masks] == [mask.sum() for mask in found().masks]
    assert not any(np.array_equal(a, b) for a, b in zip(masks, found().masks))
    assert all(np.array_equal(a, b) for a, b in zip(weights, random))


def test_the_arms_by_name():
    everything = arms_of(dataclasses.replace(SIGNS, shares=(0.0, 0.5)), 3)
    assert list(everything) == [
        "signs right in 0", "signs right in 0.5", "random signs", "signs right in layer 1", "signs right in layer 2",
        "signs right in layer 3", "initial weights", "random mask",
    ]  # fmt: skip
    assert np.array_equal(start(everything["initial weights"])[0][0], found().initial[0])
    assert list(arms_of(dataclasses.replace(SIGNS, starts=("random mask",)), 2)) == ["random mask"]
    with pytest.raises(InputError, match="no start 'signs right in layer 4'"):
        arms_of(dataclasses.replace(SIGNS, starts=("signs right in layer 4",)), 3)


def count_in(masks, i):
    return sum(int(np.sum(np.asarray(leaf[i]))) for leaf in jax.tree.leaves(masks))


@functools.cache
def gradual():
    return searched(PLAN, DATA, "gradual", (0, 1))


def test_gradual_pruning_ends_at_exactly_the_density():
    """100 · 5 + 50 · 100 + 3 · 50 weights, of which 10 %."""
    batch, models, masks, half = gradual()
    assert [count_in(masks, i) for i in (0, 1)] == [565, 565]
    ends, middles, starts = (masked_leaves(tree, masks) for tree in (models, half, batch.models))
    for keep, end, middle, first in zip(jax.tree.leaves(masks), ends, middles, starts):
        assert np.all(np.asarray(end)[~np.asarray(keep)] == 0) and np.all(np.asarray(end)[np.asarray(keep)] != 0)
        assert np.all(np.asarray(middle)[np.asarray(keep)] != 0)  # nested: what is kept was kept at half
        assert not np.allclose(end, first)
    # At half, after 10 of 20 phases, 0.1 + 0.9 / 27.
    alive = sum(int(np.sum(np.asarray(middle[0]) != 0)) for middle in middles)
    assert alive == round(5650 * (0.1 + 0.9 / 27))


@pytest.mark.parametrize("finder", ["gradual", "alternating"])
def test_masks_of_the_phases(finder, monkeypatch):
    """Without training: gradual ones are nested, alternating ones come back to everything."""
    seen = []

    def recorded(self, ensemble, masks, first, steps, turn=0):
        seen.append((first, steps, [np.asarray(leaf[0]) for leaf in jax.tree.leaves(masks)]))
        # Another order of sizes at each phase, so that a mask that is not nested shows.
        rng = np.random.default_rng(first)

        def other(leaf):
            return jnp.where(leaf == 0, leaf, jnp.asarray(rng.standard_normal(leaf.shape), leaf.dtype))

        return Ensemble(jax.tree.map(other, ensemble.weights), ensemble.rest, ensemble.state, ensemble.l1)

    monkeypatch.setattr(Batch, "advanced", recorded)
    batch, *_ = gradual()
    dense_to_sparse(batch, finder)
    assert [(first, steps) for first, steps, _ in seen] == [(k, 1) for k in range(PHASES)]
    counts = [sum(int(mask.sum()) for mask in masks) for _, _, masks in seen]
    if finder == "gradual":
        assert counts[0] == 5650 and counts[15:] == [565] * 5 and counts == sorted(counts, reverse=True)
        assert all(np.all(~b | a) for (*_, one), (*_, two) in itertools.pairwise(seen) for a, b in zip(one, two))
    else:
        assert "".join("s" if count == 565 else "d" for count in counts) == "ddddssddssddssddssss"
        assert counts[6] == 5650


def test_dense_to_sparse_training_has_20_steps_or_more():
    short = dataclasses.replace(PLAN, epochs=9)  # 18 steps
    with pytest.raises(InputError, match=r"20 phases.*18 steps"):
        flip_records(short, DATA, "gradual", [0, 1])


def test_a_start_is_planted_as_it_is_said():
    batch, models, masks, _ = gradual()
    here = found_by(batch, DATA, models, masks)
    starts, kept = zip(*(signs.right_share(1.0)(one, np.random.default_rng(0)) for one in here))
    nets, flags = planted(batch.models, masks, starts, kept)
    for w, keep, end in zip(masked_leaves(nets, flags), jax.tree.leaves(flags), masked_leaves(models, masks)):
        w, keep, end = np.asarray(w), np.asarray(keep), np.asarray(end)
        assert np.all(w[~keep] == 0) and np.array_equal(np.sign(w[keep]), np.sign(end[keep]))
        assert not np.any(np.isclose(np.abs(w[keep]), np.abs(end[keep]), rtol=1e-6))


def test_what_a_diverged_search_found_is_no_start():
    batch, models, masks, _ = gradual()
    lost = jax.tree.map(lambda leaf: leaf.at[1].set(jnp.nan), models)
    one, two = found_by(batch, DATA, lost, masks)
    for arm in arms_of(SIGNS, 3).values():
        values = [arm(each, np.random.default_rng(0))[0] for each in (one, two)]
        assert np.all([np.isfinite(layer).all() for layer in values[0]])
        assert np.all([np.isnan(layer).all() for layer in values[1]])


def test_tables_add_up_to_the_weights_that_are_kept():
    records = flip_records(PLAN, DATA, "gradual", [0, 1])
    assert len(records) == 2 * 2 * 3
    _, _, masks, _ = gradual()
    for r in records:
        wanted = [int(np.asarray(leaf[r["seed"]]).sum()) for leaf in jax.tree.leaves(masks)]
        assert [sum(row) for row in r["table"]] == [sum(row) for row in r["null"]] == wanted
        for (both, one, two, _), (*null, _), by_chance in zip(r["table"], r["null"], r["expected"]):
            assert (both + one, both + two) == (null[0] + null[1], null[0] + null[2])
            assert by_chance * (sum(wanted) > 0) <= min(both + one, both + two) + 1e-9
        assert len(r["units"]) == 2 and all(len(units) == 4 for pair in r["units"] for units in pair)
    assert any(row[0] + row[1] for r in records for row in r["table"])


def test_a_search_that_diverged_is_left_out_and_said(monkeypatch):
    batch, models, masks, half = gradual()
    lost = jax.tree.map(lambda leaf: leaf.at[1].set(jnp.nan), models)
    monkeypatch.setattr("mirrorjax.experiments._flips.searched", lambda *_: (batch, lost, masks, half))
    records = flip_records(PLAN, DATA, "gradual", [0, 1])
    bad = [r for r in records if r["seed"] == 1]
    assert all(np.isnan(r["validation"]) and r["test"] is None for r in bad)
    assert all(np.isnan(overlap(bad, slice(None)))) and len(bad) == 6
    text = protocol_page(PLAN, records, 1.0)
    assert "Networks whose weights were not finite" in text and "plain, or the search beside it: 1" in text
    assert "| claim |" not in text  # one seed is left: no claim


def test_overlap_by_hand():
    record = {"table": [[6, 4, 14, 76], [0, 5, 5, 90]], "alike": [4.0, 2.0], "expected": [2.0, 0.25],
              "null": [[3, 7, 17, 73], [0, 5, 5, 90]]}  # fmt: skip
    assert overlap([record], slice(0, 1)).tolist() == [0.5] and overlap([record], slice(1, 2)).tolist() == [-1.0]
    assert overlap([record], slice(None)).tolist() == [0.0]
    assert overlap([record], slice(0, 1), "expected").tolist() == [2.0]
    assert overlap([record], slice(0, 1), "null").tolist() == [0.5]
    assert np.isnan(overlap([record | {"alike": [0.0, 0.0]}], slice(None))[0])


def simulated(draw, seeds=30):
    """Records of flips that `draw` makes: a function of a generator and |x₀| to those of either training."""
    records = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        size, kept = np.abs(rng.standard_normal((60, 80))), rng.random((60, 80)) < 0.3
        one, other = draw(rng, size)
        records.append({
            "seed": seed, "method": "plain", "finder": "gradual", "validation": 0.9,
            "table": [_table(one, other, kept)], "null": [_table(one, _shuffled(other, kept, rng), kept)],
            "expected": [_expected(one, other, kept)], "alike": [_alike(one, other, kept, size)], "units": [],
        })  # fmt: skip
    return [record | {"period": period} for period in PERIODS for record in records]


def whole(records):
    return [record for record in records if record["period"] == "all"]


def within(values, wanted, width=4.0):
    """Whether the mean is the wanted one, to so many standard errors."""
    return abs(np.mean(values) - wanted) < width * np.std(values, ddof=1) / np.sqrt(len(values))


def test_independent_flips_are_shared_as_often_as_chance_says():
    records = whole(simulated(lambda rng, size: (rng.random(size.shape) < 0.2, rng.random(size.shape) < 0.3)))
    for chance in ("expected", "alike", "null"):
        values = overlap(records, slice(None), chance)
        assert within(values, 0.0) and np.std(values) < 0.15


@pytest.mark.parametrize("width", [0.2, 0.3, 1.0])
def test_flips_of_small_weights_are_shared_by_chance_at_equal_size(width):
    """With 5 classes of size in place of 20, at width 0.2: 12 % more than by chance, and the claim "refuted"."""

    def draw(rng, size):
        chance = np.exp(-size / width)
        return rng.random(size.shape) < chance, rng.random(size.shape) < chance

    records = whole(simulated(draw))
    assert np.mean(overlap(records, slice(None), "expected")) > 0.15
    values = overlap(records, slice(None))
    assert abs(np.mean(values)) < 0.03 and within(overlap(records, slice(None), "null"), 0.0)


def claim_of(records):
    plan = dataclasses.replace(PLAN, methods=PLAN.methods[:1])
    [row] = flip_claims(plan, records)
    assert "fewer flips in both than by chance" in row
    page = protocol_page(plan, records, 0.0)
    return row.rsplit("|", 2)[1].strip(), page


def test_planted_avoidance_holds_and_planted_sharing_is_refuted():
    def avoids(rng, size):
        one = rng.random(size.shape) < 0.3
        return one, (rng.random(size.shape) < 0.3) & (~one | (rng.random(size.shape) < 0.5))

    def shares(rng, size):
        one = rng.random(size.shape) < 0.3
        return one, np.where(rng.random(size.shape) < 0.5, one, rng.random(size.shape) < 0.3)

    for draw, outcome in ((avoids, "holds"), (shares, "refuted")):
        found, page = claim_of(simulated(draw))
        lines = [line for line in page.splitlines() if line.startswith("| all | all |")]
        assert found == outcome and lines[0].endswith(f"| {outcome} |")
    assert (
        claim_of(simulated(lambda rng, size: (rng.random(size.shape) < 0.2, rng.random(size.shape) < 0.2), 6))[0]
        == "not seen"
    )


def test_a_method_that_shares_fewer_of_its_flips_than_the_first_is_seen():
    """Both share more than chance has, as the mask and the data make them, and the second one less of its own."""

    def sharing(share):
        def draw(rng, size):
            one = rng.random(size.shape) < 0.3
            return one, np.where(rng.random(size.shape) < share, one, rng.random(size.shape) < 0.3)

        return [record | {"method": name} for record in simulated(draw) for name in names[share]]

    names = {0.6: ["plain"], 0.3: ["sign-in"]}
    rows = flip_claims(PLAN, sharing(0.6) + sharing(0.3))
    [row] = [row for row in rows if "share of its flips that dense to sparse has too: plain − sign-in" in row]
    assert row.rsplit("|", 2)[1].strip() == "holds"
    names = {0.6: ["plain", "sign-in"]}
    [row] = [row for row in flip_claims(PLAN, sharing(0.6)) if "share of its flips that dense" in row]
    assert row.rsplit("|", 2)[1].strip() == "not seen"


def test_units_by_hand():
    """Four units between 2 inputs and 2 outputs; the last has no outgoing weight that is kept."""
    kept_in = np.array([[1, 1], [1, 0], [0, 1], [1, 1]], bool)
    kept_out = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], bool)
    flips_in = np.array([[1, 0], [1, 1], [1, 0], [1, 1]], bool)  # the third flips where it is not kept
    flips_out = np.array([[1, 0, 0, 0], [0, 1, 1, 1]], bool)  # so does the second
    none_in, none_out = np.zeros_like(flips_in), np.zeros_like(flips_out)
    incoming, outgoing = (flips_in, none_in, kept_in), (flips_out, none_out, kept_out)
    assert _units(incoming, outgoing, 0) == [1, 1, 1, 0]
    assert _units(incoming, outgoing, 1) == [0, 0, 0, 3]
    assert len(_between([incoming, outgoing])) == 1 and _between([outgoing, outgoing]) == []


def test_periods_by_hand_and_zero_has_no_sign():
    mask = {"w": jnp.ones((1, 2, 2), bool)}
    at = [{"w": jnp.asarray([w], jnp.float32)} for w in ([[1, 1], [1, -1]], [[-1, 0], [1, -1]], [[1, -1], [-1, -1]])]
    found = _periods(at[0], at[1], at[2], mask)
    assert {name: arrays[0][0].tolist() for name, arrays in found.items()} == {
        "all": [[False, True], [True, False]],
        "early": [[True, False], [False, False]],
        "late": [[True, False], [True, False]],
    }
