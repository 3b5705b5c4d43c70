"use strict";
// Who follows which rule: a row an implementation, its modes folded, a column a rule.
const MARKS = {
  follows: ["●", "its document states this rule, and it follows"],
  excepted: ["◐", "it follows, except somewhere"],
  another: ["○", "its document states this rule, and it computes another"],
  undecided: ["?", "nothing is decided"],
  dot: ["•", "computes this rule, which its own document does not state"],
};

const FEW = 3; // rules whose headings have room to be read without turning one's head

function marks(row) {
  const found = {};
  if (row.claimed) found[row.rule] = row.conduct;
  else if (row.follows) found[row.rule] = "dot";
  row.also.forEach((key) => { found[key] = "dot"; });
  return found;
}

const FILTERS = {
  family: ["family", (row) => [row.family]],
  adapter: ["framework", (row) => [row.adapter]],
  word: ["what it does", (row) => [word(row)[1]]],
  dtype: ["dtype", (row) => row.dtypes],
  device: ["device", (row) => row.devices],
  option: ["options", (row) => row.options],
};

function chosen(query) {
  const asked = (query.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const rows = SITE.data.run.rows.filter((row) =>
    asked.every((part) => row.search.includes(part))
    && Object.entries(FILTERS).every(([name, [, of]]) => !query.get(name) || of(row).includes(query.get(name))));
  const order = Object.keys(SITE.data.run.words).reverse();
  const by = {
    name: (row) => row.name.toLowerCase(),
    word: (row) => [row.new ? 0 : 1, order.indexOf(row.conduct)].join(),
    rule: (row) => String(row.place).padStart(5, "0"),
  }[query.get("sort") || "rule"] || (() => "");
  return [...rows].sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0));
}

function matrix(rows) {
  const seen = new Set(rows.flatMap((row) => Object.keys(marks(row))));
  const rules = SITE.data.run.rules.filter((rule) => seen.has(rule.key));
  const few = rules.length <= FEW;
  const shown = el("div", { class: "pointed" }, few ? null : el("span", { class: "soft" }, "The formula of the rule whose heading is pointed at stands here."));
  const point = (rule) => shown.replaceChildren(el("b", {}, rule.title), typeset(rule));
  const head = el("thead", {},
    el("tr", {},
      el("th", { scope: "col" }, "implementation"), el("th", { scope: "col" }, "its document"),
      rules.map((rule) => el("th", { scope: "col", class: "r", onmouseenter: () => few || point(rule), onfocusin: () => few || point(rule) },
        el("a", { href: href("rule", [rule.key]) }, `${rule.family}: ${rule.words || "plain"}`), few ? moving(rule) : null))));
  const body = el("tbody");
  const shape = rules.length === SITE.data.run.rules.length ? "all" : rules.map((rule) => rule.key).join();
  rows.forEach((row) => body.append(line(row, rules, shape)));
  return [few ? null : shown, el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Implementations and rules" },
    el("table", { class: few ? "matrix few" : "matrix", onkeydown: walk }, head, body))].filter(Boolean);
}

// The equation that moves the parameter, which is the last one.
const moving = (rule) => (rule.mathml.length ? typeset({ text: rule.text.slice(-1), mathml: rule.mathml.slice(-1) }) : null);

// A row is drawn once with all rules, and kept with those that were shown last.
function line(row, rules, shape) {
  const kept = (row.lines ||= {});
  if (shape === "all") return (kept.all ||= drawn(row, rules));
  if (kept.shape !== shape) Object.assign(kept, { shape, line: drawn(row, rules) });
  return kept.line;
}

function drawn(row, rules) {
  const own = marks(row);
  const [mark, said] = word(row);
  const made = el("tr", {},
    el("th", { scope: "row" }, el("a", { href: href("implementation", parts(row.place)), "data-row": row.place }, row.name)),
    el("td", { class: `word ${row.new ? "bad" : tones[row.conduct]}` }, `${mark} ${said}${row.lapses.length && row.claimed ? (row.new ? " (new)" : " (known)") : ""}`,
      el("span", { class: "phone soft" }, SITE.data.run.rules.find((rule) => rule.key === row.rule)?.title || "")));
  for (const rule of rules) {
    const kind = own[rule.key];
    const cell = document.createElement("td");
    cell.className = "m";
    if (kind) {
      cell.textContent = MARKS[kind][0];
      cell.classList.add(kind === "dot" ? "note" : tones[kind]);
      cell.title = MARKS[kind][1];
    }
    made.append(cell);
  }
  return made;
}

