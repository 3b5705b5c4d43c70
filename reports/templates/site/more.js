"use strict";
// Who follows one rule by options, what each takes, devices, releases, porting, and the verdicts' power.
const leads = (name, device) => (whoever([name.split(" on ")[0], device]) ? el("a", { href: href("implementation", [name.split(" on ")[0], ...(device ? [device] : [])]) }, name) : el("code", {}, name));

const list = (names) => names.map((name, place) => [place ? ", " : "", leads(name)]);

// A page of one family and set of options, chosen by two menus that stand in the address.
function chosenOf(page, sets, query, labels) {
  const values = (name, among) => [...new Set(among.map((item) => item[name]))];
  const family = query.get("family") || sets[0]?.family;
  const own = sets.filter((item) => item.family === family);
  const has = (name) => own.some((item) => item.options === name);
  const option = has(query.get("options")) ? query.get("options") : has("plain") ? "plain" : own[0]?.options;
  const select = (name, title, kept, among) => el("label", {}, title, el("select", { onchange: (event) => { location.hash = href(page, [], { family, options: option, [name]: event.target.value }).slice(1); } },
    among.map((value) => el("option", { value, selected: value === kept }, value))));
  return [own.find((item) => item.options === option), el("div", { class: "filters" }, select("family", labels[0], family, values("family", sets)), labels[1] ? select("options", labels[1], option, values("options", own)) : null)];
}

SITE.page("equivalence", "Equivalence", (rest, query) => SITE.load("classes", (panels) => {
  const intro = [el("h1", {}, "Who can take whose place"), el("p", {}, "Implementations of one class follow one rule: with the same hyperparameters each does what the others do.")];
  if (!panels.length) return SITE.show(intro, el("p", {}, "This run kept no rules: run again."));
  const [panel, menus] = chosenOf("equivalence", panels, query, ["family", "options"]);
  SITE.show(intro, menus,
    panel.classes.map((item) => el("section", { class: "card" },
      el("h2", {}, `${item.name}: ${item.rule || "no rule explains the answers"}`),
      item.equations.length ? el("pre", { tabindex: "0", role: "group", "aria-label": "Formula" }, item.equations.join("\n")) : null,
      el("p", {}, list(item.members)), item.but.length ? el("ul", {}, item.but.map((text) => el("li", {}, text))) : null,
      item.documents.length ? el("p", { class: "soft" }, `stated by ${item.documents.join(", ")}`) : null)),
    panel.witnesses.length ? [el("h2", {}, "What tells them apart"), table(["classes", "they differ in", "bounds apart", "by hand", "seen"],
      panel.witnesses.map((item) => [item.classes.join(" – "), item.said, number(item.size), item.example, item.place]), { numbers: ["bounds apart"], label: "What tells classes apart" })]
      : panel.classes.length > 1 ? [el("h2", {}, "What tells them apart"), el("p", {}, "It takes minutes to find the clearest witness of each two. This does, then write the site again:"), command(`conformance equivalence ${SITE.data.run.folder} --format json --out ${SITE.data.run.folder}/equivalence.json`)] : null);
}), TABLES);

SITE.page("support", "Support", (rest, query) => SITE.load("support", (every) => {
  const intro = [el("h1", {}, "What each implementation takes"), el("p", {}, "As its adapter says; compared are the dtypes of this run.")];
  if (!every.length) return SITE.show(intro, el("p", {}, "No adapter of this run could describe itself."));
  const sets = every.flatMap((item) => item.features.map((options_) => ({ family: item.family, options: options_ })));
  const unique = [...new Map(sets.map((item) => [JSON.stringify(item), item])).values()].sort((a, b) => (a.family + a.options < b.family + b.options ? -1 : 1));
  const [set, menus] = chosenOf("support", unique, query, ["family", "options"]);
  const own = every.filter((item) => item.family === set.family && item.features.includes(set.options));
  // What is lacking, by its reason: that is often the same for several.
  const gaps = (item) => {
    const by = new Map();
    const add = (name, why) => by.set(why, [...(by.get(why) || []), name]);
    Object.entries(item.gaps).forEach(([name, why]) => add(name, why));
    Object.entries(item.undriven).forEach(([name, why]) => add(`${name} (not asked by this tool)`, why));
    return [...by].map(([why, names]) => [names.join(", "), why]);
  };
  SITE.show(intro, menus, el("p", { class: "soft" }, `${own.length} implementations of ${set.family} take: ${set.options}`),
    table(["implementation", "hyperparameters", "dtypes", "compared", "devices", "state shown", "schedules", "lacks"], own.map((item) => [
      item.missing ? el("span", {}, leads(item.name), ` cannot run: ${item.missing}`) : leads(item.name), item.hyperparameters.join(", "), item.dtypes.join(", "), item.judged.join(", ") || "–", item.devices.join(", "), item.state.join(", ") || "–", item.schedules ? "yes" : "–",
      gaps(item).length ? el("ul", {}, gaps(item).map(([name, why]) => el("li", {}, el("b", {}, name), `: ${why}`))) : "–"]), { label: "Support" }));
}), TABLES);

