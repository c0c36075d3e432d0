import dataclasses
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

import mirrorjax as mj
from mirrorjax import checks
from mirrorjax._errors import InputError
from mirrorjax.checks import Decision, Finding, Hypothesis, Outcome, RankPath, Routes, StartMap, combine, floor, judge
from mirrorjax.report import _page, _pictures, ensure_writable, write_report
from mirrorjax.report._badge import size
from mirrorjax.report._latex import formula, rich
from mirrorjax.theorems.mask._audit import Audited, Printed

ENVIRONMENT = {"jax": "0.10.2", "dtype": "float64", "backend": "cpu"}
RUNGS = (1e-6, 1e-8, 1e-10)


def ladder(*gaps):
    return checks.ladder(RUNGS, gaps, 2 * np.array(RUNGS), steps=20, scale=1.0, moved=1.0, of="rtol")


SAME, STILL = ladder(1e-6, 1e-8, 1e-10), ladder(0.1, 0.1, 0.1)


def verdict(id, claim=SAME, control=STILL, seconds=1.0):
    ts = np.linspace(0.0, 1.0, 5)
    x = np.outer(ts, [1.0, 2.0])
    finding = Finding(
        claims={"routes <agree> & 'meet'": claim},
        controls={"scale doubled": control},
        hypotheses=(Hypothesis("finite dose", 0.3, True),),
        observations={"ratio": 1.00044},
        series=(Routes(ts, {"gradient flow": x, "mirror flow": x + 1e-9}),),
    )
    plain = dataclasses.replace(finding, series=())
    return combine(id, [judge("first", finding, seconds), judge("second", plain, seconds)], seed=3, rungs=RUNGS)


VERDICTS = [
    verdict("mask/3.1"),
    verdict("my/own", claim=STILL),
    verdict("my/own", control=SAME, seconds=float("nan")),
]
HELD, FELL = Decision(Outcome.HOLDS, "e/b = 0.5", 1e-10), Decision(Outcome.REFUTED, "e/b = 1e9", 1e-10, 0.8)
AUDIT = [
    Audited(
        item=Printed(
            where="Theorem 3.1",
            printed="2u₀v₀ exp(−2∫α)",
            holds="u₀v₀ exp(−4∫α)",
            test=lambda seed, rungs: pytest.fail("a report runs nothing"),
        ),
        as_printed=FELL,
        as_holds=HELD,
    )
]


