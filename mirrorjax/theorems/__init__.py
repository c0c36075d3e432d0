"""The catalogue: a folder per source, a file per theorem.

Conventions differ between papers; the code has one, README's table of symbols. Paper by paper (the short name is
the first part of an entry's id):

- `mask` *Mask in the Mirror*, arXiv 2408.09966 (theorem numbers of preprint version 1): its scale `a_t` is
  `exp(R.log_c(a))`, its `β = m² − w²`, or half of it, `2c`.
- `flow` *Mirror, Mirror of the Flow*, arXiv 2504.12883: `a_t` is `schedule.a(t)`, `h` `param.h`, `R_{a_t}`
  `potential.value(x, a)`.
- `signin` *Sign-In to the Lottery*, arXiv 2504.12801: `θ = m ⊙ w` is x, `β = m² − w²` is `2c`, `L` is f.
- `li` arXiv 2207.04036, `amid` arXiv 2002.10487: the potential at α = 0 is `R` at `a = 0`.
- `woodworth` arXiv 2002.09277: `u₀ = v₀ = γ` of `u² − v²` is `SquaredDifference` with `c = 2γ²`.
- `gunasekar` arXiv 1705.09280: `X = UUᵀ` and `𝒜` are `SymmetricFactorization(A)`, `u^L − v^L` `DepthDifference(L)`.
- `marcotte` arXiv 2307.00144, 2506.06194, 2508.07370: conservation laws `H` are `analysis.laws`, decay `λ_t` is `2
  schedule.alpha(t)`.
- `pesme` arXiv 2106.09524, `even` arXiv 2302.08982: `w₊, w₋` are `u, v` of `SquaredDifference`, `γ_t` enters by `c
  = 2γ²`.
- `spred`, `dwf` *Deep Weight Factorization*: decay of the factors is a constant `α` on `Hadamard`; depth `D` is D
  factors.
- `ham` arXiv 2506.02630: `α_H` is `alpha`, `θ` is x.
- `train`: an optimizer's learning rate `η_k` is a step of time `η_k`, its dose `Σ η_k α_k`; decay `λ` of the
  factors is `2α`.

Where a printed formula of preprint version 1 of `mask` differs from the one verified here, `mirrorjax audit` tests
both.
"""

import importlib


def __getattr__(name: str):
    # Lazy, because the audit imports jax.
    if name in ("audit", "AUDIT", "Audited", "PREPRINT"):
        return getattr(importlib.import_module(".mask._audit", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
