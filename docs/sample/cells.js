"use strict";
// Cells of one implementation, and one cell: what a run folder keeps of it.

// How a cell is named in an address: its case, and where a case has several its gradients and document.
function cellParts(detail, cell) {
  return [detail.name, detail.device, cell.case, cell.regime, cell.variant];
}

function cellOf(detail, [first, regime, variant]) {
  const every = records(detail.cells);
  if (counted(first)) return every[Number(first)];
  const own = every.filter((cell) => cell.case === first && (!regime || cell.regime === regime) && (!variant || cell.variant === variant));
  return own.find((cell) => cell.deviates > 0) || own[0];
}

function absent() {
  SITE.show(el("h1", {}, "Not in this run"), el("p", {}, "This run has no such cell."));
}

function withFile(asked, then) {
  const [file, rest] = filed(asked);
  if (file < 0) return absent();
  return SITE.load(`cells/${file}`, (detail) => then(detail, rest, file));
}

SITE.page("cells", "", (asked_, query) => withFile(asked_, (detail) => {
  const asked = (cell) => (!query.get("options") || query.get("options") === (cell.features || "plain"))
    && (!query.get("dtype") || query.get("dtype") === cell.dtype)
    && (!query.get("verdict") || query.get("verdict") === cell.verdict);
  const every = records(detail.cells);
  const found = every.filter(asked);
  const go = (more) => { location.hash = href("cells", [detail.name, detail.device], { ...Object.fromEntries(address().query), ...more }).slice(1); };
  const select = (name, title, values) => el("label", {}, title, el("select", { onchange: (event) => go({ [name]: event.target.value }) },
    el("option", { value: "" }, "all"), [...new Set(values)].map((value) => el("option", { value, selected: query.get(name) === value }, value))));
  SITE.show(
    el("h1", {}, `Cells of ${detail.name}`),
    el("div", { class: "filters" },
      select("options", "options", every.map((cell) => cell.features || "plain")),
      select("dtype", "dtype", every.map((cell) => cell.dtype)),
      select("verdict", "verdict", every.map((cell) => cell.verdict))),
    el("p", { class: "soft", role: "status" }, `${found.length} of ${every.length} cells`),
    table(["case", "options", "dtype", "gradients", "verdict", "why", "score", "ulp"], found.map((cell) => [
      el("a", { href: href("cell", cellParts(detail, cell)) }, el("code", {}, cell.case)), options(cell.features), cell.dtype, cell.regime,
      el("span", { class: SITE.data.run.verdicts[cell.verdict][0] }, cell.verdict), cell.why || "–", number(cell.score), number(cell.ulp),
    ]), { numbers: ["score", "ulp"], label: "Cells" }));
}), TABLES);

SITE.page("cell", "", (asked) => withFile(asked, (detail, rest) => {
  const cell = cellOf(detail, rest);
  if (!cell) return absent();
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
    el("h2", {}, "Elements"), el("div", { id: "elements" }, seen(detail, cell, kept)));
  whole(detail, cell, kept);
}), [...TABLES, ...DRAWINGS]);

const NUMBERS = { numbers: ["step", "element", "of the bound", "ulp"], label: "Elements" };

function listing(elements) {
  return table(["step", "quantity", "element", "observed", "its bits", "exact", "its bits ", "of the bound", "ulp"], elements.map((item) => [item.step, item.quantity, item.element, number(item.observed), el("code", {}, item.observed_bits), number(item.expected), el("code", {}, item.expected_bits), number(item.score), number(item.ulp)]), NUMBERS);
}

// What the run folder keeps of the elements, in words that say so.
function seen(detail, cell, kept) {
  if (!kept.length) return el("p", { class: "soft" }, "Kept by the run: none of its elements deviates, so only the worst score. ", SITE.data.run.served ? null : "The command above, or ", SITE.data.run.served ? null : el("code", {}, `conformance report serve ${SITE.data.run.folder}`), SITE.data.run.served ? null : ", computes every element again.");
  return [el("p", {}, `Kept by the run: ${kept[0].failing} elements deviate; the first ${kept.length} of them, and more in the run folder.`), plot(kept), listing(kept)];
}

// Every element, where a site holds it or a program computes it; one quantity at a time.
function whole(detail, cell, kept) {
  const name = `every/${detail.file}/${cell.place}`;
  const place = document.getElementById("elements");
  const fetch = () => SITE.load(name, (found) => {
    if (!document.contains(place)) return;
    if (found.why) return place.replaceChildren(el("p", { class: "warn" }, `Not computed: ${found.why}`), ...[seen(detail, cell, kept)].flat());
    const every = found.rows.map((row) => Object.fromEntries(row.map((value, at) => [found.columns[at], value])));
    const quantities = [...new Set(every.map((item) => item.quantity))];
    const draw_ = (quantity) => {
      const own = every.filter((item) => item.quantity === quantity);
      const worst = [...own].sort((a, b) => distance(b.score) - distance(a.score)).slice(0, 50);
      below.replaceChildren(plot(own), el("h3", {}, "In units in the last place"), histogram(own), el("h3", {}, `The ${worst.length} farthest of ${own.length}`), listing(worst));
    };
    const below = el("div");
    const choice = el("label", {}, "quantity ", el("select", { onchange: (event) => draw_(event.target.value) }, quantities.map((value) => el("option", { value }, value.replaceAll("_", " ")))));
    const less = found.of > every.length ? `; the first ${every.length} are shown` : "";
    place.replaceChildren(el("p", {}, `Computed again: ${found.of} elements${less}.`), choice, below);
    draw_(quantities[0]);
  });
  if ((detail.every || []).includes(cell.place)) return fetch();
  if (SITE.data.run.served && cell.case) place.prepend(el("p", {}, el("button", { type: "button", onclick: (event) => { event.target.textContent = "computing …"; event.target.disabled = true; fetch(); } }, "compute every element")));
}
