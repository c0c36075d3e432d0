"""Inline LaTeX as MathML, which browsers set, readers copy and screen readers read aloud."""

import functools
import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from latex2mathml.converter import convert

from ._html import Markup, join, tag

# What touches a formula stays on its line: else a comma could begin the next line.
_FORMULA = re.compile(r"([^\s$]*)\$([^$]+)\$([^\s$]*)")
_RAISED = re.compile(r"(?<=\b[A-Za-z])\^(\{[^}]*\}|\w)")
_LOWERED = re.compile(r"(?<=\b[A-Za-z])_(\w{1,2})\b")
_XML = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = frozenset({
    "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "munder", "mover", "munderover",
    "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
})  # fmt: skip
_ATTRIBUTES = frozenset(
    {"accent", "fence", "form", "linethickness", "lspace", "mathvariant", "rspace", "stretchy", "width"}
)
_SCRIPTS = frozenset({"msub", "msup", "msubsup", "munder", "mover", "munderover"})
_OPENING, _CLOSING = frozenset("([{⟨"), frozenset(")]}⟩")
_TIGHT = frozenset("|‖/")
"""Between two letters MathML takes them for relations and sets them apart."""
_SIGNS = frozenset("+−±∓")
_LETTERS = frozenset("∞∅′")
"""What is no operator although it is no letter."""
_BREAK_AFTER = frozenset("=<>≤≥≠→≡≈∈~≪≫⪰⪯+−,;:±∓")
_WHOLE = 14
"""Letters of a formula that is short enough for one line, or of a piece that is not worth a line of its own."""
_WIDE = 30
"""Letters of a piece that may have no room on a telephone: it is broken within brackets too."""

Element = ElementTree.Element


def rich(text: str) -> Markup:
    """Words as text, `…` as code, each $…$ as MathML.

    !!! example
        >>> from mirrorjax.report._latex import rich
        >>> rich("a < b: `mirrorjax audit`")
        'a &lt; b: <code>mirrorjax audit</code>'
        >>> rich("where $x$.")
        'where <span class="nobr"><math><mi>x</mi></math>.</span>'
    """
    parts, end = [], 0
    for match in _FORMULA.finditer(text):
        before, source, after = match.groups()
        parts += [_words(text[end : match.start()]), _on_its_line(before, formula(source), after)]
        end = match.end()
    return join([*parts, _words(text[end:])])


def rich_title(text: str) -> Markup:
    """A line of plain text, whose u^{2k} and g_i are set as they are meant; with $…$ in it as `rich`.

    !!! example
        >>> from mirrorjax.report._latex import rich_title
        >>> rich_title("u^{2k}, ∇g_i, my_file")
        'u<sup>2k</sup>, ∇g<sub>i</sub>, my_file'
    """
    if "$" in text:
        return rich(text)
    raised = _RAISED.sub(lambda match: tag("sup", Markup(match[1].strip("{}"))), _words(text))
    return Markup(_LOWERED.sub(lambda match: tag("sub", Markup(match[1])), raised))


def _words(text: str) -> Markup:
    return join(tag("code", part) if i % 2 else part for i, part in enumerate(text.split("`")))


def _on_its_line(before: str, pieces: Sequence[Markup], after: str) -> Markup:
    if len(pieces) == 1:
        return tag("span", before, *pieces, after, class_="nobr")
    first, *middle, last = pieces
    lines = [tag("span", before, first, class_="nobr"), *middle, tag("span", last, after, class_="nobr")]
    return Markup("<wbr>".join(lines))


@functools.cache
def formula(source: str) -> tuple[Markup, ...]:
    """One formula in the pieces that lines may break between; as code where it cannot be converted."""
    try:
        root = ElementTree.fromstring(convert(source))
    except Exception:  # the converter's errors have no common class, and half a command raises Python's own
        return (tag("code", source),)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_XML)
    # A command that it does not know, and all that \text holds, HTML too, it hands through as it is.
    if any(e.tag not in _ELEMENTS or set(e.text or "") & set("\\$") for e in root.iter()) or _has_a_lone_brace(root):
        return (tag("code", source),)
    _mend(root)
    return tuple(tag("math", *map(_written, piece)) for piece in _pieces(_line_of(root)))


