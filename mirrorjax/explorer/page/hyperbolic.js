// The hyperbolic entropy of one coordinate: m ⊙ w (κ = 2) and u² − v² (κ = 4).

/** R_a(x) = (x asinh(x/c) − √(x²+c²) − s x)/κ with c = scale·e^{4a} and s = log|u₀/v₀| = asinh(x₀/scale). */
function hyperbolicEntropy(x0, scale, kappa) {
  const logC0 = Math.log(scale), s = scaledAsinh(x0, logC0);
  const logC = (a) => logC0 + 4 * a;
  return {
    logC, s,
    value(x, a) {
      const log = logC(a);
      return (x * (scaledAsinh(x, log) - s) - safeHypot(x, log)) / kappa;
    },
    // R_a(x) − R_a(0): x²/(√+c) is √ − c without the cancellation that returns 0 at large c.
    excess(x, a) {
      const log = logC(a), root = safeHypot(x, log);
      return (x * (scaledAsinh(x, log) - s) - x * (x / (root + Math.exp(log)))) / kappa;
    },
    grad: (x, a) => (scaledAsinh(x, logC(a)) - s) / kappa,
    dualGrad: (mu, a) => scaledSinh(kappa * mu + s, logC(a)),
    dualSlope: (mu, a) => kappa * scaledCosh(kappa * mu + s, logC(a)),
    unit: 1 / kappa,
    widens: 0,
    range: () => [-Infinity, Infinity],
    domain: () => [-Infinity, Infinity],
    horizon: Infinity,
  };
}
