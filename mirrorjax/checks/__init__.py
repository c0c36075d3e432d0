"""Checks: two independent routes, a measured budget, a verdict that can lose."""

from .._outcome import Outcome as Outcome
from ._agreement import (
    POINTS as POINTS,
    agreement as agreement,
    agreement_finding as agreement_finding,
    along as along,
    mirror_route as mirror_route,
    straight_route as straight_route,
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
from ._constants import (
    AGREE as AGREE,
    DEEP_RUNGS as DEEP_RUNGS,
    DISAGREE as DISAGREE,
    FLOAT32_RUNGS as FLOAT32_RUNGS,
    RUNGS as RUNGS,
    slight as slight,
    written as written,
)
from ._decide import Decision as Decision, decide as decide
from ._evidence import (
    Coordinates as Coordinates,
    Evidence as Evidence,
    Finding as Finding,
    Hypothesis as Hypothesis,
    Row as Row,
)
from ._identity import at_most as at_most, identity as identity
from ._normalized import argmin_at_start as argmin_at_start, normalization as normalization
from ._planted import planted_sizes as planted_sizes, without_planted_errors as without_planted_errors
from ._pointwise import pointwise as pointwise
from ._serialize import as_json as as_json
from ._verdict import (
    Judgement as Judgement,
    Verdict as Verdict,
    combine as combine,
    environment as environment,
    judge as judge,
)
