"""amid/duality: the metric of the weights is the inverse Hessian of the potential."""

import jax
import jax.numpy as jnp
import numpy as np

import mirrorjax as mj

from ...checks import Evidence, Finding, FlowRoute, compare


@mj.theorem(
    id="amid/duality",
    title="Jg Jgᵀ = (∇²R)⁻¹ along the flow",
    statement=r"Where $x = g(w)$ makes gradient flow a mirror flow with potential $R_{a_t}$: "
    r"$J_g(w_t)\,J_g(w_t)^\top = (\nabla^2 R_{a_t}(x_t))^{-1}$ for all $t$. For $m \odot w$: $m^2 + w^2 = 2\sqrt{x^2 + c_t^2}$.",
    source="amid, reparameterization of mirror flow as gradient flow; flow, Theorem 3.1",
    instances=mj.instances.random_regressions,
)
def theorem_(case: mj.instances.Regression, rungs) -> Finding:
    ts = case.ts
    levels = jax.vmap(case.schedule.a)(jnp.asarray(ts))
    R = mj.instances.hyperbolic(case.param, case.w0)

    def gram(path: mj.flows.Trajectory):
        # Jg Jgᵀ of m ⊙ w from the weights alone.
        return np.asarray(path.state[:, 0] ** 2 + path.state[:, 1] ** 2)

    weights = FlowRoute(mj.flows.GradientFlow(case.problem, case.param, case.schedule), case.w0, ts=ts, observe=gram)
    # x from a mirror flow of its own, which knows no weights.
    mirror = FlowRoute(mj.flows.MirrorFlow(case.problem, mj.potentials.Distorted(R), case.schedule), ts=ts)

    def against(potential: mj.potentials.AbstractPotential) -> Evidence:
        def inverse(path: mj.flows.Trajectory):
            return 1 / jax.vmap(potential.hessian)(path.x, levels)

        return compare(weights, mirror.observing(inverse), rungs)

    return Finding(
        hypotheses=(mj.instances.product_of_factors(case), mj.instances.positive_scale(R)),
        claims={"Jg Jgᵀ = (∇²R)⁻¹": against(R)},
        controls={
            "Hessian doubled": against(mj.potentials.Distorted(R, mu_factor=0.5)),
            "Hessian at a = 0": against(mj.potentials.Distorted(R, a_factor=0.0)),
            f"Hessian wrong by {mj.checks.written(1e-6)}": against(
                mj.potentials.Distorted(R, mu_factor=1 + mj.checks.slight(1e-6))
            ),
        },
        planted={d: against(mj.potentials.Distorted(R, mu_factor=1 + d)) for d in mj.checks.planted_sizes(1e-6, 1e-8)},
    )
