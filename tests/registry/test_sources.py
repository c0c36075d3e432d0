"""The table of papers, and who reads it."""

import re
from pathlib import Path

import pytest

from mirrorjax._cli import main
from mirrorjax.registry import SOURCES, catalogue, sources_of
from mirrorjax.registry._sources import OWN

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", catalogue(), ids=lambda entry: entry.id)
def test_every_entry_names_a_paper_of_the_table_or_says_that_it_is_ours(entry):
    folder = entry.id.split("/")[0]
    if folder in OWN:
        assert sources_of(entry.source) or entry.source.startswith(("a statement of this project", "intrinsic, "))
    else:
        assert folder in {paper.key for paper in sources_of(entry.source)} | {"signin", "flow"}
        assert sources_of(entry.source), entry.source
    assert ".md" not in entry.source


def test_the_numbers_in_readme_are_those_of_the_table():
    known = {number for paper in SOURCES.values() for number in paper.arxiv}
    assert set(re.findall(r"\b\d{4}\.\d{5}\b", README)) - {"2501.01234"} <= known


def test_sources_are_found_in_words():
    assert [paper.key for paper in sources_of("flow, Theorem 3.1 (α = 0: li, Theorem 4.9)")] == ["flow", "li"]
    assert sources_of("my paper, Theorem 1") == ()


def test_cite_prints_bibtex(capsys):
    assert main(["cite", "flow/3.1", "mask/*"]) == 0
    text = capsys.readouterr().out
    assert text.count("@misc{") == 3  # flow and li, and mask once for all of its theorems
    assert "author = {T. Jacobs and R. Burkholz}" in text and "eprint = {2408.09966}" in text
    assert text.count("{") == text.count("}")
    assert main(["cite", "beyond/rescaled"]) == 3 and "no paper is named" in capsys.readouterr().err
    assert main(["show", "saddle/jumps"]) == 0 and "arXiv 2304.00488" in capsys.readouterr().out


@pytest.mark.parametrize("paper", SOURCES.values(), ids=lambda paper: paper.key)
def test_every_paper_has_a_key_an_entry_and_links(paper):
    assert any(paper in sources_of(entry.source) for entry in catalogue()), "no theorem is from it"
    assert paper.bibtex().startswith(f"@misc{{{paper.key},\n") and str(paper).startswith(f"{paper.key}: ")
    assert all(re.fullmatch(r"\d{4}\.\d{5}", number) for number in paper.links)
