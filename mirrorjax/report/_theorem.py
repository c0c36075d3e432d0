"""The section of one theorem."""

from collections.abc import Iterator, Mapping

from ..checks import Evidence, Judgement, Verdict
from ..registry import Entry, sources_of
from ._badge import badge, control_badge, size
from ._html import Markup, join, number, seconds, table, tag
from ._latex import rich
from ._pictures import ABOUT_THE_POTENTIAL, pictures, potential_picture


def theorem_section(verdict: Verdict, entry: Entry | None, anchor: str) -> Markup:
    """Statement, source, and every instance; the one that decided is open."""
    deciding = verdict.deciding
    return tag(
        "section",
        tag("h2", verdict.id, " ", badge(verdict.outcome)),
        _statement(entry),
        tag("p", tag("strong", "Outcome. "), verdict.reason, f". Smallest planted error caught: "
            f"{number(verdict.detection_limit)}."),
        potential_picture() if verdict.id in ABOUT_THE_POTENTIAL else Markup(),
        _instance(verdict.id, deciding, "Deciding instance: ", opened=True),
        *(_instance(verdict.id, j, "") for j in verdict.instances if j is not deciding),
        tag("p", tag("a", "back to the top", href="#top"), class_="back"),
        id=anchor,
    )  # fmt: skip


def _statement(entry: Entry | None) -> Markup:
    if entry is None:
        return tag("p", "Not an entry of the catalogue: a check of your own.", class_="source")
    return join([
        tag("p", entry.title, class_="title"),
        tag("blockquote", rich(entry.statement)),
        tag("p", "Source: ", rich(entry.source), *_papers(entry), class_="source"),
    ])  # fmt: skip


def _papers(entry: Entry) -> Iterator[Markup]:
    for paper in sources_of(entry.source):
        for arxiv, address in paper.links.items():
            yield join(["; ", tag("a", f"{paper.key}, arXiv {arxiv}", href=address)])


def _instance(id: str, judgement: Judgement, prefix: str, opened: bool = False) -> Markup:
    finding = judgement.finding
    heading = tag(
        "summary",
        tag("strong", prefix, judgement.name), " ", badge(judgement.outcome), " ",
        tag("span", f"resolution {number(judgement.resolution)} · {seconds(judgement.seconds)} s", class_="quiet"),
    )  # fmt: skip
    return tag(
        "details",
        heading,
        tag("p", judgement.reason),
        _hypotheses(judgement),
        _claims(judgement),
        _controls(judgement),
        _rows(finding.claims),
        _observations(finding.observations),
        *pictures(finding, f"{id} · {judgement.name}"),
        open=opened,
    )


def _hypotheses(judgement: Judgement) -> Markup:
    if not judgement.hypotheses:
        return Markup()
    rows = [(h.name, h.measured, "✓ met" if h.ok else "✗ not met") for h in judgement.hypotheses]
    return join([tag("h4", "Hypotheses, measured"), table(("hypothesis", "measured", ""), rows)])


def _claims(judgement: Judgement) -> Markup:
    rows = [(name, badge(d.outcome), size(d), d.reason) for name, d in judgement.claims.items()]
    return join([tag("h4", "Claims"), table(("claim", "outcome", "size", "reason"), rows)])


def _controls(judgement: Judgement) -> Markup:
    if not judgement.controls:
        return tag("p", "No control was run.")
    rows = [(name, control_badge(d.outcome), d.effect, d.reason) for name, d in judgement.controls.items()]
    return join([tag("h4", "Controls: wrong on purpose"), table(("control", "outcome", "effect", "reason"), rows)])


def _rows(claims: Mapping[str, Evidence]) -> Markup:
    rows = [
        (name, f"{row.of} {row.at:.0e}" if row.at else row.of, row.discrepancy, row.budget, row.steps or "–")
        for name, e in claims.items()
        for row in e.rows
    ]
    head = ("claim", "rung", "discrepancy e", "error budget b", "steps")
    return join([tag("h4", "Rows"), table(head, rows)])


def _observations(observations: Mapping[str, float | str]) -> Markup:
    if not observations:
        return Markup()
    return join(
        [
            tag("h4", "Observed, not judged"),
            table(("quantity", "value"), [(name, number(value, digits=5)) for name, value in observations.items()]),
        ]
    )
