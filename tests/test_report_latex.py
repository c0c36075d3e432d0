"""Statements as MathML, and pictures as SVG in few letters."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from report_verdicts import Reader

from mirrorjax import plots, potential_of
from mirrorjax.parameterizations import Hadamard
from mirrorjax.registry import catalogue
from mirrorjax.report._latex import formula, rich, rich_title
from mirrorjax.report._pictures import svg
from mirrorjax.report._svg import compact

TEXTS = {f"{entry.id} {name}": getattr(entry, name) for entry in catalogue() for name in ("statement", "source")}


@pytest.mark.parametrize("name", TEXTS)
def test_every_statement_of_the_catalogue_is_converted_whole(name):
    text = TEXTS[name]
    set_text = rich(text)
    read = Reader(set_text)
    assert not set(set_text) & set("\\$") and set_text.count("<code>") == text.count("`") / 2
    assert len(read.tags("math")) >= text.count("$") / 2
    assert not any("href" in element.attributes for element in read.elements)
    for names in re.findall(r"\\(?:mathrm\{|(?=[a-z]*(?:log|min|exp)))([A-Za-z]+)", text):
        assert f"<mi>{names}</mi>" in set_text or len(names) == 1, names


@pytest.mark.parametrize(
    "source", [r"\notacommand{x}", "^", "{", "}", "a & b", r"\text{<script>alert(1)</script>}", r"\frac", "\\"]
)
def test_what_cannot_be_converted_is_shown_as_it_is(source):
    [shown] = formula(source)
    assert Reader(shown).text == source and shown.startswith("<code>") and "<script" not in shown


@pytest.mark.parametrize("source", [r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{a}{x}"])
def test_no_attribute_of_the_source_gets_into_the_page(source):
    shown = "".join(formula(source))
    attributes = [key for element in Reader(shown).elements for key in element.attributes]
    assert not {"href", "style", "class", "onclick"} & set(attributes)


def test_words_and_code_stay_what_they_are():
    assert rich("costs 5 $ < 6") == "costs 5 $ &lt; 6"
    assert rich("`mirrorjax audit` & more") == "<code>mirrorjax audit</code> &amp; more"
    assert rich("($x$, y)").startswith('<span class="nobr">(<math>') and "</math>,</span> y)" in rich("($x$, y)")
    assert rich_title("<b>_i, h_ij, snake_case") == "&lt;b&gt;_i, h<sub>ij</sub>, snake_case"


def test_a_long_formula_has_places_to_break_and_loses_nothing():
    source = r"R(x) = \frac{1}{2}\sum_i x_i\,\mathrm{asinh}(x_i/c_i) - \sqrt{x_i^2 + c_i^2} - s_i x_i"
    pieces = formula(source)
    assert len(pieces) > 1 and all(Reader(piece).tags("math") for piece in pieces)
    assert Reader("".join(pieces)).text.replace(" ", "").startswith("R(x)=12∑ixi")
    assert len(formula("x = y")) == 1
    # Not after the sign of a number: the minus would stand alone.
    assert not any(Reader(piece).text.endswith("= −") for piece in formula(r"dx = -2\sqrt{x^2 + c_t^2}\,\nabla f\,dt"))


def test_a_compact_picture_has_the_same_elements_in_fewer_letters():
    param = Hadamard()
    text = svg(plots.potential(potential_of(param, param.lift([0.5], scale=0.5)), np.linspace(0.0, 2.0, 9)))
    small = compact(text)
    assert len(small) < 0.5 * len(text)
    before, after = (ElementTree.fromstring(t) for t in (text, small))

    def count(root, name):
        return sum(element.tag.endswith("}" + name) for element in root.iter())

    for name in ("path", "use", "text", "clipPath", "image"):
        assert count(before, name) == count(after, name), name
    assert ["".join(e.itertext()).strip() for e in before.iter("{http://www.w3.org/2000/svg}text")] == [
        "".join(e.itertext()).strip() for e in after.iter("{http://www.w3.org/2000/svg}text")
    ]
    ids = {element.attrib["id"] for element in after.iter() if "id" in element.attrib}
    referred = set(re.findall(r"#(i\d+)", small))
    assert referred == ids and len(ids) > 2


def test_a_compact_picture_keeps_places_and_styles():
    path = '<path d="M 1.23456 2.5 L 3 -0.001 " style="fill: none; stroke: #e2e2e2"/>'
    assert compact(f'<svg xmlns="http://www.w3.org/2000/svg"><g id="a">{path}</g>{path}</svg>') == (
        "<svg xmlns='http://www.w3.org/2000/svg'><style>.c0{fill:none;stroke:#e2e2e2}</style>"
        "<path d='M1.23 2.5L3 0' class='c0'/><path d='M1.23 2.5L3 0' class='c0'/></svg>"
    )
