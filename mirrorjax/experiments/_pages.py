"""The tables of a protocol, as Markdown."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ._choices import Record, chosen_settings, curve_results, sign_choices
from ._claims import HEAD, Claim, area_between
from ._comparison import FIRST_TUNING_SEED
from ._flips import PERIODS
from ._protocol import Candidate, Protocol
from ._summary import MethodResult, estimate

SPARSE = 0.8**10
"""From this density on, 10.7 %, a network counts as sparse: k = 10 … 25 of the sources' 0.8^k."""
FEW = 6


def protocol_page(plan: Protocol, done: Sequence[Record], seconds: float) -> str:
    """What was done and what came out.

    **Arguments:**

    - `plan`: the experiment.
    - `done`: all records.
    - `seconds`: of all units together.

    **Returns:** text of several lines.

    **Raises:** `InputError` where no setting of a method got through.

    !!! example
        >>> from mirrorjax import experiments
        >>> plan = experiments.read_protocol("flips-patterns", epochs=2)
        >>> print(experiments.protocol_page(plan, [], 60.0).splitlines()[0])
        ## Which signs flip? An MLP on patterns in noise
    """
    tables = {"curves": _curves, "signs": _signs, "flips": _flips}[plan.kind](plan, done)
    return "\n\n".join([f"## {plan.title}", _how(plan, seconds), *tables])


def _how(plan: Protocol, seconds: float) -> str:
    budget = len(plan.methods[0].settings)
    others = f"{plan.tuning_seeds} other seed{'s' * (plan.tuning_seeds > 1)}"
    tuned = (
        f" Every method has {budget} settings, chosen by the mean validation accuracy of {others}, for each place of "
        "the table by itself; the test part is looked at once, at what was chosen."
    )
    return (
        f"Network {plan.network} on {plan.data}, {plan.epochs} epochs, batch {plan.batch}, {plan.seeds} seeds; test "
        f"part: fold {plan.fold}.{tuned if budget > 1 else ''} Mean ± 95 % interval (Student). {seconds / 60:.1f} "
        "minutes of all processes together."
    )


def _curves(plan: Protocol, done: Sequence[Record]) -> list[str]:
    rows = curve_results(plan, done)
    names = [method.name for method in plan.methods if any(row.method == method.name for row in rows)]
    text = ["Test accuracy in %.", _by_density(rows, names)]
    pairs = [(one, other) for one, other in plan.compare if {one, other} <= set(names)]
    for title, densities in _ranges(plan):
        lines = [
            area_between(rows, one, other, densities).row() if _shared(rows, one, other, densities) > 1
            else f"| {one} − {other} | – | fewer than 2 | – | – |"
            for one, other in pairs
        ]  # fmt: skip
        if lines:
            text += [f"Test accuracy {title}, paired over seeds, in points:", "\n".join([HEAD, *lines])]
    lost = Counter({f"{row.method} at {100 * row.density:.3g} %": len(row.diverged) for row in rows})
    return [
        *text,
        *_not_finite(lost),
        _chosen(plan, done),
    ]


def _ranges(plan: Protocol) -> list[tuple[str, tuple[float, ...]]]:
    """Where methods are compared: at each density of a few, over all and over the sparse ones of many."""
    if len(plan.densities) <= FEW:
        return [(f"at density {100 * density:.3g} %", (density,)) for density in (1.0, *plan.densities)]
    sparse = tuple(density for density in plan.densities if density <= SPARSE * 1.0001)
    found = [("as the mean over all densities below 1", plan.densities)]
    some = 0 < len(sparse) < len(plan.densities)
    return [*found, (f"as the mean over {100 * SPARSE:.3g} % and below", sparse)] if some else found


def _shared(rows: Sequence[MethodResult], one: str, other: str, densities: Sequence[float]) -> int:
    """How many seeds got through with both methods at all of these densities."""
    found = [set(row.seeds) for row in rows if row.method in (one, other) and row.density in densities]
    return len(set.intersection(*found)) if len(found) == 2 * len(densities) else 0


