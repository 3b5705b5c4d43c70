"""The report as a static site: its data are the run folder's, and whatever it says stays text."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from pathlib import Path

import hostile as hostile_run
import pages
import pytest
from msgspec.structs import replace
from test_reading import DOUBLE, FINE, WRONG, run_of

from optimizer_conformance.questions.exhibits import exhibits, path
from optimizer_conformance.reference.examples import d2l_trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import model, packed, web
from optimizer_conformance.reports.records import About
from optimizer_conformance.reports.together import together

CHROMIUM = os.environ.get("CONFORMANCE_CHROMIUM") or shutil.which("chromium")
ROOT = Path(__file__).parents[1]
HAT = "mindspore-adam-epsilon-hat"  # a finding that is told of something here


def data_of(folder, name):
    text = (folder / "data" / f"{name}.js").read_text(encoding="utf-8")
    found = re.fullmatch(r'SITE\.put\("[^"]*", (.*)\);\n', text)
    return json.loads(found[1])


def go(page, place):
    """Open another page of a site that is open."""
    if page.url.partition("#")[2] != f"/{place}":
        page.evaluate("document.querySelector('h1').remove()")
        page.evaluate("place => { location.hash = place; }", f"/{place}")
        page.wait_for_selector("h1")


def cells_of(content):
    packed = content["cells"]
    words = packed["words"]
    for row in packed["rows"]:
        found = {
            name: words[name][value] if name in words else value
            for name, value in zip(packed["columns"], row, strict=True)
        }
        yield {**packed["same"], **found}


@pytest.fixture(scope="module")
def built(numpy_run, tmp_path_factory):
    """The site of a run of three implementations."""
    folder = tmp_path_factory.mktemp("site") / "report"
    data = model.load(numpy_run.folder)
    web.write(data, folder, exhibits(data))
    return folder, data


@pytest.fixture(scope="module")
def drawn(built, tmp_path_factory):
    """The site of the runs that ``RUNS`` names, otherwise of three implementations."""
    if not (named := os.environ.get("RUNS")):
        return built
    data = together([model.load(Path(folder)) for folder in named.split(os.pathsep)])
    folder = tmp_path_factory.mktemp("drawn") / "report"
    web.write(data, folder, exhibits(data))
    return folder, data


@pytest.fixture(scope="module")
def departing(tmp_path_factory):
    """The site of a run in which one follows, one does not, and one follows another's rule."""
    folder = tmp_path_factory.mktemp("site")
    known = replace(
        WRONG, implementation="torch:Other[a]", expectation="hat", step=1, element="wide[3]",
        quantity="parameter", observed="0.5 (0x1.0p-1)", expected="0.25 (0x1.0p-2)",
    )  # fmt: skip
    elsewhere = replace(
        FINE, implementation="torch:Other[a]", relation="other", variant="keras-adam"
    )
    data = run_of(
        [FINE, DOUBLE, known, elsewhere],
        folder / "run",
        reasons={"hat": ("epsilon hat", f"docs/findings/{HAT}.md")},
        missing={"cupy": About(failure="no CUDA here")},
    )
    before = run_of([FINE, DOUBLE, replace(known, verdict="rounding")], folder / "before")
    web.write(data, folder / "report", exhibits(data), before)
    return folder / "report"


