"""Instances of theorems: what they are made of, and seeded generators of them."""

from ._by_hand import mirror_flow_by_hand as mirror_flow_by_hand
from ._draw import draw as draw
from ._families import (
    FAMILY_SIZE as FAMILY_SIZE,
    Families as Families,
    Member as Member,
    commuting_quadratic as commuting_quadratic,
    families as families,
)
from ._frame import in_frame as in_frame, orthonormal as orthonormal
from ._hyperbolic import (
    hyperbolic as hyperbolic,
    positive_scale as positive_scale,
    rescaled as rescaled,
    unshifted as unshifted,
    wrong_potentials as wrong_potentials,
)
from ._hypotheses import (
    finite_dose as finite_dose,
    interpolation as interpolation,
    interpolation_is_least as interpolation_is_least,
    mean_square_loss as mean_square_loss,
    no_decay as no_decay,
    product_of_factors as product_of_factors,
)
from ._instance import YOUR_DATA as YOUR_DATA, Instance as Instance, Regression as Regression
from ._mask_alone import mask_alone as mask_alone
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
from ._sensing import (
    MEASUREMENTS as MEASUREMENTS,
    SIZE as SIZE,
    Sensing as Sensing,
    all_of_X as all_of_X,
    sensing as sensing,
)
from ._students import (
    Student as Student,
    descended as descended,
    random_arrays as random_arrays,
    squared_error as squared_error,
    student as student,
)
