"""What stands on the pages of the report."""

import dataclasses
import itertools
import re

import numpy as np
import pytest
from report_verdicts import AUDIT, ENVIRONMENT, FELL, HELD, RUNGS, SAME, STILL, VERDICTS, Reader, verdict

import mirrorjax as mj
from mirrorjax.checks import DEEP_RUNGS, FLOAT32_RUNGS, Finding, RankPath, StartMap, floor
from mirrorjax.registry import Entry, sources_of
from mirrorjax.report import _pictures, render_section
from mirrorjax.report._badge import size
from mirrorjax.report._command import command
from mirrorjax.report._page import Contents

PAPER = "https://arxiv.org/abs/"
"""The one kind of link that leads away from the page, and loads nothing."""


@pytest.fixture(scope="module")
def contents():
    return Contents(VERDICTS, ENVIRONMENT, AUDIT)


@pytest.fixture(scope="module")
def index(contents):
    return contents.index()


@pytest.fixture(scope="module")
def pages(contents):
    return contents.pages()


@pytest.fixture(scope="module")
def single(contents):
    return contents.single_file()


@pytest.fixture(scope="module")
def documents(index, pages, single):
    return {"index.html": index, "single": single, **{f"theorems/{name}": page for name, page in pages.items()}}


def test_nothing_comes_from_elsewhere(documents):
    for name, page in documents.items():
        read = Reader(page)
        links = [link for link in read.all("href") if not link.startswith(("#", PAPER))]
        assert all(re.fullmatch(r"(\.\./index|(theorems/)?[\w.-]+)\.html", link) for link in links), name
        assert all(source.startswith("data:image/svg+xml,") for source in read.all("src"))
        assert all("url(" not in source.replace("url(%23", "") for source in read.all("src"))
        rest = re.sub(f'src="[^"]*"|href="{PAPER}[0-9.]*"|href="data:,"', "", page)
        assert not any(word in rest for word in ("<link", "@import", "url(", "http:", "https:", "position: sticky"))


