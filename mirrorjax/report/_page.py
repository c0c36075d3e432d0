"""The whole page."""

import re
from collections.abc import Mapping, Sequence

from .._outcome import Outcome
from ..checks import AGREE, DISAGREE, Verdict
from ..registry import Entry, catalogue
from ..theorems import PREPRINT, Audited
from ._badge import badge, size
from ._html import Markup, document, join, seconds, table, tag
from ._theorem import theorem_section

TITLE = "mirrorjax: theorems on implicit bias, measured"


def page(
    verdicts: Sequence[Verdict],
    environment: Mapping[str, str],
    audit: Sequence[Audited] = (),
    sections: Mapping[str, str] | None = None,
    entries: Sequence[Entry] = (),
) -> str:
    """The report as one HTML document; `sections` by id are taken as they are, `entries` are beside the catalogue's."""
    known = {entry.id: entry for entry in (*catalogue(), *entries)}
    anchors = _anchors([v.id for v in verdicts])
    drawn = {id: Markup(text) for id, text in (sections or {}).items()}
    return document(
        TITLE,
        tag("header", tag("h1", TITLE), _reading()),
        _contents(verdicts, anchors, bool(audit)),
        _environment(verdicts, environment),
        _summary(verdicts, anchors, known),
        *(drawn.get(v.id) or theorem_section(v, known.get(v.id), anchor) for v, anchor in zip(verdicts, anchors)),
        _audit(audit) if audit else Markup(),
    )


def anchored_section(verdict: Verdict, entry: Entry | None = None) -> str:
    """The section of a verdict whose id comes once; `entry` by default from the catalogue."""
    [anchor] = _anchors([verdict.id])
    return theorem_section(verdict, entry or {e.id: e for e in catalogue()}.get(verdict.id), anchor)


def _anchors(ids: Sequence[str]) -> list[str]:
    """An anchor per verdict; an id may come twice, an anchor must not."""
    slugs = [re.sub(r"[^\w.-]+", "-", id) for id in ids]
    return [f"{slug}-{i}" if slugs.count(slug) > 1 else slug for i, slug in enumerate(slugs)]


def _reading() -> Markup:
    meanings = (
        (badge(Outcome.HOLDS), f"e ≤ {AGREE:g} b while b fell with the tolerance, and every control was refuted."),
        (badge(Outcome.REFUTED), f"e ≥ {DISAGREE:g} b, and e stood still as the tolerance fell."),
        (badge(Outcome.INCONCLUSIVE), "anything else: the reason says what was missing."),
    )
    return join([
        tag(
            "p",
            "Each statement was computed by two independent routes over a ladder of solver tolerances, beside "
            "variants that are wrong on purpose (controls). A pass is no proof: it is ",
            tag("strong", "a measurement that failed to contradict"),
            " the statement, to the stated resolution. The routes differ by e; b is the error that numerics alone "
            "may cause, measured by another solver and a tighter tolerance.",
        ),
        tag("ul", *(tag("li", sign, " ", text) for sign, text in meanings), class_="legend"),
        tag(
            "p",
            "Resolution: the relative size of a difference that would have gone unseen. Effect: the relative size of "
            "a contradiction. Detection limit: the smallest planted relative error that was caught. "
            "“–”: nothing to report.",
            class_="quiet",
        ),
    ])  # fmt: skip


def _contents(verdicts: Sequence[Verdict], anchors: Sequence[str], audit: bool) -> Markup:
    links = [("environment", "environment"), ("verdicts", "verdicts")]
    links += [(anchor, v.id) for anchor, v in zip(anchors, verdicts)]
    links += [("printed-formulas", "audit")] if audit else []
    items = (tag("li", tag("a", text, href=f"#{anchor}")) for anchor, text in links)
    return tag("nav", tag("ul", *items), aria_label="Contents")


def _environment(verdicts: Sequence[Verdict], environment: Mapping[str, str]) -> Markup:
    seeds = sorted({v.seed for v in verdicts if v.seed >= 0})
    rungs = sorted({r for v in verdicts for r in v.rungs}, reverse=True)
    facts = {
        **environment,
        "seed": ", ".join(map(str, seeds)) or "–",
        "tolerance rungs": join(tag("span", f"{r:.0e} ", class_="rung") for r in rungs) or "–",
    }
    cells = (tag("div", tag("dt", key), tag("dd", value)) for key, value in facts.items())
    return tag("section", tag("h2", "Environment"), tag("dl", *cells, class_="facts"), id="environment")


def _summary(verdicts: Sequence[Verdict], anchors: Sequence[str], entries: Mapping[str, Entry]) -> Markup:
    rows = [
        (
            tag("a", v.id, href=f"#{anchor}"),
            entries[v.id].title if v.id in entries else "a check of your own",
            badge(v.outcome),
            v.resolution,
            v.effect,
            v.detection_limit,
            seconds(v.seconds),
        )
        for v, anchor in zip(verdicts, anchors)
    ]
    head = ("id", "statement, in short", "outcome", "resolution", "effect", "detection limit", "seconds")
    return tag("section", tag("h2", "Verdicts"), table(head, rows, class_="verdicts"), id="verdicts")


def _audit(audit: Sequence[Audited]) -> Markup:
    rows = [
        (
            a.item.where,
            join([a.item.printed, tag("br"), badge(a.as_printed.outcome), " ", size(a.as_printed)]),
            join([a.item.holds, tag("br"), badge(a.as_holds.outcome), " ", size(a.as_holds)]),
        )
        for a in audit
    ]
    return tag(
        "section",
        tag("h2", "Audit of printed formulas"),
        tag("p", f"These are facts about {PREPRINT} and nothing more; a later version may print them differently."),
        table(("where", "as printed", "what holds"), rows),
        id="printed-formulas",
    )
