"""The parts that stand before the theorems: how to read them, what came out, with what it was made."""

import re
from collections.abc import Mapping, Sequence

from .._outcome import WORST_FIRST, Outcome
from ..checks import AGREE, DISAGREE, Verdict
from ..registry import Entry, sources_of
from ..theorems import PREPRINT, Audited
from ._badge import badge, size
from ._command import command
from ._html import Markup, join, seconds, table, tag
from ._latex import rich, rich_title

TITLE = "mirrorjax: theorems on implicit bias, measured"


def worst_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """What failed before what holds; else in the order given."""
    return sorted(verdicts, key=lambda verdict: WORST_FIRST.index(verdict.outcome))


def header(verdicts: Sequence[Verdict]) -> Markup:
    """Title, the outcomes counted, and how to read it, folded."""
    counts = [(sum(v.outcome is outcome for v in verdicts), outcome) for outcome in WORST_FIRST]
    said = join(tag("span", badge(outcome), f" {count}", class_="nobr count") for count, outcome in counts if count)
    theorems = f"{len(verdicts)} theorem{'s' * (len(verdicts) != 1)}"
    return tag("header", tag("h1", TITLE), tag("p", f"{theorems}. ", said), _reading())


def _reading() -> Markup:
    meanings = (
        (badge(Outcome.HOLDS), f"e ≤ {AGREE:g} b while b fell with the tolerance, and every control was refuted."),
        (badge(Outcome.REFUTED), f"e ≥ {DISAGREE:g} b, and e stood still as the tolerance fell."),
        (badge(Outcome.INCONCLUSIVE), "anything else: the reason says what was missing."),
    )
    return tag(
        "details",
        tag("summary", "How to read it"),
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
        id="reading",
    )  # fmt: skip


def summary(verdicts: Sequence[Verdict], targets: Sequence[str], entries: Mapping[str, Entry]) -> Markup:
    """The table of verdicts, each linked to its target, with a filter that a script brings to life."""
    rows = [
        (
            tag("a", v.id, href=target),
            rich_title(entries[v.id].title) if v.id in entries else "a check of your own",
            _source(entries[v.id]) if v.id in entries else "–",
            badge(v.outcome),
            v.resolution,
            v.effect,
            v.detection_limit,
            seconds(v.seconds),
        )
        for v, target in zip(verdicts, targets)
    ]
    head = ("id", "statement, in short", "source", "outcome", "resolution", "effect", "detection limit", "seconds")
    return tag("section", tag("h2", "Verdicts"), _filter(), table(head, rows, class_="verdicts"), id="verdicts")


def _source(entry: Entry) -> Markup:
    """Paper and number there; the short name of each paper leads to it."""
    addresses = {paper.key: address for paper in sources_of(entry.source) for address in list(paper.links.values())[:1]}
    parts = re.split(r"\b(\w+)(?=, )", entry.source)  # names at odd places
    return join(
        tag("a", part, href=addresses[part]) if place % 2 and part in addresses else rich(part)
        for place, part in enumerate(parts)
    )


def _filter() -> Markup:
    """Hidden until the script shows it: without one it would do nothing."""
    outcomes = [tag("option", "all", value=""), *(tag("option", outcome, value=outcome) for outcome in WORST_FIRST)]
    return tag(
        "form",
        tag("label", "Text ", tag("input", type="search", name="text", autocomplete="off")),
        tag("label", "Outcome ", tag("select", *outcomes, name="outcome", autocomplete="off")),
        tag("output", aria_live="polite"),
        id="filter", role="search", hidden=True,
    )  # fmt: skip


def environment_section(
    verdicts: Sequence[Verdict],
    environment: Mapping[str, str],
    entries: Mapping[str, Entry],
    options: Sequence[str] | None,
) -> Markup:
    """Versions, seed, rungs, and the command that repeats the run."""
    seeds = sorted({v.seed for v in verdicts if v.seed >= 0})
    rungs = sorted({r for v in verdicts for r in v.rungs}, reverse=True)
    facts = {
        **environment,
        "seed": ", ".join(map(str, seeds)) or "–",
        "tolerance rungs": join(tag("span", f"{r:.0e} ", class_="rung") for r in rungs) or "–",
    }
    cells = (tag("div", tag("dt", key), tag("dd", value)) for key, value in facts.items())
    return tag(
        "section",
        tag("h2", "Environment"),
        tag("dl", *cells, class_="facts"),
        tag("p", "To repeat it:"),
        command(verdicts, entries, options),
        id="environment",
    )


def audit_section(audit: Sequence[Audited]) -> Markup:
    """Formulas as printed beside those that hold."""
    if not audit:
        return Markup()
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
