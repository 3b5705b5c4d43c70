"use strict";
// Data arrives by script files, because pages of file:// cannot fetch; everything that a run brought
// along becomes text and never markup.  The address holds the state: #/page/argument?filter=value.
const SITE = {
  data: {}, waiting: {}, pages: {}, titles: [], libraries: {},
  put(name, content) {
    SITE.data[name] = content;
    const waiting = SITE.waiting[name] || [];
    delete SITE.waiting[name];
    waiting.forEach((then) => then(content));
    if (name === "run") SITE.arrived();
  },
  load(name, then) {
    if (name in SITE.data) return then(SITE.data[name]);
    if (name in SITE.waiting) return void SITE.waiting[name].push(then);
    SITE.waiting[name] = [then];
    script(name);
  },
  // A page, and the libraries that have to be there before it is drawn.
  page(name, title, draw, needs = []) {
    SITE.pages[name] = (...asked) => need(needs, () => draw(...asked));
    if (title) SITE.titles.push([name, title]);
  },
  show(...parts) {
    document.getElementById("main").replaceChildren(...parts.flat(Infinity).filter((part) => part != null && part !== false));
  },
};

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return made;
}

// Only formulas that this package printed itself are taken as markup.
function typeset(formula) {
  const place = el("div", { class: "formula", tabindex: "0", role: "group", "aria-label": `Formula: ${formula.text.join("; ")}` });
  const starts = formula.text.slice(0, formula.text.length - formula.mathml.length);
  starts.forEach((text) => place.append(el("div", {}, el("code", {}, text))));
  if (formula.mathml.length) {
    const drawn = el("div");
    drawn.innerHTML = formula.mathml.join("");
    place.append(drawn);
  } else if (!starts.length) place.append(el("span", { class: "soft" }, "not known here"));
  return place;
}

const number = (value) => {
  if (value == null) return "–";
  if (typeof value === "string") return value === "inf" ? "∞" : value;
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(2) : value.toPrecision(4);
};

function copy(text, what = "copy") {
  return el("button", { type: "button", class: "copy", "aria-label": `${what}: ${text}`, onclick: () => put(text) }, what);
}

