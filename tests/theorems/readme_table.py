"""README's table of theorems from the JSON of `verify`: `python tests/theorems/readme_table.py VERDICTS.json`."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from mirrorjax.registry import catalogue

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- theorems -->\n", "<!-- /theorems -->\n"


def table(said: Mapping[str, str]) -> str:
    """A row per theorem of the catalogue; `said` is the last cell by id."""
    rows = [f"| {entry.id} | {entry.title.replace('|', '∣')} | {said[entry.id]} |" for entry in catalogue()]
    return "\n".join(["| id | statement, in short | verdict |", "|---|---|---|", *rows, ""])


def cell(outcome: str, resolution: float | None) -> str:
    return outcome if resolution is None else f"{outcome}, {resolution:.0e}"


def committed() -> dict[str, str]:
    """What README says, by id."""
    _, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    rows = rest.partition(END)[0].splitlines()[2:]
    return {id: said for id, _, said in ([part.strip() for part in row.strip("|").split("|")] for row in rows)}


if __name__ == "__main__":
    verdicts = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["verdicts"]
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    said = {verdict["id"]: cell(verdict["outcome"], verdict["resolution"]) for verdict in verdicts}
    README.write_text(before + BEGIN + table(said) + END + after, encoding="utf-8")
