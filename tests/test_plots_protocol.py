"""The pictures of experiments: which numbers they show, and that every name is seen."""

import dataclasses

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from mirrorjax import experiments as ex, plots

SEEDS = range(3)


def centres(ax):
    """The means of each series, as they are drawn: shape (points, 2)."""
    return [
        np.column_stack([np.asarray(part, float) for part in container.lines[0].get_data()])
        for container in ax.containers
    ]


def halves(ax, across):
    """Half the length of each bar; `across` 0 for bars along the abscissa."""
    return [
        [float(np.ptp(np.asarray(segment, float)[:, across])) / 2 for segment in container.lines[2][0].get_segments()]
        for container in ax.containers
    ]


def signs():
    plan = ex.read_protocol("signs-patterns", seeds=3)
    one = {"finder": "gradual", "setting": 0, "validation": 0.5}
    arms = {"signs right in 1": 0.7, "random signs": 0.4, "signs right in layer 2": 0.5}
    records = [one | {"arm": arm, "method": method, "seed": seed, "test": value + 0.01 * seed + 0.1 * k}
               for arm, value in arms.items() for k, method in enumerate(("plain", "sign-in"))
               for seed in SEEDS]  # fmt: skip
    found = [one | {"arm": "dense to sparse", "method": "gradual", "seed": seed, "test": 0.8} for seed in SEEDS]
    return plan, found + records


def test_starts_and_their_accuracies():
    plan, records = signs()
    figure = plots.protocol(plan, records)
    [ax] = figure.axes
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["dense to sparse", "signs right in 1", "random signs", "signs right in layer 2"]
    plain, other = centres(ax)
    np.testing.assert_allclose(plain[:, 0], [0.8, 0.71, 0.41, 0.51])
    np.testing.assert_allclose(other[:, 0], [0.8, 0.81, 0.51, 0.61])
    assert np.all(np.abs(plain[:, 1] - np.arange(4)) < 0.5) and np.all(plain[:, 1] < other[:, 1])
    half = ex.estimate([0.7, 0.71, 0.72]).half
    np.testing.assert_allclose(halves(ax, 0)[0], [0, half, half, half], atol=1e-12)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    for label in [*ax.get_yticklabels(), ax.title]:
        box = label.get_window_extent(canvas.get_renderer())
        assert box.x0 >= 0 and box.x1 <= canvas.get_width_height()[0], label.get_text()


def test_an_axis_of_shares_ends_where_shares_do():
    plan, records = signs()
    wide = [r | {"test": float(r["seed"] == 1)} for r in records]
    low, high = plots.protocol(plan, wide).axes[0].get_xlim()
    assert (low, high) == (-0.02, 1.02)


def test_flips_shared_by_layer():
    plan = ex.read_protocol("flips-patterns")
    records = [{"finder": "gradual", "method": method, "seed": seed, "period": period, "validation": 0.5,
                "table": [[2 + seed, 5, 5, 90], [1, 2, 2, 95]], "alike": [2.0, 2.0]}
               for method in ("plain", "sign-in") for seed in SEEDS for period in ("all", "early")]  # fmt: skip
    records += [records[0] | {"seed": 3, "validation": float("nan"), "table": [[90, 0, 0, 0]] * 2}]
    [ax] = plots.protocol(plan, records).axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["all", "1", "2"]
    for series in centres(ax):
        np.testing.assert_allclose(series[:, 1], [0.0, 0.5, -0.5], atol=1e-12)
    half = ex.estimate([0.0, 0.5, 1.0]).half
    np.testing.assert_allclose(halves(ax, 1)[0], [half / 2, half, 0], atol=1e-12)
    assert ax.get_xlim() == (-0.5, 2.5)


@pytest.mark.parametrize("seed", [0, 1])
def test_curves_show_the_results_at_every_density(seed):
    plan = ex.read_protocol("curves-patterns", densities=5, tuning_seeds=1)
    plan = dataclasses.replace(plan, methods=plan.methods[:1])
    tests = np.random.default_rng(seed).uniform(0.6, 0.9, (3, 6))
    shares = (1.0, *plan.densities)

    def record(setting, seed, values):
        return {"method": "plain", "setting": setting, "seed": seed, "scores": [
            [d, 0.9 - 0.1 * setting, None if values is None else t]
            for d, t in zip(shares, np.zeros(6) if values is None else values)
        ]}  # fmt: skip

    records = [record(k, 1000, None) for k in (0, 1)] + [record(0, s, tests[s]) for s in SEEDS]
    figure = plots.protocol(plan, records)
    [ax] = figure.axes
    [series] = centres(ax)
    np.testing.assert_allclose(series, np.column_stack([shares, tests.mean(axis=0)])[::-1])
    figure.canvas.draw()
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["32.8 %", "41 %", "51.2 %", "64 %", "80 %", "100 %"]
