"""The page of `accelerator.py`."""

import os
import sys


def number(value, form=".3g"):
    return "" if value is None else format(value, form)


def table(title, heads, lines):
    body = ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]
    return [f"## {title}", "", "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads), *body, ""] if lines else []


def page(rows, seconds, small, about, sample):
    """The results in Markdown."""

    def of(name):
        return [r for r in rows if r["row"] == name and "error" not in r]

    devices = {r["on"]: r for r in of("device")}
    text = ["# Flows on an accelerator", ""]
    for on, r in devices.items():
        text.append(f"- {on}: {r['device']} (backend {r['backend']}), jax {r['jax']}, Python {sys.version.split()[0]}")
    text += [f"- {os.cpu_count()} cores; {seconds:.0f} s in all{'; --small' if small else ''}"]
    if any(r["on"] == "accelerator" and r["backend"] == "cpu" for r in of("device")):
        text.append("- **No accelerator here:** the rows of “accelerator” ran on the processor.")
    text += ["", *[" ".join(line.split()) for line in (about or "").split("\n\n")[-1:]], ""]
    base = {r["precision"]: r["per_s"] for r in of("flows") if r["on"] == "cpu"}
    heads = "on, precision, flows, lanes, flows/s, × CPU, max error, ok, steps (most), compile s, run s, Tflop/s, "
    lines = [
        [
            r["on"], f"{r['precision']}{', rounded' * ('products' in r)}", r["count"], r["width"],
            number(r["per_s"], ".0f"), number(r["per_s"] / base.get(r["precision"], float("nan"))),
            number(r.get("max_error"), ".1e"), f"{r['ok']:.0%}", f"{r['steps']:.0f} ({r['most_steps']})",
            number(r["compile_s"], ".1f"), number(r["repeat_s"]), number(r["tflops"]),
            number(r.get("share_of_product"), ".1%"), number(r["gb_s"], ".0f"), number(r.get("share_of_copy"), ".1%"),
        ]
        for r in of("flows")
    ]  # fmt: skip
    text += table("Flows", (heads + "of a product, GB/s, of a copy").split(", "), lines)
    text += [
        "“Rounded”: products of float32 as jax makes them by default on an accelerator, with factors of fewer digits.",
        "Flop are those of the two products of ∇f, 2·2·d·n an evaluation, 13 evaluations a step of each flow; bytes",
        "are what stages read and write of slopes and states, (14 + 4)·2n numbers an evaluation, wherever they lie.",
        "A share above 100 % of a copy is what the caches give. Error is that of x(100) of the first "
        f"{sample} flows.", "",
    ]  # fmt: skip
    ceilings = [r for r in rows if r["row"] in ("product", "copy", "products of ∇f alone") and "error" not in r]
    text += table(
        "Ceilings", ["on", "precision", "what", "size", "value", "first s", "run s"],
        [[r["on"], r["precision"], r["row"], r.get("size") or f"{r['width']} lanes",
          f"{r['value'] / 1e9:.4g} " + ("GB/s" if r["row"] == "copy" else "Gflop/s"), number(r["compile_s"]),
          number(r["repeat_s"])] for r in ceilings],
    )  # fmt: skip
    text += table(
        "Limits", ["on", "precision", "limits", "limits/s", "largest KKT residual", "iterations", "compile s", "run s"],
        [[r["on"], r["precision"], r["count"], number(r["per_s"]), number(r["max_residual"], ".1e"),
          number(r["iterations"]), number(r["compile_s"]), number(r["repeat_s"])] for r in of("limits")],
    )  # fmt: skip
    text += table(
        "mj.sweep", ["on", "flows", "flows/s", "ok", "first s", "again s", "mapping"],
        [[r["on"], r["count"], number(r["per_s"]), f"{r['ok']:.0%}", number(r["compile_s"]), number(r["repeat_s"]),
          r["mapping"]] for r in of("mj.sweep")],
    )  # fmt: skip
    text += table(
        "Verdicts, quick", ["on", "precision", "theorem", "outcome", "first s", "again s"],
        [[r["on"], r["precision"], r["theorem"], r["outcome"], number(r["compile_s"]), number(r["repeat_s"])]
         for r in of("verify")],
    )  # fmt: skip
    failed = [r for r in rows if "error" in r]
    text += table(
        "What failed", ["part", "row", "error"],
        [[r["part"], " ".join(str(r[k]) for k in ("row", "theorem", "count", "width") if k in r),
          r["error"].replace("|", "¦")] for r in failed],
    )  # fmt: skip
    return "\n".join(text) + "\n"
