"""A report that leads into its site, badges, several runs as one, a run served while it goes on."""

from __future__ import annotations

import json
import re
import shutil
import threading
import urllib.error
import urllib.request
from xml.etree import ElementTree

import hostile as hostile_run
import pytest
from msgspec.structs import replace
from test_reading import DOUBLE, FINE, REASON, WRONG, run_of, shown
from test_web import data_of

from optimizer_conformance.questions import live, serving
from optimizer_conformance.questions.exhibits import exhibits
from optimizer_conformance.reports import badge, beside, junit, links, markdown, model, sarif, web
from optimizer_conformance.reports.records import Described, Finished
from optimizer_conformance.reports.together import together
from optimizer_conformance.runs.journal import Journal
from optimizer_conformance.runs.reader import adapters_of

SITE = "https://example.org/report"
KNOWN = replace(WRONG, implementation="torch:Other[a]", expectation="hat", step=1)


@pytest.fixture
def run(tmp_path):
    """One follows, one departs as known, one departs as nothing expects."""
    fresh = replace(WRONG, implementation="torch:New", step=1, element="w[0]")
    return run_of([FINE, DOUBLE, KNOWN, fresh], tmp_path / "run", reasons={"hat": REASON})


def leading(run):
    from dataclasses import replace as changed

    return changed(run, page=links.index(SITE))


class TestLinks:
    def test_of_a_run_without_a_site_there_are_none(self, run):
        assert SITE not in junit.render(run) + sarif.render(run) + markdown.render(run)
        assert links.cell(run, "torch:Adam", "cpu", "x") == ""

    def test_every_format_leads_to_the_page_of_a_name(self, run):
        led = leading(run)
        page = f"{SITE}/index.html#/implementation/torch%3AOther%5Ba%5D/cpu"
        told = ElementTree.fromstring(junit.render(led)).iter("system-out")
        assert page in [item.text for item in told]
        results = json.loads(sarif.render(led))["runs"][0]["results"]
        found = {item.get("hostedViewerUri", "") for item in results}
        assert any(place.startswith(f"{SITE}/index.html#/cell/torch%3AOther") for place in found)
        assert f"(<{SITE}/index.html#/cell/" in markdown.render(led)
        assert f"{SITE}/index.html#/cell/torch%3ANew/cpu/" in shown(led)

    def test_a_name_cannot_leave_its_link(self, tmp_path):
        for start in range(0, len(hostile_run.ATTACKS), 7):
            data = leading(
                hostile_run.run_of(hostile_run.attacks_from(start), tmp_path / f"{start}")
            )
            for address in re.findall(r"\(<([^>]*)>\)", markdown.render(data)):
                assert re.fullmatch(r"[\w:/.#%~-]+", address.replace("\\", "")), address
            ElementTree.fromstring(junit.render(data))
            json.loads(sarif.render(data))


class TestBadges:
    def test_each_implementation_has_one_that_says_its_word(self, run):
        found = dict(badge.each(run))
        assert json.loads(found["torch-Adam.json"])["message"] == "follows"
        assert json.loads(found["torch-Adam.json"])["color"] == "brightgreen"
        assert json.loads(found["torch-New.json"])["color"] == "red"
        listed = json.loads(found[badge.INDEX])
        assert listed["torch-Other-a.json"]["implementation"] == "torch:Other[a]"

    def test_hostile_names_become_plain_files(self, tmp_path):
        for start in range(0, len(hostile_run.ATTACKS), 7):
            data = hostile_run.run_of(hostile_run.attacks_from(start), tmp_path / f"{start}")
            names = [name for name, _ in badge.each(data)]
            assert len(set(names)) == len(names)
            assert all(re.fullmatch(r"[A-Za-z0-9.-]+\.json", name) for name in names)


class TestSeveralRuns:
    def test_are_one_in_which_the_last_counts(self, tmp_path):
        before = run_of([FINE, DOUBLE, KNOWN], tmp_path / "a", reasons={"hat": REASON})
        after = run_of([replace(FINE, implementation="torch:Adam", ulp=0.25)], tmp_path / "b")
        whole = together([before, after])
        own = whole.cells.set_index("implementation")
        assert own.ulp["torch:Adam"] == 0.25
        assert "torch:Other[a]" in own.index
        assert whole.provenance.told("hat") == "epsilon hat (docs/findings/hat.md)"

    def test_stand_beside_each_other_by_device(self, tmp_path):
        here = run_of([FINE], tmp_path / "a")
        there = run_of([replace(FINE, device="cuda:0")], tmp_path / "b")
        whole = together([here, there])
        web.write(whole, tmp_path / "site", exhibits(whole))
        (row,) = data_of(tmp_path / "site", "run")["rows"]
        assert row["devices"] == ["cpu", "cuda:0"]


