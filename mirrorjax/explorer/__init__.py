"""The explorer: one HTML file in which dose, scale and x₀ are dragged. It needs no network, no server and no jax."""

from ._write import explorer_page as explorer_page, write_explorer as write_explorer
