import dataclasses
import functools

import matplotlib
import numpy as np
import pytest

from mirrorjax import plots
from mirrorjax._errors import InputError
from mirrorjax.checks import DosePath, Finding, RankPath, Routes, StartMap, failed, floor, ladder


def evidence(*gaps, budgets=(1e-6, 1e-8, 1e-10)):
    return ladder((1e-6, 1e-8, 1e-10)[: len(gaps)], gaps, budgets, steps=20, scale=2.0, moved=1.0, of="rtol")


FINDING = Finding(
    claims={
        "equal": evidence(1e-6, 1e-8, 1e-10),
        "identity": floor(0.0, 1e-16),
        "different": evidence(0.3, 0.3, 0.3).differs(),
    },
    controls={"constant doubled": evidence(0.1, 0.1, 0.1), "failed": failed("steps")},
    planted={1e-4: evidence(1e-4, 1e-4, 1e-4), 1e-6: evidence(2e-6, 1e-6, 1e-6)},
)
TS = np.linspace(0.0, 2.0, 21)
PATH = np.exp(-TS)[:, None] * np.arange(1.0, 8.0)
FLOWS = Routes(TS, {"gradient flow": PATH, "mirror flow": PATH + 1e-10})
LIMIT = Routes(np.r_[0.0, np.geomspace(0.1, 100, 20)], {"gradient flow": PATH, "Newton's limit": PATH[-1]})
DOSE = DosePath(
    dose=np.linspace(0.0, 4.0, 5),
    l1=np.array([3.0, 2.5, 2.2, 2.05, 2.0]),
    active=np.array([40, 30, 12, 6, 4]),
    basis_pursuit=1.9,
    least_norm=3.1,
)
RANKS = RankPath(
    dose=np.array([0.0, 0.5, 2.0]),
    ratio=np.array([[0.0, 0.0], [-0.2, 0.1], [-0.6, 0.2]]),
    effective_rank=np.array([[0.0, 0.0], [-1.0, 0.4], [-2.5, 0.5]]),
    ratio_linear=np.array([[0.0, 0.0], [0.01, 0.05], [-0.01, 0.1]]),
    effective_rank_linear=np.array([[0.0, 0.0], [0.1, 0.3], [0.0, 0.3]]),
)


def starts(n):
    """n starts of which the first two came out against the prediction and the third not at all."""
    a0, w0 = np.random.default_rng(n).uniform(-2.0, 2.0, (2, n))
    predicted = ((w0 > 0) & (a0 > -w0)).astype(float)
    recovered = np.r_[1 - predicted[:2], np.nan, predicted[3:]]
    boundary = np.array([[-9.0, 9.0], [0.0, 0.0], [9.0, 0.0]])
    return StartMap(a0, w0, recovered, predicted, boundary)


def one_row(ratio):
    return floor(ratio * 1e-16, 1e-16)


def identities(n):
    """n controls, the weakest named last."""
    name = "the law with the factor of another paper, for all layers at once, number"
    return Finding({"exact": one_row(0.0)}, {f"{name} {i}": one_row(10.0 ** (n + 2 - i)) for i in range(n)})


@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.ladder(FINDING, title="t"),
        lambda: plots.trajectories(FLOWS, title="t"),
        lambda: plots.trajectories(LIMIT, title="t"),
        lambda: plots.dose_path(DOSE, title="t"),
        lambda: plots.rank_path(RANKS, title="t"),
    ],
    ids=["ladder", "flows", "limit", "dose", "ranks"],
)
def test_every_axis_is_labelled(figure):
    drawn = figure()
    drawn.draw_without_rendering()
    assert "t" in {ax.get_title(loc="left") for ax in drawn.axes}
    assert all(ax.get_ylabel() for ax in drawn.axes)
    columns = {ax.get_position().x0: ax for ax in drawn.axes}.values()  # the lowest axes of each column
    assert any(ax.get_xlabel() for ax in columns)
    assert len(drawn.legends) == 1


def test_no_legend_covers_data_or_leaves_the_page():
    for drawn in (
        plots.ladder(FINDING), plots.trajectories(FLOWS), plots.dose_path(DOSE),
        plots.rank_path(RANKS), plots.sign_recovery(starts(20)),
        plots.margins(identities(3)), plots.margins(identities(80)),
    ):  # fmt: skip
        drawn.draw_without_rendering()
        [legend] = drawn.legends
        box = legend.get_window_extent()
        assert not any(box.overlaps(ax.get_window_extent()) for ax in drawn.axes)
        assert box.x0 >= 0 and box.x1 <= drawn.bbox.x1 and box.y0 >= 0


def test_long_names_make_one_column():
    wordy = {f"{i}: the order of controls matters for an elementwise mask, as it should not": e
             for i, e in enumerate(FINDING.controls.values())}  # fmt: skip
    drawn = plots.ladder(Finding(FINDING.claims, wordy))
    drawn.draw_without_rendering()
    box = drawn.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= drawn.bbox.x1


