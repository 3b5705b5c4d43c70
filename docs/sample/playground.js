"use strict";
// Walks down the book's function in two dimensions: values of the reference, drawn side by side.
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "1 4"];
const COLOURS = ["--accent", "--bad", "--good", "--warn", "--note"];

function contours([a, b], x, y) {
  return [0.05, 0.2, 0.6, 1.5, 3, 6, 10, 16].map((level) => svg("ellipse", {
    cx: x(0), cy: y(0), rx: Math.abs(x(Math.sqrt(level / a)) - x(0)), ry: Math.abs(y(Math.sqrt(level / b)) - y(0)), fill: "none", stroke: "var(--line)",
  }));
}

function walks(extra, keys) {
  const x = (value) => 350 + 55 * value;
  const y = (value) => 190 - 70 * value;
  const drawing = svg("svg", { viewBox: "0 0 700 380", width: 700, height: 380, role: "img", "aria-label": "Contours of the function, and the walk of each chosen rule" }, ...contours(extra.curvatures, x, y));
  keys.forEach((key, place) => {
    const points = extra.paths[key].filter((point) => point.every((value) => typeof value === "number" && Math.abs(value) < 50));
    const colour = `var(${COLOURS[place % COLOURS.length]})`;
    drawing.append(svg("polyline", { points: points.map(([u, v]) => `${x(u)},${y(v)}`).join(" "), fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[Math.floor(place / COLOURS.length) % DASHES.length] }));
    points.forEach(([u, v], step) => {
      const dot = svg("circle", { cx: x(u), cy: y(v), r: 3, fill: colour });
      dot.append(svg("title"));
      dot.firstChild.textContent = `step ${step}: ${u}, ${v}`;
      drawing.append(dot);
    });
  });
  return drawing;
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
}));
