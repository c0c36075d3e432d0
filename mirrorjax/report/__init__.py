"""The report: one HTML file that needs no network, written whole or not at all."""

from ._analysis import write_analysis as write_analysis
from ._folder import ensure_writable as ensure_writable, index_of as index_of
from ._write import (
    render_section as render_section,
    write_picture as write_picture,
    write_report as write_report,
)
