"""SVG files of matplotlib in a quarter of their letters; they look the same."""

import re
from collections import Counter
from xml.etree import ElementTree
from xml.sax.saxutils import escape

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_DECIMAL = re.compile(r"-?\d*\.\d+(?:e[-+]?\d+)?")
_REFERENCE = re.compile(r"(?<=#)\w+")
_FAMILY = re.compile(r"font-family: ([^;]*)(?:; |$)")
_MEASURED = frozenset({"d", "x", "y", "width", "height", "transform", "viewBox", "points"})
_DIGITS = 2
"""After the point: a figure is some 500 units wide, so a hundredth of a unit is 1/70 of a pixel."""


def compact(text: str) -> str:
    """The same picture: numbers to a hundredth, every style once, no group that only carries a name.

    !!! example
        >>> from mirrorjax.report._svg import compact
        >>> compact('<svg xmlns="http://www.w3.org/2000/svg"><g id="axes"><path d="M 0 1.23456 \\nL 2 3 "/></g></svg>')
        "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 1.23L2 3'/></svg>"
    """
    root = ElementTree.fromstring(text)
    referred = {name for element in root.iter() for value in element.attrib.values() for name in _referred(value)}
    short = {name: f"i{number}" for number, name in enumerate(sorted(referred))}
    for element in root.iter():
        element.attrib = _attributes(element, short)
    family = _take_family(root)
    rules = _classes(root)
    _splice(root)
    sheet = f"text{{font-family:{family}}}" * bool(family) + rules
    if sheet:
        style = ElementTree.Element(f"{_SVG}style")
        style.text = sheet
        root.insert(0, style)
    return _written(root).replace("<svg", f"<svg xmlns='{_SVG[1:-1]}'", 1)


def _referred(value: str) -> list[str]:
    return _REFERENCE.findall(value) if "url(#" in value or value.startswith("#") else []


def _attributes(element: ElementTree.Element, short: dict[str, str]) -> dict[str, str]:
    kept = {}
    for key, value in element.attrib.items():
        if key == "id":
            if value in short:
                kept[key] = short[value]
            continue
        if _referred(value):
            value = _REFERENCE.sub(lambda match: short[match.group()], value)
        if key in _MEASURED:
            value = _DECIMAL.sub(lambda match: _rounded(match.group()), " ".join(value.split()))
        if key == "d":
            value = re.sub(r" ?([A-Za-z]) ?", r"\1", value)
        if not (key == "transform" and value.startswith("rotate(-0 ")):
            kept["href" if key == f"{_XLINK}href" else key] = value
    return kept


def _rounded(number: str) -> str:
    value = f"{float(number):.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if value == "-0" else value


def _take_family(root: ElementTree.Element) -> str:
    """The one list of fonts that all texts name, taken out of their styles; empty where there are several."""
    texts = [element for element in root.iter(f"{_SVG}text") if "style" in element.attrib]
    families = {match[1] for element in texts if (match := _FAMILY.search(element.attrib["style"]))}
    if len(families) != 1:
        return ""
    for element in texts:
        element.attrib["style"] = _FAMILY.sub("", element.attrib["style"])
    return families.pop()


def _classes(root: ElementTree.Element) -> str:
    """Turns every style that comes twice into a class; gives the rules."""
    counts = Counter(element.attrib["style"] for element in root.iter() if "style" in element.attrib)
    names = {style: f"c{number}" for number, style in enumerate(s for s, count in counts.items() if count > 1)}
    for element in root.iter():
        if element.attrib.get("style") in names:
            element.attrib["class"] = names[element.attrib.pop("style")]
    rules = "".join(f".{name}{{{_dense(style)}}}" for style, name in names.items())
    for element in root.iter():
        if "style" in element.attrib:
            element.attrib["style"] = _dense(element.attrib["style"])
    return rules


def _dense(style: str) -> str:
    return style.strip("; ").replace("; ", ";").replace(": ", ":")


def _splice(element: ElementTree.Element) -> None:
    """Puts the children of every group without attributes in its place."""
    children = []
    for child in element:
        _splice(child)
        children += list(child) if child.tag == f"{_SVG}g" and not child.attrib else [child]
    element[:] = children


def _written(element: ElementTree.Element) -> str:
    """Not `ElementTree.tostring`: within a URI in an attribute its double quotes take three letters each."""
    name = element.tag.removeprefix(_SVG)
    attributes = "".join(f" {key}='{escape(value, {chr(39): '&apos;'})}'" for key, value in element.attrib.items())
    inside = escape((element.text or "").strip()) + "".join(map(_written, element))
    return f"<{name}{attributes}>{inside}</{name}>" if inside else f"<{name}{attributes}/>"
