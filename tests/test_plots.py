import matplotlib
import numpy as np
import pytest

from mirrorjax import plots
from mirrorjax._errors import InputError
from mirrorjax.checks import Evidence, Finding, Row
from mirrorjax.parameterizations import Hadamard
from mirrorjax.potentials import potential_of


def evidence(*gaps, budgets=(1e-6, 1e-8, 1e-10), **other):
    rows = tuple(Row(r, g, b, 20) for r, g, b in zip((1e-6, 1e-8, 1e-10), gaps, budgets))
    return Evidence(rows, scale=2.0, moved=1.0, **other)


FINDING = Finding(
    claims={
        "equal": evidence(1e-6, 1e-8, 1e-10),
        "identity": Evidence((Row(0.0, 0.0, 1e-16, 0),), 1.0, 1.0, kind="floor"),
        "different": evidence(0.3, 0.3, 0.3, differs=True),
    },
    controls={"constant doubled": evidence(0.1, 0.1, 0.1), "failed": Evidence((), 0.0, 0.0, failure="steps")},
    planted={1e-4: evidence(1e-4, 1e-4, 1e-4), 1e-6: evidence(2e-6, 1e-6, 1e-6)},
)
TS = np.linspace(0.0, 2.0, 21)
PATH = np.exp(-TS)[:, None] * np.arange(1.0, 8.0)
FLOWS = {"ts": TS, "x_gradient": PATH, "x_mirror": PATH + 1e-10}
LIMIT = {"ts": np.r_[0.0, np.geomspace(0.1, 100, 20)], "x_gradient": PATH, "x_newton": PATH[-1]}
DOSE = {
    "dose": np.linspace(0.0, 4.0, 5),
    "l1": np.array([3.0, 2.5, 2.2, 2.05, 2.0]),
    "active": np.array([40, 30, 12, 6, 4]),
    "basis_pursuit": np.array(1.9),
    "least_norm": np.array(3.1),
}


@pytest.mark.parametrize(
    "figure",
    [
        lambda: plots.ladder(FINDING, title="t"),
        lambda: plots.trajectories(FLOWS, title="t"),
        lambda: plots.trajectories(LIMIT, title="t"),
        lambda: plots.dose_path(DOSE, title="t"),
        lambda: plots.potential_path(title="t"),
    ],
    ids=["ladder", "flows", "limit", "dose", "potential"],
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
    for drawn in (plots.ladder(FINDING), plots.trajectories(FLOWS), plots.dose_path(DOSE), plots.potential_path()):
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


@pytest.mark.parametrize("series, scale", [(FLOWS, "linear"), (LIMIT, "log")])
def test_the_way_to_a_limit_has_logarithmic_time(series, scale):
    assert {ax.get_xscale() for ax in plots.trajectories(series).axes} == {scale}


def test_curves_of_the_potential_meet_at_the_right_edge_and_turn_into_the_absolute_value():
    ax = plots.potential_path(doses=(0.0, 1e3), edge=1.5).axes[0]
    curves = [line for line in ax.get_lines() if len(np.asarray(line.get_xdata())) > 2]
    reference, parabola, last = (np.asarray(line.get_ydata()) for line in curves)
    assert parabola[-1] == pytest.approx(1) and last[-1] == pytest.approx(1)
    assert np.max(np.abs(last - reference)) < 1e-2 < np.max(np.abs(parabola - reference))


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.trajectories({"ts": TS, "x_gradient": PATH}),
        lambda: plots.dose_path({"dose": TS}),
        lambda: plots.ladder(Finding({}, {})),
        lambda: plots.potential_path(doses=(1.0,)),
        lambda: plots.potential_path(doses=(1.0, 0.5)),
        lambda: plots.potential_path(potential_of(Hadamard(), Hadamard().lift(np.zeros(2)))),
    ],
)
def test_bad_input_is_named(draw):
    with pytest.raises(InputError):
        draw()


def test_the_settings_of_the_user_are_left_alone():
    with matplotlib.rc_context({"font.size": 33.0}):
        plots.ladder(FINDING)
        assert matplotlib.rcParams["font.size"] == 33.0
