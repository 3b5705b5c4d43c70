"use strict";
// Walks down the book's function in two dimensions: values of the reference, drawn side by side.
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 4"];
const COLOURS = ["--accent", "--bad", "--good", "--warn", "--note"];
const LEVELS = [0.05, 0.2, 0.6, 1.5, 3, 6, 10, 16];

const near = (points) => points.filter((point) => point.every((value) => typeof value === "number" && Math.abs(value) < 50));

// One walk: a line of its own colour and dash, and a dot a step.
function walk_(points, place) {
  const colour = `var(${COLOURS[place % COLOURS.length]})`;
  const dash = DASHES[Math.floor(place / COLOURS.length) % DASHES.length];
  return [Plot.line(points, { stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
    Plot.dot(points, { r: 3, fill: colour, title: ([u, v], step) => `step ${step}: ${u}, ${v}` })];
}

function walks(extra, keys) {
  const [a, b] = extra.curvatures;
  const heights = Plot.contour({ fill: "none", stroke: "var(--line)", value: (u, v) => a * u * u + b * v * v, x1: -6.3, x2: 6.3, y1: -2.7, y2: 2.7, thresholds: LEVELS });
  return drawing("Contours of the function, and the walk of each chosen rule",
    { width: 700, height: 380, clip: true, x: { domain: [-6.3, 6.3], label: "x₁" }, y: { domain: [-2.7, 2.7], label: "x₂" } },
    heights, keys.map((key, place) => walk_(near(extra.paths[key]), place)));
}

SITE.page("playground", "Playground", (rest, query) => SITE.load("extra", (extra) => {
  const rules = SITE.data.run.rules.filter((rule) => rule.key in extra.paths);
  const kept = (query.get("rules") || rules.slice(0, 4).map((rule) => rule.key).join(" ")).split(" ").filter((key) => key in extra.paths);
  const toggle = (key) => {
    const next = kept.includes(key) ? kept.filter((item) => item !== key) : [...kept, key];
    location.hash = href("playground", [], { rules: next.join(" ") || "none" }).slice(1);
  };
  const [a, b] = extra.curvatures;
  const ends = table(["rule", "after 20 steps: x₁", "x₂", "f"], kept.map((key) => {
    const [u, v] = extra.paths[key].at(-1);
    return [rules.find((rule) => rule.key === key).title, number(u), number(v), number(a * u * u + b * v * v)];
  }), { numbers: ["after 20 steps: x₁", "x₂", "f"], label: "Where each walk ends" });
  SITE.show(el("h1", {}, "Rules, walking"),
    el("p", {}, `f(x) = ${a} x₁² + ${b} x₂² from (−5, −2), 20 steps with learning rate 0.4 and epsilon 0.5 (large, so that its place is seen), other hyperparameters at their usual values. The values are those of the reference in float64.`),
    el("div", { class: "sides" },
      el("div", {}, walks(extra, kept), ends),
      el("fieldset", { class: "choices card" }, el("legend", {}, "rules"), rules.map((rule) => {
        const place = kept.indexOf(rule.key);
        return el("label", {}, el("input", { type: "checkbox", checked: place >= 0, onchange: () => toggle(rule.key) }),
          place >= 0 ? el("span", { class: "swatch", style: `border-color: var(${COLOURS[place % COLOURS.length]})` }) : null, el("span", {}, rule.title));
      }))));
}), [...TABLES, ...DRAWINGS]);
