// The entropy of one coordinate of x = u², x > 0: exponentiated gradient.

/** R_a(x) = ¼ (x log(x/X) − x) with X = x₀ e^{4a}; infinite for x < 0. */
function signedEntropy(x0) {
  const logX = (a) => Math.log(x0) + 4 * a;
  function value(x, a) {
    if (x < 0) return Infinity;
    return ((x === 0 ? 0 : x * Math.log(x)) - x * (logX(a) + 1)) / 4;
  }
  return {
    value,
    excess: value,  // R_a(0) = 0
    grad: (x, a) => (x < 0 ? NaN : (Math.log(x) - logX(a)) / 4),
    dualGrad: (mu, a) => Math.exp(4 * mu + logX(a)),
    dualSlope: (mu, a) => 4 * Math.exp(4 * mu + logX(a)),
    unit: 1 / 4,
    widens: 0,
    range: () => [-Infinity, Infinity],
    domain: () => [0, Infinity],
    horizon: Infinity,
  };
}
