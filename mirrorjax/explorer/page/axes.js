// Axes of a panel: the scales from numbers to pixels, ticks, grid and labels.

const SVG = "http://www.w3.org/2000/svg";
const FARTHEST = 1e6;  // pixels: browsers lose digits beyond
const MARGIN = { left: 58, right: 14, top: 30, bottom: 46 };

function element(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Round numbers between low and high, at most `most` of them. */
function ticksBetween(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough * (1 - 1e-9));
  const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first;
  return Array.from({ length: count + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** An interval with some room around it, never empty. */
function padded(low, high, share = 0.06) {
  const size = Math.max(Math.abs(low), Math.abs(high));
  const width = high - low > 1e-9 * size ? high - low : size || 1;
  return [low - share * width, high + share * width];
}

/** The scales of a panel of this size, with the labels of its axes. */
function axesOf(width, height, x, y) {
  const box = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: height - MARGIN.bottom };
  const across = (box.right - box.left) / (x.domain[1] - x.domain[0]);
  const up = (box.bottom - box.top) / (y.domain[1] - y.domain[0]);
  return {
    width, height, box, x, y,
    px: (v) => box.left + (v - x.domain[0]) * across,
    py: (v) => box.bottom - (v - y.domain[0]) * up,
    fromPixels: (left, top) => [x.domain[0] + (left - box.left) / across, y.domain[0] + (box.bottom - top) / up],
  };
}

/** Draws grid, ticks and labels; returns the group, cut off at the axes, into which curves go. */
function drawAxes(group, axes, id) {
  const { box, height } = axes;
  const cut = element("clipPath", { id });
  cut.append(element("rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top }));
  const grid = element("g", { class: "grid" }), labels = element("g", { class: "labels" });
  for (const v of ticksBetween(...axes.x.domain, Math.max(3, Math.floor((box.right - box.left) / 75)))) {
    const x = axes.px(v).toFixed(2);
    grid.append(element("line", { x1: x, x2: x, y1: box.top, y2: box.bottom, class: v === 0 ? "zero" : "" }));
    labels.append(element("text", { x, y: box.bottom + 17, "text-anchor": "middle" }, format(v, 4)));
  }
  for (const v of ticksBetween(...axes.y.domain, Math.max(3, Math.floor((box.bottom - box.top) / 48)))) {
    const y = axes.py(v).toFixed(2);
    grid.append(element("line", { x1: box.left, x2: box.right, y1: y, y2: y, class: v === 0 ? "zero" : "" }));
    labels.append(element("text", { x: box.left - 8, y, dy: "0.33em", "text-anchor": "end" }, format(v, 4)));
  }
  const middle = (box.left + box.right) / 2;
  labels.append(
    element("text", { x: middle, y: height - 8, "text-anchor": "middle", class: "axis" }, axes.x.label),
    element("text", { x: 6, y: 16, class: "axis" }, axes.y.label),
  );
  const inside = element("g", { "clip-path": `url(#${id})` });
  group.append(cut, grid, inside, labels);
  return inside;
}

/** A path through points (x, y); it breaks where one is not finite. */
function pathThrough(axes, points) {
  let text = "", pen = "M";
  const held = (v) => clamp(v, [-FARTHEST, FARTHEST]).toFixed(2);
  for (const point of points) {
    if (point === null || Number.isNaN(point[0]) || Number.isNaN(point[1]) || !Number.isFinite(point[0])) {
      pen = "M";
      continue;
    }
    text += `${pen}${held(axes.px(point[0]))},${held(axes.py(point[1]))}`;
    pen = "L";
  }
  return text;
}

function curve(axes, name, points, style) {
  return element("path", { d: pathThrough(axes, points), class: `curve ${style}`, "data-name": name });
}

/** A point of one of the shapes dot, ring, diamond and square. */
function mark(axes, name, [x, y], shape, style) {
  const at = `translate(${axes.px(x).toFixed(2)},${axes.py(y).toFixed(2)})`;
  return element("g", { transform: at, class: `mark ${style}`, "data-name": name }, shapeOf(shape));
}

function shapeOf(shape) {
  if (shape === "diamond") return element("path", { d: "M0,-6L6,0L0,6L-6,0Z" });
  if (shape === "square") return element("rect", { x: -6, y: -6, width: 12, height: 12 });
  if (shape === "cross") return element("path", { d: "M-5,-5L5,5M-5,5L5,-5" });
  return element("circle", { r: shape === "ring" ? 6.5 : 5.5 });
}

/** A sentence over a panel that lacks what it is for. */
function note(axes, y, text) {
  const middle = (axes.box.left + axes.box.right) / 2;
  return element("text", { x: middle, y, "text-anchor": "middle", class: "note" }, text);
}