def test_a_ladder_of_many_names_roles_and_keeps_its_size():
    few, many = (Finding(FINDING.claims, {str(i): evidence(0.1, 0.1, 0.1) for i in range(n)}) for n in (17, 18))
    labels = [text.get_text() for text in plots.ladder(many).legends[0].get_texts()]
    assert labels[:2] == ["claims (3)", "controls (18)"] and "control: 16" not in labels
    assert "control: 16" in [text.get_text() for text in plots.ladder(few).legends[0].get_texts()]
    assert plots.ladder(many).get_figheight() < 5 < plots.ladder(few).get_figheight()


def test_the_rungs_are_the_ticks_and_identities_have_their_column():
    [ax] = plots.ladder(FINDING).axes
    assert [t.get_text() for t in ax.get_xticklabels()] == ["10⁻⁶", "10⁻⁸", "10⁻¹⁰", "round-off"]
    assert ax.get_xlim()[0] > ax.get_xlim()[1]  # tightening to the right


def test_ladder_names_claims_and_controls():
    labels = [text.get_text() for text in plots.ladder(FINDING).legends[0].get_texts()]
    assert "claim: different (claimed to differ)" in labels and "control: constant doubled" in labels
    assert not any("failed" in label for label in labels)


def test_ladder_survives_what_is_not_finite():
    odd = Finding({"nan": evidence(np.nan, np.inf, 1e-3)}, {"zero": evidence(0.0, 0.0, 0.0, budgets=(0.0,) * 3)})
    figure = plots.ladder(odd)
    figure.draw_without_rendering()
    assert all(np.all(np.isfinite(ax.get_ylim())) for ax in figure.axes)


def test_trajectories_draw_the_coordinates_that_move_most():
    labels = [text.get_text() for text in plots.trajectories(FLOWS, coordinates=2).legends[0].get_texts()]
    assert labels == ["gradient flow", "mirror flow", "x[6]", "x[5]"]


def test_every_interval_of_a_rank_is_drawn_beside_its_control():
    drawn = plots.rank_path(RANKS)
    for ax, key in zip(drawn.axes, ("ratio", "effective_rank")):
        bars = [segment for bar in ax.containers for segment in bar[2][0].get_segments()]
        ends = np.concatenate([getattr(RANKS, name) @ [[1, 1], [-1, 1]] for name in (key, f"{key}_linear")])
        assert np.allclose([segment[:, 1] for segment in bars], ends)
    without = RankPath(RANKS.dose, RANKS.ratio, RANKS.effective_rank)
    assert len(plots.rank_path(without).legends[0].get_texts()) == 1 < len(drawn.legends[0].get_texts())


@pytest.mark.parametrize("n", [20, 2000])
def test_every_start_is_on_the_map_and_mismatches_are_counted(n):
    drawn = plots.sign_recovery(starts(n), title="t")
    drawn.draw_without_rendering()
    [ax] = drawn.axes
    assert ax.get_title(loc="left") == f"t: 2 mismatches in {n} starts"
    assert ax.get_xlabel() and ax.get_ylabel()
    lines = {str(line.get_label()).split(" (")[0]: line for line in ax.get_lines()}
    kinds = ("recovered", "not recovered", "undecided at the horizon")
    assert [len(np.asarray(lines[kind].get_xdata())) for kind in kinds][2] == 1
    assert sum(len(np.asarray(lines[kind].get_xdata())) for kind in kinds) == n
    assert len({(lines[kind].get_marker(), lines[kind].get_color()) for kind in kinds}) == 3
    assert len(np.asarray(lines["mismatch with the prediction"].get_xdata())) == 2
    assert max(map(abs, ax.get_xlim())) < 3  # the boundary is drawn beyond the starts and cut off


def test_without_a_boundary_the_title_says_what_was_predicted():
    all_lost = StartMap(starts(30).a0, starts(30).w0, np.zeros(30), np.zeros(30))
    [ax] = plots.sign_recovery(all_lost).axes
    assert ax.get_title(loc="left") == "0 mismatches in 30 starts, predicted: none recovered"
    assert "mismatch" not in {line.get_label() for line in ax.get_lines()}


@pytest.mark.parametrize("beta", [None, (1.0, 0.2), (0.2, 1.0), (0.6, 0.6)])
def test_the_drawn_boundary_is_that_of_the_predicted_set(beta):
    from mirrorjax.theorems.signin import _thm_5_1, _thm_5_2

    if beta is None:
        inner, predicted = _thm_5_1.BOUNDARY[:1], _thm_5_1.predicted
    else:
        inner = _thm_5_2.boundary(np.array(beta))[1:]
        predicted = functools.partial(_thm_5_2.predicted, beta=np.array(beta))
    assert not np.any(predicted(inner * [1 + 1e-9, 1])) and np.all(predicted(inner * [1 - 1e-9, 1]))


def test_margins_show_the_weakest_controls_and_say_so():
    drawn = plots.margins(identities(80), title="t")
    [ax] = drawn.axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert len(names) == 1 + plots.MOST and names[0] == "exact"
    assert names[1].endswith("79") and names[-1].endswith("50") and "\n" in names[1]
    assert "control: wrong on purpose (30 weakest of 80)" in {t.get_text() for t in drawn.legends[0].get_texts()}
    assert "t" in {text.get_text() for text in drawn.texts}


