"""Of the many claims of a page, those that hold for all of them together; a part of benchmarks/training.py."""

import itertools
import re
from collections.abc import Callable

from scipy import stats

LEVEL = 0.01
"""The chance that any outcome in bold is one of chance, whatever depends on what (Holm's step-down)."""
ROW = re.compile(r"^\| .* \| \S+ ± \S+ \| (?P<n>\d+) \| \S+ \| [a-z* ]+ \|$")
"""Of a table of claims: what, mean and half of the 95 % interval, seeds, what would have been seen, outcome."""
CELLS = re.compile(r"^\| [\w-]+ \| (?P<n>\d+) \| .* % \|.*\|$")
"""Of the table of the first question: the data, seeds, densities, and a claim in each cell."""
CLAIM = re.compile(
    r"(?P<numbers>(?P<mean>[+-]?[\d.]+) ± (?P<half>[\d.]+)[ |\d.–]* )\**(?P<outcome>holds|refuted|not seen)\**"
)


def jointly(text: str) -> tuple[str, str]:
    """The page with those outcomes in bold, and how many they are in words."""
    chances = []
    marked(text, lambda p, outcome: chances.append((p, outcome)) or False)
    ordered = sorted(p for p, _ in chances)
    passed = itertools.takewhile(lambda k: ordered[k] * (len(ordered) - k) <= LEVEL, range(len(ordered)))
    least = max((ordered[k] for k in passed), default=-1.0)
    seen = [p <= least for p, outcome in chances if outcome != "not seen"]
    page = marked(text, lambda p, outcome: p <= least and outcome != "not seen")
    return page, f"{sum(seen)} of the {len(seen)} that hold or are refuted, among {len(chances)} claims"


def marked(text: str, bold: Callable[[float, str], bool]) -> str:
    """The text, with outcomes in bold where `bold` says so of the p and the outcome."""

    def of(line: str) -> str:
        found = ROW.match(line) or CELLS.match(line)
        return CLAIM.sub(lambda claim: written(claim, int(found["n"])), line) if found else line

    def written(claim: re.Match[str], n: int) -> str:
        stars = "**" if bold(chance(claim["mean"], claim["half"], n), claim["outcome"]) else ""
        return f"{claim['numbers']}{stars}{claim['outcome']}{stars}"

    return "\n".join(map(of, text.split("\n")))


def chance(mean: str, half: str, n: int) -> float:
    """At most the p of the two-sided t test: what was rounded away counts against the claim."""
    rounding = 0.5 * 10.0 ** -len(mean.partition(".")[2])
    ratio = max(0.0, abs(float(mean)) - rounding) / (float(half) + rounding)
    return float(2 * stats.t.sf(ratio * stats.t.ppf(0.975, n - 1), n - 1))
