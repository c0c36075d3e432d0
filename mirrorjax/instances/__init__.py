"""Instances of theorems: what they are made of, and seeded generators of them."""

from ._hypotheses import (
    interpolation_is_least as interpolation_is_least,
    mean_square_loss as mean_square_loss,
    no_decay as no_decay,
    product_of_factors as product_of_factors,
)
from ._instance import YOUR_DATA as YOUR_DATA, Instance as Instance, Regression as Regression
from ._regressions import (
    DECADES as DECADES,
    FEATURES as FEATURES,
    SAMPLES as SAMPLES,
    limits as limits,
    random_problem as random_problem,
    random_regressions as random_regressions,
    random_start as random_start,
    regressions as regressions,
    static_limits as static_limits,
    to_the_limit as to_the_limit,
    without_decay as without_decay,
)