function walk(event) {
  const move = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }[event.key];
  if (!move) return;
  const links = [...document.querySelectorAll(".matrix tbody th a")];
  const next = links[links.indexOf(document.activeElement) + move];
  if (next) { event.preventDefault(); next.focus(); }
}

function headline(run) {
  const parts = Object.entries(run.words).map(([name, [mark, one, many]]) => {
    const own = run.rows.filter((row) => row.conduct === name);
    const count = own.reduce((sum, row) => sum + row.members.length, 0);
    const fresh = own.filter((row) => row.new).reduce((sum, row) => sum + row.members.length, 0);
    const told = name === "excepted" || name === "another" ? (fresh ? `, ${fresh} of them new` : ", all of it known") : "";
    return count ? el("li", {}, el("b", { class: tones[name] }, `${mark} ${count}`), ` ${count === 1 ? one : many}${told}`) : null;
  });
  const lacking = run.lacking.map((item) => el("li", { class: "soft" }, `– ${item.name} cannot run: ${item.why}`));
  return el("ul", { class: "counts", "aria-label": "Summary" }, parts, lacking);
}

SITE.page("matrix", "Matrix", (rest, query) => {
  const run = SITE.data.run;
  if (!run.rows.length || run.rows[0].search === undefined) {
    run.rows.forEach((row, place) => {
      row.place = place;
      row.search = [row.name, row.documents.join(" "), word(row)[1], ...row.lapses.map((lapse) => lapse.sentence)].join(" ").toLowerCase();
    });
  }
  const place = el("div");
  const count = el("p", { class: "soft", role: "status" });
  const asked = new URLSearchParams(query);
  const redraw = () => {
    const rows = chosen(asked);
    place.replaceChildren(...matrix(rows));
    count.textContent = `${rows.length} of ${run.rows.length} rows`;
  };
  const set = (name, value) => {
    if (value) asked.set(name, value); else asked.delete(name);
    history.replaceState(null, "", href("matrix", [], Object.fromEntries(asked)));
    redraw();
  };
  const select = ([name, [title, of]]) => {
    const values = [...new Set(run.rows.flatMap(of))].sort();
    if (values.length < 2) return null;
    return el("label", {}, title, el("select", { onchange: (event) => set(name, event.target.value) },
      el("option", { value: "" }, "all"),
      values.map((value) => el("option", { value, selected: asked.get(name) === value }, value))));
  };
  const search = el("input", { type: "search", value: asked.get("q") || "", placeholder: "name, document, reason  ( / )", oninput: (event) => later(() => set("q", event.target.value)) });
  SITE.show(
    el("h1", {}, "Who follows which rule"), headline(run), findings(run),
    el("div", { class: "filters" },
      el("label", {}, "search", search), Object.entries(FILTERS).map(select),
      el("label", {}, "sort by", el("select", { onchange: (event) => set("sort", event.target.value) },
        [["rule", "rule"], ["name", "name"], ["word", "what calls for attention"]].map(([value, text]) =>
          el("option", { value, selected: asked.get("sort") === value }, text))))),
    count, place, el("p", { class: "soft" }, Object.values(MARKS).map(([mark, text]) => `${mark} ${text}`).join("; "), ". Headings lead to the formulas, names to what was observed."));
  redraw();
});

// Somebody who types is not made to wait for each letter.
let waiting = 0;
function later(then) {
  clearTimeout(waiting);
  waiting = setTimeout(then, 60);
}

function findings(run) {
  if (!run.findings.length) return null;
  return el("details", { open: run.findings.length < 6 }, el("summary", { class: "bad" }, `${run.findings.length} unexpected`),
    el("ul", {}, run.findings.map((item) => el("li", {}, el("b", {}, item.what), ` ${item.message}`))));
}
