"""Training as the sources did it: curves of one-shot pruning, signs, flips, switch-off; and what a step costs.

    pip install "mirrorjax[data]"
    python benchmarks/training.py                    # all parts, and benchmarks/training.md; goes on where it stopped
    python benchmarks/training.py signs-mnist1d      # one part: mirrorjax train signs-mnist1d --out training-results/…
    python benchmarks/training.py overhead           # the time and memory of a step
    python benchmarks/training.py table              # training.md of what is there

Results are kept in `./training-results`, a folder for each experiment, each made by `mirrorjax train`, so that another
machine can do some of them.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("EQX_ON_ERROR", "off")

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from _jointly import jointly

from mirrorjax import experiments, plots, training
from mirrorjax._prepare import prepare_jax
from mirrorjax.checks import environment
from mirrorjax.experiments._epoch import cross_entropy
from mirrorjax.experiments._networks import network as build

HERE = Path(__file__).parent
TABLE = Path(__file__).with_suffix(".md")
RESULTS = Path("training-results")
PARTS = (
    "curves-mnist1d", "curves-mnist1d-again", "curves-mnist1d-sparser",
    "curves-digits", "curves-mnist", "curves-mnist-conv",
    "curves-mnist1d-residual", "curves-mnist1d-residual-again",
    "ablation-mnist1d", "iterative-mnist1d", "signs-mnist1d", "flips-mnist1d",
    "switch-off-mnist1d", "switch-off-digits", "switch-off-mnist",
)  # fmt: skip
PICTURES = ("curves-mnist1d", "curves-mnist-conv", "signs-mnist1d", "flips-mnist1d")
INPUTS = {"small": (40,), "mlp": (28, 28), "conv": (28, 28), "residual": (40,)}
BATCH, REPEATS, STEPS = 256, 21, 10


def measure(part):
    """What is left of one experiment, as its command does it."""
    command = [sys.executable, "-m", "mirrorjax", "train", part, "--out", str(RESULTS / part)]
    subprocess.run([*command, "--executor", "processes:2"], check=True)


def kinds_of(plain):
    """The model and the optimizer of each kind of weights; `merged` is what factors become."""

    def sgd():
        return optax.sgd(0.1, momentum=0.9)

    factors = training.reparameterize(plain)
    pilot = optax.chain(training.pilot(1000.0, 1e-4), sgd())
    decay = optax.chain(training.scheduled_decay(1e-4), sgd())
    models = {"plain": (plain, sgd()), "factors": (factors, sgd()), "factors with decay": (factors, decay)}
    return models | {"PILoT": (factors, pilot), "merged": (training.merge(factors), sgd())}


def overhead(name):
    """Rows of time and memory of a step by kind of weights, as ratios to the plain one; in turn, so that whatever else
    the machine does meets all of them."""
    shape = INPUTS[name]
    kinds = kinds_of(build(name, jax.random.key(0), shape, 10))
    keys = jax.random.split(jax.random.key(1))
    batch = jax.random.normal(keys[0], (BATCH, *shape), jnp.float32), jax.random.randint(keys[1], (BATCH,), 0, 10)
    calls, texts, sizes = {}, {}, {}
    for kind, (model, optimizer) in kinds.items():
        step, state = training.train_step(cross_entropy, optimizer), training.init(optimizer, model)
        lowered = step.lower(model, state, *batch)  # pyright: ignore[reportFunctionMemberAccess] the class is private
        texts[kind] = lowered.as_text()
        sizes[kind] = sum(leaf.nbytes for leaf in jax.tree.leaves((model, state)) if eqx.is_array(leaf))
        jax.block_until_ready(step(model, state, *batch)[2])
        calls[kind] = step, model, state
    laps, loss = {kind: [] for kind in kinds}, None
    for _ in range(REPEATS):
        for kind, (step, model, state) in calls.items():
            start = time.perf_counter()
            for _ in range(STEPS):
                model, state, loss = step(model, state, *batch)
            jax.block_until_ready(loss)
            laps[kind].append((time.perf_counter() - start) / STEPS)
    rows = {"plain": {"ms": 1e3 * statistics.median(laps["plain"]), "time": 1.0, "memory": 1.0}}
    for kind in ("factors", "factors with decay", "PILoT"):
        ratio = statistics.median(a / b for a, b in zip(laps[kind], laps["plain"]))
        rows[kind] = {"ms": 1e3 * statistics.median(laps[kind]), "time": ratio, "memory": sizes[kind] / sizes["plain"]}
    return {"rows": rows, "merged is plain": texts["merged"] == texts["plain"]}


def overhead_table(found):
    """Of what `overhead` measured."""
    lines = [
        "| network | weights | ms a step | time over plain | model and optimizer's state over plain |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        for kind, row in one["rows"].items():
            lines.append(f"| {name} | {kind} | {row['ms']:.2f} | {row['time']:.2f} | {row['memory']:.2f} |")
        same = "the plain program, to the letter" if one["merged is plain"] else "NOT the plain program"
        lines.append(f"| {name} | after `merge` | {same} | | |")
    return "\n".join(lines)


def section(part):
    """The page of an experiment, its command and its machine."""
    folder, plan = RESULTS / part, experiments.read_protocol(part)
    records = experiments.load_records(folder)
    if not records:
        return f"## {plan.title}\n\nnot run: `mirrorjax train {part}`"
    machine = "; ".join(experiments.environments_of(folder))
    text = experiments.protocol_page(plan, records, experiments.seconds_spent(folder))
    title, rest = text.split("\n\n", 1)
    picture = ""
    if part in PICTURES:
        file = HERE / f"training-{part}.png"
        plots.protocol(plan, records).savefig(file, dpi=110)
        picture = f"![{plan.title}]({file.name})\n\n"
    return f"{title}\n\n    mirrorjax train {part}\n\n{picture}{rest}\n\nMeasured with {machine}."


BANDS = {"10.7 to 4.4 %": (0.04, 0.11), "3.5 to 1.4 %": (0.014, 0.04), "1.2 to 0.38 %": (0.0, 0.0135)}


def answer():
    """Where PILoT is ahead, by schedule: differences in points, paired over seeds, 95 % intervals, and the outcome."""
    pairs = [(one, other) for one in ("constant", "geometric", "dynamic") for other in ("spred", "l1")]
    head = " | ".join(f"{one} − {other}" for one, other in pairs)
    lines = [f"| network and data | seeds | density | {head} |", "|---|---|---|" + "---|" * len(pairs)]
    needed = {name for one, other in pairs for name in (f"pilot-{one}", other)}
    for part in PARTS:
        plan, records = experiments.read_protocol(part), experiments.load_records(RESULTS / part)
        if plan.kind != "curves" or not needed <= {method.name for method in plan.methods}:
            continue
        rows = experiments.curve_results(plan, records) if records else []
        for band, (low, high) in BANDS.items() if rows else ():
            densities = [density for density in plan.densities if low < density < high]
            claims = [experiments.area_between(rows, f"pilot-{one}", other, densities) for one, other in pairs]
            cells = [f"{100 * c.mean:+.1f} ± {100 * c.half:.1f} {c.outcome}" for c in claims]
            lines.append(f"| {part.removeprefix('curves-')} | {claims[0].n} | {band} | {' | '.join(cells)} |")
    return "\n".join(lines)


def page():
    """Everything that is measured, as Markdown."""
    costs = RESULTS / "overhead.json"
    found = json.loads(costs.read_text()) if costs.exists() else None
    cost = ["## A step of factors against a plain one", "not measured: `python benchmarks/training.py overhead`"]
    if found:
        how = f"SGD with momentum, batch {BATCH}, median of {REPEATS} interleaved rounds of {STEPS} steps."
        about = f"{how} {found['about']}."
        cost[1:] = [about, overhead_table(found["networks"])]
    head = (HERE / "_training_head.md").read_text(encoding="utf-8").strip().replace("{answer}", answer())
    text, together = jointly("\n\n".join([head, *(section(part) for part in PARTS), *cost]) + "\n")
    return text.replace("{together}", together)


if __name__ == "__main__":
    prepare_jax(double=False)
    asked = sys.argv[1:] or [*PARTS, "overhead", "table"]
    RESULTS.mkdir(exist_ok=True)
    for part in [name for name in PARTS if name in asked]:
        measure(part)
    if "overhead" in asked:
        about = ", ".join(f"{name} {version}" for name, version in environment().items())
        content = {"networks": {name: overhead(name) for name in INPUTS}, "about": f"{about}, {os.cpu_count()} cores"}
        (RESULTS / "overhead.json").write_text(json.dumps(content))
    if "table" in asked:
        TABLE.write_text(page(), encoding="utf-8")
        print(TABLE)
