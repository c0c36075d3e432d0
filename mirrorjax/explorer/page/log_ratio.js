// The potential of one coordinate of log u − log v with h = log u + log v.

/** R_a(x) = ¼ ((v₀² − u₀²) x + S (log cosh x + log 2 − log S + 1)), S = u₀² + v₀² + 4a; NaN once S ≤ 0. */
function logRatioEntropy(x0, scale) {
  const uu = scale * sigmoid(2 * x0), vv = scale * sigmoid(-2 * x0);
  const range = (a) => [-uu / 2 - a, vv / 2 + a];
  const sum = (a) => (uu + vv + 4 * a > 0 ? uu + vv + 4 * a : NaN);
  return bounded({
    uu, vv, range,
    widens: 1,  // the speed of the ends of the range in a, outwards
    value: (x, a) => ((vv - uu) * x + sum(a) * (logCosh(x) + Math.LN2 - Math.log(sum(a)) + 1)) / 4,
    excess: (x, a) => ((vv - uu) * x + sum(a) * logCosh(x)) / 4,
    grad: (x, a) => fromLine(x, ...range(a)),
    between: lineBetween,
    slopeBetween: (below, above) => 0.5 / below + 0.5 / above,
    domain: (a) => (sum(a) > 0 ? [-Infinity, Infinity] : [Infinity, -Infinity]),
    horizon: (uu + vv) / 4,
  });
}