def _has_a_lone_brace(root: Element) -> bool:
    """A brace of the source that was not matched is an identifier; one that is shown, an operator."""
    return any(element.tag == "mi" and element.text in {"{", "}"} for element in root.iter())


def _line_of(root: Element) -> list[Element]:
    children = list(root)
    while len(children) == 1 and children[0].tag == "mrow":
        children = list(children[0])
    return children


def _mend(element: Element) -> None:
    """Names of functions in one piece and with the space around them, brackets and colons as operators."""
    for child in element:
        _mend(child)
    text = element.text or ""
    if element.tag == "mo" and (text in _LETTERS or (text.isalpha() and len(text) > 1)):
        element.tag = "mi"
    elif element.tag == "mi" and len(text) == 1 and not (text.isalnum() or text in _LETTERS):
        element.tag, element.attrib = "mo", {"stretchy": "false"}
    if element.tag == "mo" and text in _TIGHT:
        element.attrib |= {"lspace": "0", "rspace": "0"}
    letters = [child.text or "" for child in element if child.attrib.get("mathvariant") == "normal"]
    if element.tag == "mrow" and len(letters) == len(element) > 1:
        element.tag, element.text, element[:] = "mi", "".join(letters), []
    if element.tag in {"math", "mrow", "msqrt"}:
        element[:] = list(_spaced(list(element)))


def _spaced(children: list[Element]) -> Iterator[Element]:
    """A thin space on each side of a function's name, but before brackets and operators, as TeX does."""
    for left, right in zip([None, *children], [*children, None]):
        if left is not None and right is not None:
            name = _is_name(left) or _is_name(right)
            if name and not {_base(left).tag, _base(right).tag} & {"mo", "mspace"}:
                yield ElementTree.Element("mspace", width="0.167em")
            if right.text in _SIGNS and _base(left).text in _OPENING | _BREAK_AFTER:
                right.set("form", "prefix")  # a browser sees that of the first in a row alone
        if right is not None:
            yield right


def _base(element: Element) -> Element:
    while element.tag in _SCRIPTS and len(element):
        element = element[0]
    return element


def _is_name(element: Element) -> bool:
    base = _base(element)
    return base.tag == "mi" and len(base.text or "") > 1


def _letters(elements: Sequence[Element]) -> int:
    return sum(len("".join(element.itertext())) for element in elements)


def _pieces(line: list[Element], depth: int = 0) -> Iterator[list[Element]]:
    """The formula cut after relations, signs and commas outside of brackets, as TeX breaks lines in a text."""
    if _letters(line) <= _WHOLE or depth > 1:
        yield line
        return
    start = 0
    for end in _places(line, depth):
        if min(_letters(line[start:end]), _letters(line[end:])) >= _WHOLE // 2:
            yield from _finer(line[start:end], depth)
            start = end
    yield from _finer(line[start:], depth)


def _finer(piece: list[Element], depth: int) -> Iterator[list[Element]]:
    yield from _pieces(piece, depth + 1) if _letters(piece) > _WIDE else [piece]


def _places(line: list[Element], most: int) -> Iterator[int]:
    """Where a piece may end: no more than `most` brackets deep, not after the sign of a number."""
    depth, operand = 0, False
    for place, element in enumerate(line):
        base = _base(element)
        text = (base.text or "") if base.tag == "mo" else ""
        depth += (text in _OPENING) - (text in _CLOSING) if text else 0
        if text in _BREAK_AFTER and text and depth <= most and operand:
            spaces = line[place + 1 : place + 2]
            yield place + 1 + (bool(spaces) and spaces[0].tag == "mspace")
        if element.tag != "mspace":
            operand = not text or text not in _OPENING | _BREAK_AFTER


def _written(element: Element) -> Markup:
    kept = {key: value for key, value in element.attrib.items() if key in _ATTRIBUTES}
    return tag(element.tag, element.text or "", *map(_written, element), **kept)
