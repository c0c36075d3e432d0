"""The report in a browser: it works offline, on a telephone, in print, with a screen reader."""

import re

import jax.numpy as jnp
import pytest
from axe_playwright_python.sync_playwright import Axe
from report_verdicts import AUDIT, ENVIRONMENT, VERDICTS

import mirrorjax as mj
from mirrorjax.registry import catalogue
from mirrorjax.report import write_analysis, write_report
from mirrorjax.report._html import document, tag
from mirrorjax.report._latex import rich

PAGES = {"index": "folder/index.html", "theorem": "folder/theorems/mask-3.1.html", "single": "single/index.html"}
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1400, "height": 900}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The address of a file of the report, in a folder and in a single file."""
    root = tmp_path_factory.mktemp("report")
    for name in ("folder", "single"):
        how = {"environment": ENVIRONMENT, "audit": AUDIT, "single_file": name == "single"}
        write_report(VERDICTS, root / name, **how)
    return lambda path: (root / path).as_uri()


@pytest.fixture
def opened(chromium, written):
    """`opened(path)`: the page, of which nothing may complain or ask for a file; closed at the end."""
    contexts, complaints = [], []

    def open_page(path, viewport=WIDE, **how):
        contexts.append(chromium.new_context(viewport=viewport, **how))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if "report" not in request.url else None)
        page.goto(written(path))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [text for text in complaints if not text.startswith("data:image/svg+xml,")]


def until(page, condition):
    """Waits for it; Playwright's own `wait_for_function` evaluates a text, which the page forbids."""
    for _ in range(100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never came true: {condition}")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_a_screen_reader(opened, name, scheme):
    page = opened(PAGES[name], color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((folded) => folded.open = true)")
    found = Axe().run(page).response["violations"]
    grave = [(v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")]
    assert not grave
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 24, 28)"
    assert dark is (scheme == "dark")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["390", "1400"])
def test_nothing_is_cut_off_or_covered(opened, name, viewport):
    page = opened(PAGES[name], viewport)
    page.evaluate("document.querySelectorAll('details').forEach((folded) => folded.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    wide = "(e) => e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest('.picture, thead')"
    assert page.evaluate(f"[...document.querySelectorAll('body *')].filter({wide}).map((e) => e.outerHTML)") == []
    floating = "(e) => ['fixed', 'sticky'].includes(getComputedStyle(e).position)"
    assert page.evaluate(f"[...document.querySelectorAll('*')].filter({floating}).length") == 0
    for box in page.query_selector_all(".scroll"):
        assert box.evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_letters_in_pictures_stay_legible_on_a_telephone(opened):
    page = opened(PAGES["theorem"], NARROW)
    images = page.query_selector_all("details[open] img, main > figure img")
    assert images
    for image in images:
        source, width = image.get_attribute("src"), image.evaluate("(e) => e.getBoundingClientRect().width")
        units = float(re.search(r"viewBox='0 0 ([\d.]+) ", source)[1])  # pyright: ignore[reportOptionalSubscript]
        smallest = min(float(size) for size in re.findall(r"font-size:([\d.]+)px", source))
        assert smallest * width / units >= 9


def test_a_picture_scrolls_in_its_own_box_by_the_keyboard(opened):
    page = opened(PAGES["theorem"], NARROW)
    box = page.query_selector(".picture")
    box.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.querySelector('.picture').scrollLeft > 0")
    assert page.evaluate("scrollX") == 0


def test_no_formula_of_the_catalogue_is_wider_than_a_telephone(chromium, tmp_path):
    path = tmp_path / "statements.html"
    quotes = (tag("blockquote", rich(entry.statement), id=entry.id) for entry in catalogue())
    path.write_text(document("statements", *quotes), encoding="utf-8")
    page = chromium.new_page(viewport=NARROW)
    page.goto(path.as_uri())
    wide = """[...document.querySelectorAll("blockquote *")].filter((e) => e.getBoundingClientRect().right >
           e.closest("blockquote").getBoundingClientRect().right).map((e) => e.closest("blockquote").id)"""
    assert page.query_selector("math").evaluate("(e) => e.getBoundingClientRect().height") > 5
    assert page.evaluate(wide) == []
    page.close()


def test_the_page_of_an_analysis_is_as_readable(chromium, tmp_path):
    found = mj.analyze(lambda w: w[0] * w[1], lambda w: jnp.sum(w**2), jnp.array([[1.0, 0.7], [0.4, 1.1]]))
    path = write_analysis(found, tmp_path, environment=ENVIRONMENT, title="m ⊙ w under <h>")
    for scheme in ("light", "dark"):
        page = chromium.new_page(viewport=NARROW, color_scheme=scheme)
        page.goto(path.as_uri())
        violations = Axe().run(page).response["violations"]
        assert not [v["id"] for v in violations if v["impact"] in ("serious", "critical")]
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        page.close()


def rows(page):
    return [row.query_selector("a").inner_text() for row in page.query_selector_all(".verdicts tbody tr")
            if row.is_visible()]  # fmt: skip


@pytest.mark.parametrize("name", ["index", "single"])
def test_the_filter_by_text_and_outcome(opened, name):
    page = opened(PAGES[name])
    said = page.locator("#filter output")
    assert rows(page) == ["my/own", "my/own", "mask/3.1"] and said.inner_text() == "3 of 3"
    page.get_by_label("Text").fill("  HYPERBOLIC theorem ")
    assert rows(page) == ["mask/3.1"] and said.inner_text() == "1 of 3"
    page.get_by_label("Text").fill("")
    page.get_by_label("Outcome").select_option("inconclusive")
    assert rows(page) == ["my/own"] and said.inner_text() == "1 of 3"
    page.get_by_label("Text").fill("nothing of the kind")
    page.keyboard.press("Enter")
    assert rows(page) == [] and said.inner_text() == "0 of 3"


def test_the_way_back_leads_to_the_same_rows(opened, written):
    page = opened(PAGES["index"])
    page.get_by_label("Text").fill("mask")
    page.get_by_role("link", name="mask/3.1").click()
    page.wait_for_url(written(PAGES["theorem"]))
    assert page.locator("h1").inner_text().startswith("mask/3.1")
    page.go_back()
    assert page.get_by_label("Text").input_value() == "mask" and rows(page) == ["mask/3.1"]
    page.go_forward()
    page.get_by_role("link", name="← my/own").first.click()
    page.wait_for_url(written("folder/theorems/my-own-2.html"))
    page.get_by_role("link", name="all theorems").first.click()
    page.wait_for_url(written(PAGES["index"]))


def test_without_a_script_all_rows_are_there_and_no_filter(opened):
    page = opened(PAGES["index"], java_script_enabled=False)
    assert len(rows(page)) == 3 and not page.locator("#filter").is_visible()


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["390", "1400"])
def test_a_link_in_a_single_file_unfolds_what_it_leads_to(opened, viewport):
    page = opened(PAGES["single"], viewport)
    assert not page.locator("#mask-3\\.1").is_visible()
    page.locator(".verdicts a[href='#mask-3.1']").click()
    page.locator("#mask-3\\.1 blockquote").wait_for()
    folded = page.locator("details.theorem", has=page.locator("#mask-3\\.1"))
    until(page, "document.getElementById('mask-3.1').getBoundingClientRect().top < innerHeight / 2")
    heading = folded.locator("summary").first.bounding_box()
    assert heading and 0 <= heading["y"] < viewport["height"] / 2
    page.go_back()
    page.go_forward()
    assert page.locator("#mask-3\\.1").is_visible()


def test_a_theorem_is_printed_on_two_or_three_sheets(opened):
    page = opened(PAGES["theorem"])
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) in (2, 3)
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert page.locator("details.instance").last.locator("summary").first.is_visible()
    assert not page.locator("details.instance").last.locator("table").first.is_visible()


def test_a_statement_can_be_selected_and_copied(opened):
    page = opened(PAGES["theorem"])
    text = page.evaluate(
        "(getSelection().selectAllChildren(document.querySelector('blockquote')), getSelection().toString())"
    )
    assert "asinh" in text and "𝑢" in text and "constant" in text and "\\" not in text
    page.get_by_text("The statement in LaTeX").click()
    assert r"\mathrm{asinh}" in page.locator("details[open] pre").last.inner_text()