def test_margins_draw_zero_at_the_edge_and_keep_what_is_not_finite():
    odd = Finding(
        {"exact": one_row(0.0), "differs": one_row(1e9).differs(), "nan": one_row(np.nan)},
        {"no budget": floor(1.0, 0.0), "inf": one_row(np.inf)},
    )
    drawn = plots.margins(odd)
    drawn.draw_without_rendering()
    [ax] = drawn.axes
    ticks = dict(zip([label.get_text() for label in ax.get_xticklabels()], ax.get_xticks()))
    assert ticks["0"] == ax.get_xlim()[0] > 0
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["nan", "differs (claimed to differ)", "exact", "no budget", "inf"]
    assert [text.get_text() for text in ax.texts] == ["not finite"] * 3


def test_long_names_stay_on_the_page():
    drawn = plots.margins(identities(80))
    drawn.draw_without_rendering()
    assert min(label.get_window_extent().x0 for label in drawn.axes[0].get_yticklabels()) >= 0


@pytest.mark.parametrize("series, scale", [(FLOWS, "linear"), (LIMIT, "log")])
def test_the_way_to_a_limit_has_logarithmic_time(series, scale):
    assert {ax.get_xscale() for ax in plots.trajectories(series).axes} == {scale}


@pytest.mark.parametrize(
    "draw",
    [
        lambda: Routes(TS, {"gradient flow": PATH}),
        lambda: Routes(TS[1:], {"gradient flow": PATH, "mirror flow": PATH}),
        lambda: Routes(TS, {"gradient flow": PATH, "mirror flow": PATH[:, 1:]}),
        lambda: dataclasses.replace(DOSE, l1=TS),
        lambda: dataclasses.replace(DOSE, least_norm=TS),
        lambda: dataclasses.replace(RANKS, ratio=np.zeros(3)),
        lambda: plots.ladder(Finding({}, {})),
        lambda: plots.margins(Finding({}, {"failed": FINDING.controls["failed"]})),
        lambda: dataclasses.replace(starts(20), predicted=np.ones(19)),
        lambda: StartMap(TS[:0], TS[:0], TS[:0], TS[:0]),
    ],
)
def test_bad_input_is_named(draw):
    with pytest.raises(InputError):
        draw()


def test_the_settings_of_the_user_are_left_alone():
    with matplotlib.rc_context({"font.size": 33.0}):
        plots.ladder(FINDING)
        assert matplotlib.rcParams["font.size"] == 33.0


def test_a_training_run_shows_what_its_log_has():
    from mirrorjax.training import TrainLog

    log = TrainLog()
    for k in range(5):
        log = log.append(step=k, loss=2.0**-k, accuracy=0.5 + k / 10, alpha=1e-3 if k < 3 else 0.0, l1=10.0 - k)
    figure = plots.training(log, title="pilot")
    assert [ax.get_ylabel() for ax in figure.axes] == ["loss", "validation\naccuracy", "α", "‖x‖₁"]
    alpha = np.asarray(figure.axes[2].lines[0].get_ydata())
    assert np.isnan(alpha[3:]).all()  # switched off has no logarithm
    with pytest.raises(InputError, match="nothing to draw"):
        plots.training(TrainLog())


@pytest.mark.usefixtures("annotations_off")
def test_accuracies_have_bands_and_dense_is_a_line_across():
    from mirrorjax.experiments import Comparison, MethodResult, estimate

    values = {0.2: (0.91, 0.92, 0.93), 0.05: (0.88, 0.90, 0.92)}
    rows = [
        MethodResult(name, density, 0.1, 0.1, (0, 1, 2), test, (0, 0, 0), (9, 9, 9), ())
        for name in ("magnitude", "pilot")
        for density, test in values.items()
    ]
    dense = MethodResult("dense", 1.0, 0.0, 0.1, (0, 1), (0.93, 0.94), (0, 0), (9, 9), ())
    figure = plots.sparsity_accuracy([dense, *rows], title="mlp")
    [ax] = figure.axes
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["dense", "magnitude", "pilot"]
    assert list(ax.xaxis.get_major_locator()()) == [0.05, 0.2] and len(ax.containers) == 2
    outlines = [np.asarray(band.get_paths()[0].vertices) for band in ax.collections]
    bands = [outline for outline in outlines if len(outline) > 4]
    half = estimate((0.88, 0.90, 0.92)).half
    assert np.any(np.isclose(bands[0][:, 1], 0.9 - half)) and len(ax.patches) == 1
    lost = MethodResult("ham", 0.2, 0.1, 0.1, (), (), (), (), ((0, 17),))
    with pytest.raises(InputError, match="no runs"):
        plots.sparsity_accuracy([lost])
    with pytest.raises(InputError, match="method_results"):
        plots.sparsity_accuracy(Comparison(("dense",), densities=(0.5,)))  # pyright: ignore[reportArgumentType]