def test_the_browser_is_told_to_refuse_what_the_page_does_not_need(documents):
    for name, page in documents.items():
        [policy] = [m["content"] for m in Reader(page).tags("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        assert "default-src 'none'" in policy and ("script-src 'none'" in policy) == ("theorems/" in name)


def test_every_link_leads_to_a_page_or_a_section(documents):
    for name, page in documents.items():
        read = Reader(page)
        assert len(read.all("id")) == len(set(read.all("id")))
        folder = "theorems/" if name.startswith("theorems/") else ""
        for link in read.all("href"):
            target = (folder + link).replace("theorems/../", "")
            assert link.startswith(PAPER) or target in documents or link.removeprefix("#") in read.all("id"), link


def test_what_failed_comes_first(index, contents):
    assert [str(v.outcome) for v in contents.verdicts] == ["refuted", "inconclusive", "holds"]
    [(head, rows), *_] = tables(index)
    assert head == ["id", "statement, in short", "source", "outcome", "resolution", "effect", "detection limit",
                    "seconds"]  # fmt: skip
    assert [row[3] for row in rows] == ["✗ refuted", "? inconclusive", "✓ holds"]


def test_the_pages_are_linked_in_the_order_of_the_index(pages):
    names = ["my-own.html", "my-own-2.html", "mask-3.1.html"]
    assert list(pages) == names
    for place, name in enumerate(names):
        links = {e.attributes["rel"]: e.attributes["href"] for e in Reader(pages[name]).elements
                 if "rel" in e.attributes}  # fmt: skip
        wanted = {"prev": names[place - 1] if place else None, "next": dict(enumerate(names)).get(place + 1)}
        assert links == {key: value for key, value in wanted.items() if value}
        assert "../index.html" in Reader(pages[name]).all("href")


def test_the_index_has_no_pictures_and_is_small(index):
    assert not Reader(index).tags("img") and len(index) < 30_000


def test_the_outcomes_are_said_in_words(documents):
    text = Reader(documents["single"]).text
    assert "✓ holds" in text and "✗ refuted" in text and "? inconclusive" in text
    assert "refuted, as it must be" in text and "not refuted: holds" in text
    assert "a measurement that failed to contradict" in text
    assert "preprint version 1 of arXiv 2408.09966 and nothing more" in text
    assert "1.0004" in text and re.search(r"\bnan\b", text) is None


def test_every_number_stands_under_its_title():
    """Resolution and effect, exchanged, would turn the size of a contradiction into a precision."""
    one = dataclasses.replace(VERDICTS[0], resolution=1.5e-11, effect=2.5e-3, detection_limit=3.5e-7, seconds=4.5)
    read = list(tables(Contents([one], ENVIRONMENT).single_file()))
    [row] = [dict(zip(head, cells)) for head, rows in read for cells in rows if "detection limit" in head]
    assert {key: row[key] for key in ("resolution", "effect", "detection limit", "seconds")} == {
        "resolution": "1.5e-11", "effect": "0.0025", "detection limit": "3.5e-07", "seconds": "4.5",
    }  # fmt: skip
    rows = [dict(zip(head, cells)) for head, rows in read for cells in rows if "discrepancy e" in head]
    first = rows[0]
    assert (first["rung"], first["discrepancy e"], first["error budget b"]) == ("rtol 1e-06", "1e-06", "2e-06")
    controls = [dict(zip(head, cells)) for head, rows in read for cells in rows if "control" in head]
    assert {row["effect"] for row in controls} == {"0.1"}


def tables(page):
    """Each table of a page as its titles and the text of its rows."""
    for text in re.findall(r"<table.*?</table>", page, flags=re.S):
        head = [re.sub("<[^>]*>", "", cell) for cell in re.findall(r"<th\b.*?</th>", text, flags=re.S)]
        rows = re.findall(r"<tr>(.*?)</tr>", text, flags=re.S)[1:]
        yield head, [[re.sub("<[^>]*>", "", c) for c in re.findall(r"<td\b.*?</td>", row, flags=re.S)] for row in rows]


def test_every_cell_names_its_column_for_narrow_screens(pages):
    for text in re.findall(r"<table.*?</table>", pages["mask-3.1.html"], flags=re.S):
        head = re.findall(r"<th\b[^>]*>(.*?)</th>", text, flags=re.S)
        for row in re.findall(r"<tr><td.*?</tr>", text, flags=re.S):
            assert re.findall('data-title="([^"]*)"', row) == head


def test_the_environment_names_versions_seed_and_rungs(index):
    text = Reader(index).text
    for word in ("0.10.2", "float64", "cpu", "3", "1e-10"):
        assert word in text


def test_the_deciding_instance_is_open_and_the_others_are_folded(pages, single):
    for page in pages.values():
        folded = [a for a in Reader(page).tags("details") if a.get("class") == "instance"]
        assert ["open" in attributes for attributes in folded] == [True, False]
    theorems = [a for a in Reader(single).tags("details") if a.get("class") == "theorem"]
    assert len(theorems) == len(VERDICTS) and not any("open" in attributes for attributes in theorems)


def test_a_page_has_what_was_measured_and_how_to_repeat_and_cite_it(pages):
    text = Reader(pages["mask-3.1.html"]).text
    for part in ("Hypotheses, measured", "Claims", "Controls: wrong on purpose", "Rungs:", "Observed, not judged",
                 "mirrorjax verify mask/3.1 --seed 3", "@misc{mask,", r"d\nabla R_{a_t}(x_t)"):  # fmt: skip
        assert part in text, part
    assert f"{PAPER}2408.09966" in Reader(pages["mask-3.1.html"]).all("href")
    assert sources_of("mask, Theorem 3.1")[0].bibtex() in "".join(Reader(pages["mask-3.1.html"]).words)


def test_headings_skip_no_level(documents):
    for name, page in documents.items():
        levels = [int(e.tag[1]) for e in Reader(page).elements if re.fullmatch("h[1-6]", e.tag)]
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(below - above <= 1 for above, below in itertools.pairwise(levels)), name


def said(*args):
    return Reader(command(*args)).text


def test_the_command_repeats_the_run():
    deep, single = (dataclasses.replace(VERDICTS[0], rungs=rungs) for rungs in (DEEP_RUNGS, FLOAT32_RUNGS))
    assert said([VERDICTS[0]], {}) == "mirrorjax verify mask/3.1 --seed 3"
    assert said([deep], {}).endswith("--seed 3 --deep") and said([single], {}).endswith("--seed 3 --float32")
    assert said([VERDICTS[0]], {}, ["--seed", "1", "--data", "my table.csv"]).endswith("--seed 1 --data 'my table.csv'")
    every = [dataclasses.replace(VERDICTS[0], id=entry.id) for entry in mj.registry.catalogue()]
    assert said(every, {}) == "mirrorjax verify --seed 3"
    own = Entry("my/own", "t", "s", "folklore", "/papers/my own.py")
    assert said([VERDICTS[1]], {"my/own": own}) == "mirrorjax verify '/papers/my own.py' --seed 3"
    assert "from Python" in said([VERDICTS[1]], {}) and "from Python" in said([], {})


def test_pictures_have_words_and_light_and_dark_are_known(documents):
    for page in documents.values():
        assert all(attributes["alt"] for attributes in Reader(page).tags("img"))
        assert "prefers-color-scheme: dark" in page and "@media print" in page


def captions(finding):
    return [re.search(r"<figcaption>(.*)</figcaption>", figure)[1] for figure in _pictures.pictures(finding, "t")]  # pyright: ignore


def floors(n, ratio):
    return {f"number {i}": floor(ratio * 1e-16, 1e-16) for i in range(n)}


def test_identities_are_drawn_as_margins_and_a_cut_is_said():
    [few] = captions(Finding(floors(2, 0.5), floors(3, 1e9)))
    [many] = captions(Finding(floors(2, 0.5), floors(80, 1e9)))
    assert few.endswith("controls right.") and many.endswith("controls right. Of 80 controls, the 30 weakest.")


def test_many_lines_get_margins_beside_the_ladder():
    assert len(captions(Finding({"a": SAME}, floors(19, 1e9)))) == 1
    assert len(captions(Finding({"a": SAME}, floors(20, 1e9)))) == 2


def test_a_finding_about_signs_has_its_map():
    one = np.ones(4)
    series = StartMap(np.arange(4.0), np.arange(4.0), one, one)
    first, _ = captions(Finding(floors(1, 0.5), floors(1, 1e9), series=(series,)))
    assert "from each start" in first


def test_ranks_outside_the_theorem_are_drawn_as_measured():
    change = np.zeros((3, 2))
    series = RankPath(np.arange(3.0), change, change)
    first, _ = captions(Finding(floors(1, 0.5), floors(1, 1e9), series=(series,)))
    assert "outside the theorem, not claimed" in first


def test_a_single_file_has_the_pictures_of_the_deciding_instance_alone():
    both = dataclasses.replace(VERDICTS[0], instances=(*VERDICTS[0].instances, *verdict("t").instances))
    drawn = [render_section(both, single_file=single).count("<img") for single in (False, True)]
    assert drawn[0] > drawn[1] > 0


def test_a_picture_that_cannot_be_drawn_does_not_cost_the_page(monkeypatch):
    def broken(*args):
        raise ValueError("no <room>")

    monkeypatch.setattr("mirrorjax.report._theorem.pictures", broken)
    section = render_section(VERDICTS[0])
    assert "could not be drawn: ValueError: no &lt;room&gt;" in section and "Controls: wrong on purpose" in section


def test_real_pictures_are_drawn():
    section = render_section(*mj.verify("mask/argmin"))
    assert section.count("<img") >= 4 and "could not be drawn" not in section


def test_the_number_of_an_outcome_is_its_own():
    """A resolution where it holds, an effect where it is refuted; 1e-10 for an effect of 0.8 would read as nothing."""
    assert size(dataclasses.replace(HELD, outcome=mj.Outcome.HOLDS)) == "resolution 1e-10"
    assert size(dataclasses.replace(FELL, outcome=mj.Outcome.REFUTED)) == "effect 0.8"
    assert size(dataclasses.replace(FELL, outcome=mj.Outcome.INCONCLUSIVE)) == "–"


def test_rungs_are_those_of_the_claims(pages):
    [rows] = [rows for head, rows in list(tables(pages["mask-3.1.html"]))[:9] if "rung" in head][:1]
    assert [row[1] for row in rows] == [f"rtol {rung:.0e}" for rung in RUNGS] and STILL.rows[0].at == RUNGS[0]
