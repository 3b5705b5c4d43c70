"use strict";
// Rules with who follows them, claims, and examples.
function members(rows) {
  return rows.length ? el("ul", {}, rows.map((row) => el("li", {},
    el("a", { href: href("implementation", parts(row.place)) }, row.name), row.lapses.map((lapse) => ` ${lapse.where ? `${lapse.where}: ` : ""}${lapse.sentence}`).join(";")))) : null;
}

function prepared() {
  SITE.data.run.rows.forEach((row, place) => { row.place = place; });
  return SITE.data.run.rows;
}

function ruleCard(rule, level) {
  const rows = prepared();
  const own = (kind) => rows.filter((row) => row.rule === rule.key && row.claimed && row.conduct === kind);
  const rest = rows.filter((row) => row.also.includes(rule.key) && !(row.claimed && row.conduct === "follows") || (row.rule === rule.key && row.follows));
  const part = (title, list) => (list.length ? [el("h3", {}, title), members(list)] : null);
  return el("section", { class: "card" },
    el(level, {}, el("a", { href: href("rule", [rule.key]) }, rule.title)), typeset(rule),
    el("div", {}, el("button", { type: "button", class: "copy", onclick: () => put(rule.text.join("\n")) }, "copy as text")),
    el("p", { class: "soft" }, `stated by ${rule.documents.join(", ")}`),
    Object.entries(SITE.data.run.words).map(([name, [mark, said]]) => part(`${mark} ${said}`, own(name))),
    part("· computes it, though its own document does not state it", rest));
}

SITE.page("rules", "Rules", () => SITE.show(el("h1", {}, "Rules of this run, and who follows them"),
  el("p", {}, "Implementations under one rule can take each other's place: with the same hyperparameters their answers are inside the bound of the same rule."),
  el("div", { class: "sides" }, SITE.data.run.rules.map((rule) => ruleCard(rule, "h2")))));

SITE.page("rule", "", ([key]) => {
  const rule = SITE.data.run.rules.find((item) => item.key === key);
  SITE.show(rule ? ruleCard(rule, "h1") : el("p", {}, "This run has no such rule."));
});

