// The families that the page knows: how each makes the potential of a coordinate from x₀ and the scale.

/** The maps from μ of a potential whose range is bounded, from its maps `between` and `slopeBetween`. */
function bounded(R) {
  const apart = (mu, a) => [mu - R.range(a)[0], R.range(a)[1] - mu];
  return {
    ...R,
    dualGrad: (mu, a) => R.between(...apart(mu, a), a),
    dualSlope: (mu, a) => R.slopeBetween(...apart(mu, a), a),
  };
}

const FAMILIES = {
  hadamard: { g: "m ⊙ w", make: (x0, scale) => hyperbolicEntropy(x0, scale, 2) },
  "squared-difference": { g: "u² − v²", make: (x0, scale) => hyperbolicEntropy(x0, scale, 4) },
  "power-difference": { g: "u⁴ − v⁴", make: (x0, scale) => powerEntropy(x0, scale, 4) },
  "log-ratio": { g: "log u − log v", make: (x0, scale) => logRatioEntropy(x0, scale) },
  "exponentiated-gradient": { g: "u²", make: (x0) => signedEntropy(x0), positive: true, unscaled: true },
};

/** The potential R_a(x) = r₁(x₁) + r₂(x₂) of a state: a list of its two coordinates. */
function potentialOf(state) {
  return state.x0.map((x0) => FAMILIES[state.family].make(x0, state.scale));
}

/** argmin R_a = ∇Q_a(0), or null where 0 is not in the range. */
function minimumOf(potential, a) {
  const inside = potential.every((R) => R.range(a)[0] < 0 && R.range(a)[1] > 0);
  return inside ? potential.map((R) => R.dualGrad(0, a)) : null;
}

/** The dose from which some range is empty. */
function horizonOf(potential) {
  return Math.min(...potential.map((R) => R.horizon));
}