class TestData:
    def test_every_number_of_twenty_random_cells_is_the_run_folders(self, built):
        folder, data = built
        run = data_of(folder, "run")
        own = data.cells[data.cells.relation == "claimed"]
        members = [member for row in run["rows"] for member in row["members"]]
        assert sum(member["cells"] for member in members) == len(own)
        pairs = []
        for member in members:
            records = own[own.implementation == member["name"]].to_dict("records")
            shown = cells_of(data_of(folder, f"cells/{member['file']}"))
            pairs += zip(records, shown, strict=True)
        for record, cell in random.Random(0).sample(pairs, 20):
            for name in web.OWN:
                assert packed.finite(record[name]) == cell[name], name

    def test_the_counts_of_the_first_screen_are_the_run_folders(self, built):
        folder, data = built
        own = data.cells[data.cells.relation == "claimed"]
        assert data_of(folder, "run")["cells"] == own.verdict.value_counts().to_dict()

    def test_a_row_has_its_rule_and_what_is_followed_instead(self, departing):
        run = data_of(departing, "run")
        titles = {rule["key"]: rule["title"] for rule in run["rules"]}
        rows = {row["name"]: row for row in run["rows"]}
        assert titles[rows["torch:Adam"]["rule"]] == "adam, epsilon outside the root"
        assert rows["torch:Other[a]"]["conduct"] == "another"
        assert [titles[key] for key in rows["torch:Other[a]"]["also"]] == ["adam, epsilon hat"]
        assert run["lacking"] == [{"name": "cupy", "why": "no CUDA here"}]

    def test_the_findings_of_a_run_are_in_it_as_they_are_written_down(self, departing):
        page = Path("docs/findings") / f"{HAT}.md"
        assert data_of(departing, "findings") == {HAT: (ROOT / page).read_text(encoding="utf-8")}

    def test_what_changed_since_an_earlier_run_stands_first(self, departing):
        content = data_of(departing, "changes")
        packed = content["changes"]
        row = {**packed["same"], **dict(zip(packed["columns"], packed["rows"][0], strict=True))}
        assert (row["verdict_a"], row["verdict_b"]) == ("rounding", "deviates")
        assert row["implementation"] == "torch:Other[a]"
        assert content["worse"] == 1

    def test_it_loads_nothing_from_elsewhere(self, departing):
        for file in (item for item in departing.rglob("*") if item.is_file()):
            loaded = re.findall(r"(?:src|href)=[\"'](?!data:)([^\"']*)", file.read_text("utf-8"))
            assert not [place for place in loaded if ":" in place or place.startswith("//")], file

    def test_hostile_names_cannot_end_a_script(self, tmp_path):
        for start in range(0, len(hostile_run.ATTACKS), 7):
            data = hostile_run.run_of(hostile_run.attacks_from(start), tmp_path / f"run{start}")
            folder = tmp_path / f"site{start}"
            web.write(data, folder, exhibits(data))
            for file in (folder / "data").rglob("*.js"):
                text = file.read_text(encoding="utf-8")
                assert "<" not in text
                assert text.count("\n") == 1
                assert not re.search("[\u2028\u2029\x00-\x09\x0b-\x1f]", text)

    def test_walks_are_those_of_the_reference(self):
        x, y = path(VARIANTS["d2l-rmsprop-2d"].rule, epsilon="1e-6")[-1]
        assert d2l_trajectory().documented.endswith(f"x1 {x:f}, x2 {y:f}")
        assert path(VARIANTS["d2l-rmsprop"].rule) != path(VARIANTS["torch-rmsprop"].rule)