function put(text) {
  const said = () => {
    const place = document.getElementById("said");
    place.textContent = "copied";
    setTimeout(() => { place.textContent = ""; }, 1500);
  };
  const byHand = () => {
    const area = el("textarea", { "aria-hidden": "true" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    said();
  };
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(said, byHand);
  else byHand();
}

function command(text) {
  return el("div", {}, el("code", {}, text), copy(text));
}

function link(address) {
  const finding = /^docs\/findings\/([\w.-]+)\.md$/.exec(address);
  if (finding) return el("a", { href: href("finding", [finding[1]]) }, finding[1]);
  return /^https?:/.test(address) ? el("a", { href: address, rel: "noreferrer" }, address) : el("code", {}, address);
}

function records(packed) {
  return packed.rows.map((row, place) => {
    const found = { ...packed.same, place };
    packed.columns.forEach((name, column) => { found[name] = name in packed.words ? packed.words[name][row[column]] : row[column]; });
    return found;
  });
}

const word = (row) => SITE.data.run.words[row.conduct];
const tones = { follows: "good", excepted: "warn", another: "bad", undecided: "soft" };

// In the order in which every other report names them.
function options(text) {
  const place = (name) => SITE.data.run.options.indexOf(name);
  const names = text.split("+").filter(Boolean).sort((a, b) => place(a) - place(b));
  return names.join(" + ").replaceAll("_", " ") || "plain";
}

function address() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/").map(decodeURIComponent);
  return { page: page || "matrix", rest, query: new URLSearchParams(query || "") };
}

function href(page, rest = [], query = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}${asked ? `?${asked}` : ""}`;
}

// Names and places of rows and files: an address holds names, which are the same in every report.
function known() {
  if (!SITE.members) {
    SITE.members = SITE.data.run.rows.flatMap((row, place) => row.members.map((member, which) => ({ row, place, which, member })));
    SITE.named = new Map();
    SITE.members.forEach((item) => {
      const name = JSON.stringify([item.member.name, item.member.device]);
      SITE.named.set(name, [...(SITE.named.get(name) || []), item]);
    });
  }
  return SITE.named;
}

const counted = (text) => /^\d+$/.test(text ?? "");

// An implementation by its name and device, or by the numbers of its row and mode.
function whoever([name, device]) {
  known();
  if (counted(name)) return SITE.members.find((item) => item.place === Number(name) && item.which === Number(device || 0)) || SITE.members.find((item) => item.place === Number(name));
  return SITE.members.find(({ member }) => member.name === name && (!device || member.device === device));
}

// How an implementation is named in an address: one that stands in several rows is counted.
function parts(place, which = 0) {
  const member = SITE.data.run.rows[place].members[which] || SITE.data.run.rows[place].members[0];
  const alone = known().get(JSON.stringify([member.name, member.device])).length === 1;
  return alone ? [member.name, member.device] : [String(place), String(which)];
}

// The file of an implementation by its name and device, or by its number; and what stands behind that.
function filed([first, ...rest]) {
  if (counted(first)) return [Number(first), rest];
  const found = whoever([first, rest[0]]);
  return [found ? found.member.file : -1, rest.slice(1)];
}

function draw() {
  const here = address();
  SITE.stated = false;
  const page = SITE.pages[here.page] || SITE.pages.matrix;
  document.querySelectorAll("#nav a").forEach((item) => {
    if (item.dataset.page === here.page) item.setAttribute("aria-current", "page");
    else item.removeAttribute("aria-current");
  });
  page(here.rest, here.query);
}

// The first time it starts the page; a served page asks again while its run goes on.
SITE.arrived = () => {
  const run = SITE.data.run;
  if (!SITE.started) SITE.start();
  else if (SITE.filled !== filled(run)) {
    Object.keys(SITE.data).filter((name) => name !== "run").forEach((name) => { delete SITE.data[name]; });
    SITE.members = null;
    told();
    const at = [scrollX, scrollY];
    if (!/INPUT|SELECT/.test(document.activeElement.tagName)) draw();
    scrollTo(...at);
  }
  SITE.filled = filled(run);
  if (run.served && !run.complete) setTimeout(() => script("run", `?${Date.now()}`), 4000);
};

const filled = (run) => JSON.stringify([run.complete, run.progress, run.cells]);

function script(name, query = "") {
  fetched(`data/${name}.js`, query, () => {});
}

function fetched(address_, query, then) {
  const made = document.createElement("script");
  made.src = address_ + query;
  made.onload = () => { made.remove(); then(); };
  made.onerror = () => { if (!query) SITE.show(el("p", { class: "bad" }, `${address_} is missing: write the site again.`)); };
  document.head.append(made);
}

// The first page needs no library; each is read when a page first asks for it, in the order given.
function need([name, ...rest], then) {
  if (!name) return then();
  if (SITE.libraries[name]) return need(rest, then);
  const hash = location.hash;
  return fetched(`libraries/${name}.min.js`, "", () => {
    SITE.libraries[name] = true;
    if (location.hash === hash) need(rest, then);
  });
}

const TABLES = ["datatables"];
const DRAWINGS = ["d3", "plot"];

// Where it comes from, and how far a run has come that goes on.
function told() {
  const run = SITE.data.run;
  const going = Object.entries(run.progress || {}).map(([name, [done, all]]) => `${name} ${done} of ${all} groups`).join(", ");
  const state = run.complete ? "" : `This run is not complete${going ? `: ${going}` : ""}. `;
  document.getElementById("about").textContent = `${state}${run.about}. Run folder: ${run.folder}`;
}

SITE.start = () => {
  SITE.started = true;
  const nav = document.getElementById("nav");
  SITE.titles.forEach(([name, title]) => nav.append(el("a", { href: href(name), "data-page": name }, title)));
  told();
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dress = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "light" : "dark";
    button.setAttribute("aria-label", `use the ${button.textContent} theme`);
  };
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* a page of file:// may have no storage */ }
  dress(kept || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  button.addEventListener("click", () => {
    dress(root.dataset.theme === "dark" ? "light" : "dark");
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* as above */ }
  });
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("main").focus();
  });
  addEventListener("hashchange", () => { draw(); scrollTo(0, 0); });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
      const search = document.querySelector("input[type=search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });
  draw();
};
