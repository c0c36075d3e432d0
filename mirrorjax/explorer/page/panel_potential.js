// Panel 1: the potential of each coordinate.

function drawPotential(panel, model) {
  const { potential, a, minimum } = model, half = panel.view.half;
  const from = model.positive ? 0 : -half;
  const at = Array.from({ length: 241 }, (_, k) => from + ((half - from) * k) / 240);
  const rows = potential.map((R) => at.map((x) => [x, R.excess(x, a)]));
  const start = potential.map((R) => at.map((x) => [x, R.excess(x, 0)]));
  const heightsOf = (curves) => curves.flat().map((point) => point[1]).filter(Number.isFinite);
  const heights = heightsOf(model.exists ? rows : start);
  const axes = panel.begin(
    { domain: model.positive ? padded(0, half, 0.04) : [-half, half], label: "x₁ or x₂ (dimensionless)" },
    { domain: padded(Math.min(0, ...heights, ...heightsOf(start)), Math.max(...heights)), label: "Rₐ(x) − Rₐ(0) (dimensionless)" },
  );
  for (const i of [0, 1]) panel.inside.append(curve(axes, `start${i + 1}`, start[i], `coordinate${i + 1} faint`));
  if (model.exists) {
    for (const i of [0, 1]) panel.inside.append(curve(axes, `R${i + 1}`, rows[i], `coordinate${i + 1}`));
    for (const i of minimum ? [0, 1] : []) {
      const point = [minimum[i], potential[i].excess(minimum[i], a)];
      panel.inside.append(mark(axes, `minimum${i + 1}`, point, "dot", `coordinate${i + 1}`));
    }
  } else {
    panel.note(axes.box.top + 24, `No Rₐ from dose ${format(model.horizon)} on`);
  }
  panel.legend([
    model.exists && ["line", "coordinate1", "Rₐ of x₁"], model.exists && ["line", "coordinate2", "Rₐ of x₂"],
    minimum && ["dot", "coordinate1", "least Rₐ"],
    ["line", "coordinate1 faint", "x₁ at dose 0"], ["line", "coordinate2 faint", "x₂ at dose 0"],
  ]);
  panel.caption(potentialInWords(model));
}

function potentialInWords(model) {
  const { state, potential, a, minimum } = model;
  if (!model.exists) {
    return `The dose ${format(state.dose)} is past the horizon ${format(model.horizon)}, from which the range of ∇Rₐ is `
      + "empty: there is no Rₐ. The dotted curves are those of dose 0.";
  }
  const where = minimum
    ? `Rₐ is least at ${formatPoint(minimum)}; at dose 0 it was at ${formatPoint(state.x0)}.`
    : "Rₐ has no minimum: 0 is not in its range.";
  if (model.positive) {
    const slopes = potential.map((R) => R.grad(1, a));
    return `Rₐ is finite for x ≥ 0. Decay adds dose · x to it: its slope at x = 1 is ${format(slopes[0])} and `
      + `${format(slopes[1])}, of which ${format(state.dose)} is the dose. ${where}`;
  }
  const even = (x) => potential[0].excess(x, a) + potential[0].excess(-x, a);
  const growth = `From |x| = ½ to 1 its even part grows by a factor of ${format(even(1) / even(0.5))} `
    + "(a parabola 4, |x| 2).";
  if (!potential[0].logC) return `${growth} Decay flattens Rₐ and drives its minimum away from 0. ${where}`;
  return `${growth} It bends where |x| is near the scale c = ${format(Math.exp(potential[0].logC(a)))}. ${where}`;
}
