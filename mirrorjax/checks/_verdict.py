"""From the finding of each instance to the verdict on a statement."""

import dataclasses
import math
import platform
from collections.abc import Sequence

import jax
import numpy as np

from .._display import html_of
from .._outcome import WORST_FIRST, Outcome
from .._thresholds import COARSE
from .._types import x64_on
from ._decide import BELOW_RESOLUTION, Decision, decide, lacks_precision, no_precision
from ._evidence import Evidence, Finding, Hypothesis, Row


@dataclasses.dataclass(frozen=True)
class Judgement:
    """The verdict on one instance.

    **Fields:**

    - `name`: of the instance.
    - `outcome`: `holds`, `refuted` or `inconclusive`.
    - `reason`: in a sentence.
    - `resolution`: relative size of a difference that would have gone unseen, the largest over the claims; NaN without
      one.
    - `effect`: relative size of the contradiction, the largest over the claims; NaN without one.
    - `rows`: those of the claim that decided.
    - `hypotheses`: as they were measured.
    - `claims`, `controls`: what was decided of each, by name.
    - `detection_limit`: the smallest planted relative error caught; NaN where none was.
    - `finding`: the evidence.
    - `seconds`: how long the check took.
    - `traceback`: where the check crashed; else empty.
    - `printed`: what was decided of formulas as they are printed, by name; they do not decide the outcome.
    """

    name: str
    outcome: Outcome
    reason: str
    resolution: float
    effect: float
    rows: tuple[Row, ...]
    hypotheses: tuple[Hypothesis, ...]
    claims: dict[str, Decision]
    controls: dict[str, Decision]
    detection_limit: float
    finding: Finding = dataclasses.field(repr=False)
    seconds: float = math.nan
    traceback: str = dataclasses.field(default="", repr=False)
    printed: dict[str, Decision] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What was measured about a statement, and how well. True as a boolean only if it holds.

    **Fields:**

    - `id`: of the theorem.
    - `outcome`: `holds`, `refuted` or `inconclusive`.
    - `reason`: in a sentence.
    - `resolution`: relative size of a difference that would have gone unseen, the largest over the instances; NaN
      without one.
    - `effect`: relative size of the contradiction, the largest over the instances; NaN without one.
    - `detection_limit`: the smallest planted relative error caught, the largest over the instances; NaN where one of
      them caught none, or none was planted.
    - `instances`: the judgement on each.
    - `seed`: of the random instances; negative where there are none.
    - `rungs`: relative tolerances, falling.
    - `seconds`: how long all checks took.
    """

    id: str
    outcome: Outcome
    reason: str
    resolution: float
    effect: float
    detection_limit: float
    instances: tuple[Judgement, ...]
    seed: int
    rungs: tuple[float, ...]
    seconds: float = math.nan

    def __bool__(self) -> bool:
        return self.outcome is Outcome.HOLDS

    @property
    def deciding(self) -> Judgement:
        """The instance that set the outcome; of several, the one with the coarsest resolution."""
        same = [j for j in self.instances if j.outcome is self.outcome]
        return max(same, key=lambda j: j.resolution if math.isfinite(j.resolution) else -1.0)

    @property
    def traceback(self) -> str:
        """Of the first instance on which the check crashed; empty where it ran to its end on all."""
        return next((j.traceback for j in self.instances if j.traceback), "")

    def __repr__(self) -> str:
        # Short: `mj.verify()` at a prompt shows a list of 58, and their instances would be 900 kB.
        size = f", effect {self.effect:.1e}" if self.outcome is Outcome.REFUTED else ""
        size = f", resolution {self.resolution:.1e}" if self.outcome is Outcome.HOLDS else size
        return f"Verdict({self.id!r}: {self.outcome}{size})"

    def __str__(self) -> str:
        lines = [f"{self.id}: {self.outcome}  ({self.reason})"]
        for j in self.instances:
            lines.append(f"  {j.name}: {j.outcome}  {j.reason}")
            lines += [f"    {h}" for h in j.hypotheses]
            lines += [f"    claim   {name}: {_text(d)}" for name, d in j.claims.items()]
            lines += [f"    control {name}: {_text(d)}" for name, d in j.controls.items()]
            lines += [f"    printed {name}: {_text(d)}" for name, d in j.printed.items()]
            lines += [f"    {name}: {_short(v)}" for name, v in j.finding.observations.items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html_of(self)


def _short(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _text(decision: Decision) -> str:
    extra = ""
    if decision.outcome is Outcome.HOLDS:
        extra = f", resolution {decision.resolution:.1e}"
    if decision.outcome is Outcome.REFUTED:
        extra = f", effect {decision.effect:.1e}"
    return f"{decision.outcome}{extra}  ({decision.reason})"


def judge(name: str, finding: Finding, seconds: float = math.nan, *, float32: bool = False) -> Judgement:
    """Hypotheses first, then the claims, then whether every control was refuted.

    **Arguments:**

    - `name`: of the instance.
    - `finding`: what was measured on it.
    - `seconds`: how long that took.
    - `float32`: as in `decide`.

    **Returns:** the `Judgement`.

    !!! example
        >>> from mirrorjax.checks import Finding, at_most, judge
        >>> finding = Finding(claims={"1 ≤ 2": at_most(1.0, 2.0, 1e-9)}, controls={"2 ≤ 1": at_most(2.0, 1.0, 1e-9)})
        >>> str(judge("example", finding).outcome)
        'holds'
    """
    claims = {key: decide(e, float32=float32) for key, e in finding.claims.items()}
    controls = {key: decide(e, float32=float32) for key, e in finding.controls.items()}
    planted = {size: decide(e, float32=float32).outcome is Outcome.REFUTED for size, e in finding.planted.items()}
    outcome, reason = _conclude(finding.hypotheses, claims, controls, planted)
    lacking = [key for key, e in finding.claims.items() if lacks_precision(e, float32)]
    if lacking:  # before the hypotheses: one that is met to 1e-12 in float64 is not in float32
        outcome, reason = Outcome.INCONCLUSIVE, claims[lacking[0]].reason
    elif not (finding.claims or float32 or x64_on()):
        outcome, reason = Outcome.INCONCLUSIVE, no_precision(float32)
    rows = _deciding_rows(finding.claims, claims, outcome)
    return Judgement(
        name=name,
        outcome=outcome,
        reason=reason,
        resolution=_largest(d.resolution for d in claims.values()),
        effect=_largest(d.effect for d in claims.values()),
        rows=rows,
        hypotheses=finding.hypotheses,
        claims=claims,
        controls=controls,
        detection_limit=detection_limit(planted),
        finding=finding,
        seconds=seconds,
        printed={key: decide(e, float32=float32) for key, e in finding.printed.items()},
    )


def _conclude(hypotheses, claims, controls, planted: dict[float, bool]) -> tuple[Outcome, str]:
    for h in hypotheses:
        if not h.ok:
            return Outcome.INCONCLUSIVE, f"hypothesis not met: {h.name} ({h.measured})"
    for outcome in WORST_FIRST[:-1]:
        for key, decision in claims.items():
            if decision.outcome is outcome:
                return outcome, f"{key}: {decision.reason}"
    for key, decision in controls.items():
        if decision.outcome is not Outcome.REFUTED:
            return (
                Outcome.INCONCLUSIVE,
                f"no power: control “{key}” came out {decision.outcome} ({decision.reason})",
            )
    if not controls:
        return Outcome.INCONCLUSIVE, "no power: no control was run"
    if planted and math.isnan(detection_limit(planted)):
        sizes = f"{max(planted):.0e} … {min(planted):.0e}" if len(planted) > 1 else f"{max(planted):.0e}"
        return Outcome.INCONCLUSIVE, f"no power: of the errors planted ({sizes}) the largest was not caught"
    worst = max(claims.values(), key=lambda d: d.resolution)
    coarse = f", coarse: resolution {worst.resolution:.1e}" if worst.resolution > COARSE else ""
    count = f"{len(claims)} claim{'s' * (len(claims) > 1)}, {len(controls)} control{'s' * (len(controls) > 1)} refuted"
    return Outcome.HOLDS, f"{count}, {worst.reason}{coarse}"


def _deciding_rows(evidence: dict[str, Evidence], claims: dict[str, Decision], outcome: Outcome):
    if not claims:  # a hypothesis failed before anything could be computed
        return ()
    same = [key for key, d in claims.items() if d.outcome is outcome] or list(claims)
    key = max(same, key=lambda k: claims[k].resolution if math.isfinite(claims[k].resolution) else -1.0)
    return evidence[key].rows


def detection_limit(planted: dict[float, bool]) -> float:
    """The smallest planted error caught, all larger ones being caught too; NaN where none was."""
    limit = math.nan
    for size in sorted(planted, reverse=True):
        if not planted[size]:
            break
        limit = size
    return limit


def _largest(values) -> float:
    finite = [v for v in values if math.isfinite(v)]
    return max(finite) if finite else math.nan


def _worst_limit(judgements: Sequence[Judgement]) -> float:
    """NaN as soon as one instance caught none of the errors planted in it."""
    limits = [j.detection_limit for j in judgements if j.finding.planted]
    return math.nan if any(math.isnan(limit) for limit in limits) else _largest(limits)


def combine(id: str, judgements: Sequence[Judgement], seed: int, rungs: Sequence[float]) -> Verdict:
    """One refuted instance refutes, one inconclusive instance leaves it open.

    **Arguments:**

    - `id`: of the statement.
    - `judgements`: on its instances, at least one.
    - `seed`: of the random instances; negative where there are none.
    - `rungs`: relative tolerances, falling.

    **Returns:** the `Verdict`.

    !!! example
        >>> from mirrorjax.checks import Finding, at_most, combine, judge
        >>> wrong = judge("an instance", Finding({"2 ≤ 1": at_most(2.0, 1.0, 1e-9)}, {}))
        >>> str(combine("my/claim", [wrong], seed=0, rungs=()).outcome)
        'refuted'
    """
    outcome = min((j.outcome for j in judgements), key=WORST_FIRST.index)
    deciding = next(j for j in judgements if j.outcome is outcome)
    reason = deciding.reason if len(judgements) == 1 else f"{deciding.name}: {deciding.reason}"
    if outcome is Outcome.HOLDS:
        controls = sum(len(j.controls) for j in judgements)
        instances = f"{len(judgements)} instance{'s' * (len(judgements) > 1)}"
        reason = "; ".join([f"{instances}, {controls} controls refuted", *_reservations(judgements)])
    if "precision:" not in reason and any(not e.x64 for j in judgements for e in j.finding.claims.values()):
        reason += "; in float32"
    return Verdict(
        id=id,
        outcome=outcome,
        reason=reason,
        resolution=_largest(j.resolution for j in judgements),
        effect=_largest(j.effect for j in judgements),
        detection_limit=_worst_limit(judgements),
        instances=tuple(judgements),
        seed=seed,
        rungs=tuple(rungs),
        seconds=float(np.nansum([j.seconds for j in judgements])),
    )


def _reservations(judgements: Sequence[Judgement]) -> list[str]:
    """What a verdict that holds could not see, for its outcome line."""
    resolution = _largest(j.resolution for j in judgements)
    coarse = [f"coarse: resolution {resolution:.1e}"] if resolution > COARSE else []
    counted = (d.reason for j in judgements for d in j.claims.values() if BELOW_RESOLUTION in d.reason)
    return [*coarse, *(f"{reason.split('; ')[-1]}" for reason in counted)][:2]


def environment() -> dict[str, str]:
    """Versions, precision and backend, stored with every verdict.

    **Returns:** texts by name.
    """
    from importlib import metadata

    packages = ("mirrorjax", "jax", "jaxlib", "diffrax", "equinox", "optimistix", "numpy", "scipy")
    versions = {}
    for name in packages:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions | {
        "python": platform.python_version(),
        "dtype": str(jax.numpy.result_type(float)),
        "backend": jax.default_backend(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
