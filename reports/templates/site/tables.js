"use strict";
// Tables.  A short one is a table; a long one is DataTables': sorted, searched and turned over, and
// what is searched and sorted stands in the address.
const SHORT = 12; // rows that are taken in at a glance
const LONG = 50; // rows of a leaf

function table(header, rows, about = {}) {
  const number_ = (name) => (about.numbers?.includes(name) ? "n" : null);
  const head = el("thead", {}, el("tr", {}, header.map((name) => el("th", { scope: "col", class: number_(name) }, name))));
  const label = about.label || header.join(", ");
  if (rows.length > SHORT) return grid(head, header, rows, about, label);
  const body = rows.map((row) => el("tr", {}, row.map((value, place) => el("td", { class: number_(header[place]) }, value ?? "–"))));
  return el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": label }, el("table", {}, head, el("tbody", {}, body)));
}

const plain = (value) => (value instanceof Node ? value.textContent : String(value ?? "–"));

// A number as a page writes it, for sorting: what is none stands last.
function weight(text) {
  const value = Number(text.replace("∞", "Infinity"));
  return Number.isNaN(value) || text === "" ? -Infinity : value;
}

// Whatever a run brought along is handed over as nodes, and never as markup.
function column(numeric) {
  return {
    className: numeric ? "n" : "",
    type: numeric ? "num" : "string",
    render: (value, asked) => {
      if (asked === "display") return value instanceof Node ? value : document.createTextNode(plain(value));
      return numeric && asked !== "filter" ? weight(plain(value)) : plain(value);
    },
  };
}

function grid(head, header, rows, about, label) {
  const made = el("table", {}, head);
  const place = el("div", { class: "grid" }, made);
  const stated = !SITE.stated; // the first of a page stands in its address
  SITE.stated = true;
  const here = address();
  if (!stated) here.query = new URLSearchParams();
  const sorted = /^(\d+)(a|d)$/.exec(here.query.get("order") || "");
  const found = new DataTable(made, {
    data: rows,
    columns: header.map((name) => column(about.numbers?.includes(name))),
    deferRender: true,
    autoWidth: false,
    pageLength: LONG,
    displayStart: Math.min(Number(here.query.get("leaf")) || 0, Math.floor((rows.length - 1) / LONG)) * LONG,
    lengthMenu: [LONG, 200, { label: "all", value: -1 }],
    order: sorted && sorted[1] < header.length ? [[Number(sorted[1]), sorted[2] === "a" ? "asc" : "desc"]] : [],
    search: { search: here.query.get("q") || "" },
    layout: { topStart: "search", topEnd: "info", bottomStart: "pageLength", bottomEnd: "paging" },
    language: {
      search: "search", lengthMenu: "rows at once _MENU_", info: "_START_ to _END_ of _TOTAL_", infoEmpty: "none",
      infoFiltered: "(of _MAX_)", zeroRecords: "Nothing fits.", emptyTable: "Nothing.",
    },
  });
  if (stated) found.on("search.dt order.dt page.dt", () => remembered(found, here));
  const scroll = made.parentElement;
  for (const [name, value] of Object.entries({ class: `${scroll.className} scroll tall`, tabindex: "0", role: "region", "aria-label": label })) scroll.setAttribute(name, value);
  return place;
}

// What is searched and sorted, in the address of the page that it belongs to.
function remembered(found, here) {
  const order = found.order().filter(([, way]) => way);
  const more = { q: found.search(), order: order.length ? `${order[0][0]}${order[0][1][0]}` : "", leaf: found.page() ? String(found.page()) : "" };
  if (address().page === here.page) history.replaceState(null, "", href(here.page, here.rest, { ...Object.fromEntries(address().query), ...more }));
}