class TestBeside:
    def test_what_is_missing_says_what_writes_it(self, run):
        assert beside.power(run)["totals"] == []
        assert beside.power(run)["makes"].startswith("conformance power --json > ")

    def test_what_other_commands_left_is_shown(self, run):
        (run.folder / "history").mkdir()
        change = {"before": "1", "after": "2", "implementation": "torch:Adam", "words": "moved"}
        history = {"framework": "torch", "releases": [{"version": "1"}], "changes": [change]}
        (run.folder / "history" / "torch.json").write_text(json.dumps(history))
        (found,) = beside.history(run)["frameworks"]
        assert (found["versions"], found["changes"]) == (["1"], [change])


class TestRunThatGoesOn:
    @pytest.fixture
    def unfinished(self, numpy_run, tmp_path):
        """A folder as it is while the second group runs."""
        folder = tmp_path / "run"
        folder.mkdir()
        shutil.copy(numpy_run.folder / "provenance.json", folder)
        (stored,) = adapters_of(numpy_run.folder).values()
        with Journal(folder) as journal:
            outlines = [group.outline for group in stored.groups]
            journal.append(Described("numpy", stored.about.description, outlines))
            journal.append(stored.finished[0])
        return folder, stored.finished[0]

    def test_shows_what_is_finished(self, unfinished):
        folder, finished = unfinished
        run = live.view(folder)
        assert isinstance(finished, Finished)
        assert len(run.cells) == len(finished.cells)
        site = web.RunSite(run, folder, exhibits(run, served=True), None)
        seen = site.overview()
        assert not seen["complete"]
        assert seen["progress"]["numpy"][0] == 1
        assert seen["progress"]["numpy"][1] > 1

    def test_of_one_that_has_ended_the_folder_is_shown(self, numpy_run):
        assert len(live.view(numpy_run.folder).cells) == len(model.load(numpy_run.folder).cells)


@pytest.mark.adapter("numpy")
class TestServed:
    @pytest.fixture
    def address(self, numpy_run):
        """A server of a finished run."""
        server = serving.server(numpy_run.folder)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{serving.HERE}:{server.server_address[1]}"
        server.shutdown()
        server.RequestHandlerClass.served.close()
        server.server_close()

    def test_answers_only_here_and_only_its_files(self, address):
        assert b"SITE.put" in urllib.request.urlopen(f"{address}/data/run.js").read()
        assert b"<main" in urllib.request.urlopen(address).read()
        for path in ("../provenance.json", "data/cells/9999.js", "data/nothing.js", "%2e%2e/x"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{address}/{path}")
        asked = urllib.request.Request(f"{address}/data/run.js", headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(asked)

    def test_every_element_that_is_computed_again_is_the_runs(self, address, numpy_run):
        run = model.load(numpy_run.folder)
        place = tuple(
            run.cells[run.cells.relation == "claimed"].iloc[0][["implementation", "device"]]
        )
        site = web.RunSite(run, numpy_run.folder, exhibits(run), None)
        file = site.places.index(place)
        cells = serving.claimed(run, place)
        for number in range(0, len(cells), max(1, len(cells) // 5)):
            cell = cells[number]
            text = (
                urllib.request.urlopen(f"{address}/data/every/{file}/{number}.js").read().decode()
            )
            found = json.loads(re.fullmatch(r'SITE\.put\("[^"]*", (.*)\);\n', text)[1])
            assert found["rows"], found["why"]
            rows = [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]
            counts = {
                name: sum(row["verdict"] == name for row in rows) for name in ("exact", "rounding")
            }
            assert counts == {name: cell[name] for name in counts}
            scores = [row["score"] for row in rows if row["verdict"] not in ("range", "ill-posed")]
            assert max(scores) == cell["score"]


def test_whatever_was_run_a_terminal_shows_it_in_some_hundred_lines(tmp_path):
    documents = ("torch-adam", "keras-adam", "torch-rmsprop", "keras-rmsprop")
    cells = [
        replace(
            FINE, implementation=f"{name}:optimizer.number_{number}", adapter=name, variant=variant
        )
        for name in ("torch", "jax", "tensorflow")
        for number in range(25)
        for variant in [documents[number % 4]]
    ]
    cells += [
        replace(
            KNOWN, implementation=f"torch:optimizer.wrong_{number}", variant=documents[number % 4]
        )
        for number in range(30)
    ]
    data = run_of(cells, tmp_path / "run", reasons={"hat": REASON})
    for width in (60, 80, 120):
        lines = shown(data, width).splitlines()
        assert len(lines) <= 120
        assert not [line for line in lines if line.endswith("…")]
    assert shown(data, long=True).count("\n") > 120
