"""Pictures of potentials and limits: what is drawn, what is said in words, what is refused."""

from typing import Any

import jax.numpy as jnp
import matplotlib.figure
import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax import plots
from mirrorjax._errors import InputError
from mirrorjax.analysis import horizon
from mirrorjax.parameterizations import Custom, Hadamard, LogRatio
from mirrorjax.plots._potential import named_after
from mirrorjax.potentials import DerivedPotential, LogRatioEntropy, WithoutDecay, potential_of
from mirrorjax.problems import LinearRegression, basis_pursuit, lasso_violation, normal_equations

HALF = potential_of(Hadamard(), Hadamard().lift(np.array([0.5]), scale=0.5))
PLANE = potential_of(Hadamard(), Hadamard().lift(np.array([-0.2, 0.5]), scale=0.3))
ENDING = potential_of(LogRatio(), LogRatio().lift(np.array([0.5, -1.0]), scale=4.0))
OTHER: Any = Hadamard()  # what no plot takes
LINE = LinearRegression([[2.0, 1.0]], [1.0])


def given_axes():
    return matplotlib.figure.Figure().subplots()


def curves(ax):
    """The lines with more than two points that are not |x|."""
    return {
        str(l.get_label()): np.asarray(l.get_xydata()) for l in ax.get_lines() if len(np.asarray(l.get_xdata())) > 3
    }


def notes(ax):
    return " ".join(text.get_text().replace("\n", " ") for text in ax.texts)


