"""Lie brackets, their closure, and structure found by probing."""

from ._brackets import lie_bracket as lie_bracket
from ._closure import (
    Closure as Closure,
    Rank as Rank,
    decide_rank as decide_rank,
    image_of_brackets as image_of_brackets,
    lie_closure as lie_closure,
)
from ._commutation import (
    BracketSize as BracketSize,
    Commutation as Commutation,
    bracket_table as bracket_table,
    commutation as commutation,
    finite_rows as finite_rows,
)
from ._control import ControlledFlow as ControlledFlow, Swap as Swap, order_swap as order_swap, worst_swap as worst_swap
from ._flat import (
    SMALL as SMALL,
    FlatPair as FlatPair,
    Points as Points,
    flatten as flatten,
    reachable_points as reachable_points,
)
from ._structure import (
    Degree as Degree,
    blocks as blocks,
    conditioning as conditioning,
    homogeneity as homogeneity,
    least_row as least_row,
)
