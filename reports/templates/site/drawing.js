"use strict";
// Drawings of one cell: what its elements came to, their distances by step, and how they are spread.
function drawing(told, about, ...marks) {
  const made = Plot.plot({ width: 640, style: { background: "none", fontSize: "12px", overflow: "visible" }, ...about, marks });
  for (const part of made.querySelectorAll("[aria-label]")) { // a picture has one name, its parts have none
    part.dataset.mark = part.getAttribute("aria-label");
    part.removeAttribute("aria-label");
  }
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", told);
  return made;
}

const OUTCOMES = ["exact", "rounding", "representation", "range", "ill_posed", "deviates"];

function shares(cell) {
  const own = OUTCOMES.filter((name) => cell[name]).map((name) => ({ count: cell[name], verdict: name.replace("_", "-") }));
  if (!own.length) return null;
  const told = own.map((item) => `${item.count} ${item.verdict}`).join(", ");
  const bar = Plot.barX(own, Plot.stackX({
    x: "count", fill: (item) => `var(--${SITE.data.run.verdicts[item.verdict][0]})`, stroke: "var(--paper)", title: (item) => `${item.count} ${item.verdict}`,
  }));
  return el("div", {}, drawing(told, { height: 18, margin: 0, x: { axis: null }, y: { axis: null }, color: { type: "identity" } }, bar), el("p", {}, `Elements: ${told}`));
}

const [NEAR, FAR] = [1e-3, 1e20]; // in units of the bound: what is nearer or farther stands at the edge

function distance(score) {
  return score === "inf" ? FAR : Math.min(Math.max(Number(score), NEAR), FAR);
}

// Elements by step: their distance in units of the bound, the bound as a band.
function plot(elements) {
  const items = elements.map((item, place) => ({ ...item, far: distance(item.score), beside: item.step + 0.6 * (((place * 0.618) % 1) - 0.5) }));
  const steps = items.reduce((most, item) => Math.max(most, item.step), 1);
  const [inside, outside] = [items.filter((item) => item.far <= 1), items.filter((item) => item.far > 1)];
  const top = Math.ceil(Math.log10(items.reduce((most, item) => Math.max(most, item.far), 10)));
  const decades = d3.range(-3, top + 1, Math.ceil((top + 3) / 8)).map((power) => 10 ** power);
  const dots = { x: "beside", y: "far", title: (item) => `step ${item.step}, ${item.quantity || ""} ${item.element}: ${number(item.score)} of the bound` };
  const made = drawing(`${items.length} elements by step, ${outside.length} of them outside the bound`, {
    height: 230, marginLeft: 60, marginBottom: 40,
    x: { domain: [0.5, steps + 0.5], label: "step", ticks: Math.min(steps, 12), tickFormat: (step) => (Number.isInteger(step) ? String(step) : ""), grid: false },
    y: { type: "log", domain: [NEAR, 10 ** top], label: "distance in units of the bound", ticks: decades, tickFormat: (value) => (value === NEAR ? `≤ ${NEAR}` : value < 1e4 ? d3.format("~g")(value) : d3.format("~e")(value)) },
  },
  Plot.rect([0], { x1: 0.5, x2: steps + 0.5, y1: NEAR, y2: 1, fill: "var(--band)" }),
  Plot.ruleY([1], { stroke: "var(--good)", strokeDasharray: "4 3" }),
  Plot.dot(inside, { ...dots, r: 2, fill: "var(--accent)", fillOpacity: 0.7 }),
  Plot.dot(outside, { ...dots, r: 3, symbol: "times", stroke: "var(--bad)" }));
  return el("div", {}, made, el("p", { class: "soft" }, "Distance from the exact result in units of the bound, by step: points in the band are inside the bound", outside.length ? ", crosses outside it." : "."));
}

const EDGES = [0, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096];
const BINS = [...EDGES.map((edge) => (edge ? `≤ ${edge}` : "0")), "more"];

function bin(item) {
  const place = item.ulp === "inf" || item.ulp == null ? -1 : EDGES.findIndex((edge) => Number(item.ulp) <= edge);
  return BINS.at(place);
}

// How many elements are how many units in the last place away.
function histogram(elements) {
  const by = d3.rollup(elements, (own) => own.length, bin);
  const last = Math.max(...[...by.keys()].map((name) => BINS.indexOf(name)), 3);
  const told = BINS.filter((name) => by.has(name)).map((name) => `${by.get(name)} at ${name} ulp`).join(", ");
  const counted_ = Plot.groupX({ y: "count" }, { x: bin, fill: "var(--accent)" });
  const made = drawing(told, { height: 180, marginTop: 24, marginBottom: 40, x: { domain: BINS.slice(0, last + 1), label: "ulp" }, y: { axis: null } },
    Plot.barY(elements, counted_),
    Plot.text(elements, Plot.groupX({ y: "count", text: "count" }, { x: bin, dy: -8 })));
  return el("div", {}, made, el("p", { class: "soft" }, `Elements by their distance in units in the last place: ${told}.`));
}
