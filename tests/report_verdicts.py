"""Verdicts made by hand, and a reader of pages, for the tests of the report."""

import dataclasses
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np

from mirrorjax import checks
from mirrorjax.checks import Decision, Finding, Hypothesis, Outcome, Routes, combine, judge
from mirrorjax.registry._audit import Audited, Printed

ENVIRONMENT = {"jax": "0.10.2", "dtype": "float64", "backend": "cpu"}
RUNGS = (1e-6, 1e-8, 1e-10)


def ladder(*gaps):
    return checks.ladder(RUNGS, gaps, 2 * np.array(RUNGS), steps=20, scale=1.0, moved=1.0, of="rtol")


SAME, STILL = ladder(1e-6, 1e-8, 1e-10), ladder(0.1, 0.1, 0.1)


def verdict(id, claim=SAME, control=STILL, seconds=1.0, name="first", drawn=True):
    ts = np.linspace(0.0, 1.0, 5)
    x = np.outer(ts, [1.0, 2.0])
    finding = Finding(
        claims={"routes <agree> & 'meet'": claim},
        controls={"scale doubled": control},
        hypotheses=(Hypothesis("finite dose", 0.3, True),),
        observations={"ratio": 1.00044},
        series=(Routes(ts, {"gradient flow": x, "mirror flow": x + 1e-9}),) if drawn else (),
    )
    plain = dataclasses.replace(finding, series=())
    return combine(id, [judge(name, finding, seconds), judge("second", plain, seconds)], seed=3, rungs=RUNGS)


VERDICTS = [
    verdict("mask/3.1"),
    verdict("my/own", claim=STILL),
    verdict("my/own", control=SAME, seconds=float("nan")),
]
HELD, FELL = Decision(Outcome.HOLDS, "e/b = 0.5", 1e-10), Decision(Outcome.REFUTED, "e/b = 1e9", 1e-10, 0.8)


AUDIT = [
    Audited(
        item=Printed(where="Theorem 3.1", printed="2u₀v₀ exp(−2∫α)", holds="u₀v₀ exp(−4∫α)"),
        as_printed=FELL,
        as_holds=HELD,
    )
]
VOID = frozenset({"meta", "img", "br", "wbr", "input"})


class Reader(HTMLParser):
    """Collects elements and text, and checks that every element is closed in its order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.words = [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append(SimpleNamespace(tag=tag, attributes=dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("style", "script"):
            self.words.append(data)

    def all(self, attribute):
        """The values of an attribute, in the order of the page."""
        return [e.attributes[attribute] for e in self.elements if attribute in e.attributes]

    def tags(self, name):
        """The attributes of every element of a name."""
        return [e.attributes for e in self.elements if e.tag == name]

    @property
    def text(self):
        """All words, without style and script."""
        return " ".join(self.words)
