"""Checks: two independent routes, a measured budget, a verdict that can lose.

Two independent routes to the same object run at relative tolerances 1e-6, 1e-8, 1e-10. `e` is their discrepancy,
`b` what numerics alone may cause (solver swapped Dopri8 ↔ Tsit5; change against a finer run; what one unit in the
last place of the start makes of the result), `s` the scale, `m` the motion. All four are taken for every
coordinate, over all times: a coordinate of size 1e-13 is judged by its own size, and those that moved too little to
be judged are counted in the outcome line. Then:

1. A failed or non-finite solve, float64 off and float32 not asked for, `b = 0`, or `m ≤ max(10³ b, 1e-9 s)`:
   inconclusive, with the reason.
2. `e ≤ 5 b`, and b fell 30-fold along the rungs, or was at round-off from the first rung on, or no tolerance is
   felt since the compared times force every step: holds, to the resolution `max(e, b)/s`.
3. `e ≥ 30 b`, and e stands still between the last two rungs: refuted, with the effect `e/s`.
4. Otherwise inconclusive. So is a true claim whose controls were not all refuted, or in which errors were planted
   and none was caught: it had no power.

Identities without tolerances (brackets, pointwise derivatives) are compared with a round-off floor that is measured
by moving the inputs by one unit in the last place. Small errors are planted on purpose; the smallest one caught is
the detection limit. A resolution coarser than 1e-6 is said in the outcome line.

With float64 off every verdict is inconclusive (precision), unless float32 is asked for: `mirrorjax verify
--float32`, `mj.verify(…, float32=True)`, `agreement(…, rungs=(1e-2, 1e-3, 1e-4))`. It resolves 1e-5 to 1e-3, the
planted errors are 0.1 to 1e-4, and what was measured without knowing its round-off in float32, as most limits are,
stays inconclusive.

`agreement` compares the flows where x moves, and adds the rung 1e-12 where three do not decide. A mirror flow does
not see a linear term of its potential, so a potential of yours is held to a second claim, `x₀ = argmin R₀`, on
which every statement about limits rests; `normalized=False` claims the flow alone. `pointwise` and `normalization`
test the theorem without an ODE and `∂_aQ = h`. What a problem or a schedule says of itself (a written-out gradient,
a dose) is measured first, so that a slip there is not blamed on the theorem.

Evidence of one's own comes from `compare` (two routes over tolerances), `identity` (an equation at points),
`at_most` (an inequality), `ladder` (rungs of one's own, say a step size η), `floor` (one number against its
round-off); `evidence.differs()` claims the opposite, `failed(reason)` says why there is none.
"""

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
    never_rises as never_rises,
    stays_below as stays_below,
)
from ._brackets import (
    bracket_hypothesis as bracket_hypothesis,
    commutes as commutes,
    commuting_and_regular as commuting_and_regular,
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
    detectable as detectable,
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
