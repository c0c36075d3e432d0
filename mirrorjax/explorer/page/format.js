// Numbers as text: a true minus sign, and powers of ten where digits would not be read.

const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

function format(value, digits = 3) {
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  let [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  exponent = Number(exponent);
  if (exponent >= -3 && exponent < 5) return String(Number(value.toPrecision(digits))).replace("-", "−");
  mantissa = String(Number(mantissa)).replace("-", "−");
  const power = `10${[...String(exponent)].map((sign) => SUPERSCRIPTS[sign]).join("")}`;
  return mantissa === "1" ? power : mantissa === "−1" ? `−${power}` : `${mantissa}·${power}`;
}

const formatPoint = (x) => `(${format(x[0])}, ${format(x[1])})`;

/** 2x₁ − x₂, as it is written. */
function formatRow(z) {
  const terms = z.map((v, i) => ({ v, name: `x${"₁₂"[i]}` })).filter(({ v }) => v !== 0);
  return terms.map(({ v, name }, k) => {
    const size = Math.abs(v) === 1 ? "" : `${format(Math.abs(v))} `;
    return `${v < 0 ? (k ? " − " : "−") : k ? " + " : ""}${size}${name}`;
  }).join("");
}