def _by_density(rows: Sequence[MethodResult], names: Sequence[str]) -> str:
    lines = [f"| density | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    tests = {(row.method, row.density): row.test for row in rows}
    for density in sorted({row.density for row in rows}, reverse=True):
        cells = [tests.get((name, density), ()) for name in names]
        best = max((float(np.mean(cell)) for cell in cells if cell), default=np.nan)
        lines.append(f"| {100 * density:.3g} % | " + " | ".join(_cell(cell, best) for cell in cells) + " |")
    return "\n".join(lines)


def _cell(tests: Sequence[float], best: float) -> str:
    found = estimate(tests)
    half = f" ± {100 * found.half:.1f}" if found.n > 1 else ""
    text = f"{100 * found.mean:.1f}{half}" if found.n else "–"
    return f"**{text}**" if found.n and found.mean == best else text


def _chosen(plan: Protocol, done: Sequence[Record]) -> str:
    """What was chosen at two densities, a third and two thirds along their list."""
    places = [plan.densities[i] for i in sorted({len(plan.densities) // 3, 2 * len(plan.densities) // 3})]
    lines = ["Chosen by validation:", "", "| method | " + " | ".join(f"{100 * d:.3g} %" for d in places) + " |"]
    lines.append("|---|" + "---|" * len(places))
    for method in plan.methods:
        picked = chosen_settings(plan, method.name, done)
        if picked:
            lines.append(f"| {method.name} | " + " | ".join(_numbers(method, picked[d]) for d in places) + " |")
    return "\n".join(lines)


def _numbers(method: Candidate, setting: int) -> str:
    numbers = method.settings[setting]
    varied = [key for key in numbers if len({point.get(key) for point in method.settings}) > 1]
    return ", ".join(f"{key.replace('_', ' ')} {numbers[key]:g}" for key in varied) or "–"


def _signs(plan: Protocol, done: Sequence[Record]) -> list[str]:
    [density] = plan.densities
    text = [f"Test accuracy in % at density {100 * density:.3g} %."]
    for finder in plan.finders:
        tests = sign_tests(plan, finder, done)
        names = [method.name for method in plan.methods]
        arms = list(dict.fromkeys(arm for arm, _ in tests))
        lines = [f"| start, found by {finder} pruning | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
        for arm in arms:
            cells = [estimate([*tests.get((arm, name), {}).values()]) for name in names]
            if arm == "dense to sparse":
                cells = [estimate([*tests[arm, finder].values()])] * len(names)
            lines.append(f"| {arm} | {' | '.join(map(str, cells))} |")
        claims = "\n".join(claim.row() for claim in sign_claims(plan, finder, tests))
        text += ["\n".join(lines), *([f"{HEAD}\n{claims}"] if claims else [])]
        counts = Counter(
            f"{r['method']} from {r['arm']}" for r in done
            if r["finder"] == finder and r["seed"] < FIRST_TUNING_SEED and r["test"] is None
        )  # fmt: skip
        text += _not_finite(counts)
    return text


def _not_finite(counts: Counter[str]) -> list[str]:
    said = "; ".join(f"{name}: {count}" for name, count in counts.items() if count)
    return [f"Networks whose weights were not finite, of which no mean is taken: {said}."] if said else []


def sign_tests(plan: Protocol, finder: str, done: Sequence[Record]) -> dict[tuple[str, str], dict[int, float]]:
    """Test accuracies of "signs".

    **Arguments:**

    - `plan`: the experiment.
    - `finder`: by which mask and signs were found.
    - `done`: the records.

    **Returns:** by start and method, the accuracy of each seed at the setting that was chosen. The network that mask
    and signs were found with stands under ("dense to sparse", the finder).

    !!! example
        >>> from mirrorjax import experiments
        >>> record = {"finder": "gradual", "arm": "random mask", "method": "plain", "setting": 0, "seed": 3}
        >>> plan = experiments.read_protocol("signs-patterns")
        >>> experiments.sign_tests(plan, "gradual", [record | {"validation": 0.4, "test": 0.5}])
        {('random mask', 'plain'): {3: 0.5}}
    """
    found: dict[tuple[str, str], dict[int, float]] = {}
    chosen = sign_choices(plan, finder, done)
    for r in done:
        if r["finder"] != finder or r["seed"] >= FIRST_TUNING_SEED or r["test"] is None:
            continue
        if chosen.get((r["method"], r["arm"]), r["setting"]) == r["setting"]:
            found.setdefault((r["arm"], r["method"]), {})[r["seed"]] = r["test"]
    return found


def sign_claims(plan: Protocol, finder: str, tests: dict[tuple[str, str], dict[int, float]]) -> list[Claim]:
    """What signs bring over random ones, and what is missing to the network that they were found with."""
    claims = []

    def add(what: str, one: tuple[str, str], other: tuple[str, str]) -> None:
        if one in tests and other in tests and one != other:
            shared = sorted(set(tests[one]) & set(tests[other]))
            if len(shared) > 1:
                claims.append(Claim.of(what, np.array([tests[one][seed] - tests[other][seed] for seed in shared])))

    right = "signs right in 1"
    for method in (method.name for method in plan.methods):
        add(f"{method}: right signs − random signs", (right, method), ("random signs", method))
        add(f"{method}: right signs − a random mask", (right, method), ("random mask", method))
        add(f"{method}: random signs − a random mask", ("random signs", method), ("random mask", method))
        add(f"{method}: right signs − dense to sparse", (right, method), ("dense to sparse", finder))
        add(f"{method}: initial weights − random signs", ("initial weights", method), ("random signs", method))
    first = plan.methods[0].name
    for method in (method.name for method in plan.methods[1:]):
        for arm in ("random signs", "random mask", right):
            add(f"{arm}: {method} − {first}", (arm, method), (arm, first))
    return claims


def _flips(plan: Protocol, done: Sequence[Record]) -> list[str]:
    text = []
    for finder in plan.finders:
        for method in (method.name for method in plan.methods):
            mine = [r for r in done if r["finder"] == finder and r["method"] == method and _sound(r)]
            if mine:
                units = _by_unit(mine)
                text += [f"### {method} against {finder} pruning", _contingency(mine), *([units] if units else [])]
        claims = flip_claims(plan, [r for r in done if r["finder"] == finder])
        if claims:
            text += [
                f"Paired over seeds, {finder} pruning; numbers of flips, or shares of them:",
                "\n".join([HEAD, *claims]),
            ]
        mine = [r for r in done if r["finder"] == finder and r["period"] == "all" and not _sound(r)]
        text += _not_finite(Counter(f"{r['method']}, or the search beside it" for r in mine))
    return text


def _sound(record: Record) -> bool:
    """Whether both networks of "flips" got through."""
    return not np.isnan(record.get("validation", 0.0))


def flip_claims(plan: Protocol, records: Sequence[Record]) -> list[str]:
    """Rows of claims on each method beside the first, which is the reference."""
    whole = [r for r in records if r["period"] == "all" and _sound(r)]
    by = {m.name: {r["seed"]: r for r in whole if r["method"] == m.name} for m in plan.methods}
    first, rows = plan.methods[0].name, []

    def add(what: str, value: Callable[[Record], float], one: str, other: str | None = None) -> None:
        seeds = sorted(set(by[one]) & set(by[other or one]))
        values = np.array([value(by[one][s]) - (value(by[other][s]) if other else 0.0) for s in seeds])
        if len(values) > 1 and np.all(np.isfinite(values)):
            rows.append(Claim.of(what, values).row(1.0))

    for name in by:
        add(f"{name}: fewer flips in both than by chance at equal |x₀|", lambda r: sum(r["alike"]) - _both(r), name)
    for name in list(by)[1:]:
        add(f"flips that dense to sparse has not: {name} − {first}", _alone, name, first)
        add(f"flips in both: {name} − {first}", _both, name, first)
        # Chance knows |x₀| alone. The first method has the mask and the data as well.
        add(f"share of its flips that dense to sparse has too: {first} − {name}", _share_in_both, first, name)
        add(
            f"{name}: share of layer 1 among the flips that dense to sparse has not, less that among its own",
            lambda r: _share_of_first(r, 2) - _share_of_first(r, 0, 1), name,
        )  # fmt: skip
    return rows


def _both(record: Record) -> float:
    return float(sum(row[0] for row in record["table"]))


def _alone(record: Record) -> float:
    return float(sum(row[2] for row in record["table"]))


def _share_in_both(record: Record) -> float:
    flips = _both(record) + _alone(record)
    return _both(record) / flips if flips else float("nan")


def _share_of_first(record: Record, *columns: int) -> float:
    counts = [sum(row[k] for k in columns) for row in record["table"]]
    return counts[0] / sum(counts) if sum(counts) else float("nan")


def overlap(records: Sequence[Record], layers: slice, chance: str = "alike") -> np.ndarray:
    """For each seed, flips that both trainings made less those that chance makes both, over that of chance.

    **Arguments:**

    - `records`: of "flips".
    - `layers`: which are added up.
    - `chance`: "alike", among weights of about the same |x₀|; "expected", anywhere in the layer; or "null", the flips
      at random places in place of the method's, against "expected".

    **Returns:** −1 where no flip is shared, 0 at chance, NaN where chance shares none or a network diverged, shape
    `(len(records),)`.

    !!! example
        >>> from mirrorjax import experiments
        >>> record = {"table": [[3, 2, 1, 94]], "alike": [1.5]}
        >>> experiments.overlap([record], slice(None)).tolist()
        [1.0]
    """
    found = []
    for record in records:
        both = sum(row[0] for row in record["null" if chance == "null" else "table"][layers])
        expected = sum(record["expected" if chance == "null" else chance][layers])
        found.append((both - expected) / expected if expected and _sound(record) else np.nan)
    return np.array(found)


def _contingency(records: Sequence[Record]) -> str:
    layers = len(records[0]["table"])
    lines = [
        "| layer | period | both | dense to sparse alone | the method alone | neither | both by chance "
        "| at equal \\|x₀\\| | both over that, less 1, in % | flips at random places | fewer than by chance |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, part in [("all", slice(None)), *((f"{i + 1}", slice(i, i + 1)) for i in range(layers))]:
        for period in PERIODS:
            mine = [r for r in records if r["period"] == period]
            counts = np.mean([np.sum(r["table"][part], axis=0) for r in mine], axis=0).tolist()
            counts += [float(np.mean([sum(r[key][part]) for r in mine])) for key in ("expected", "alike")]
            values, null = overlap(mine, part), overlap(mine, part, "null")
            cells = " | ".join(f"{count:.1f}" for count in counts)
            lines.append(f"| {name} | {period} | {cells} | {_share(values)} | {_share(null)} | {_verdict(values)} |")
    return "\n".join(lines)


def _share(values: np.ndarray) -> str:
    return str(estimate([value for value in values if np.isfinite(value)]))


def _verdict(values: np.ndarray) -> str:
    """Of the claim that the flips complement each other: fewer are shared than by chance."""
    values = values[np.isfinite(values)]
    return Claim.of("", -values).outcome if len(values) > 1 else "–"


def _by_unit(records: Sequence[Record]) -> str:
    found = [r for r in records if r["period"] == "all" and r["units"]]
    if not found:
        return ""
    lines = ["Hidden units by the flips of their weights, mean number over seeds:", "",
             "| between layers | training | incoming and outgoing | incoming alone | outgoing alone | neither |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for layer in range(len(found[0]["units"])):
        for k, who in enumerate(("dense to sparse", "the method")):
            counts: Any = np.mean([r["units"][layer][k] for r in found], axis=0)
            lines.append(f"| {layer + 1} and {layer + 2} | {who} | {' | '.join(f'{count:.1f}' for count in counts)} |")
    return "\n".join(lines)
