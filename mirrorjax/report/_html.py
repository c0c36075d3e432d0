"""HTML that cannot be broken by what it shows: text is escaped unless it is `Markup`."""

import base64
import hashlib
import html
import math
from collections.abc import Iterable, Sequence
from importlib import resources

_VOID = frozenset({"meta", "img", "input", "br", "wbr"})


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


def document(title: str, *body: object, script: str = "", name: str = "") -> str:
    """A whole page with its style inside; it loads nothing, and says so to the browser, which refuses what would.

    **Arguments:** `script`: a file of this package whose program runs in the page; `name`: of the file that the page
    is for, by which a later report knows its own.
    """
    program = _resource(script) if script else ""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="generator", content=generator(name)),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(program)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Markup(_resource("style.css"))),
    )
    end = tag("script", Markup(program)) if program else Markup()
    return f"<!DOCTYPE html>\n{tag('html', head, tag('body', *body, end, id='top'), lang='en')}\n"


def generator(name: str) -> str:
    """What a page says of the program that made it, and of its own name."""
    return f"mirrorjax report {name}".rstrip()


def _policy(program: str) -> str:
    """Even a string that got through unescaped could not run, nor load anything."""
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    runs = f"'sha256-{digest}'" if program else "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {runs}; "
        "base-uri 'none'; form-action 'none'"
    )


def _resource(name: str) -> str:
    return resources.files("mirrorjax.report").joinpath(name).read_text(encoding="utf-8")


def _attribute(value: str) -> str:
    # Not html.escape(quote=True): it also writes each ' in six letters, and images are full of them.
    return html.escape(value, quote=False).replace('"', "&quot;")


def join(children: Iterable[object]) -> Markup:
    """Children one after another, each escaped unless it is `Markup`."""
    return Markup("".join(c if isinstance(c, Markup) else html.escape(str(c)) for c in children))


def table(head: Sequence[object], rows: Iterable[Sequence[object]], **attributes: object) -> Markup:
    """A table; where the screen is narrow each row is a card, whose cells name their columns. Numbers line up."""
    body = [tag("tr", *map(_cell, head, row)) for row in rows]
    top = tag("thead", tag("tr", *(tag("th", title, scope="col") for title in head)))
    return tag("div", tag("table", top, tag("tbody", *body), **attributes), class_="scroll")


def _cell(title: object, value: object) -> Markup:
    named = {"data_title": title or None}
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return tag("td", value, class_="none" if value == "–" else None, **named)
    text = number(value)
    return tag("td", text, class_="number none" if text == "–" else "number", **named)


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
