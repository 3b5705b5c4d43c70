"use strict";
// One implementation: what is documented beside what was observed, and where the two part.
function words(text) {
  return text.split(/(\s+|[()*/+^-])/).filter((part) => part !== "");
}

// The words of the second text that the first has not, by the longest common subsequence.
function differing(first, second) {
  const [a, b] = [words(first), words(second)];
  const long = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      long[i][j] = a[i] === b[j] ? long[i + 1][j + 1] + 1 : Math.max(long[i + 1][j], long[i][j + 1]);
    }
  }
  const parts = [];
  let [i, j] = [0, 0];
  while (j < b.length) {
    if (i < a.length && a[i] === b[j]) { parts.push([b[j], true]); i += 1; j += 1; }
    else if (i < a.length && long[i + 1][j] >= long[i][j + 1]) i += 1;
    else { parts.push([b[j], false]); j += 1; }
  }
  return parts;
}

function marked(first, second) {
  return el("pre", {}, second.map((line, place) => [
    differing(first[place] || "", line).map(([text, same]) => (same || !text.trim() ? text : el("mark", {}, text))),
    "\n",
  ]));
}

function sides(row, detail) {
  const rule = SITE.data.run.rules.find((item) => item.key === row.rule);
  const seen = detail.observed;
  const same = seen.text.join() === rule.text.join();
  return el("div", { class: "sides" },
    el("section", { class: "card" }, el("h2", {}, row.claimed ? "Documented" : "The rule that it computes"), typeset(rule),
      seen.text.length && !same ? marked(seen.text, rule.text) : null,
      row.claimed ? el("p", { class: "soft" }, row.documents.join(", "), detail.source[0] ? `: ${detail.source[0]} ` : "", detail.source[1] ? link(detail.source[1]) : "") : null),
    el("section", { class: "card" }, el("h2", {}, "Observed"),
      seen.text.length ? [typeset(seen), same ? el("p", { class: "good" }, "the same rule") : marked(rule.text, seen.text)] : el("p", {}, "No rule that was tried explains every answer."),
      seen.differs.map((text) => el("p", {}, text))));
}

function lapses(row, detail) {
  if (!row.lapses.length) return null;
  return el("section", {}, el("h2", {}, "Where it leaves its document"), row.lapses.map((lapse, place) => {
    const own = detail.member.lapses[place];
    return el("div", { class: "card" },
      el("p", {}, el("b", { class: lapse.known ? "warn" : "bad" }, lapse.known ? "known" : "new"), " ", lapse.where ? `${lapse.where}: ` : "", lapse.sentence),
      lapse.link ? el("p", {}, "finding: ", link(lapse.link)) : null,
      own ? [el("p", { class: "soft" }, `${own.cells} cells`), first(detail, own.case)] : null);
  }));
}

function first(detail, id) {
  const cell = records(detail.cells).find((item) => item.case === id && item.deviates > 0);
  if (!cell) return null;
  return el("dl", {},
    el("dt", {}, "first divergence"), el("dd", {}, `step ${cell.step}, ${cell.quantity} of ${cell.element}`),
    el("dt", {}, "observed"), el("dd", {}, el("code", {}, cell.observed)),
    el("dt", {}, "exact"), el("dd", {}, el("code", {}, cell.expected)),
    el("dt", {}, "distance"), el("dd", {}, `${number(cell.divergence_score)} times the bound, ${number(cell.divergence_ulp)} ulp`),
    el("dt", {}, "run again"), el("dd", {}, command(`conformance run --implementation '${detail.name}' --case '${id}'`)),
    el("dt", {}, "as a script"), el("dd", {}, command(`conformance repro '${detail.name}' '${id}'`)),
    el("dt", {}, "the cell"), el("dd", {}, el("a", { href: href("cell", cellParts(detail, cell)) }, "open")));
}

function defaults(detail) {
  const names = [...new Set([...Object.keys(detail.documented), ...Object.keys(detail.defaults)])];
  if (!names.length) return null;
  const told = (value) => (value === undefined ? "–" : value === null ? "None" : String(value));
  return el("section", {}, el("h2", {}, "Defaults"), table(["hyperparameter", "documented", "of the constructor"],
    names.map((name) => [el("code", {}, name), told(detail.documented[name]), told(detail.defaults[name])])));
}

function places(detail) {
  const cells = records(detail.cells);
  const severity = Object.keys(SITE.data.run.verdicts);
  const dtypes = [...new Set(cells.map((cell) => cell.dtype))];
  const rows = [...new Set(cells.map((cell) => cell.features))].map((features) => [
    options(features),
    ...dtypes.map((dtype) => {
      const own = cells.filter((cell) => cell.features === features && cell.dtype === dtype);
      if (!own.length) return "–";
      const bad = own.filter((cell) => cell.deviates > 0).length;
      const worst = own.map((cell) => cell.verdict).sort((a, b) => severity.indexOf(b) - severity.indexOf(a))[0];
      const tone = SITE.data.run.verdicts[bad ? worst : "rounding"][0];
      return el("a", { class: tone, href: href("cells", [detail.name, detail.device], { options: features || "plain", dtype }) },
        bad ? `✗ ${bad} of ${own.length}` : `✓ ${own.length}`);
    }),
  ]);
  return el("section", {}, el("h2", {}, "Options and dtypes"), el("p", { class: "soft" }, "Cells against its own document; each opens them."), table(["options", ...dtypes], rows));
}

function others(detail) {
  const rows = records(detail.others);
  if (!rows.length) return null;
  return el("details", {}, el("summary", {}, `${rows.length} documents that are not its own`),
    table(["document", "options", "verdict", "cells", "deviating", "why"],
      rows.map((row) => [el("code", {}, row.variant), options(row.features), row.verdict, row.cells, row.deviating, row.why]), { numbers: ["cells", "deviating"] }));
}

SITE.page("implementation", "", (asked) => {
  const found = whoever(asked);
  if (!found) return SITE.show(el("h1", {}, "Not in this run"), el("p", {}, "This run has no such implementation: ", el("code", {}, asked.join(" "))));
  const { row, place, member } = found;
  SITE.load(`cells/${member.file}`, (loaded) => {
    const detail = { ...loaded, member };
    const [mark, said] = word(row);
    SITE.show(
      el("h1", {}, row.name),
      el("p", { class: row.new ? "bad" : tones[row.conduct] }, `${mark} ${said}`, row.lapses.length ? ` ${row.lapses.map((lapse) => lapse.where).filter(Boolean).join("; ")}` : "", row.why ? `: ${row.why}` : ""),
      el("p", { class: "soft" }, `${row.adapter} ${row.version}, ${member.device}`),
      row.members.length > 1 ? el("p", {}, "Modes with one result: ", row.members.map((item, index) => [index ? ", " : "", el("a", { href: href("implementation", parts(place, index)), "aria-current": item === member ? "true" : null }, `${item.name} (${item.device})`)])) : null,
      sides(row, detail), lapses(row, detail), defaults(detail), places(detail), others(detail));
  });
}, TABLES);
