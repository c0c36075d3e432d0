"""How objects show themselves in notebooks: they ask here, and the top names the module that draws them."""

import html
import importlib

renderer: str | None = None
"""The module with `card(obj) -> str`, by name: the layers below the report must not import it."""


def html_of(obj: object) -> str:
    """The object as HTML: its card, or its text where no module that draws cards is named."""
    if renderer is None:
        return f"<pre>{html.escape(str(obj))}</pre>"
    return importlib.import_module(renderer).card(obj)
