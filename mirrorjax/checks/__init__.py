"""Checks: two independent routes, a measured budget, a verdict that can lose."""

from .._outcome import Outcome as Outcome
from .._thresholds import (
    AGREE as AGREE,
    DEEP_RUNGS as DEEP_RUNGS,
    DISAGREE as DISAGREE,
    FLOAT32_RUNGS as FLOAT32_RUNGS,
    RUNGS as RUNGS,
)
from ._agreement import (
    POINTS as POINTS,
    agreement as agreement,
    agreement_finding as agreement_finding,
    along as along,
    mirror_route as mirror_route,
    straight_route as straight_route,
)
from ._bounds import (
    at_most as at_most,
    excess_over as excess_over,
    never_rises as never_rises,
    stays_below as stays_below,
)
from ._brackets import (
    bracket_evidence as bracket_evidence,
    bracket_hypothesis as bracket_hypothesis,
    commutes as commutes,
    commuting_and_regular as commuting_and_regular,
    count_evidence as count_evidence,
)
from ._compare import (
    MAIN as MAIN,
    SWAP as SWAP,
    AbstractRoute as AbstractRoute,
    Exact as Exact,
    FlowRoute as FlowRoute,
    Sample as Sample,
    compare as compare,
    locate as locate,
)
from ._decide import Decision as Decision, decide as decide
from ._evidence import (
    RTOL as RTOL,
    Coordinates as Coordinates,
    Evidence as Evidence,
    Finding as Finding,
    Hypothesis as Hypothesis,
    Row as Row,
    failed as failed,
    floor as floor,
    ladder as ladder,
    merged as merged,
)
from ._identity import identity as identity
from ._normalized import argmin_at_start as argmin_at_start, normalization as normalization
from ._planted import (
    planted_sizes as planted_sizes,
    slight as slight,
    without_planted_errors as without_planted_errors,
    written as written,
)
from ._pointwise import pointwise as pointwise
from ._richardson import extrapolated as extrapolated, tends_to as tends_to
from ._sampled import agree as agree, sampled as sampled
from ._serialize import as_json as as_json
from ._series import (
    DosePath as DosePath,
    RankPath as RankPath,
    Routes as Routes,
    Series as Series,
    StartMap as StartMap,
)
from ._statistics import (
    interval as interval,
    paired_below as paired_below,
    summary as summary,
    upper_bound as upper_bound,
)
from ._swap import swapped_controls as swapped_controls
from ._verdict import (
    Judgement as Judgement,
    Verdict as Verdict,
    combine as combine,
    environment as environment,
    judge as judge,
)
