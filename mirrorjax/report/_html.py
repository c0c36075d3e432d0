"""HTML that cannot be broken by what it shows: text is escaped unless it is `Markup`."""

import html
import math
from collections.abc import Iterable, Sequence
from importlib import resources

_VOID = frozenset({"meta", "img", "br", "path"})


class Markup(str):
    """A string that already is HTML."""


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element; `class_` and `aria_label` are written class and aria-label, None and False left out.

    !!! example
        >>> from mirrorjax.report._html import tag
        >>> tag("p", "a < b", class_="note")
        '<p class="note">a &lt; b</p>'
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{_attribute(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def document(title: str, *body: object) -> str:
    """A whole page with its style inside; it loads nothing."""
    style = resources.files("mirrorjax.report").joinpath("style.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', *body, id='top'), lang='en')}\n"


def _attribute(value: str) -> str:
    # Not html.escape(quote=True): it also writes each ' in six letters, and images are full of them.
    return html.escape(value, quote=False).replace('"', "&quot;")


def join(children: Iterable[object]) -> Markup:
    """Children one after another, each escaped unless it is `Markup`."""
    return Markup("".join(c if isinstance(c, Markup) else html.escape(str(c)) for c in children))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], **attributes: object) -> Markup:
    """A table that scrolls by itself where the screen is narrow. Numbers stand to the right."""
    body = [tag("tr", *(_cell(value) for value in row)) for row in rows]
    top = tag("thead", tag("tr", *(tag("th", title, scope="col") for title in head)))
    return tag("div", tag("table", top, tag("tbody", *body), **attributes), class_="scroll")


def _cell(value: object) -> Markup:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return tag("td", value)
    return tag("td", number(value), class_="number")


def number(value: float | str, digits: int = 3) -> str:
    """A few digits, or “–” where there is none; text stays as it is.

    !!! example
        >>> from mirrorjax.report._html import number
        >>> [number(v) for v in (1.23456e-10, 0.25, 81, float("nan"))]
        ['1.23e-10', '0.25', '81', '–']
    """
    if isinstance(value, (str, int)):
        return str(value)
    return "–" if math.isnan(value) else f"{value:.{digits}g}"


def seconds(value: float) -> str:
    """Seconds to a tenth, or “–”."""
    return "–" if math.isnan(value) else f"{value:.1f}"