@pytest.fixture(scope="module")
def chromium():
    """A browser; skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("no Chromium here; CONFORMANCE_CHROMIUM names one")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


DRAWN = {"cell": 12, "cells": 4, "implementation": 4}  # random pages of each kind
SIZES = {"desktop": (1400, 900), "laptop": (1100, 700), "phone": (390, 844)}
PLACES = (
    "",
    "rules",
    "claims",
    "examples",
    "changes",
    "playground",
    "equivalence",
    "support",
    "devices",
    "history",
    f"finding/{HAT}",
    "finding/none",
    "porting",
    "power",
    "implementation/torch%3AOther%5Ba%5D/cpu",
    "implementation/0",
    "cells/0",
    "cell/0/0",
)


@pytest.fixture
def opened(chromium):
    """Open a page; complaints and requests are kept."""
    contexts = []

    def start(folder, place="", *, size="desktop", **more):
        wide, high = SIZES[size]
        context = chromium.new_context(viewport={"width": wide, "height": high}, **more)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("dialog", lambda dialog: page.complaints.append(dialog.message))
        page.on(
            "request",
            lambda asked: (
                None
                if asked.url.startswith(("file:", "data:"))
                else page.complaints.append(asked.url)
            ),
        )
        page.goto(f"file://{folder}/index.html#/{place}")
        page.wait_for_selector("h1")
        return page

    yield start
    for context in contexts:
        context.close()


@pytest.mark.browser
class TestInABrowser:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("place", PLACES)
    def test_nothing_complains_asks_or_overflows(self, departing, opened, place, size):
        page = opened(departing, place, size=size)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") <= 0
        assert page.complaints == []

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("place", PLACES)
    def test_axe_finds_nothing_serious_in_any_size(self, departing, opened, place, theme):
        if not (axe := os.environ.get("AXE")):
            pytest.skip("AXE names no axe.min.js; `nox -s browser` gets one")
        page = opened(departing, place, color_scheme=theme)
        page.add_script_tag(path=axe)
        for size, (wide, high) in SIZES.items():
            page.set_viewport_size({"width": wide, "height": high})
            found = page.evaluate("axe.run({preload: false}).then((result) => result.violations)")
            assert [(size, item["id"], item["nodes"][0]["html"]) for item in found] == []

    @pytest.mark.parametrize("kind", ["cell", "cells", "implementation"])
    def test_every_number_on_random_pages_is_the_run_folders(self, drawn, opened, kind):
        """Twenty pages, of ``RUNS`` where that names run folders; ``SEED`` draws others."""
        folder, data = drawn
        own = pages.claimed(data)
        rng = random.Random(os.environ.get("SEED", "0") + kind)
        page = opened(folder)
        for place in rng.sample(range(len(own)), min(DRAWN[kind], len(own))):
            record = own.iloc[place].to_dict()
            getattr(self, f"compare_{kind}")(page, data, record)
        assert page.complaints == []

    def compare_cell(self, page, data, record):
        parts = [record[name] for name in ("implementation", "device", "case", "regime", "variant")]
        lines, told, rows = pages.cell(record, pages.kept(data, record))
        go(page, pages.address("cell", *parts))
        names, said = page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts()
        seen = dict(zip(names, said, strict=True))
        assert {name: seen.get(name) for name in lines} == lines
        assert not told or told in page.inner_text("main")
        columns = [0, 3, 5, 7, 8]
        body = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
        assert [[row[column] for column in columns] for row in body] == rows

    def compare_cells(self, page, data, record):
        place = (record["implementation"], record["device"])
        own = pages.claimed(data)
        own = own[(own.implementation == place[0]) & (own.device == place[1])]
        told, rows = pages.listed(own.to_dict("records"))
        go(page, pages.address("cells", *place))
        assert page.inner_text("[role=status]").startswith(told)
        body = page.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
        )
        assert [row[-2:] for row in body] == rows

    def compare_implementation(self, page, data, record):
        place = (record["implementation"], record["device"])
        counts, others = pages.implementation(data, *place)
        go(page, pages.address("implementation", *place))
        tables = page.evaluate(
            "() => [...document.querySelectorAll('main table')].map(table => [...table.rows].map("
            "row => [...row.cells].map(cell => cell.textContent)))"
        )
        header, *rows = next(table for table in tables if table[0][0] == "options")
        seen = {
            (row[0], dtype): cell
            for row in rows
            for dtype, cell in zip(header[1:], row[1:], strict=True)
            if cell != "–"
        }
        assert seen == counts
        told = [table[1:] for table in tables if "deviating" in table[0]]
        assert [row[3:5] for table in told for row in table] == others[: pages.LEAF]

    def test_search_narrows_and_stands_in_the_address(self, departing, opened):
        page = opened(departing)
        assert page.locator(".matrix tbody tr").count() == 2
        page.fill("input[type=search]", "torch:adam")
        page.wait_for_function("document.querySelectorAll('.matrix tbody tr').length === 1")
        again = opened(departing, page.url.partition("#/")[2])
        assert again.locator(".matrix tbody tr").count() == 1
        assert again.input_value("input[type=search]") == "torch:adam"

    def test_a_row_is_opened_with_the_keyboard_alone_and_back_leads_back(self, departing, opened):
        page = opened(departing)
        page.keyboard.press("/")
        page.keyboard.type("other")
        page.wait_for_function("document.querySelectorAll('.matrix tbody tr').length === 1")
        page.focus(".matrix tbody th a")
        page.keyboard.press("Enter")
        page.wait_for_selector("h1:has-text('torch:Other[a]')")
        assert "epsilon hat" in page.inner_text("main")
        assert "0.5 (0x1.0p-1)" in page.inner_text("main")
        page.go_back()
        page.wait_for_selector(".matrix")
        assert page.input_value("input[type=search]") == "other"

    def test_arrows_walk_through_the_rows(self, departing, opened):
        page = opened(departing)
        page.focus(".matrix tbody th a")
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.textContent") != first

    def test_a_departure_leads_to_its_finding(self, departing, opened):
        page = opened(departing, "implementation/torch%3AOther%5Ba%5D/cpu")
        page.click(f"text={HAT}")
        page.wait_for_selector("text=What is computed")
        assert page.inner_text("h1") == "MindSpore: nn.Adam adds epsilon to the uncorrected root"
        assert page.locator("main code", has_text="mindspore.nn.Adam").count()
        assert page.locator("main pre").first.inner_text().startswith("mindspore 2.10.0")
        assert "](" not in page.inner_text("main")
        assert page.complaints == []

    def test_a_command_is_copied(self, departing, opened):
        page = opened(departing, "cell/0/0", permissions=["clipboard-read", "clipboard-write"])
        page.click("button.copy >> nth=1")
        page.wait_for_function("document.querySelector('#said').innerText === 'copied'")

    def test_the_theme_changes_and_is_not_told_by_colour_alone(self, departing, opened):
        page = opened(departing, color_scheme="light")
        before = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.click("#theme")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        assert "○ computes another rule" in page.inner_text(".matrix")

    def test_where_few_rules_are_left_their_headings_are_read_like_text(self, departing, opened):
        page = opened(departing, "?q=torch%3Aadam")
        head = page.locator(".matrix th.r a").first
        assert head.evaluate("item => getComputedStyle(item).writingMode") == "horizontal-tb"
        assert page.locator(".matrix th.r math").count() > 0
        assert page.locator(".matrix tbody tr").first.bounding_box()["y"] < SIZES["laptop"][1] * 0.6

    def test_the_formula_of_a_heading_is_shown_where_many_stand_side_by_side(self, opened):
        page = opened(Path(__file__).parents[1] / "docs" / "sample")
        head = page.locator(".matrix th.r a").first
        assert page.locator(".pointed math").count() == 0
        head.focus()
        assert page.locator(".pointed math").count() > 0
        assert page.inner_text(".pointed b").startswith(head.inner_text().split(":")[0])

    def test_a_walk_is_chosen(self, departing, opened):
        page = opened(departing, "playground")
        count = page.locator("svg [data-mark=line] path").count()
        page.click("fieldset input >> nth=0")
        page.wait_for_function(
            f"document.querySelectorAll('svg [data-mark=line] path').length !== {count}"
        )

    def test_a_long_table_is_searched_and_sorted_and_the_address_says_how(self, built, opened):
        page = opened(built[0], "cells/0")
        page.fill(".dt-search input", "wide")
        page.wait_for_function("location.hash.includes('q=wide')")
        assert page.locator(".grid tbody tr").first.locator("td").nth(3).inner_text() == "wide"
        page.focus(".grid th >> nth=6 >> .dt-column-order")
        page.keyboard.press("Enter")
        page.wait_for_function("location.hash.includes('order=6a')")
        scores = page.locator(".grid tbody tr td:nth-child(7)").all_inner_texts()
        assert [*map(float, scores)] == sorted(map(float, scores))
        again = opened(built[0], page.url.partition("#/")[2])
        assert again.locator(".grid tbody tr td:nth-child(7)").all_inner_texts() == scores
        assert page.complaints == again.complaints == []

    @pytest.mark.parametrize("start", range(0, len(hostile_run.ATTACKS), 11))
    def test_hostile_names_stay_text(self, opened, tmp_path, start):
        data = hostile_run.run_of(hostile_run.attacks_from(start), tmp_path / "run")
        web.write(data, tmp_path / "site", exhibits(data))
        for place in PLACES:
            page = opened(tmp_path / "site", place)
            assert page.complaints == []
            assert page.locator("main script, main img, main iframe").count() == 0
