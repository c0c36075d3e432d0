"""The papers that theorems are from. Of a paper nothing is said beyond what stands here."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Source:
    """A paper. Authors and title are empty where they are not known here.

    **Arguments:**

    - `key`: its short name, the first part of an entry's id.
    - `authors`: names.
    - `title`: of the paper.
    - `venue`: where it appeared, and the year.
    - `arxiv`: numbers, the first of them the paper's.
    """

    key: str
    authors: tuple[str, ...] = ()
    title: str = ""
    venue: str = ""
    arxiv: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = (", ".join(self.authors), self.title, self.venue, ", ".join(f"arXiv {number}" for number in self.arxiv))
        return f"{self.key}: {'; '.join(filter(None, parts))}"

    @property
    def links(self) -> dict[str, str]:
        """The address of every arXiv number, by the number."""
        return {number: f"https://arxiv.org/abs/{number}" for number in self.arxiv}

    def bibtex(self) -> str:
        """An entry for BibTeX, with a note of further arXiv numbers.

        **Returns:** text of several lines.
        """
        first, *more = self.arxiv or ("",)
        year = re.search(r"\d{4}$", self.venue)
        fields = {
            "author": " and ".join(self.authors),
            "title": f"{{{self.title}}}" if self.title else "",
            "year": year.group() if year else f"20{first[:2]}" if first else "",
            "note": "; ".join([*([self.venue] if " " in self.venue else []), *(f"also arXiv:{n}" for n in more)]),
            "eprint": first,
            "archivePrefix": "arXiv" if first else "",
        }
        lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
        return "\n".join([f"@misc{{{self.key},", *lines, "}"])


SOURCES = {
    source.key: source
    for source in (
        Source("mask", ("T. Jacobs", "R. Burkholz"), "Mask in the Mirror: Implicit Sparsification", "ICLR 2025",
               ("2408.09966",)),
        Source("flow", ("T. Jacobs", "C. Zhou", "R. Burkholz"),
               "Mirror, Mirror of the Flow: How Does Regularization Shape Implicit Bias?", "ICML 2025",
               ("2504.12883",)),
        Source("signin", ("A. Gadhikar", "T. Jacobs", "C. Zhou", "R. Burkholz"),
               "Sign-In to the Lottery: Reparameterizing Sparse Training From Scratch", "NeurIPS 2025",
               ("2504.12801",)),
        Source("li", ("Li", "Wang", "Lee", "Arora"), "Implicit Bias of GD on Reparametrized Models", "NeurIPS 2022",
               ("2207.04036",)),
        Source("woodworth", (), "Kernel and Rich Regimes", "COLT 2020", ("2002.09277",)),
        Source("gunasekar", (), "Implicit Regularization in Matrix Factorization", "2017", ("1705.09280",)),
        Source("amid", (), "Reparameterizing Mirror Descent as GD", "2020", ("2002.10487",)),
        Source("marcotte", (), "Abide by the Law and Follow the Flow", "2023",
               ("2307.00144", "2506.06194", "2508.07370")),
        Source("spred", ("Ziyin", "Wang"), "", "ICML 2023"),
        Source("dwf", ("Kolb", "others"), "Deep Weight Factorization", "ICLR 2025"),
        Source("pesme", (), "Implicit Bias of SGD for Diagonal Linear Networks", "2021", ("2106.09524",)),
        Source("even", (), "(S)GD over Diagonal Linear Networks", "2023", ("2302.08982",)),
        Source("saddle", ("Pesme", "Flammarion"), "", "2023", ("2304.00488",)),
        Source("ham", (), "Hyperbolic Aware Minimization", "ICLR 2026", ("2506.02630",)),
    )
}  # fmt: skip
"""The papers that the catalogue names, by their short names."""

OWN = ("beyond", "intrinsic", "train")
"""First parts of ids whose statements are mirrorjax's own, or whose paper is named in the entry's `source`."""


def sources_of(text: str) -> tuple[Source, ...]:
    """The papers that an entry's `source` names: `flow, Theorem 3.1 (α = 0: li, Theorem 4.9)` names two.

    **Arguments:**

    - `text`: the `source` of an entry.

    **Returns:** the papers, each once, in their order; empty where none is known here.
    """
    return tuple(SOURCES[key] for key in dict.fromkeys(re.findall(r"(\w+), ", text)) if key in SOURCES)
