// Panel 3: the mirror flow against time.

function drawFlow(panel, model) {
  const { path, limit, state, last, end } = model;
  const heights = [...path.flatMap((at) => at.x), ...(limit ? limit.x : [])];
  const axes = panel.begin(
    { domain: [0, last], label: "time t (dimensionless)" },
    { domain: padded(Math.min(0, ...heights), Math.max(...heights), 0.1), label: "x₁ and x₂ (dimensionless)" },
  );
  const off = Math.min(SWITCH_OFF, last), { box } = axes;
  if (state.dose > 0) {
    const width = (axes.px(off) - box.left).toFixed(2);
    panel.inside.append(element("rect", { x: box.left, y: box.top, width, height: box.bottom - box.top, class: "decay" }));
  }
  for (const i of [0, 1]) {
    if (limit) {
      const level = [[0, limit.x[i]], [last, limit.x[i]]];
      panel.inside.append(curve(axes, `limit${i + 1}`, level, `coordinate${i + 1} faint`));
    }
    panel.inside.append(curve(axes, `x${i + 1}`, path.map((at) => [at.t, at.x[i]]), `coordinate${i + 1}`));
  }
  if (end < Infinity) panel.inside.append(curve(axes, "end", [[end, axes.y.domain[0]], [end, axes.y.domain[1]]], "horizon"));
  panel.legend([
    ["line", "coordinate1", "x₁"], ["line", "coordinate2", "x₂"],
    limit && ["line", "faint", "touching point"], state.dose > 0 && ["block", "decay", "decay is on"],
    end < Infinity && ["line", "horizon", "the flow ends"],
  ]);
  panel.caption(flowInWords(model));
}

function flowInWords(model) {
  const { path, limit, state, last, end } = model, first = path[0], final = path.at(-1);
  const strength = state.dose > 0
    ? `Decay of strength ${format(state.dose / SWITCH_OFF)} is on until t = ${SWITCH_OFF} and then off.`
    : "There is no decay.";
  const begins = `${strength} The flow starts at x₀ = ${formatPoint(first.x)}`;
  if (end < Infinity) {
    return `${begins} and ends at t = ${format(end)}, when the dose is ${format(model.lineHorizon)}: no μ is left in the `
      + `range of ∇Rₐ. Just before it, x = ${formatPoint(final.x)}.`;
  }
  const stop = path.find((at) => at.t >= SWITCH_OFF);
  const middle = state.dose > 0 && stop ? `, is at ${formatPoint(stop.x)} when decay stops` : "";
  const missed = limit ? distance(final.x, limit.x) : NaN;
  const gap = !limit ? "; the line is out of its reach"
    : missed < 1e-6 ? ", the touching point to six digits" : `, ${format(missed, 2)} from the touching point`;
  return `${begins}${middle} and is at ${formatPoint(final.x)} at t = ${format(final.t)}${gap}.`;
}
