"""The page of benchmarks/sweeps.py, from its results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

TARGETS = {
    "SciPy DOP853": 40.0, "numba": 1.5, "torch": 50.0, "products": 0.6, "flow": 100.0, "descent": 1e4, "phase": 120.0,
    "cores": 1.9, "store": 0.1, "memory": 2.5,
}  # fmt: skip


def write(found: dict[str, Any], out: Path) -> None:
    """sweeps.md and its pictures."""
    rows = [row for part in found["rows"].values() for row in part]
    solvers = [r for r in rows if r["row"] == "solver" and not r.get("missing")]
    profile = [r for r in rows if r["row"] == "profile"]
    text = [*_head(found["about"], rows), *_summary(rows, solvers), *_solvers(rows, solvers)]
    if any(r["curve"] for r in solvers):
        _draw_curves(solvers, out / "sweeps-work-precision.png")
        text += ["![Work and precision](sweeps-work-precision.png)", ""]
    if profile:
        _draw_profile(profile, out / "sweeps-profile.png")
        text += [*_profile(profile), "![Where the time goes](sweeps-profile.png)", ""]
    text += [*_limits(rows), *_others(rows), *_failed(rows)]
    (out / "sweeps.md").write_text("\n".join(text).rstrip() + "\n", encoding="utf-8")


def _head(about: dict[str, Any], rows: list[dict]) -> list[str]:
    loads = [r["load"] for r in rows if "load" in r]
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    quick = " **Made with `--quick`: fewer flows and repeats.**" if about["quick"] else ""
    return [
        "# Sweeps", "", "By `python benchmarks/sweeps.py`." + quick, "",
        f"- {about['cores']} cores, {about['model']}; Python {about['python']}; {about['date']}",
        f"- {versions}",
        f"- load average of the machine while measuring: {min(loads, default=0):.1f} to {max(loads, default=0):.1f}",
        "",
        "The flows: regression with Gaussian Z, d = 40, n = 100, y from 5 features, f half the mean square; x = m ⊙ w",
        "from `param.lift(0, scale)`; decay dose/20 switched off at t = 20; to t = 100; 32 scales from 1e-3 to 1 by 32",
        "doses from 0 to 4. Solvers are compared at equal measured error: each at the loosest tolerance whose largest",
        "error of x(100) over a random sample is at most 1e-8, against SciPy's DOP853 at rtol 1e-13. All get the same",
        "field in (m, w) and are told where it jumps. Rates are of repeats (median); first calls include compiling.",
        "",
    ]  # fmt: skip


def table(heads: Sequence[str], lines: list[list[str]]) -> list[str]:
    if not lines:
        return []
    body = ["| " + " | ".join(line) + " |" for line in lines]
    return ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *body, ""]


def _summary(rows: list[dict], solvers: list[dict]) -> list[str]:
    """What was aimed at, and what was measured."""
    lines = []

    def line(what: str, aim: str, value: str, met: bool | None):
        lines.append([what, aim, value, {True: "yes", False: "**no**", None: ""}[met]])

    def one(kind: str, **labels) -> dict | None:
        found = [r for r in rows if r["row"] == kind and all(r.get(k) == v for k, v in labels.items())]
        return found[0] if found else None

    ours = next((r for r in solvers if r["name"] == "mirrorjax, mj.sweep"), None)
    for name, title in (("SciPy DOP853", "flows/s over SciPy's DOP853, both cores"),
                        ("numba", "flows/s over the best of numba, both cores"),
                        ("torch", "flows/s over the best of torchdiffeq and torchode")):  # fmt: skip
        peers = [r["per_s"] for r in solvers if r["name"].startswith(name)]
        if ours and peers:
            ratio = ours["per_s"] / max(peers)
            line(title, f"≥ {TARGETS[name]:g}", f"{ratio:.2f}", ratio >= TARGETS[name])
    for width in (32, 16, 1):
        if row := one("profile", width=width):
            how = {1: "as a matrix and a vector"}.get(width, f"with {width} columns")
            aim = f"≥ {TARGETS['products']:.0%}" if width == 32 else ""
            met = row["share"] >= TARGETS["products"] if width == 32 else None
            line(f"the products of ∇f alone in NumPy, {how}, over the whole", aim, f"{row['share']:.0%}", met)
    for start, aim in (("mj.integrate", "flow"), ("gradient descent to KKT", "descent")):
        for row in rows:
            if row["row"] == "limit" and row["name"].startswith(start) and "ratio" in row:
                title = f"a limit over {row['name'].replace('mj.integrate', 'the flow')}, scale {row['scale']:g}"
                line(title, f"≥ {TARGETS[aim]:g}", f"{row['ratio']:.3g}", row["ratio"] >= TARGETS[aim])
    limits = one("limits swept", name="limits")
    for row in rows:
        if limits and row["row"] == "limits swept" and row is not limits:
            ratio = limits["per_s"] / row["per_s"]
            line(f"limits/s in a sweep over {row['name']} in a sweep", "≥ 100", f"{ratio:.3g}", ratio >= 100)
    if row := one("phase"):
        title = f"phase diagram, {row['limits']} limits, first call"
        line(
            title,
            f"≤ {TARGETS['phase']:g} s",
            f"{row['first_s']:.1f} s",
            _full(row["first_s"] <= TARGETS["phase"], row["limits"] >= 1 << 16),
        )
    single = one("devices", name="1 thread")
    for name in ("2 threads", "2 devices"):
        if single and (row := one("devices", name=name)) and "again_s" in row:
            ratio = single["again_s"] / row["again_s"]
            line(f"{name} over one core", f"≥ {TARGETS['cores']}", f"{ratio:.2f}", ratio >= TARGETS["cores"])
    for row in rows:
        if row["row"] == "store" and row["name"] != "bare":
            where = {"folder": "with Zarr", "memory": "in memory"}[row["name"]]
            title = f"mj.sweep {where} over the compiled loop alone, {row['flows']} flows"
            line(title, f"≤ {TARGETS['store']:.0%} more", f"{row['over']:+.1%}", row["over"] <= TARGETS["store"])
        if row["row"] == "memory" and "ratio" in row:
            title = f"memory of a flow with n = {row['n']:,} over that of Z, {row['name']}"
            line(
                title,
                f"≤ {TARGETS['memory']}",
                f"{row['ratio']:.2f}",
                _full(row["ratio"] <= TARGETS["memory"], row["n"] >= 10**6),
            )
    return ["## Aims", "", *table(["what", "aim", "measured", "met"], lines)]


def _full(met: bool, full: bool) -> bool | None:
    """Nothing is said of an aim by a measurement in little."""
    return met if full else None


def _solvers(rows: list[dict], solvers: list[dict]) -> list[str]:
    ours = next((r for r in solvers if r["name"] == "mirrorjax, mj.sweep"), None)
    lines = []
    for r in sorted(solvers, key=lambda r: -r["per_s"]):
        tolerance = "" if r["rtol"] is None else f"{r['rtol']:.1e}"
        error = f"{r['error']:.1e}" + ("" if r["reached"] else " (not reached)")
        ratio = f"{ours['per_s'] / r['per_s']:.3g}" if ours else ""
        rate = f"{r['per_s']:.3g}" if r["per_s"] < 100 else f"{r['per_s']:.0f}"
        cells = [r["name"], rate, ratio, tolerance, error, f"{r['first_s']:.1f}", str(r["count"]), str(r["repeats"])]
        lines.append([*cells, r["how"], r["version"], f"{r['load']:.1f}"])
    lines += [[r["name"], "not installed", *[""] * 9] for r in rows if r.get("missing")]
    heads = list(
        [
            "solver",
            "flows/s",
            "mj.sweep over it",
            "rtol",
            "error",
            "first call s",
            "flows",
            "repeats",
            "how",
            "version",
            "load",
        ]
    )
    return ["## Flows per second at an error ≤ 1e-8", "", *table(heads, lines)] if lines else []


def _profile(profile: list[dict]) -> list[str]:
    lines = [[r["name"], f"{r['ns']:.0f}", f"{r['share']:.0%}"] for r in profile]
    return [
        "## Where the time goes", "",
        "Nanoseconds of a processor for one evaluation of ∇f of one flow; a step counts for 13. The rows of XLA are",
        "loops of their own over 32 lanes, on one core. What they leave of the whole is refilling lanes, and lanes",
        "that wait for the last.", "",
        *table(["what", "ns", "share of the whole"], lines),
    ]  # fmt: skip


def _limits(rows: list[dict]) -> list[str]:
    text = []
    for scale in sorted({r["scale"] for r in rows if r["row"] == "limit"}, reverse=True):
        lines = []
        for r in (r for r in rows if r["row"] == "limit" and r["scale"] == scale):
            if "error_text" in r:
                lines.append([r["name"], r["error_text"].replace("|", "¦"), *[""] * 4])
                continue
            kkt, error = (f"{r[k]:.1e}" if r.get(k) is not None else "" for k in ("kkt", "error"))
            first = f"{r['first_s']:.3g}" if "first_s" in r else ""
            lines.append([r["name"], first, f"{r['again_s']:.3g}", f"{r['ratio']:.3g}", kkt, error])
        text += [f"### Scale {scale:g}, dose 1", ""]
        heads = ["what", "first call s", "repeat s", "over mj.limit", "KKT residual", "distance from the limit"]
        text += table(heads, lines)
    swept = [[r["name"], str(r["count"]), f"{r['first_s']:.1f}", f"{r['per_s']:.4g}", f"{r['ok']:.0%}", r["mapping"]]
             for r in rows if r["row"] == "limits swept"]  # fmt: skip
    if not text and not swept:
        return []
    notes = [
        "The KKT residual is the larger of |Zx − y| and the distance of ∇R_a(x) from the range of Zᵀ, in the largest",
        "entry. Descent is extrapolated: its end at two η says how the residual falls with η, so which η has 1e-10;",
        "the time t that it takes to come to its end, divided by that η, are the steps; a step takes what it took.",
        "",
    ]  # fmt: skip
    for r in rows:
        if "measured" in r:
            ends = "; ".join(f"η = {e[0]:g}: KKT {e[1]:.1e} at t = {e[3]:.0f}" for e in r["measured"])
            notes.append(f"- scale {r['scale']:g}: {ends}; order {r['order']:.2f}; then η = {r['eta']:.1e}, "
                         f"{r['steps']:.1e} steps of {r['per_step'] * 1e6:.1f} µs")  # fmt: skip
    heads = ["in a sweep", "points", "first call s", "per second", "ok", "mapping"]
    return ["## A limit", "", *text, *notes, "", *table(heads, swept)]


def _others(rows: list[dict]) -> list[str]:
    text = []
    phase = [[str(r["limits"]), f"{r['first_s']:.1f}", f"{r['again_s']:.1f}", f"{r['limits'] / r['again_s']:.0f}",
              f"{r['ok']:.1%}", f"{r['residual']:.1e}", r["mapping"]] for r in rows if r["row"] == "phase"]  # fmt: skip
    if phase:
        heads = ["limits", "first call s", "again s", "limits/s", "ok", "largest residual", "mapping"]
        text += ["## A phase diagram", "", "Scales by doses by seeds, d = 20, n = 50, 3 features.", ""]
        text += table(heads, phase)
    text += [
        f"`mirrorjax sweep {r['name']}` takes {r['wall_s']:.0f} s in all, imports, compiling and picture included.\n"
        for r in rows if r["row"] == "phase command" and "wall_s" in r
    ]  # fmt: skip
    devices = [[r["name"], str(r["flows"]), f"{r['first_s']:.1f}", f"{r['again_s']:.2f}"]
               for r in rows if r["row"] == "devices" and "again_s" in r]  # fmt: skip
    if devices:
        text += ["## Cores and devices", "", *table(["on", "flows", "first call s", "again s"], devices)]
    store = [
        [r["name"], str(r["flows"]), f"{r['again_s']:.2f}", f"{r['over']:+.1%}"] for r in rows if r["row"] == "store"
    ]
    if store:
        text += ["## Around the compiled loop", "", *table(["what", "flows", "s", "over the loop alone"], store)]
    memory = [
        [r["name"], f"{r['n']:,}", f"{r['matrix'] / 2**20:.0f}", f"{r['over'] / 2**20:.0f}", f"{r['ratio']:.2f}",
         f"{r['seconds']:.1f}", f"{r['steps']:.0f}"] for r in rows if r["row"] == "memory" and "n" in r
    ]  # fmt: skip
    if memory:
        heads = ["solver", "n", "Z in MiB", "peak over the start in MiB", "ratio", "s", "steps"]
        text += ["## Memory of one flow, d = 16", "", *table(heads, memory)]
    return text


def _failed(rows: list[dict]) -> list[str]:
    lines = [[r["name"], r["error"].replace("|", "¦")] for r in rows if isinstance(r.get("error"), str)]
    lines += [[r["name"], "not installed"] for r in rows if r["row"] == "missing"]
    return ["## What failed", "", *table(["what", "error"], lines)] if lines else []


def _figure(width: float, height: float):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _draw_curves(solvers: list[dict], file: Path) -> None:
    figure = _figure(8.5, 4.6)
    axes = figure.subplots()
    kinds = {"mirrorjax": "#0b6e4f", "numba": "#c1440e", "SciPy": "#33658a", "SUNDIALS": "#7a5195", "torch": "#8a8a8a"}
    styles = ["-", "--", ":"]
    seen: dict[str, int] = {}
    for r in (r for r in solvers if r["curve"]):
        kind = next((k for k in kinds if r["name"].startswith(k)), "torch")
        k = seen.setdefault(kind, 0)
        seen[kind] += 1
        name = "mirrorjax" if kind == "mirrorjax" else r["name"]
        axes.loglog(
            [p[1] for p in r["curve"]], [p[2] * 1e3 for p in r["curve"]], styles[k % 3], color=kinds[kind], marker="o",
            markersize=3, linewidth=2.2 if kind == "mirrorjax" else 1.3, label=name,
        )  # fmt: skip
    axes.axvline(1e-8, color="0.8", linewidth=1, zorder=0)
    axes.invert_xaxis()
    axes.set_xlabel("largest error of x(100) over the sample")
    axes.set_ylabel("ms per flow, both cores")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False, fontsize=8)
    figure.savefig(file, dpi=150)


def _draw_profile(profile: list[dict], file: Path) -> None:
    figure = _figure(8.5, 0.34 * len(profile) + 0.9)
    axes = figure.subplots()
    names = [r["name"] for r in profile][::-1]
    values = [r["ns"] for r in profile][::-1]
    colors = [
        "#0b6e4f" if n.startswith("the whole") else "#33658a" if n.startswith("NumPy") else "#7fb69f" for n in names
    ]
    bars = axes.barh(names, values, color=colors, height=0.7)
    axes.bar_label(bars, [f"{v:.0f}" for v in values], padding=3, fontsize=8)
    axes.set_xlabel("ns of one core for an evaluation of one flow")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    figure.savefig(file, dpi=150)
