// The potential of one coordinate of u^p − v^p with h = u^p + v^p, p = 4.

/** x = U^{−r} − V^{−r}, U = κ(c_u − a − μ), V = κ(c_v − a + μ), κ = p(p−2), r = p/(p−2).

    With S = U + V, c = 2(S/2)^{−r} and ℓ = ½ log(V/U) it is x = c cosh^r(ℓ) sinh(rℓ): there is no closed form for
    ℓ, which `balance` finds by Newton.
*/
function powerEntropy(x0, scale, p) {
  const kappa = p * (p - 2), r = p / (p - 2);
  const ell0 = balance(x0, Math.log(scale), r);
  const logS0 = Math.LN2 - (Math.log(scale) - Math.LN2) / r;
  const end = (side) => Math.exp(logS0 - softplus(2 * side)) / kappa;  // u₀^{2−p}/κ
  const cU = end(ell0), cV = end(-ell0);
  const logHalf = (a) => Math.log(kappa * ((cU + cV) / 2 - a));
  const logC = (a) => Math.LN2 - r * logHalf(a);
  const range = (a) => [a - cV, cU - a];
  const ellOf = (x, a) => balance(x, logC(a), r);
  const conjugate = (ell, a) => Math.exp((r - 1) * (logCosh(ell) - logHalf(a)) + logCosh((r - 1) * ell)) / p;
  function conjugateRise(ell, a) {
    const atZero = Math.exp(-(r - 1) * logHalf(a)) / p;
    if (Math.abs(ell) >= 1) return conjugate(ell, a) - atZero;
    const power = r - 1;
    return atZero * (Math.expm1(power * logCosh(ell)) * Math.cosh(power * ell) + 2 * Math.sinh((power * ell) / 2) ** 2);
  }
  return bounded({
    logC, cU, cV, range,
    widens: -1,  // the speed of the ends of the range in a, outwards
    value(x, a) {
      const ell = ellOf(x, a);
      return x * fromLine(ell, ...range(a)) - conjugate(ell, a);
    },
    excess(x, a) {
      const ell = ellOf(x, a);
      return x * fromLine(ell, ...range(a)) - conjugateRise(ell, a);
    },
    grad: (x, a) => fromLine(ellOf(x, a), ...range(a)),
    // From the distances of μ to the ends, which a flow near an end knows to more digits than μ.
    between(below, above, a) {
      const ell = lineBetween(below, above);
      return scaledSinh(r * ell, logC(a) + r * logCosh(ell));
    },
    slopeBetween(below, above, a) {
      const ell = lineBetween(below, above);
      return p * p * Math.exp(Math.LN2 + (r + 1) * (logCosh(ell) - logHalf(a)) + logCosh((r + 1) * ell));
    },
    domain: () => [-Infinity, Infinity],
    horizon: Infinity,
  });
}
