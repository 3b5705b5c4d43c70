"use strict";
// Drawings of one cell: what its elements came to, their distances by step, and how they are spread.
function shares(cell) {
  const names = ["exact", "rounding", "representation", "range", "ill_posed", "deviates"];
  const total = names.reduce((sum, name) => sum + cell[name], 0);
  if (!total) return null;
  let x = 0;
  const bars = names.filter((name) => cell[name]).map((name) => {
    const wide = (600 * cell[name]) / total;
    const verdict = name.replace("_", "-");
    const bar = svg("rect", { x, y: 0, width: wide, height: 18, fill: `var(--${SITE.data.run.verdicts[verdict][0]})`, stroke: "var(--paper)" });
    bar.append(svg("title", {}));
    bar.firstChild.textContent = `${cell[name]} ${verdict}`;
    x += wide;
    return bar;
  });
  const told = names.filter((name) => cell[name]).map((name) => `${cell[name]} ${name.replace("_", "-")}`).join(", ");
  return el("div", {}, svg("svg", { viewBox: "0 0 600 18", role: "img", "aria-label": told, width: 600, height: 18 }, ...bars), el("p", {}, `Elements: ${told}`));
}

const CAP = 20; // decades above the bound that are drawn; what is farther away stands at the edge

const decades = (score) => {
  const value = score === "inf" ? Infinity : Number(score);
  return value === 0 ? -3 : Math.max(-3, Math.min(Math.log10(value), CAP));
};

function lettered(drawing, text, at) {
  const made = svg("text", at);
  made.textContent = text;
  drawing.append(made);
}

function titled(shape, text) {
  const title = svg("title");
  title.textContent = text;
  shape.append(title);
  return shape;
}

// Elements by step: their distance in units of the bound, on a logarithmic axis, the bound as a band.
function plot(elements) {
  const steps = elements.reduce((most, item) => Math.max(most, item.step), 1);
  const top = Math.max(1, Math.ceil(elements.reduce((most, item) => Math.max(most, decades(item.score)), 0)));
  const x = (step) => 60 + (520 * (step - 0.5)) / steps;
  const y = (decade) => 12 + 160 * (1 - (decade + 3) / (top + 3));
  const outside = elements.filter((item) => decades(item.score) > 0).length;
  const drawing = svg("svg", { viewBox: "0 0 600 206", width: 600, height: 206, role: "img", "aria-label": `${elements.length} elements by step, ${outside} of them outside the bound` },
    svg("rect", { x: 60, y: y(0), width: 530, height: 172 - y(0), fill: "var(--band)" }),
    svg("line", { x1: 60, x2: 590, y1: y(0), y2: y(0), stroke: "var(--good)", "stroke-dasharray": "4 3" }));
  lettered(drawing, "the bound", { x: 2, y: y(0) + 4 });
  if (top > 1) lettered(drawing, `10^${top}`, { x: 2, y: 20 });
  lettered(drawing, "≤ 10^-3", { x: 2, y: 172 });
  lettered(drawing, "step", { x: 2, y: 198 });
  const every = Math.ceil(steps / 12);
  for (let step = 1; step <= steps; step += every) lettered(drawing, String(step), { x: x(step) - 4, y: 198 });
  const wide = Math.max(2, Math.min(30, 400 / steps));
  elements.forEach((item, place) => {
    const off = decades(item.score) > 0;
    const at = { cx: x(item.step) + wide * (((place * 0.618) % 1) - 0.5), cy: y(decades(item.score)) };
    const colour = off ? "var(--bad)" : "var(--accent)";
    const dot = off ? svg("path", { d: `M${at.cx - 3},${at.cy - 3}l6,6m0,-6l-6,6`, stroke: colour, "stroke-width": 1.5 }) : svg("circle", { ...at, r: 2, fill: colour, "fill-opacity": 0.7 });
    drawing.append(titled(dot, `step ${item.step}, ${item.quantity || ""} ${item.element}: ${number(item.score)} of the bound`));
  });
  return el("div", {}, drawing, el("p", { class: "soft" }, "Distance from the exact result in units of the bound, by step: points in the band are inside the bound", outside ? ", crosses outside it." : "."));
}

const EDGES = [0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096];

// How many elements are how many units in the last place away.
function histogram(elements) {
  const names = ["0", ...EDGES.map((edge) => `≤ ${edge}`), "more"];
  const counts = names.map(() => 0);
  elements.forEach((item) => {
    const ulp = item.ulp === "inf" || item.ulp == null ? Infinity : Number(item.ulp);
    const place = ulp === 0 ? 0 : EDGES.findIndex((edge) => ulp <= edge) + 1;
    counts[place || (ulp === 0 ? 0 : names.length - 1)] += 1;
  });
  const last = Math.max(...counts.map((count, place) => (count ? place : 0)), 3);
  const most = Math.max(...counts);
  const wide = 540 / (last + 1);
  const told = counts.slice(0, last + 1).map((count, place) => (count ? `${count} at ${names[place]} ulp` : "")).filter(Boolean).join(", ");
  const drawing = svg("svg", { viewBox: "0 0 600 150", width: 600, height: 150, role: "img", "aria-label": told });
  counts.slice(0, last + 1).forEach((count, place) => {
    const high = (100 * count) / most;
    drawing.append(titled(svg("rect", { x: 40 + place * wide + 2, y: 116 - high, width: wide - 4, height: high, fill: "var(--accent)" }), `${count} elements`));
    if (count) lettered(drawing, String(count), { x: 40 + place * wide + 4, y: 112 - high });
    lettered(drawing, names[place], { x: 40 + place * wide + 4, y: 132 });
  });
  lettered(drawing, "ulp", { x: 2, y: 132 });
  return el("div", {}, drawing, el("p", { class: "soft" }, `Elements by their distance in units in the last place: ${told}.`));
}
