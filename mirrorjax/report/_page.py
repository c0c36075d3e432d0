"""The documents: an index, a page per theorem, or everything in one file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..checks import Verdict
from ..registry import Entry, catalogue
from ..theorems import Audited
from ._badge import badge
from ._folder import INDEX, PAGES
from ._html import Markup, document, join, tag
from ._index import TITLE, audit_section, environment_section, header, summary, worst_first
from ._latex import rich_title
from ._names import file_names
from ._theorem import FOLDED, PAGE, Layout, theorem_body

SCRIPT = "index.js"
_BACK = tag("p", tag("a", "back to the table", href="#verdicts"), class_="back")


class Contents:
    """Everything that a report is made of, the verdicts worst first.

    **Arguments:** as of `write_report`; `taken`: names of pages that belong to others.
    """

    def __init__(
        self,
        verdicts: Sequence[Verdict],
        environment: Mapping[str, str],
        audit: Sequence[Audited] = (),
        sections: Mapping[str, str] | None = None,
        entries: Sequence[Entry] = (),
        options: Sequence[str] | None = None,
        taken: Iterable[str] = (),
    ):
        self.verdicts = worst_first(verdicts)
        self.environment, self.audit, self.options = environment, audit, options
        self.entries = {entry.id: entry for entry in (*catalogue(), *entries)}
        self.names = file_names([v.id for v in self.verdicts], taken)
        # Of two verdicts with one id there is one section, and which of them it is of cannot be told.
        once = {id for id, count in Counter(v.id for v in verdicts).items() if count == 1}
        self.drawn = {id: Markup(text) for id, text in (sections or {}).items() if id in once}

    def _body(self, verdict: Verdict, layout: Layout) -> Markup:
        drawn = self.drawn.get(verdict.id)
        return drawn or theorem_body(verdict, self.entries.get(verdict.id), layout, self.options)

    def index(self) -> str:
        """The table of verdicts, with links to the pages."""
        return self._front([f"{PAGES}/{name}.html" for name in self.names])

    def single_file(self) -> str:
        """The same with everything below it, folded."""
        return self._front([f"#{name}" for name in self.names], self._folded())

    def _front(self, targets: Sequence[str], theorems: object = "") -> str:
        environment = environment_section(self.verdicts, self.environment, self.entries, self.options)
        main = tag(
            "main",
            header(self.verdicts),
            summary(self.verdicts, targets, self.entries),
            theorems,
            environment,
            audit_section(self.audit),
        )
        return document(TITLE, main, script=SCRIPT, name=INDEX)

    def _folded(self) -> Markup:
        # The anchor is inside of what is folded: led to, a browser unfolds what is around it.
        folded = (
            tag(
                "details",
                tag("summary", tag("h3", v.id, " ", badge(v.outcome)), " ", self._short(v)),
                tag("div", self._body(v, FOLDED), _BACK, id=name),
                class_="theorem",
            )
            for v, name in zip(self.verdicts, self.names)
        )
        return tag("section", tag("h2", "Theorems"), *folded, id="theorems")

    def _short(self, verdict: Verdict) -> Markup:
        entry = self.entries.get(verdict.id)
        return tag("span", rich_title(entry.title), class_="quiet") if entry else Markup()

    def pages(self) -> dict[str, str]:
        """A document per theorem, by the name of its file."""
        return {f"{name}.html": self._page(place) for place, name in enumerate(self.names)}

    def _page(self, place: int) -> str:
        verdict, name = self.verdicts[place], f"{self.names[place]}.html"
        main = tag(
            "main",
            tag("header", tag("h1", verdict.id, " ", badge(verdict.outcome))),
            self._body(verdict, PAGE),
        )
        links = self._links(place)
        around = tag("nav", links, aria_label="Theorems"), main, tag("nav", links, aria_label="Theorems, again")
        return document(f"{verdict.id} {verdict.outcome}: mirrorjax", *around, name=name)

    def _links(self, place: int) -> Markup:
        """To the theorem before, the index, and the one after."""
        index = tag("a", "all theorems", href=f"../{INDEX}")
        return join([self._link(place - 1, "← ", "", "prev"), index, self._link(place + 1, "", " →", "next")])

    def _link(self, place: int, before: str, after: str, relation: str) -> Markup:
        if not 0 <= place < len(self.names):
            return tag("span")
        return tag("a", before, self.verdicts[place].id, after, href=f"{self.names[place]}.html", rel=relation)