// A finding's page, as it is written down: headings, lists, tables, code and paragraphs.
SITE.page("finding", "", ([name]) => SITE.load("findings", (texts) => {
  const text = Object.hasOwn(texts, name) ? texts[name] : null;
  if (text == null) return SITE.show(el("h1", {}, name), el("p", {}, "This report holds no such finding."));
  const [title, ...rest] = text.split("\n");
  SITE.show(el("h1", {}, inline(title.replace(/^# /, ""))), written(rest), el("p", { class: "soft" }, "Kept in ", el("code", {}, `docs/findings/${name}.md`)));
}), TABLES);

function written(lines) {
  const blocks = [];
  const begins = /^(#+ |- |\||```| {4})/;
  const take = (fits) => { const own = []; while (lines.length && fits(lines[0], own.length)) own.push(lines.shift()); return own; };
  while (lines.length) {
    if (!lines[0].trim()) lines.shift();
    else if (lines[0].startsWith("```")) {
      lines.shift();
      blocks.push(code(take((line) => !line.startsWith("```"))));
      lines.shift();
    } else if (lines[0].startsWith("    ")) blocks.push(code(take((line) => line.startsWith("    ")).map((line) => line.slice(4))));
    else if (/^#+ /.test(lines[0])) blocks.push(el("h2", {}, inline(lines.shift().replace(/^#+ /, ""))));
    else if (lines[0].startsWith("|")) {
      const rows = take((line) => line.startsWith("|")).map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim().replaceAll("\\|", "|")));
      const [header, , ...body] = rows;
      blocks.push(table(header, body.map((row) => row.map((cell) => el("span", {}, inline(cell)))), { label: header.join(", ") }));
    } else if (lines[0].startsWith("- ")) {
      const items = [];
      take((line) => /^(- | {2}\S)/.test(line)).forEach((line) => { if (line.startsWith("- ")) items.push(line.slice(2)); else items[items.length - 1] += ` ${line.trim()}`; });
      blocks.push(el("ul", {}, items.map((item) => el("li", {}, inline(item)))));
    } else blocks.push(el("p", {}, inline(take((line, place) => line.trim() && !(place && begins.test(line))).join(" "))));
  }
  return blocks;
}

const code = (lines) => el("pre", { tabindex: "0", role: "group", "aria-label": "Code" }, lines.join("\n"));

// Code, and links to what a report can lead to; everything else stays text.
function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).map((part) => {
    if (/^`.+`$/.test(part)) return el("code", {}, part.slice(1, -1));
    if (/^\*\*.+\*\*$/.test(part)) return el("b", {}, inline(part.slice(2, -2)));
    const [, words, target] = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part) || [];
    if (!target) return part;
    return /^https?:/.test(target) ? el("a", { href: target, rel: "noreferrer" }, inline(words)) : inline(words);
  });
}

SITE.page("claims", "Claims", () => SITE.load("claims", (content) => {
  if (!content) {
    return SITE.show(el("h1", {}, "Claims"), el("p", {}, "No ledger lies in this run folder. ", el("code", {}, `conformance verify --run ${SITE.data.run.folder}`), " decides every claim of the documents and writes one."));
  }
  SITE.show(el("h1", {}, "Claims of the documents"), el("p", { class: "soft" }, `${content.claims.length} claims`),
    table(["document", "claim", "where", "verdict", "statement", "observed"], content.claims.map((row) => [row.document, el("code", {}, row.id), row.locator, row.decision.verdict, row.statement, row.decision.observed]), { label: "Claims" }));
}), TABLES);

SITE.page("examples", "Examples", () => SITE.load("extra", (extra) => SITE.show(
  el("h1", {}, "The documents' examples"),
  extra.examples.length ? table(["example", "documented", "obtained", "verdict"], extra.examples.map((item) => [item.example, item.documented, item.obtained || "–",
    item.needs ? el("span", { class: "warn" }, `needs ${item.needs}`) : el("span", { class: item.matches ? "good" : "bad" }, item.matches ? "✓ matches" : "✗ differs")]), { label: "Examples" })
    : el("p", {}, "None was reproduced for this report."))), TABLES);

SITE.page("changes", "Changes", () => SITE.load("changes", (found) => {
  if (!found) {
    return SITE.show(el("h1", {}, "Changes"), el("p", {}, "This report is of one run. ", el("code", {}, "conformance report RUN --format html --out DIR --against EARLIER"), " adds what changed since an earlier one."));
  }
  const changed = records(found.changes).filter((row) => row.status === "changed");
  const groups = records(found.groups).filter((row) => row.added || row.removed || row.changed || row.shifted);
  const told = Object.entries(found.counts).filter(([, count]) => count).map(([name, count]) => `${count} ${name}`).join(", ");
  SITE.show(el("h1", {}, "What changed"), el("p", {}, "since ", el("code", {}, found.a), `: ${told || "no cells"}`),
    found.notes.map((note) => el("p", { class: "warn" }, note)),
    changed.length ? table(["implementation", "what", "why", "dtype", "options", "document", "cells", "first case"], changed.map((row) => [
      row.implementation, el("span", { class: row.worse ? "bad" : "note" }, `${row.verdict_a} → ${row.verdict_b}${row.worse ? " (worse)" : ""}`),
      row.why_a === row.why_b ? row.why_b : `${row.why_a || "–"} → ${row.why_b || "–"}`, row.dtype, options(row.features), row.variant, row.cells, el("span", {}, el("code", {}, row.case), copy(row.case)),
    ]), { numbers: ["cells"], label: "Changes" }) : el("p", { class: "good" }, "No cell changed its verdict, its reason or its first divergence."),
    groups.length ? [el("h2", {}, "By implementation"), table(["implementation", "added", "removed", "changed", "shifted"], groups.map((row) => [row.implementation, row.added, row.removed, row.changed, row.shifted]), { numbers: ["added", "removed", "changed", "shifted"], label: "By implementation" })] : null);
}), TABLES);
