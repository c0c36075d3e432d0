"""train/flips-complement: Sign-In flips further signs than dense-to-sparse training, and elsewhere; not other ones.

With 5 % of the weights kept and rate 0.2 a network flips four new signs more, and of six sets of patterns one was refuted: too
few flips for twelve seeds. With 10 % and rate 0.1 it is eleven to sixteen, and t was 8.6 to 16 on nine sets.
"""

import functools
from collections.abc import Callable

import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding
from ...experiments import Protocol, overlap, read_protocol, records_of
from ._signals import EXACT, Signals, signals

WHOLE = slice(None)


def cases(seed, data=None):
    """Three sets of patterns."""
    return signals(seed, 86)


@functools.cache
def plan() -> Protocol:
    return read_protocol("flips-patterns")


def _share_of_first(columns: tuple[int, ...]) -> Callable[[dict], float]:
    """Of the flips in these columns of the table, the share that layer 1 has."""

    def share(record):
        counts = [sum(row[k] for k in columns) for row in record["table"]]
        return counts[0] / max(sum(counts), 1)

    return share


def _share_in_both(record: dict) -> float:
    """Of the flips of the method, those that dense-to-sparse training made as well."""
    both, _, alone, _ = np.sum(record["table"], axis=0)
    return float(both / max(both + alone, 1))


@mj.theorem(
    id="train/flips-complement",
    title="Sign-In flips signs that dense-to-sparse training keeps, in other layers; it does not avoid those that flip there",
    statement=r"An MLP on ten classes of signals, 10 % of its weights kept. Gradual pruning finds a mask from a start $x_0$; plain "
    r"and Sign-In training go on from $x_0$ under that mask. On average over twelve paired seeds Sign-In flips more signs that "
    r"dense-to-sparse training keeps than plain training does, and layer 1 has a larger share of these than of the flips of "
    r"dense-to-sparse training. In that sense they complement each other. They do not in another one, a control here: the flips "
    r"shared are more than chance has among weights of equal $|x_0|$, not fewer. Observed, outside the theorems.",
    source="signin, flips complementary to those of dense-to-sparse training; an observation on networks",
    instances=cases,
)
def theorem_(case: Signals, rungs) -> Finding:
    """No errors are planted: an order of means says nothing of a size."""
    records = [r for r in records_of(plan(), case.data) if r["period"] == "all"]
    by = {
        name: sorted((r for r in records if r["method"] == name), key=lambda r: r["seed"])
        for name in ("plain", "sign-in")
    }
    mine, plain = by["sign-in"], by["plain"]

    def each(rows: list[dict], value: Callable[[dict], float]) -> np.ndarray:
        return np.array([value(row) for row in rows], np.float64)

    def below(left: np.ndarray, right: np.ndarray) -> Evidence:
        return mj.checks.paired_below(left, right, EXACT)

    new = [each(rows, lambda r: sum(row[2] for row in r["table"])) for rows in (plain, mine)]
    both = each(mine, lambda r: sum(row[0] for row in r["table"]))
    chance, null = (each(mine, lambda r, key=key: sum(r[key])) for key in ("alike", "expected"))
    at_random = each(mine, lambda r: sum(row[0] for row in r["null"]))
    shared = [each(rows, _share_in_both) for rows in (mine, plain)]
    first_of_new, first_of_sparse = each(mine, _share_of_first((2,))), each(mine, _share_of_first((0, 1)))
    flipped = float(np.mean(each(mine, lambda r: sum(row[0] + row[1] for row in r["table"]))))
    return Finding(
        hypotheses=(mj.checks.Hypothesis("flips of dense-to-sparse training per network", flipped, flipped >= 1),),
        claims={
            "new flips: plain fewer than Sign-In (99 %)": below(*new),
            "share of layer 1: smaller in dense to sparse than among new flips (99 %)": below(
                first_of_sparse, first_of_new
            ),
        },
        controls={
            "new flips: Sign-In fewer than plain": below(*new[::-1]),
            "new flips: Sign-In fewer than itself, seeds permuted": below(new[1], np.roll(new[1], 1)),
            "shared flips below chance at equal |x₀|": below(both, chance),
            "flips at random places shared above chance": below(null, at_random),
        },
        observations={
            "new flips, Sign-In minus plain": mj.checks.summary(new[1], new[0]),
            "shared flips minus chance at equal |x₀|": mj.checks.summary(both, chance),
            "shared flips over chance, less 1": float(np.nanmean(overlap(mine, WHOLE))),
            "share of its flips that are shared, Sign-In minus plain": mj.checks.summary(*shared),
            "share of layer 1, new flips minus dense to sparse": mj.checks.summary(first_of_new, first_of_sparse),
            "difference of new flips that would have been seen (90 %)": mj.checks.detectable(new[1] - new[0]),
        },
    )
