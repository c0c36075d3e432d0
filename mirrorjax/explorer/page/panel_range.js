// Panel 4: the range of ∇R_a against the dose, with the μ of the flow in it.

const FAR_SHARE = 4;  // ends of a range that are this many times farther than μ goes are not in view

function drawRange(panel, model) {
  const { potential, state, path, horizon, lineHorizon: lost, limit } = model;
  const bounded = Number.isFinite(potential[0].range(0)[0]);
  const right = horizon < Infinity ? Math.max(1.3 * horizon, 1.1 * state.dose) : Math.max(1, 1.25 * state.dose);
  const mus = [...path.flatMap((at) => at.mu), ...(limit ? limit.mu : [])];
  const ends = bounded ? [0, Math.min(right, horizon)].flatMap((dose) => potential.flatMap((R) => R.range(-dose))) : [];
  const [low, high] = [Math.min(0, ...mus), Math.max(0, ...mus)], room = FAR_SHARE * (high - low || Infinity);
  const shown = [Math.max(low - room, Math.min(low, ...ends)), Math.min(high + room, Math.max(high, ...ends))];
  const axes = panel.begin(
    { domain: [0, right], label: "dose ∫α (dimensionless)" },
    { domain: padded(...shown, 0.1), label: "dual variable μ (dimensionless)" },
  );
  const { box } = axes;
  if (!bounded) {
    const size = { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
    panel.inside.append(element("rect", { ...size, class: "whole" }));
  }
  for (const i of bounded ? [0, 1] : []) {
    const R = potential[i], stop = Math.min(right, R.horizon);
    const outline = [[0, R.range(0)[0]], [stop, R.range(-stop)[0]], [stop, R.range(-stop)[1]], [0, R.range(0)[1]]];
    panel.inside.append(curve(axes, `range${i + 1}`, outline, `coordinate${i + 1} area`));
  }
  const upright = (name, dose, style) => curve(axes, name, [[dose, axes.y.domain[0]], [dose, axes.y.domain[1]]], style);
  panel.inside.append(upright("dose", state.dose, "dose"));
  if (lost < Infinity) panel.inside.append(upright("lost", lost, "lost"));
  if (horizon < Infinity) panel.inside.append(upright("horizon", horizon, "horizon"));
  for (const i of [0, 1]) {
    const way = path.map((at) => [-at.a, at.mu[i]]);
    panel.inside.append(curve(axes, `mu${i + 1}`, way, `coordinate${i + 1}`));
    if (model.end === Infinity) panel.inside.append(mark(axes, `last${i + 1}`, way.at(-1), "dot", `coordinate${i + 1}`));
  }
  panel.legend([
    ["line", "coordinate1", "μ₁ of the flow"], ["line", "coordinate2", "μ₂ of the flow"],
    bounded ? ["block", "area", "range of ∇Rₐ, by coordinate"] : ["block", "whole", "range of ∇Rₐ: all of ℝ"],
    ["line", "dose", "chosen dose"],
    lost < Infinity && ["line", "lost", "no touching point from here"],
    horizon < Infinity && ["line", "horizon", "range empty from here"],
  ]);
  panel.caption(rangeInWords(model, bounded));
}

function rangeInWords(model, bounded) {
  const { potential, state, a, path, horizon } = model, final = path.at(-1);
  const interval = (R, at) => `(${R.range(at).map((v) => format(v)).join(", ")})`;
  const reached = model.end < Infinity ? `The flow comes to μ = ${formatPoint(final.mu)}.`
    : `At t = ${format(final.t)} the flow is at μ = ${formatPoint(final.mu)}.`;
  if (!bounded) return `The range of ∇Rₐ is all of ℝ at every dose: μ may go anywhere, and the flow goes on for ever. ${reached}`;
  if (!model.exists) {
    return `At dose ${format(state.dose)} the range is empty. It was ${interval(potential[0], 0)} for μ₁ and `
      + `${interval(potential[1], 0)} for μ₂ at dose 0, and has been empty from dose ${format(horizon)} on. ${reached}`;
  }
  const [now, then] = [a, 0].map((at) => potential.map((R) => interval(R, at)));
  const change = horizon < Infinity ? "Decay narrows it" : "Decay widens it";
  const last = horizon < Infinity
    ? ` It is empty from dose ${format(horizon)} on, and no μ on the line is left from ${format(model.lineHorizon)} on.`
    : "";
  return `At dose ${format(state.dose)} μ₁ is in ${now[0]} and μ₂ in ${now[1]}; at dose 0 in ${then[0]} and ${then[1]}. `
    + `${change}.${last} ${reached}`;
}