def legend_of(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


# The potential


def test_a_derived_potential_is_named_after_what_it_is_derived_from():
    def sinh(w):
        return jnp.sinh(w)

    def cost(w):
        return jnp.sum(w**2)

    assert named_after(DerivedPotential(Custom(sinh, cost), jnp.ones(2))) == "potential derived from sinh and cost"
    assert named_after(DerivedPotential(Hadamard(), jnp.ones((2, 1)))) == "potential derived from Hadamard"


def test_curves_of_the_potential_turn_into_the_absolute_value_and_touch_0_at_their_minimum():
    figure = plots.potential(HALF, (0.0, 1e3), x=(-1.5, 1.5))
    [ax] = figure.axes
    drawn = curves(ax)
    assert list(drawn) == ["dose 0", "dose 1000"]
    for name, at in (("dose 0", 0.5), ("dose 1000", 0.0)):
        x, rise = drawn[name].T
        assert x[np.argmin(rise)] == pytest.approx(at, abs=1e-9) and np.nanmin(rise) == 0 and np.nanmax(rise) == 1
    away = {name: np.max(np.abs(xy[:, 1] - np.abs(xy[:, 0]) / 1.5)) for name, xy in drawn.items()}
    assert away["dose 1000"] < 1e-2 < away["dose 0"]
    assert ax.get_xlim() == (-1.5, 1.5) and "units of x" in ax.get_xlabel() and "dimensionless" in ax.get_ylabel()
    assert "HyperbolicEntropy" in ax.get_title(loc="left") and not ax.texts
    assert legend_of(figure) == ["|x|, scaled alike", "dose 0", "dose 1000", "argmin Rₐ"]


def test_the_other_coordinates_are_where_the_potential_is_least():
    [ax] = plots.potential(PLANE, [0.2], coordinate=1).axes
    x, rise = curves(ax)["dose 0.2"].T
    bottom = PLANE.argmin(-0.2)
    heights = [float(PLANE.bregman(bottom.at[1].set(v), bottom, -0.2)) for v in x[[0, 40, -1]]]
    assert np.allclose(rise[[0, 40, -1]], heights / np.max([*heights]), rtol=1e-6)


def test_doses_beyond_the_horizon_are_named_and_not_drawn():
    end = horizon(ENDING)
    [ax] = plots.potential(ENDING, [0.0, 0.9 * end, 1.1 * end, 5.0]).axes
    assert list(curves(ax)) == ["dose 0", f"dose {0.9 * end:.4g}"]
    assert notes(ax) == f"not drawn: dose {1.1 * end:.4g}, 5 (beyond the horizon, {end:.4g})"
    assert all(np.isfinite(xy).all() for xy in curves(ax).values())


def test_a_potential_without_decay_is_drawn_at_dose_0_alone():
    [ax] = plots.potential(WithoutDecay(HALF), [0.0, 0.5]).axes
    assert list(curves(ax)) == ["dose 0"] and "dose 0.5 (Rₐ has no minimum there)" in notes(ax)


def test_of_many_doses_the_legend_names_some():
    labels = legend_of(plots.potential(HALF, np.linspace(0.0, 2.0, 30)))
    assert len(labels) == 10 and "dose 0" in labels and "dose 2" in labels


# The mirror map


def test_the_mirror_map_is_drawn_inside_of_its_range_and_the_ends_are_marked():
    doses = (0.0, 0.3, 0.9, 1.5)
    figure = plots.dual_map(ENDING, doses)
    [ax] = figure.axes
    drawn = curves(ax)
    assert list(drawn) == ["dose 0", "dose 0.3", "dose 0.9"] and "dose 1.5 (the range of μ is empty)" in notes(ax)
    dotted = [np.unique(np.asarray(line.get_xdata())) for line in ax.get_lines() if line.get_linestyle() == ":"]
    ends = [float(x[0]) for x in dotted if len(x) == 1]
    expected = [float(end[0]) for dose in doses[:3] for end in ENDING.dual_domain(-dose)]
    assert np.allclose(sorted(ends), sorted(expected))
    mu, x = drawn["dose 0.3"][60]
    assert x == pytest.approx(float(ENDING.dual_grad(jnp.array([mu, 0.0]), -0.3)[0]), abs=1e-12)
    assert "μ" in ax.get_xlabel() and "units of x" in ax.get_ylabel() and "end of the range of μ" in legend_of(figure)


def test_what_is_outside_of_the_range_is_a_gap():
    [ax] = plots.dual_map(ENDING, [0.0], mu=np.linspace(-9.0, 9.0, 61)).axes
    [curve] = curves(ax).values()
    low, high = (float(end[0]) for end in ENDING.dual_domain(0.0))
    assert np.array_equal(np.isfinite(curve[:, 1]), (curve[:, 0] > low) & (curve[:, 0] < high))


# The limit


def test_the_level_set_through_the_limit_touches_the_line():
    figure = plots.level_sets(PLANE, LINE, 0.3)
    [ax] = figure.axes
    lines = {str(line.get_label()): np.asarray(line.get_xydata()) for line in ax.get_lines()}
    assert np.allclose(lines["Zx = y"] @ [2.0, 1.0], 1.0)
    touch = mj.limit(LINE, PLANE, -0.3).x
    assert np.allclose(lines["limit x∞"], touch) and np.allclose(lines["argmin Rₐ"], PLANE.argmin(-0.3))
    thick = max(ax.collections, key=lambda drawn: np.max(drawn.get_linewidth()))
    through = np.concatenate([path.vertices for path in thick.get_paths()])
    assert np.max(through @ [2.0, 1.0]) == pytest.approx(1.0, abs=2e-3)  # none of it is beyond the line
    assert np.min(np.linalg.norm(through - np.asarray(touch), axis=1)) < 0.02
    assert ax.get_aspect() == 1 and "dose 0.3" in ax.get_title(loc="left")


def test_the_limit_is_drawn_beside_the_lasso_and_basis_pursuit():
    Z = np.array([[1.0, 0.4, -0.3], [0.2, -0.5, 1.0]])
    problem = LinearRegression(Z, [1.0, 0.3])
    R = potential_of(Hadamard(), Hadamard().lift(np.zeros(3), scale=0.5))
    doses = np.array([0.0, 0.5, 3.0])
    figure = plots.regularization_path(problem, R, doses, coordinates=2)
    above, below = figure.axes
    end = basis_pursuit(Z, np.array([1.0, 0.3]))
    limits = np.asarray(mj.limit_path(problem, R, -doses).x)
    order = [int(label[2]) for label in legend_of(figure)[3:]]
    assert len(order) == 2
    paths = [line for line in above.get_lines() if len(np.asarray(line.get_xdata())) == 3]
    for i, line in zip(order, paths):
        assert np.allclose(np.asarray(line.get_xydata()), np.stack([doses, limits[:, i]], axis=1))
    marks = [float(np.ravel(line.get_ydata())[0]) for line in above.get_lines() if line.get_marker() == "D"]
    assert np.allclose(marks, end[order])
    norms = [np.asarray(line.get_xdata()) for line in below.get_lines() if line.get_linestyle() == "--"]
    assert all(norm[0] == 0 and norm[-1] == pytest.approx(np.abs(end).sum()) for norm in norms)
    assert np.all(np.abs(limits).sum(axis=1) >= np.abs(end).sum() - 1e-9)


def test_the_lasso_beside_it_is_optimal():
    from mirrorjax.plots._regularization import WEIGHTS, _lasso_path

    Z, y = np.array([[1.0, 0.4, 0.0, -0.3], [0.2, -0.5, 0.0, 1.0]]), np.array([1.0, 0.3])
    H, b = normal_equations(Z, y)
    kept = [0, 1, 3]
    for weight, x in zip(WEIGHTS, _lasso_path(Z, y)):
        assert x[2] == 0
        level = weight * np.max(np.abs(b))
        assert lasso_violation(H[np.ix_(kept, kept)], b[kept], level, x[kept]) < 1e-8


def test_doses_without_a_limit_are_named():
    ax = given_axes()
    plots.regularization_path(LINE, ENDING, [0.0, 0.1, 5.0], ax=ax)
    assert notes(ax) == f"not drawn: dose 5 (beyond the horizon, {horizon(ENDING):.4g})"
    assert max(len(np.asarray(line.get_xdata())) for line in ax.get_lines()) == 2
    ax = given_axes()
    plots.dose_path(mj.limit_path(LINE, ENDING, [0.0, -0.1, -5.0]), ax=ax)
    assert notes(ax) == "not drawn: 1 dose without a limit"


def test_a_limit_path_is_drawn_as_it_is():
    path = mj.limit_path(LINE, PLANE, [0.0, -0.5, -2.0])
    above, below = plots.dose_path(path).axes
    [norm] = above.get_lines()
    assert np.allclose(np.asarray(norm.get_xydata()).T, [[0.0, 0.5, 2.0], np.abs(np.asarray(path.x)).sum(axis=1)])
    assert np.asarray(below.get_lines()[0].get_ydata()).tolist() == [2, 2, 2]
    with pytest.raises(InputError, match="one dose"):
        plots.dose_path(mj.limit(LINE, PLANE, -1.0))


# A quantity over two others


def test_a_phase_diagram_has_a_cell_for_each_pair_and_says_what_is_missing():
    values = np.arange(12.0).reshape(3, 4)
    values[1, 2] = np.nan
    x, y = np.arange(4.0), np.array([0.01, 0.1, 1.0])
    figure = plots.phase_diagram(values, x, y, xlabel="a (s)", ylabel="b (m)", label="c (kg)")
    ax, bar = figure.axes
    mesh: Any = ax.collections[0]
    assert np.ma.allequal(np.ma.reshape(mesh.get_array(), (3, 4)), np.ma.masked_invalid(values))
    assert np.ma.getmaskarray(mesh.get_array()).sum() == 1 and legend_of(figure) == ["no value"]
    assert (ax.get_xlabel(), ax.get_ylabel(), bar.get_ylabel()) == ("a (s)", "b (m)", "c (kg)")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    corners = mesh.get_coordinates()
    assert np.allclose(corners[0, :, 0], [-0.5, 0.5, 1.5, 2.5, 3.5])
    assert np.allclose(corners[:, 0, 1], 10.0 ** np.array([-2.5, -1.5, -0.5, 0.5]))
    owner = given_axes()
    labels: dict[str, Any] = {"xlabel": "a", "ylabel": "b", "label": "c"}
    assert plots.phase_diagram(values, x, y, ax=owner, **labels) is owner and len(owner.figure.axes) == 2


# The film


def test_the_film_needs_no_network_and_shows_itself():
    film = plots.animation(ENDING, [0.0, 0.1, 5.0], coordinate=1)
    assert film.count("data:image/svg+xml;base64") == 2 and len(film.encode()) < 2e6
    assert not any(word in film for word in ("http", "<link", "fa-", "@import"))
    assert getattr(film, "_repr_html_")() == film  # noqa: B009
    with pytest.raises(InputError, match="1 to"):
        plots.animation(ENDING, [5.0])


# Axes that are given, and what is refused


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: plots.potential(HALF, [0.0], ax=ax),
        lambda ax: plots.dual_map(HALF, [0.0], ax=ax),
        lambda ax: plots.level_sets(PLANE, LINE, 0.3, ax=ax),
        lambda ax: plots.regularization_path(LINE, PLANE, [0.0, 1.0], ax=ax),
    ],
    ids=["potential", "dual_map", "level_sets", "regularization_path"],
)
def test_it_draws_into_given_axes(draw):
    ax = given_axes()
    assert draw(ax) is ax
    assert ax.lines and ax.get_legend() and ax.figure.axes == [ax] and ax.get_xlabel() and ax.get_ylabel()


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plots.potential(OTHER, [0.0]), "potential_of"),
        (lambda: plots.potential(HALF, [-1.0]), "≥ 0"),
        (lambda: plots.potential(HALF, []), "one or more"),
        (lambda: plots.potential(HALF, [0.0], coordinate=1), "from 0 to 0"),
        (lambda: plots.potential(HALF, [0.0], ax=OTHER), "Axes"),
        (lambda: plots.potential(HALF, "words"), "one or more"),
        (lambda: plots.potential(HALF, [0.0], x=(1.0, 1.0)), "x are two or more"),
        (lambda: plots.dual_map(HALF, [0.0], mu=(0.0, np.inf)), "μ are two or more"),
        (lambda: plots.dual_map(HALF, [np.nan]), "finite"),
        (lambda: plots.level_sets(HALF, LINE), "two coordinates"),
        (lambda: plots.level_sets(PLANE, LinearRegression(np.eye(2), [1.0, 1.0])), r"problem.Z\[:1\]"),
        (lambda: plots.level_sets(PLANE, OTHER), "LinearRegression"),
        (lambda: plots.level_sets(ENDING, LINE, 5.0), "no minimum at dose 5"),
        (lambda: plots.regularization_path(LINE, ENDING, [5.0]), "no dose has a limit"),
        (lambda: plots.effects(HALF), "mj.analyze"),
        (lambda: plots.analysis(OTHER), "mj.analyze"),
        (lambda: plots.phase_diagram(np.ones((2, 3)), [1, 2], [1, 2, 3], xlabel="a", ylabel="b", label="c"), "len"),
        (lambda: plots.phase_diagram(np.ones((2, 2)), [2, 1], [1, 2], xlabel="a", ylabel="b", label="c"), "increase"),
        (lambda: plots.phase_diagram(np.ones((2, 2)), [1, 2], [1, 2], xlabel="a", ylabel="b", label=""), "empty"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("annotations_off")
def test_what_cannot_be_drawn_says_what_to_do(draw, says):
    with pytest.raises(InputError, match=says):
        draw()


# The effects of decay


class _Found(mj.analysis.Analysis):
    """An analysis without the search that `analyze` is."""

    def __init__(self, potential):
        for name, value in {"potential": potential, "horizon": horizon(potential), "kind": "mirror"}.items():
            object.__setattr__(self, name, value)


def test_the_effects_are_those_that_are_measured():
    R = LogRatioEntropy(u_squared=jnp.array([1.0]), v_squared=jnp.array([4.0]))
    found, doses = _Found(R), [0.0, 0.2, 0.4, 1.0]
    figure = plots.effects(found, doses)
    position, ends, turn = figure.axes
    assert [ax.get_ylabel().split(" (")[0] for ax in figure.axes] == ["argmin Rₐ", "range of μ", "turn"]
    y = np.asarray(position.get_lines()[0].get_ydata())
    assert np.allclose(y[:3], [float(R.argmin(-dose)[0]) for dose in doses[:3]]) and np.isnan(y[3])
    assert "dose 1 (Rₐ has no minimum there)" in notes(position) and "horizon 0.5" in position.get_title(loc="left")
    low, high = (np.asarray(line.get_ydata()) for line in ends.get_lines()[:2])
    assert np.allclose(low, np.array(doses) - 0.5) and np.allclose(high, 2.0 - np.array(doses))
    expected = [mj.analysis.effects(R, -dose).turn[0] for dose in doses]
    assert np.allclose(np.asarray(turn.get_lines()[0].get_ydata()), expected, equal_nan=True)
    plots.effects(found, ax=(ax := given_axes()))
    assert np.max(np.asarray(ax.get_lines()[0].get_xdata())) < 0.5 and len(ax.get_lines()) == 2
