"""Experiments as files, the folders that they go on from, what is chosen in them and what their pages claim."""

import dataclasses
import json
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mirrorjax import checks, experiments as ex, plots
from mirrorjax._errors import InputError
from mirrorjax.experiments import Claim, area_between, protocol_page, read_protocol
from mirrorjax.experiments._campaign import measure, units

CURVES = """
title = "Tiny"
kind = "curves"
data = "{data}"
epochs = 1
batch = 20
seeds = 2
tuning_seeds = 1
densities = [0.5, 0.1]
budget = 2
chunk = 2

[methods.plain]
rate = [0.05, 0.2]
"""
SIGNS = 'kind = "signs"\ndensities = [0.1]\n[finders.gradual]\n[methods.plain]\n'
FLIPS = SIGNS.replace("signs", "flips")
METHOD = "[methods.plain]\n"
BAD = {
    "an unknown key": ('kind = "curves"\nseed = 3\n' + METHOD, "unknown key 'seed'"),
    "an unknown kind": ('kind = "curve"\n' + METHOD, "no kind 'curve'"),
    "no kind": (METHOD, "no kind None"),
    "an unknown word of a method": ('kind = "curves"\n[methods.a]\nform = "factor"\n', "no form 'factor'"),
    "a list for a word": ('kind = "curves"\n[methods.a]\nform = ["plain"]\n', "no form"),
    "a number for a word": ('kind = "curves"\n[methods.a]\nschedule = 3\n', "no schedule"),
    "an unknown pruning": ('kind = "curves"\n[methods.a]\npruning = "rewinded"\n', "no pruning 'rewinded'"),
    "an unknown number": ('kind = "curves"\n[methods.a]\nstrenght = 1.0\n', "unknown key 'strenght'"),
    "an unknown common number": ('kind = "curves"\n[common]\nlr = 1.0\n' + METHOD, "unknown key 'lr'"),
    "a wrong budget": ('kind = "curves"\nbudget = 3\n[methods.a]\nrate = [0.1, 0.2]\n', "3 settings: a has 2"),
    "methods of different size": (
        'kind = "curves"\n[methods.a]\nrate = [0.1, 0.2]\n[methods.b]\nrate = 0.1\n', "2 settings: b has 1"),
    "an axis without numbers": ('kind = "curves"\n[methods.a]\nrate = []\n', "axis of a grid"),
    "a number twice": ('kind = "curves"\n[methods.a]\nrate = [0.1, 0.1]\n', "each once"),
    "a density twice": ('kind = "curves"\ndensities = [0.5, 0.5]\n' + METHOD, "each once"),
    "a density of 0": ('kind = "curves"\ndensities = [0.0]\n' + METHOD, "0"),
    "a density that is none": ('kind = "curves"\ndensities = [nan]\n' + METHOD, "nan"),
    "one density for a list": ('kind = "curves"\ndensities = 0.5\n' + METHOD, "densities are a list"),
    "densities in words": ('kind = "curves"\ndensities = ["half"]\n' + METHOD, "densities are a list"),
    "two densities of signs": (SIGNS.replace("[0.1]", "[0.5, 0.1]"), "has one density"),
    "finders of curves": ('kind = "curves"\n[finders.gradual]\n' + METHOD, "no finders"),
    "signs without a finder": ('kind = "signs"\ndensities = [0.1]\n' + METHOD, "one finder or more"),
    "an unknown finder": (SIGNS.replace("gradual", "growing"), "unknown key 'growing'"),
    "a finder that is no table": ('kind = "signs"\nfinders = 3\ndensities = [0.1]\n' + METHOD, "table is needed"),
    "a finder with a grid": (SIGNS.replace("[methods", "rate = [0.1]\n[methods"), "finite number"),
    "a finder with a word": (SIGNS.replace("[methods", 'form = "plain"\n[methods'), "unknown key 'form'"),
    "a share of 2": ("shares = [2]\n" + SIGNS, "between 0 and 1"),
    "one share for a list": ("shares = 2\n" + SIGNS, "shares is a list"),
    "a start that is not there": ('starts = ["random sign"]\n' + SIGNS, "no start 'random sign'"),
    "a share among starts that is not there": ('starts = ["signs right in 0.3"]\n' + SIGNS, "no start"),
    "one start for a list": ('starts = "random signs"\n' + SIGNS, "starts is a list"),
    "starts of flips": ('starts = ["random signs"]\n' + FLIPS, "has no starts"),
    "shares of curves": ('kind = "curves"\nshares = [0.5]\n' + METHOD, "has no shares"),
    "a grid of flips": (FLIPS + "rate = [0.1, 0.2]\n", "nothing is tuned"),
    "pruning of signs": (SIGNS + 'pruning = "rewind"\n', "prunes by its finders"),
    "one seed": ('kind = "curves"\nseeds = 1\n' + METHOD, "seeds must be 2 or more"),
    "too many seeds": ('kind = "curves"\nseeds = 1000\n' + METHOD, "at most 100 seeds"),
    "a fold that is not there": ('kind = "curves"\nfold = 5\n' + METHOD, "5 folds"),
    "seeds that are no whole number": ('kind = "curves"\nseeds = 2.5\n' + METHOD, "whole number"),
    "true for a number of epochs": ('kind = "curves"\nepochs = true\n' + METHOD, "whole number"),
    "a string for a number": ('kind = "curves"\n[methods.a]\nrate = "0.1"\n', "finite number"),
    "a string in a grid": ('kind = "curves"\n[methods.a]\nrate = [0.1, "0.2"]\n', "finite number"),
    "a negative strength": ('kind = "curves"\n[methods.a]\npenalty = "l1"\nstrength = -1.0\n', "not negative"),
    "a strength that is no number": ('kind = "curves"\n[methods.a]\nstrength = nan\n', "finite number"),
    "h of plain weights": ('kind = "curves"\n[methods.a]\npenalty = "h"\n', "no penalty h"),
    "resets of plain weights": ('kind = "curves"\n[methods.a]\nresets = 3\n', "only factors are reset"),
    "an unknown network": ('kind = "curves"\nnetwork = "resnet"\n' + METHOD, "no network 'resnet'"),
    "no methods": ('kind = "curves"\n', "one method or more"),
    "empty methods": ('kind = "curves"\n[methods]\n', "one method or more"),
    "methods that are no table": ('kind = "curves"\nmethods = 3\n', "one method or more"),
    "a method that is no table": ('kind = "curves"\n[methods]\nplain = 3\n', "table is needed"),
    "a method whose name is a path": ('kind = "curves"\n[methods."../a"]\n', "cannot hold the name"),
    "a method that breaks a table": ('kind = "curves"\n[methods."a|b"]\n', "cannot hold the name"),
    "no TOML": ("kind = curves", "no TOML"),
    "no text": (b"\xff\xfe", "no TOML"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_experiment_is_refused_with_the_name_of_its_file(name, tmp_path):
    text, said = BAD[name]
    path = tmp_path / "bad.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_protocol(path)
    assert said in str(caught.value) and "bad" in str(caught.value)


def test_what_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml"):
        read_protocol(tmp_path / "none.toml")
    with pytest.raises(InputError, match=r"no experiment 'curves-mnist2d'.*curves-mnist1d"):
        read_protocol("curves-mnist2d")
    with pytest.raises(InputError, match="unknown key 'layers'"):
        read_protocol("curves-patterns", layers=3)
    with pytest.raises(InputError, match="epochs must be 1"):
        read_protocol("curves-patterns", epochs=0)


@pytest.mark.parametrize("name", ex.ready_protocols())
def test_every_experiment_that_comes_along_reads(name):
    plan = read_protocol(name)
    kind = {"iterative": "curves", "switch": "curves", "ablation": "curves"}.get(name.split("-")[0], name.split("-")[0])
    assert (plan.name, plan.kind) == (name, kind) and plan.title and plan.title[0].isupper()
    assert len({len(method.settings) for method in plan.methods}) == 1 and plan.seeds >= 5
    data = {"mnist", "digits", "mnist1d", "patterns"}
    assert plan.data in data and plan.data == next(word for word in name.split("-") if word in data)
    if plan.kind == "curves":
        assert len(plan.methods[0].settings) > 1


def test_the_grid_is_the_product_of_its_axes(tmp_path):
    path = tmp_path / "grid.toml"
    path.write_text('kind = "curves"\ndensities = 2\n[common]\nrate = [0.1, 0.2]\n[methods.a]\nweight_decay = [0, 1]\n')
    plan = read_protocol(path)
    assert plan.densities == pytest.approx((0.8, 0.64))
    assert sorted((s["rate"], s["weight_decay"]) for s in plan.methods[0].settings) == [
        (0.1, 0), (0.1, 1), (0.2, 0), (0.2, 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """100 signals in a file, and the experiment on them."""
    folder = tmp_path_factory.mktemp("tiny")
    data = ex.patterns(100)
    np.savez(folder / "data.npz", x=data.x, y=data.y)
    (folder / "tiny.toml").write_text(CURVES.format(data=folder / "data.npz"))
    return read_protocol(folder / "tiny.toml")


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """The experiment to its end, uninterrupted."""
    folder = tmp_path_factory.mktemp("whole")
    done = list(ex.run_protocol(tiny, folder))
    assert [left for *_, left in done] == [0, *range(len(done) - 2, -1, -1)]
    return folder


def contents(folder):
    return {path.name: json.loads(path.read_text())["records"] for path in (folder / "records").iterdir()}


def test_stopped_after_a_unit_it_goes_on_with_the_same_records(tiny, whole, tmp_path):
    stopped = ex.run_protocol(tiny, tmp_path)
    next(stopped)
    with pytest.raises(InputError, match=rf"another process writes to this folder: process {os.getpid()} .this one"):
        next(ex.run_protocol(tiny, tmp_path))
    stopped.close()
    [first] = (tmp_path / "records").iterdir()
    before = first.stat().st_mtime_ns, first.read_bytes()
    names = [unit.name for unit, *_ in ex.run_protocol(tiny, tmp_path)]
    assert (first.stat().st_mtime_ns, first.read_bytes()) == before and first.stem not in names
    assert contents(tmp_path) == contents(whole) and len(names) == len(contents(whole)) - 1
    assert list(ex.run_protocol(tiny, tmp_path)) == []


def test_records_in_memory_and_of_other_threads_are_the_same(tiny, whole, tmp_path):
    def ordered(records):
        return sorted(json.dumps(record) for record in records)

    assert ordered(ex.records_of(tiny, ex.load_data(tiny.data))) == ordered(ex.load_records(whole))
    with ThreadPoolExecutor(2) as executor:
        list(ex.run_protocol(tiny, tmp_path, executor))
    assert contents(tmp_path) == contents(whole)


@pytest.mark.slow
def test_records_of_processes_are_the_same(tiny, whole, tmp_path):
    from mirrorjax._executors import executor_of

    with executor_of("processes:2") as executor:
        list(ex.run_protocol(tiny, tmp_path, executor))
    assert contents(tmp_path) == contents(whole)


def test_the_number_of_networks_that_are_filled_up_changes_no_record(tiny, whole):
    """One member in a chunk of two, filled up with itself, against the chunk with another one."""
    [unit] = [u for u in units(tiny, []) if not u.tested]
    alone = measure(tiny, dataclasses.replace(unit, members=unit.members[:1]))["records"]
    both = next(records for name, records in contents(whole).items() if "tuning" in name)
    assert alone == both[:1]


def test_the_folder_of_another_experiment_is_refused(tiny, whole, tmp_path):
    for change in ({"chunk": 3}, {"epochs": 2}, {"seeds": 3}, {"densities": (0.5,)}):
        with pytest.raises(InputError, match=rf"holds another experiment.*{next(iter(change))} differ"):
            next(ex.run_protocol(dataclasses.replace(tiny, **change), whole))
    other = ex.patterns(100, seed=1)
    np.savez(tmp_path / "data.npz", x=other.x, y=other.y)
    moved = dataclasses.replace(tiny, data=str(tmp_path / "data.npz"))
    next(ex.run_protocol(moved, tmp_path / "a"))
    np.savez(tmp_path / "data.npz", x=other.x + 1e-3, y=other.y)
    with pytest.raises(InputError, match="its digest differ"):
        next(ex.run_protocol(moved, tmp_path / "a"))
    (tmp_path / "b").mkdir()
    for text in ("[]", "{"):
        (tmp_path / "b" / "protocol.json").write_text(text)
        with pytest.raises(InputError, match="not the folder of an experiment"):
            next(ex.run_protocol(tiny, tmp_path / "b"))


@pytest.mark.parametrize("keep", [0, 30, "[]", "{}"])
def test_a_broken_record_is_refused_with_what_to_remove(keep, tiny, whole, tmp_path):
    (tmp_path / "records").mkdir()
    source = min((whole / "records").iterdir())
    broken = tmp_path / "records" / source.name
    broken.write_text(keep if isinstance(keep, str) else source.read_text()[:keep])
    for read in (ex.load_records, ex.seconds_spent, lambda folder: next(ex.run_protocol(tiny, folder))):
        with pytest.raises(InputError, match=rf"remove .*{source.name}"):
            read(tmp_path)


def planted(validation, tests, method="plain", seeds=(0, 1, 2)):
    """Records of "curves": tuned at seed 1000, reported at every setting that is given; the same at each density."""
    scores = lambda v, t: [[d, v, t] for d in (1.0, 0.5, 0.1)]  # noqa: E731
    tuned = [{"method": method, "setting": k, "seed": 1000, "scores": scores(v, None)}
             for k, v in enumerate(validation)]  # fmt: skip
    return tuned + [{"method": method, "setting": k, "seed": seed, "scores": scores(0.5, test)}
                    for k, values in tests.items() for seed, test in zip(seeds, values)]  # fmt: skip


def test_settings_are_chosen_by_validation_alone(tiny):
    """Where the test part says the opposite."""
    done = planted((0.8, 0.7), {0: (0.1, 0.2, 0.1), 1: (0.9, 0.9, 0.9)})
    assert ex.chosen_settings(tiny, "plain", done) == {1.0: 0, 0.5: 0, 0.1: 0}
    rows = ex.curve_results(tiny, done)
    assert [row.test for row in rows] == [(0.1, 0.2, 0.1)] * 3 and {row.rate for row in rows} == {0.05}
    assert {row.strength for row in rows} == {1e-4}  # the weight decay of who says nothing
    # Reported validation, and a grid that is not complete, choose nothing.
    done[2]["scores"] = [[d, 0.99, t] for d, _, t in done[2]["scores"]]
    assert ex.chosen_settings(tiny, "plain", done)[0.5] == 0
    assert ex.chosen_settings(tiny, "plain", done[1:]) == {} and ex.curve_results(tiny, done[1:]) == []


def test_each_density_has_its_own_choice(tiny):
    done = planted((0.8, 0.7), {0: (0.1, 0.2), 1: (0.9, 0.9)})
    done[1]["scores"][2][1] = 0.9
    assert ex.chosen_settings(tiny, "plain", done) == {1.0: 0, 0.5: 0, 0.1: 1}
    assert [row.test for row in ex.curve_results(tiny, done)] == [(0.1, 0.2), (0.1, 0.2), (0.9, 0.9)]
    reported = {unit.members for unit in units(tiny, done) if unit.tested}
    assert reported == {((0, 0), (0, 1)), ((1, 0), (1, 1))}


def test_a_network_that_is_not_finite_is_never_chosen_counted_and_said(tiny):
    nan = float("nan")
    done = planted((nan, 0.3), {1: (0.5, None, 0.6)})
    assert set(ex.chosen_settings(tiny, "plain", done).values()) == {1}
    row = ex.curve_results(tiny, done)[0]
    assert (row.seeds, row.test, row.diverged) == ((0, 2), (0.5, 0.6), ((1, -1),))
    text = protocol_page(tiny, done, 1.0)
    assert "Networks whose weights were not finite" in text and "plain at 10 %: 1" in text and "nan" not in text
    with pytest.raises(InputError, match="no setting got through"):
        ex.chosen_settings(tiny, "plain", planted((nan, nan), {}))


def test_a_training_that_diverges_says_so(tiny, tmp_path):
    """A rate of 1e30, through the files and back."""
    grid = ({"rate": 1e30}, {"rate": 0.05})
    plan = dataclasses.replace(tiny, methods=(dataclasses.replace(tiny.methods[0], settings=grid),))
    list(ex.run_protocol(plan, tmp_path))
    records = ex.load_records(tmp_path)
    lost = [r for r in records if r["setting"] == 0]
    assert all(np.isnan(score[1]) for r in lost for score in r["scores"])
    assert {r["setting"] for r in records if r["seed"] < 1000} == {1}


def two_methods(tiny, one, other):
    named = tuple(dataclasses.replace(tiny.methods[0], name=name) for name in ("plain", "pilot-constant"))
    done = planted((0.8, 0.7), {0: one}, "pilot-constant") + planted((0.8, 0.7), {0: other}, "plain")
    return dataclasses.replace(tiny, methods=named, seeds=3, compare=(("pilot-constant", "plain"),)), done


@pytest.mark.parametrize(
    ("one", "other", "outcome"),
    [
        ((0.90, 0.91, 0.92), (0.80, 0.812, 0.82), "holds"),
        ((0.80, 0.812, 0.82), (0.90, 0.91, 0.92), "refuted"),
        ((0.90, 0.91, 0.92), (0.91, 0.90, 0.93), "not seen"),
        ((0.90, 0.91, 0.92), (0.90, 0.91, 0.92), "not seen"),
        ((0.80, None, None), (0.90, 0.91, 0.92), "–"),
    ],
)
def test_the_page_claims_what_the_records_say(one, other, outcome, tiny):
    plan, done = two_methods(tiny, one, other)
    text = protocol_page(plan, done, 60.0)
    claims = [line for line in text.splitlines() if line.startswith("| pilot-constant − plain")]
    assert len(claims) == 3 and all(line.endswith(f"| {outcome} |") for line in claims)
    best = next(line for line in text.splitlines() if line.startswith("| 50 %"))
    if outcome == "holds":
        assert best.split("|")[3].strip() == "**91.0 ± 2.5**" and "**" not in best.split("|")[2]
    if outcome == "refuted":
        assert "**" in best.split("|")[2] and "**" not in best.split("|")[3]


def test_the_page_of_signs_claims_what_the_records_say():
    """Right signs that lose are said to lose, whatever was hoped for."""
    plan = read_protocol("signs-patterns", seeds=3)
    one = {"finder": "gradual", "method": "plain", "setting": 0, "validation": 0.5}

    def records(arm, tests, **more):
        return [one | {"arm": arm, "seed": seed, "test": test} | more for seed, test in enumerate(tests)]

    done = records("signs right in 1", (0.5, 0.52, 0.51)) + records("random signs", (0.7, 0.711, 0.72))
    done += records("random mask", (0.3, 0.31, None)) + records("dense to sparse", (0.9, None, None), method="gradual")
    lines = protocol_page(plan, done, 1.0).splitlines()
    outcome = {line.split("|")[1].strip(): line.split("|")[-2].strip() for line in lines if line.startswith("| plain:")}
    assert outcome["plain: right signs − random signs"] == "refuted"
    assert outcome["plain: random signs − a random mask"] == "holds"
    assert not any("dense to sparse" in name for name in outcome)  # one seed is left of it: no claim
    assert any("plain from random mask: 1" in line and "not finite" in line for line in lines)


def test_area_between_by_hand(tiny):
    plan, done = two_methods(tiny, (0.9, 0.8, 0.7), (0.5, 0.6, None))
    for r in done:
        if r["method"] == "pilot-constant" and r["seed"] == 1:
            r["scores"][2][2] = 0.6
    claim = area_between(ex.curve_results(plan, done), "pilot-constant", "plain", [0.5, 0.1])
    # Seeds 0 and 1: 0.9 − 0.5, and (0.8 + 0.6)/2 − 0.6.
    assert claim.n == 2 and claim.mean == pytest.approx((0.4 + 0.1) / 2)
    assert area_between(ex.curve_results(plan, done), "plain", "pilot-constant", [0.5]).mean == pytest.approx(-0.3)
    with pytest.raises(InputError, match=r"no results of pilot-constant at density 0\.2"):
        area_between(ex.curve_results(plan, done), "pilot-constant", "plain", [0.2])


def test_claims_hold_are_refuted_or_are_not_seen():
    values = np.array([0.02, 0.03, 0.025, 0.01])
    outcomes = [Claim.of("a", found).outcome for found in (values, -values, values - values.mean(), 0 * values)]
    assert outcomes == ["holds", "refuted", "not seen", "not seen"]
    assert [Claim.of("a", values - values.mean() + shift).outcome for shift in (0.002, -0.002)] == ["not seen"] * 2
    # Two seeds that are the same sample apart have no spread: 1.25 ± 0.00 is no discovery.
    same = Claim.of("a", np.array([0.1125, 0.2125]) - np.array([0.1, 0.2]))
    assert same.outcome == "not seen" and same.row().endswith("| – | not seen |") and "no size" in str(same)
    for bad in ([0.1], [0.1, np.nan], [], [0.1, np.inf]):
        with pytest.raises(InputError, match="two finite differences"):
            Claim.of("a", np.array(bad))
    assert Claim.of("a|b", values).row().startswith("| a\\|b | 2.12 ± ")


@pytest.mark.parametrize("seeds", [2, 3, 5, 20])
def test_a_claim_of_the_detectable_size_is_seen_nine_times_in_ten(seeds):
    """And one that is false is said to hold once in a hundred."""
    rng = np.random.default_rng(seeds)
    pattern = np.arange(seeds) - (seeds - 1) / 2.0
    size = checks.detectable(pattern / np.std(pattern, ddof=1))
    noise = rng.standard_normal((4000, seeds))
    seen = np.mean([Claim.of("a", row + size).outcome == "holds" for row in noise])
    assert seen == pytest.approx(0.9, abs=0.02)
    assert np.mean([Claim.of("a", row).outcome == "holds" for row in noise]) == pytest.approx(0.01, abs=0.006)


def test_a_picture_of_nothing_is_refused(tiny):
    for plan in (tiny, read_protocol("signs-patterns"), read_protocol("flips-patterns")):
        with pytest.raises(InputError, match="nothing is reported"):
            plots.protocol(plan, [])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["curves-digits", "signs-mnist1d", "flips-mnist1d"])
def test_a_slice_of_what_is_published(name, tmp_path):
    """Three epochs and two seeds of the ready experiments on real data, to the end of their pages."""
    plan = read_protocol(name, epochs=3, seeds=2, tuning_seeds=1)
    plan = dataclasses.replace(plan, densities=plan.densities[:3])
    if plan.kind == "signs":
        plan = dataclasses.replace(plan, starts=("signs right in 1", "random signs"))
    list(ex.run_protocol(plan, tmp_path))
    records = ex.load_records(tmp_path)
    text = protocol_page(plan, records, ex.seconds_spent(tmp_path))
    assert plan.title in text and text.count("| 2 |") > 0  # claims over two seeds
    assert {r["method"] for r in records} >= {method.name for method in plan.methods}


def test_the_page_says_of_every_machine_that_measured(tiny, tmp_path):
    """A folder that two sessions filled: neither may pass for the other."""
    list(ex.run_protocol(tiny, tmp_path))
    [here] = ex.environments_of(tmp_path)
    assert "jax " in here and "backend cpu" in here
    first = sorted((tmp_path / "records").iterdir())[0]
    content = json.loads(first.read_text())
    first.write_text(json.dumps(content | {"environment": "jax 0.0, backend gpu"}))
    assert ex.environments_of(tmp_path) == sorted([here, "jax 0.0, backend gpu"])
    del content["environment"]
    first.write_text(json.dumps(content))
    assert "not recorded" in ex.environments_of(tmp_path)
