"use strict";
// Cells of one implementation, and one cell: what a run folder keeps of it.
const PAGE = 200;

SITE.page("cells", "", ([file], query) => SITE.load(`cells/${file}`, (detail) => {
  const asked = (cell) => (!query.get("options") || query.get("options") === (cell.features || "plain"))
    && (!query.get("dtype") || query.get("dtype") === cell.dtype)
    && (!query.get("verdict") || query.get("verdict") === cell.verdict)
    && (!query.get("q") || `${cell.case} ${cell.regime} ${cell.why}`.toLowerCase().includes(query.get("q").toLowerCase()));
  const every = records(detail.cells);
  const found = every.filter(asked);
  const from = Math.min(Number(query.get("from") || 0), Math.max(0, found.length - 1));
  const go = (more) => { location.hash = href("cells", [file], { ...Object.fromEntries(query), ...more }).slice(1); };
  const select = (name, title, values) => el("label", {}, title, el("select", { onchange: (event) => go({ [name]: event.target.value, from: "" }) },
    el("option", { value: "" }, "all"), [...new Set(values)].map((value) => el("option", { value, selected: query.get(name) === value }, value))));
  SITE.show(
    el("h1", {}, `Cells of ${detail.name}`),
    el("div", { class: "filters" },
      el("label", {}, "search", el("input", { type: "search", value: query.get("q") || "", onchange: (event) => go({ q: event.target.value, from: "" }) })),
      select("options", "options", every.map((cell) => cell.features || "plain")),
      select("dtype", "dtype", every.map((cell) => cell.dtype)),
      select("verdict", "verdict", every.map((cell) => cell.verdict))),
    el("p", { class: "soft", role: "status" }, `${found.length} of ${every.length} cells`,
      found.length > PAGE ? `; ${from + 1} to ${Math.min(from + PAGE, found.length)} ` : "",
      from > 0 ? el("button", { type: "button", onclick: () => go({ from: String(Math.max(0, from - PAGE)) }) }, "before") : null,
      from + PAGE < found.length ? el("button", { type: "button", onclick: () => go({ from: String(from + PAGE) }) }, "after") : null),
    table(["case", "options", "dtype", "gradients", "verdict", "score", "ulp"], found.slice(from, from + PAGE).map((cell) => [
      el("a", { href: href("cell", [file, cell.place]) }, el("code", {}, cell.case)), options(cell.features), cell.dtype, cell.regime,
      el("span", { class: SITE.data.run.verdicts[cell.verdict][0] }, cell.verdict), number(cell.score), number(cell.ulp),
    ]), { numbers: ["score", "ulp"], label: "Cells" }));
}));

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

// Kept elements by step: their distance in units of the bound, on a logarithmic axis, the bound as a band.
function plot(elements) {
  const points = elements.map((item) => [item.step, item.score === "inf" ? 1e300 : Math.max(Number(item.score), 1e-3)]);
  const steps = Math.max(...points.map(([step]) => step), 1);
  const top = Math.min(Math.max(...points.map(([, score]) => Math.log10(score)), 1), 20);
  const x = (step) => 50 + (530 * step) / (steps + 1);
  const y = (score) => 10 + 160 * (1 - (Math.min(Math.log10(score), top) + 3) / (top + 3));
  const drawing = svg("svg", { viewBox: "0 0 600 200", width: 600, height: 200, role: "img", "aria-label": `${points.length} elements by step; those above the band are outside the bound` },
    svg("rect", { x: 50, y: y(1), width: 540, height: 170 - y(1), fill: "var(--band)" }),
    svg("line", { x1: 50, x2: 590, y1: y(1), y2: y(1), stroke: "var(--good)", "stroke-dasharray": "4 3" }));
  const label = (text, at) => { const made = svg("text", at); made.textContent = text; drawing.append(made); };
  label("bound", { x: 2, y: y(1) + 4 });
  label(`10^${top.toFixed(0)}`, { x: 2, y: 18 });
  label("step", { x: 560, y: 192 });
  for (let step = 1; step <= steps; step += Math.ceil(steps / 12)) label(String(step), { x: x(step) - 4, y: 192 });
  points.forEach(([step, score], place) => {
    const dot = svg("circle", { cx: x(step), cy: y(score), r: 4, fill: "none", stroke: "var(--bad)", "stroke-width": 2 });
    dot.append(svg("title"));
    dot.firstChild.textContent = `${elements[place].parameter || ""}${elements[place].element}: ${number(elements[place].score)} of the bound`;
    drawing.append(dot);
  });
  return drawing;
}

SITE.page("cell", "", ([file, place]) => SITE.load(`cells/${file}`, (detail) => {
  const cell = records(detail.cells)[Number(place)];
  if (!cell) return SITE.show(el("p", {}, "This run has no such cell."));
  const kept = records(detail.elements).filter((item) => item.case === cell.case && item.regime === cell.regime && item.variant === cell.variant);
  const [tone, meaning] = SITE.data.run.verdicts[cell.verdict];
  const lines = [
    ["verdict", el("span", { class: tone }, cell.verdict, `: ${meaning}`)],
    ["why", cell.why], ["document", cell.variant], ["options", options(cell.features)], ["dtype", cell.dtype],
    ["kind of case", cell.mode], ["gradients", cell.regime],
    ["largest distance", `${number(cell.score)} of the bound that judged it, ${number(cell.ulp)} ulp`],
    ["held as", cell.held], ["smallest condition number", cell.condition == null ? "" : number(cell.condition)],
    ["first divergence", cell.step ? `step ${cell.step}, ${cell.quantity} of ${cell.element}` : ""],
    ["observed", cell.observed && el("code", {}, cell.observed)], ["exact", cell.expected && el("code", {}, cell.expected)],
    ["there", cell.step ? `${number(cell.divergence_score)} of the bound, ${number(cell.divergence_ulp)} ulp` : ""],
    ["follows instead", cell.nearest], ["known as", cell.expectation && `${cell.expectation}: ${detail.reasons[cell.expectation] || ""}`],
  ].filter(([, value]) => value);
  SITE.show(
    el("h1", {}, `${detail.name}, one cell`), el("p", {}, el("code", {}, cell.case), copy(cell.case, "copy case")),
    shares(cell), el("dl", {}, lines.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    el("h2", {}, "Run it again"), command(`conformance run --implementation '${detail.name}' --case '${cell.case}'`),
    cell.deviates ? command(`conformance repro '${detail.name}' '${cell.case}'`) : null,
    el("h2", {}, "Elements"),
    kept.length ? [el("p", {}, `${kept[0].failing} elements deviate; the first ${kept.length} of them, and more in the run folder:`), plot(kept),
      table(["step", "quantity", "element", "observed", "its bits", "exact", "its bits ", "of the bound", "ulp"], kept.map((item) => [item.step, item.quantity, item.element, number(item.observed), el("code", {}, item.observed_bits), number(item.expected), el("code", {}, item.expected_bits), number(item.score), number(item.ulp)]), { numbers: ["step", "element", "of the bound", "ulp"], label: "Elements" })]
      : el("p", { class: "soft" }, "None of its elements deviates. The run folder keeps of such a cell its worst score; the command above computes every element again."));
}));
