// A panel: a figure with a legend, a drawing as wide as the page gives it, and a caption in words.

const SHARE = 0.7, TALLEST = 420;

function panelOf(id) {
  const figure = document.getElementById(id), svg = figure.querySelector("svg");
  const handles = [...svg.querySelectorAll(".handle")], panel = { svg, handles, view: { half: 1.5 } };
  const drawn = element("g");  // apart from the handles, which would lose the focus and the pointer with their place
  svg.prepend(drawn);
  panel.note = (top, text) => drawn.append(note(panel.axes, top, text));
  panel.measure = () => {
    panel.width = Math.max(260, Math.floor(svg.parentElement.clientWidth));
    panel.height = Math.round(Math.min(TALLEST, Math.max(250, SHARE * panel.width)));
  };
  panel.begin = (x, y) => {
    panel.axes = axesOf(panel.width, panel.height, x, y);
    svg.setAttribute("viewBox", `0 0 ${panel.width} ${panel.height}`);
    svg.setAttribute("height", panel.height);
    drawn.replaceChildren();
    panel.inside = drawAxes(drawn, panel.axes, `${id}-cut`);
    return panel.axes;
  };
  panel.legend = (entries) => {
    figure.querySelector(".legend").replaceChildren(...entries.filter(Boolean).map(([shape, style, text]) => {
      const item = document.createElement("li"), sample = element("svg", { viewBox: "-12 -8 24 16", "aria-hidden": "true" });
      sample.append(sampleOf(shape, style));
      item.append(sample, text);
      return item;
    }));
  };
  panel.caption = (text) => { figure.querySelector(".caption").textContent = text; };
  return panel;
}

function sampleOf(shape, style) {
  if (shape === "line") return element("path", { d: "M-11,0L11,0", class: `curve ${style}` });
  if (shape === "block") return element("rect", { x: -10, y: -6, width: 20, height: 12, class: style });
  return element("g", { class: `mark ${style}` }, shapeOf(shape));
}

/** Half of the height of the plane: a round number that keeps every marked point in view. */
function halfViewOf(model) {
  const points = [model.state.x0, model.nearest, model.limit?.x, model.leastL1, model.minimum].filter(Boolean);
  const most = Math.max(...points.flat().map(Math.abs).filter((v) => v <= 20));
  return [1, 1.5, 2, 3, 5, 8, 12, 25].find((half) => half >= 1.15 * most);
}
