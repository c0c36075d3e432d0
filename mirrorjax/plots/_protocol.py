"""What an experiment of `mirrorjax train EXPERIMENT.toml` found, in one picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .._errors import InputError
from ..experiments import Protocol, curve_results, estimate, overlap, sign_tests
from ._given import refused
from ._sparsity import sparsity_accuracy
from ._style import COLOURS, GREY, MARKERS, Drawn, Sheet, styled


@styled
def protocol(plan: Protocol, records: Sequence[dict[str, Any]], *, ax: Axes | None = None) -> Drawn:
    """Test accuracy over density for "curves", over starts for "signs"; shared flips by layer for "flips".

    Means with 95 % intervals over seeds. Of "flips" the ordinate is the number of flips that a method shares with
    dense-to-sparse training less that of chance, over that of chance: −1 where none is shared, 0 at chance.

    **Arguments:**

    - `plan`: the experiment, of `experiments.read_protocol`.
    - `records`: what it has measured, all of `experiments.load_records` in one list.
    - `ax`: where to draw; by default a new figure.

    **Returns:** the figure, or `ax` where it was given.

    **Raises:** `InputError` for what is no protocol, and where nothing is reported yet.

    !!! example
        >>> from mirrorjax import plots
        >>> from mirrorjax.experiments import read_protocol
        >>> counts = {"table": [[1, 2, 1, 96]], "alike": [0.5], "finder": "gradual", "method": "plain"}
        >>> records = [counts | {"period": "all", "seed": seed} for seed in (0, 1)]
        >>> plots.protocol(read_protocol("flips-mnist1d"), records).axes[0].get_xlabel()
        'layer'
    """
    if not isinstance(plan, Protocol):
        raise refused(plan, "a protocol of experiments.read_protocol")
    if not records:
        raise InputError("nothing is reported yet", plan.title, "all records of experiments.load_records")
    if plan.kind == "curves":
        return sparsity_accuracy(curve_results(plan, records), title=plan.title, ax=ax)
    return (_signs if plan.kind == "signs" else _flips)(plan, records, Sheet(ax, 4.4 if plan.kind == "signs" else 3.6))


def _signs(plan: Protocol, records: Sequence[dict[str, Any]], sheet: Sheet) -> Drawn:
    found = {finder: sign_tests(plan, finder, records) for finder in plan.finders}
    arms = list(dict.fromkeys(arm for tests in found.values() for arm, _ in tests))
    pairs = [(finder, method.name) for finder in found for method in plan.methods]
    handles = []
    for k, (finder, method) in enumerate(pairs):
        scores = [found[finder].get((arm, method), found[finder].get((arm, finder), {})) for arm in arms]
        results = [estimate([*values.values()]) for values in scores]
        offset = (k - (len(pairs) - 1) / 2) * 0.8 / max(len(pairs), 1) / 2
        handles.append(
            sheet.ax.errorbar(
                [result.mean for result in results], np.arange(len(arms)) + offset,
                xerr=np.nan_to_num([result.half for result in results]), linestyle="none", capsize=2.5,
                marker=MARKERS[k % len(MARKERS)], color=COLOURS[k % len(COLOURS)], label=f"{method}, {finder} pruning",
            )
        )  # fmt: skip
    sheet.ax.set_yticks(np.arange(len(arms)), arms)
    sheet.ax.invert_yaxis()
    sheet.ax.set(title=plan.title, xlabel="test accuracy (share of right answers)")
    low, high = sheet.ax.get_xlim()
    sheet.ax.set_xlim(max(low, -0.02), min(high, 1.02))  # the interval of two seeds may reach beyond all shares
    drawn = sheet.finish(handles, 2)
    if sheet.figure is not None:  # room for the names of the starts
        sheet.figure.subplots_adjust(left=(0.25 + 0.075 * max(map(len, arms), default=0)) / sheet.figure.get_figwidth())
    return drawn


def _flips(plan: Protocol, records: Sequence[dict[str, Any]], sheet: Sheet) -> Drawn:
    handles, layers = [], len(records[0]["table"]) if records else 0
    names = ["all", *(str(i + 1) for i in range(layers))]
    parts = [slice(None), *(slice(i, i + 1) for i in range(layers))]
    groups = dict.fromkeys((r["finder"], r["method"]) for r in records)
    for k, (finder, method) in enumerate(groups):
        mine = [r for r in records if (r["finder"], r["method"], r["period"]) == (finder, method, "all")]
        shares = [overlap(mine, part) for part in parts]
        results = [estimate(values[np.isfinite(values)].tolist()) for values in shares]
        offset = (k - (len(groups) - 1) / 2) * 0.5 / max(len(groups), 1)
        handles.append(
            sheet.ax.errorbar(
                np.arange(len(names)) + offset, [result.mean for result in results],
                yerr=np.nan_to_num([result.half for result in results]), linestyle="none", capsize=2.5,
                marker=MARKERS[k % len(MARKERS)], color=COLOURS[k % len(COLOURS)], label=f"{method}, {finder} pruning",
            )
        )  # fmt: skip
    sheet.ax.axhline(0, color=GREY, linestyle="--", linewidth=1)
    sheet.ax.set_xticks(np.arange(len(names)), names)
    sheet.ax.set_xlim(-0.5, len(names) - 0.5)
    sheet.ax.set(title=plan.title, xlabel="layer", ylabel="shared flips over chance, less 1")
    return sheet.finish(handles, 2)
