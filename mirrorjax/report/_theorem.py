"""What the report says of one theorem."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

from ..checks import Evidence, Judgement, Verdict
from ..registry import Entry, catalogue, sources_of
from ._badge import badge, control_badge, size
from ._command import command
from ._html import Markup, join, number, seconds, table, tag
from ._latex import rich, rich_title
from ._pictures import ABOUT_THE_POTENTIAL, pictures, potential_picture


@dataclasses.dataclass(frozen=True)
class Layout:
    """Where a theorem is shown: `level` of its headings; whether instances that did not decide are drawn too."""

    level: int
    all_pictures: bool

    def heading(self, text: str, below: int = 0) -> Markup:
        return tag(f"h{self.level + below}", text)


PAGE, FOLDED = Layout(level=2, all_pictures=True), Layout(level=4, all_pictures=False)
"""On a page of its own, and among the others in a single file, which is to stay below 5 MB."""


def theorem_body(
    verdict: Verdict, entry: Entry | None, layout: Layout = PAGE, options: Sequence[str] | None = None
) -> Markup:
    """Statement, source, outcome and every instance, the one that decided open; without the heading."""
    deciding = verdict.deciding
    others = [judgement for judgement in verdict.instances if judgement is not deciding]
    entry = entry or {known.id: known for known in catalogue()}.get(verdict.id)
    return join([
        _statement(entry),
        tag("p", tag("strong", "Outcome. "), verdict.reason, ". ", _numbers(verdict), class_="outcome"),
        potential_picture() if verdict.id in ABOUT_THE_POTENTIAL else "",
        layout.heading("Deciding instance" if others else "Instance"),
        _instance(verdict.id, deciding, layout, opened=True),
        layout.heading("Other instances") if others else "",
        *(_instance(verdict.id, judgement, layout) for judgement in others),
        layout.heading("Repeat and cite"),
        command([verdict], {verdict.id: entry} if entry else {}, options),
        _to_copy(entry),
    ])  # fmt: skip


def _numbers(verdict: Verdict) -> str:
    limit = verdict.detection_limit
    caught = "" if math.isnan(limit) else f"Smallest planted error caught: {number(limit)}. "
    seed = f"Seed {verdict.seed}, tolerance " if verdict.seed >= 0 else "Tolerance "
    return f"{caught}{seed}rungs {', '.join(f'{rung:.0e}' for rung in verdict.rungs) or '–'}."


def _statement(entry: Entry | None) -> Markup:
    if entry is None:
        return tag("p", "Not an entry of the catalogue: a check of your own.", class_="source")
    return join([
        tag("p", rich_title(entry.title), class_="title"),
        tag("blockquote", rich(entry.statement)),
        tag("p", "Source: ", rich(entry.source), *_papers(entry), class_="source"),
    ])  # fmt: skip


def _papers(entry: Entry) -> Iterator[Markup]:
    for paper in sources_of(entry.source):
        for arxiv, address in paper.links.items():
            yield join(["; ", tag("a", f"{paper.key}, arXiv {arxiv}", href=address)])


def _to_copy(entry: Entry | None) -> Markup:
    if entry is None:
        return Markup()
    texts = {"The statement in LaTeX": entry.statement}
    papers = sources_of(entry.source)
    if papers:
        texts["BibTeX"] = "\n\n".join(paper.bibtex() for paper in papers)
    return join(
        tag("details", tag("summary", title), tag("pre", tag("code", text))) for title, text in texts.items()
    )  # fmt: skip


def _instance(id: str, judgement: Judgement, layout: Layout, opened: bool = False) -> Markup:
    finding = judgement.finding
    heading = tag(
        "summary",
        tag("strong", judgement.name), " ", badge(judgement.outcome), " ",
        tag("span", f"resolution {number(judgement.resolution)} · {seconds(judgement.seconds)} s", class_="quiet"),
    )  # fmt: skip
    return tag(
        "details",
        heading,
        tag("p", judgement.reason),
        _hypotheses(judgement, layout),
        _claims(judgement, layout),
        _controls(judgement, layout),
        _printed(judgement, layout),
        _pictures(id, judgement, layout) if opened or layout.all_pictures else Markup(),
        _observations(finding.observations, layout),
        _rows(finding.claims),
        open=opened,
        class_="instance",
    )


def _pictures(id: str, judgement: Judgement, layout: Layout) -> Markup:
    try:
        drawn = join(pictures(judgement.finding, f"{id} · {judgement.name}"))
    except Exception as error:  # a picture that cannot be drawn must not cost the report of a long run
        return tag("p", f"The pictures could not be drawn: {type(error).__name__}: {error}", class_="undrawn")
    # Where all theorems are in one file, drawing them at once would keep the reader waiting for seconds.
    return drawn if layout.all_pictures else Markup(drawn.replace("<img ", '<img loading="lazy" '))


def _hypotheses(judgement: Judgement, layout: Layout) -> Markup:
    if not judgement.hypotheses:
        return Markup()
    rows = [(h.name, h.measured, "✓ met" if h.ok else "✗ not met") for h in judgement.hypotheses]
    return join([layout.heading("Hypotheses, measured", 1), table(("hypothesis", "measured", "met"), rows)])


def _claims(judgement: Judgement, layout: Layout) -> Markup:
    rows = [(name, badge(d.outcome), size(d), d.reason) for name, d in judgement.claims.items()]
    if not rows:
        return tag("p", "No claim was measured.")
    return join([layout.heading("Claims", 1), table(("claim", "outcome", "size", "reason"), rows)])


def _controls(judgement: Judgement, layout: Layout) -> Markup:
    if not judgement.controls:
        return tag("p", "No control was run.")
    rows = [(name, control_badge(d.outcome), d.effect, d.reason) for name, d in judgement.controls.items()]
    head = ("control", "outcome", "effect", "reason")
    return join([layout.heading("Controls: wrong on purpose", 1), table(head, rows)])


def _printed(judgement: Judgement, layout: Layout) -> Markup:
    """Formulas as a paper prints them: refuted is no fault of the theorem, whose claims are what holds."""
    if not judgement.printed:
        return Markup()
    rows = [(name, badge(d.outcome), size(d), d.reason) for name, d in judgement.printed.items()]
    return join([layout.heading("As printed", 1), table(("formula", "outcome", "size", "reason"), rows)])


def _rows(claims: Mapping[str, Evidence]) -> Markup:
    rows = [
        (name, f"{row.of} {row.at:.0e}" if row.at else row.of, row.discrepancy, row.budget, row.steps or "–")
        for name, e in claims.items()
        for row in e.rows
    ]
    if not rows:
        return Markup()
    head = ("claim", "rung", "discrepancy e", "error budget b", "steps")
    return tag("details", tag("summary", "Rungs: discrepancy and error budget of every claim"), table(head, rows))


def _observations(observations: Mapping[str, float | str], layout: Layout) -> Markup:
    if not observations:
        return Markup()
    rows = [(name, number(value, digits=5)) for name, value in observations.items()]
    return join([layout.heading("Observed, not judged", 1), table(("quantity", "value"), rows)])