SITE.page("devices", "Devices", () => {
  const rows = SITE.data.run.rows;
  const devices = [...new Set(rows.flatMap((row) => row.devices))];
  known();
  const names = [...new Set(SITE.members.map(({ member }) => member.name))];
  const cell = (name, device) => {
    const found = SITE.members.find((item) => item.member.name === name && item.member.device === device);
    if (!found) return "–";
    const [mark, said] = word(found.row);
    return el("a", { class: tones[found.row.conduct], href: href("implementation", [name, device]) }, `${mark} ${said}`, ` (${found.member.cells} cells)`);
  };
  SITE.show(el("h1", {}, "Devices"), el("p", {}, devices.length > 1 ? "The same implementation on each device of these runs." : `Everything ran on ${devices[0] || "no device"}. `,
    devices.length > 1 ? null : el("code", {}, "conformance report RUN-ON-CPU RUN-ON-GPU --format html --out DIR"), devices.length > 1 ? null : " shows two runs beside each other."),
    table(["implementation", ...devices], names.map((name) => [el("code", {}, name), ...devices.map((device) => cell(name, device))]), { label: "Devices" }));
}, TABLES);

const lacking = (title, found) => SITE.show(el("h1", {}, title), el("p", {}, "Nothing of it lies in this run folder. This writes it there, then write the site again:"), command(found.makes));

SITE.page("history", "Releases", () => SITE.load("history", (found) => {
  if (!found.frameworks.length) return lacking("What changed between releases", found);
  const rows = found.frameworks.flatMap((item) => item.changes.map((row) => [
    item.framework, `${row.before} → ${row.after}`, leads(String(row.implementation)), options(String(row.options || "")), String(row.words)]));
  SITE.show(el("h1", {}, "What changed between releases"),
    el("ul", {}, found.frameworks.map((item) => el("li", {}, `${item.framework} ${item.versions.join(", ")}: ${item.changes.length || "no"} changes`))),
    rows.length ? table(["framework", "since", "implementation", "options", "what changed"], rows, { label: "Changes between releases" }) : el("p", { class: "good" }, "No change."));
}), TABLES);

SITE.page("porting", "Porting", () => SITE.load("porting", (found) => {
  if (!found.attempts.length) return lacking("Porting from one to another", found);
  const settings = (row) => Object.entries(row.formulas || {}).map(([name, text]) => `${name} = ${text}`).join("; ");
  SITE.show(el("h1", {}, "Porting from one to another"), el("p", {}, "What makes an implementation do what another rule says; proved by running it."),
    table(["implementation", "options", "its own rule", "shall do", "by", "settings", "remark"], found.attempts.map((row) => [
      leads(String(row.implementation)), options((row.features || []).map(String).join("+")), String(row.own ?? "–"), String(row.rule ?? "–"), String(row.outcome), settings(row) || "–", String(row.remark || "–")]), { label: "Porting" }));
}), TABLES);

SITE.page("power", "Power", () => SITE.load("power", (found) => {
  if (!found.totals.length) return lacking("How many wrong rules the verdicts tell", found);
  const columns = Object.keys(found.totals[0]).filter((name) => typeof found.totals[0][name] !== "object");
  const peers = Object.keys(found.totals[0]["missed by"] || {});
  const shown = (rows, first) => table([...first, ...columns.filter((name) => !first.includes(name) && typeof rows[0][name] === "number")], rows.map((row) => [...first.map((name) => String(row[name])), ...columns.filter((name) => !first.includes(name) && typeof rows[0][name] === "number").map((name) => String(row[name]))]), { numbers: columns.slice(1), label: "Power" });
  SITE.show(el("h1", {}, "How many wrong rules the verdicts tell"),
    el("p", {}, "Wrong rules and legal rewritings of the right ones, through the same verdicts. Equivalent: proved to be the same rule; below: the exact effect is nowhere larger than rounding; unexplained: neither."),
    shown(found.totals, ["dtype"]),
    peers.length ? [el("h2", {}, "What fixed tolerances miss"), table(["dtype", ...peers], found.totals.map((row) => [row.dtype, ...peers.map((name) => `${row["missed by"][name] ?? 0} missed, ${(row["styles rejected by"] || {})[name] ?? 0} right styles blamed`)]), { label: "Other tolerances" })] : null,
    found.summary.length ? [el("h2", {}, "By rule"), shown(found.summary, ["variant", "dtype"])] : null);
}), TABLES);