class Reader(HTMLParser):
    """Collects attributes and text, and checks that every element is closed in its order."""

    VOID = frozenset({"meta", "img", "br", "path"})

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.links, self.sources, self.alts, self.words = [], [], [], [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if "href" in found else []
        self.sources += [found["src"]] if "src" in found else []
        self.alts += [found.get("alt")] if tag == "img" else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def page():
    return _page.page(VERDICTS, ENVIRONMENT, AUDIT)  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def read(page):
    return Reader(page)


PAPER = "https://arxiv.org/abs/"
"""The one kind of link that leads away from the page, and loads nothing."""


def test_nothing_comes_from_elsewhere(page, read):
    assert all(link.startswith(("#", PAPER)) for link in read.links)
    assert read.sources and all(source.startswith("data:image/svg+xml,") for source in read.sources)
    assert all("url(" not in source.replace("url(%23", "") for source in read.sources)
    rest = re.sub(f'src="[^"]*"|href="{PAPER}[0-9.]*"', "", page)
    assert not any(word in rest for word in ("<script", "<link", "@import", "url(", "http"))


def test_every_link_leads_to_one_section(read):
    inside = {link.removeprefix("#") for link in read.links if not link.startswith(PAPER)}
    assert inside and inside <= set(read.ids)
    assert f"{PAPER}2408.09966" in read.links
    assert len(read.ids) == len(set(read.ids))
    assert "mask-3.1" in read.ids and "printed-formulas" in read.ids


def test_the_outcomes_are_said_in_words(page, read):
    text = " ".join(read.words)
    assert "✓ holds" in text and "✗ refuted" in text and "? inconclusive" in text
    assert "refuted, as it must be" in text and "not refuted: holds" in text
    assert "a measurement that failed to contradict" in text
    assert "preprint version 1 of arXiv 2408.09966 and nothing more" in text
    assert "1.0004" in text and re.search(r"\bnan\b", re.sub('data:image[^"]*', "", page)) is None


def test_every_number_stands_under_its_title():
    """Resolution and effect, exchanged, would turn the size of a contradiction into a precision."""
    one = dataclasses.replace(VERDICTS[0], resolution=1.5e-11, effect=2.5e-3, detection_limit=3.5e-7, seconds=4.5)
    read = list(tables(_page.page([one], ENVIRONMENT)))
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


def test_the_environment_names_versions_seed_and_rungs(read):
    text = " ".join(read.words)
    for word in ("0.10.2", "float64", "cpu", "3", "1e-10"):
        assert word in text


def test_only_the_deciding_instance_is_open(page):
    assert page.count("<details open>") == len(VERDICTS) and page.count("<details>") == len(VERDICTS)


def test_names_are_escaped(page):
    assert "routes &lt;agree&gt; &amp;" in page and "<agree>" not in page


def test_pictures_have_words_and_light_and_dark_are_known(page, read):
    assert all(read.alts) and "prefers-color-scheme: dark" in page and "@media print" in page


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


def test_every_statement_of_the_catalogue_is_set(page):
    for entry in mj.registry.catalogue():
        set_text = rich(entry.statement)
        assert "<svg" in set_text and "$" not in set_text and "<code>" not in set_text, entry.id


def test_latex_falls_back_to_code():
    assert formula(r"\notacommand{x}") == r"<code>\notacommand{x}</code>"
    assert rich("costs 5 $ < 6") == "costs 5 $ &lt; 6"
    assert '<span class="nobr">(<svg' in rich("($x$, y)")


def test_depth_puts_the_formula_on_the_line():
    shift = [float(re.search(r"vertical-align:(-?[\d.]+)em", formula(s))[1]) for s in ("x", r"\frac{1}{2}")]  # pyright: ignore
    assert -0.1 < shift[0] <= 0 and shift[1] < -0.2


def test_a_real_verdict_is_written_whole(tmp_path):
    folder = tmp_path / "deep" / "report"
    path = write_report(mj.verify("mask/argmin"), folder, environment=mj.checks.environment())
    assert path == folder / "index.html" and [p.name for p in folder.iterdir()] == ["index.html"]
    reader = Reader(path.read_text(encoding="utf-8"))
    assert "mask-argmin" in reader.ids and len(reader.sources) >= 4


def test_a_failure_while_rendering_leaves_the_old_report(tmp_path, monkeypatch):
    index = tmp_path / "index.html"
    index.write_text("old")

    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(_page, "theorem_section", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(VERDICTS, tmp_path, environment=ENVIRONMENT)
    assert index.read_text() == "old" and list(tmp_path.iterdir()) == [index]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failure_while_writing_leaves_the_old_report(tmp_path, monkeypatch, failure):
    index = tmp_path / "index.html"
    index.write_text("old")

    def fail(*args):
        raise failure

    monkeypatch.setattr("mirrorjax.report._folder.os.replace", fail)
    with pytest.raises((KeyboardInterrupt, InputError)):
        write_report([], tmp_path, environment=ENVIRONMENT)
    assert index.read_text() == "old" and list(tmp_path.iterdir()) == [index]


def test_asking_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "a" / "b"
    assert ensure_writable(folder) == folder and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below", "bad\0name", "x" * 300, "index"])
def test_an_impossible_folder_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("")
    (tmp_path / "index" / "index.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        ensure_writable(f"{tmp_path}/{name}")
    assert caught.value.where and caught.value.hint
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_name_is_refused():
    with pytest.raises(InputError):
        ensure_writable("")


def test_a_read_only_file_system_is_refused():
    # Where no file can be made although permission bits say otherwise, even to root.
    with pytest.raises(InputError):
        ensure_writable("/proc/mirrorjax-report")


def test_asking_for_a_folder_does_not_import_matplotlib():
    code = "import sys, mirrorjax.report; assert 'matplotlib' not in sys.modules and 'jax' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_number_of_an_outcome_is_its_own():
    """A resolution where it holds, an effect where it is refuted; 1e-10 for an effect of 0.8 would read as nothing."""
    assert size(dataclasses.replace(HELD, outcome=mj.Outcome.HOLDS)) == "resolution 1e-10"
    assert size(dataclasses.replace(FELL, outcome=mj.Outcome.REFUTED)) == "effect 0.8"
    assert size(dataclasses.replace(FELL, outcome=mj.Outcome.INCONCLUSIVE)) == "–"
