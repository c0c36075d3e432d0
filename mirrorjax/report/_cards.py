"""What verdicts, analyses, limits and trajectories show of themselves as the output of a notebook cell."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import plots
from .._outcome import Outcome
from .._thresholds import KKT_TOLERANCE
from ..analysis import Analysis
from ..checks import Verdict
from ..flows import Limit, Trajectory
from ._badge import badge
from ._html import Markup, table, tag

LINES = 12
"""Rows of a table; more are counted and not shown."""

# Badges bring their own paper, and all else takes the colour of the page: a notebook has themes that no media query
# knows of.
STYLE = """
.mj-card { max-width: 46em; color: inherit; font-size: 0.92em; line-height: 1.45; }
.mj-card table { border-collapse: collapse; margin: 0.4em 0; color: inherit; font-size: inherit; }
.mj-card th, .mj-card td {
  text-align: left; vertical-align: top; padding: 0.2em 0.9em 0.2em 0; background: none; color: inherit;
  border: 0; border-bottom: 1px solid rgba(128, 128, 128, 0.4); white-space: normal; overflow-wrap: break-word;
}
.mj-card th { white-space: nowrap; }
.mj-card td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
.mj-card p { margin: 0.3em 0; }
.mj-card .scroll { overflow-x: auto; }
.mj-card img { display: block; max-width: 100%; width: 36em; height: auto; margin-top: 0.5em; background: #fff; }
.mj-card .badge {
  display: inline-block; padding: 0 0.55em; border: 0; border-radius: 0.8em; color: #fff; background: #4a5561;
  font-size: 0.9em; font-weight: 600; white-space: nowrap;
}
.mj-card .badge.holds { background: #00674b; }
.mj-card .badge.refuted { background: #a63c00; }
.mj-card .badge.inconclusive { background: #6b5300; }
.mj-card .bar { display: inline-block; height: 0.7em; background: #0072b2; }
.mj-card .bar.negative { background: #d55e00; }
"""


def card(obj: Any) -> str:
    """The object as a table with its outcome, and a picture where there is something to draw."""
    for kind, show in _SHOWN.items():
        if isinstance(obj, kind):
            return tag("div", tag("style", Markup(STYLE)), *show(obj), class_="mj-card")
    return tag("pre", str(obj))


def _verdict(verdict: Verdict) -> list[Markup]:
    shown, finding = verdict.instances[:LINES], verdict.deciding.finding
    rows = [(j.name, badge(j.outcome), j.resolution, j.detection_limit, j.reason) for j in shown]
    rest = len(verdict.instances) - len(shown)
    drawn = any(evidence.rows for evidence in (*finding.claims.values(), *finding.controls.values()))
    return [
        tag("p", tag("strong", verdict.id), " ", badge(verdict.outcome), " ", verdict.reason),
        table(("instance", "outcome", "resolution", "detection limit", "reason"), rows),
        tag("p", f"and {rest} more instances") if rest else Markup(),
        _image(plots.ladder(verdict), f"discrepancies of {verdict.id} against the tolerance") if drawn else Markup(),
    ]


_KINDS = {"mirror": Outcome.HOLDS, "rescaled-mirror": Outcome.HOLDS, "not-mirror": Outcome.REFUTED}


def _analysis(analysis: Analysis) -> list[Markup]:
    mark = _mark(_KINDS.get(analysis.kind, Outcome.INCONCLUSIVE), analysis.kind)
    rows = [row for row in analysis.rows if row[0] != "kind" and not row[0].startswith(" ")]  # `str` has the details
    return [
        tag("p", mark, " ", analysis.reason),
        table(("quantity", "value"), rows),
        _image(analysis.plot(), "the potential under growing dose" if analysis.potential else "brackets and round-off"),
    ]


def _limit(limit: Limit) -> list[Markup]:
    x, residual = np.asarray(limit.x), np.atleast_1d(np.asarray(limit.residual))
    if x.ndim not in (1, 2) or not x.size:
        return [tag("pre", str(limit))]
    sure = int(np.sum(np.asarray(limit.ok)))
    words = "certified" if x.ndim == 1 else f"{sure} of {len(residual)} certified"
    good = sure == len(residual)
    mark = _mark(Outcome.HOLDS if good else Outcome.INCONCLUSIVE, words if sure else "no certificate")
    levels = np.atleast_1d(np.asarray(limit.a)) + 0.0  # no −0
    rows = [
        ("a = −∫α", f"{levels[0]:.6g}" + (f" to {levels[-1]:.6g}" if len(levels) > 1 else "")),
        ("coordinates", x.shape[-1]),
        ("largest KKT residual", f"{np.max(residual):.1e}, certified up to {KKT_TOLERANCE:.0e}"),
        ("Newton steps, most", int(np.max(np.asarray(limit.iterations)))),
    ]
    head = tag("p", tag("strong", "Limit"), " ", mark, " ", limit.failure())
    parts = [head, table(("quantity", "value"), rows)]
    if x.ndim == 1:
        return [*parts, _coordinates(x)]
    return [*parts, _image(plots.dose_path(limit), "ℓ1 norm of the limit against the dose")] if sure else parts


def _coordinates(x: np.ndarray) -> Markup:
    """The largest coordinates as bars."""
    order = np.argsort(-np.abs(np.nan_to_num(x)), kind="stable")[:LINES]
    most = float(np.max(np.abs(np.nan_to_num(x)))) or 1.0
    rows = []
    for i in order:
        width = 12 * abs(float(np.nan_to_num(x[i]))) / most
        sign = "bar negative" if x[i] < 0 else "bar"
        rows.append((f"x[{i}]", float(x[i]), tag("span", class_=sign, style=f"width:{width:.2f}em")))
    return table((f"coordinate, the {len(order)} largest", "value", ""), rows)


def _trajectory(path: Trajectory) -> list[Markup]:
    if np.ndim(path.x) != 2 or not np.size(path.ts):
        return [tag("pre", str(path))]
    ok = bool(path.ok)
    mark = _mark(Outcome.HOLDS if ok else Outcome.INCONCLUSIVE, "the end was reached" if ok else "stopped early")
    rows = [
        ("t", f"{float(path.ts[0]):.6g} to {float(path.ts[-1]):.6g}, {path.ts.size} times"),
        ("reached", f"{float(path.t_last):.6g}"),
        ("steps", int(path.steps)),
        ("coordinates of x", path.x.shape[1]),
    ]
    return [
        tag("p", tag("strong", type(path.flow).__name__), " ", mark, " ", path.failure()),
        table(("quantity", "value"), rows),
        _image(plots.trajectories(path), "the coordinates of x that move most, against time"),
    ]


def _mark(outcome: Outcome, words: str) -> Markup:
    """Words in the colour of an outcome, for what has none of the three."""
    sign = {Outcome.HOLDS: "✓", Outcome.REFUTED: "✗", Outcome.INCONCLUSIVE: "?"}[outcome]
    return tag("span", f"{sign} {words}", class_=f"badge {outcome}")


def _image(figure: Any, words: str) -> Markup:
    pixels, _ = figure._repr_png_()
    return tag("img", src=f"data:image/png;base64,{base64.b64encode(pixels).decode()}", alt=words)


_SHOWN: dict[type, Callable[[Any], list[Markup]]] = {
    Verdict: _verdict, Analysis: _analysis, Limit: _limit, Trajectory: _trajectory,
}  # fmt: skip
