"""Two runs, cell by cell."""

from __future__ import annotations

import io
import json
import shutil

import pandas
import pytest
from rich.console import Console
from typer.testing import CliRunner

from optimizer_conformance.cli.main import app
from optimizer_conformance.reports import diff, model
from optimizer_conformance.reports.model import UnreadableRun


@pytest.fixture
def other(numpy_run, tmp_path):
    """A function that copies the numpy run with its cells changed."""

    def copy(change):
        folder = shutil.copytree(numpy_run.folder, tmp_path / "other")
        cells = pandas.read_parquet(folder / "cells" / "numpy.parquet")
        own = cells[cells.relation == "claimed"].index
        write(folder, change(cells, own))
        return folder

    return copy


def write(folder, cells):
    """The cells, and how many they are, as a run that ended with these would write them."""
    cells.to_parquet(folder / "cells" / "numpy.parquet", index=False)
    footer = json.loads((folder / "footer.json").read_text())
    footer["rows"]["numpy"] = len(cells)
    (folder / "footer.json").write_text(json.dumps(footer))


def compared(numpy_run, folder, **more):
    return diff.compare(model.load(numpy_run.folder), model.load(folder), **more)


def counts(found):
    return {name: count for name, count in found.counts().items() if count}


def worsened(cells, own):
    cells.loc[own[0], ["verdict", "why"]] = ["deviates", "made | worse"]
    return cells


def shifted(cells, own):
    cells.loc[own[:4], "score"] += 0.25
    return cells


def moved(cells, own):
    cells["device"] = "cuda:0"
    cells["version"] = "9.9"
    return cells


class TestCells:
    def test_a_run_is_unchanged_against_itself(self, numpy_run):
        found = compared(numpy_run, numpy_run.folder)
        assert set(counts(found)) == {"unchanged"}
        assert not any(found.fails(gate) for gate in diff.GATES)

    def test_a_worse_verdict(self, numpy_run, other):
        found = compared(numpy_run, other(worsened))
        assert counts(found)["changed"] == 1
        assert all(found.fails(gate) for gate in diff.GATES)
        (row,) = diff.changes(found).itertuples()
        assert diff.step(row)[0].endswith(" → deviates")

    def test_what_got_better_is_changed_and_not_worse(self, numpy_run, other):
        found = diff.compare(model.load(other(worsened)), model.load(numpy_run.folder))
        assert found.fails("changed")
        assert not found.fails("worse")

    def test_a_score_that_moved_inside_the_bound(self, numpy_run, other):
        found = compared(numpy_run, other(shifted))
        assert counts(found)["shifted"] == 4
        assert [found.fails(gate) for gate in diff.GATES] == [False, False, True]
        assert len(diff.content(found, "dtype")["shifts"]) == 4

    def test_added_and_removed_cells(self, numpy_run, other):
        folder = other(lambda cells, own: cells.drop(own[:3]))
        found = compared(numpy_run, folder)
        assert counts(found)["removed"] == 3
        assert found.fails("changed")
        assert not found.fails("worse")
        back = diff.compare(model.load(folder), model.load(numpy_run.folder))
        assert counts(back)["added"] == 3

    def test_a_new_cell_that_fails_is_worse(self, numpy_run, other):
        folder = other(worsened)
        shorter = other_without_first(folder)
        found = diff.compare(model.load(shorter), model.load(folder))
        assert counts(found)["added"] == 1
        assert found.fails("worse")

    def test_groups_in_which_nothing_changed_are_one_line_where_there_are_many(
        self, numpy_run, other, monkeypatch
    ):
        monkeypatch.setattr(diff, "ALL", 1)
        console = Console(file=io.StringIO(), width=80)
        diff.show(compared(numpy_run, other(worsened)), "implementation", console)
        *_, changed, quiet = console.file.getvalue().splitlines()
        assert " 1 changed" in changed
        assert quiet.endswith("others: every cell is unchanged")

    def test_other_documents_count_only_when_asked_for(self, numpy_run):
        some = sum(compared(numpy_run, numpy_run.folder).counts().values())
        every = sum(compared(numpy_run, numpy_run.folder, others=True).counts().values())
        assert 0 < some < every

    def test_another_device_is_another_cell_unless_it_is_dropped(self, numpy_run, other):
        folder = other(moved)
        assert set(counts(compared(numpy_run, folder))) == {"added", "removed"}
        found = compared(numpy_run, folder, across="device")
        assert set(counts(found)) == {"unchanged"}
        assert list(diff.groups(found, "device").device) == ["cpu → cuda:0"]
        assert diff.groups(found, "version").version.iloc[0].endswith(" → 9.9")

    def test_several_devices_cannot_be_dropped(self, numpy_run, other):
        folder = other(lambda cells, own: pandas.concat([cells, moved(cells.copy(), own)]))
        with pytest.raises(UnreadableRun, match="more than one device"):
            compared(numpy_run, folder, across="device")

    @pytest.mark.parametrize("by", diff.BY)
    def test_groups_hold_every_cell(self, numpy_run, other, by):
        found = compared(numpy_run, other(shifted))
        groups = diff.groups(found, by)
        assert groups[list(diff.STATUS)].to_numpy().sum() == len(found.cells)


def other_without_first(folder):
    shorter = shutil.copytree(folder, folder.parent / "shorter")
    cells = pandas.read_parquet(shorter / "cells" / "numpy.parquet")
    write(shorter, cells.drop(cells[cells.relation == "claimed"].index[0]))
    return shorter


class TestCommand:
    def test_exit_codes(self, conformance, numpy_run, other):
        words = ("diff", str(numpy_run.folder), str(other(worsened)))
        assert conformance(*words).returncode == 0
        for gate in diff.GATES:
            assert conformance(*words, "--fail-on", gate).returncode == 1
        assert conformance(*words, "--fail-on", "nothing").returncode == 2
        assert conformance(*words, "--by", "colour").returncode == 2

    def test_json(self, conformance, numpy_run, other):
        done = conformance("diff", str(numpy_run.folder), str(other(worsened)), "--json")
        content = json.loads(done.stdout, parse_constant=pytest.fail)
        assert content["worse"] == 1
        assert content["changes"][0]["why_b"] == "made | worse"

    def test_markdown_is_escaped(self, conformance, numpy_run, other):
        done = conformance("diff", str(numpy_run.folder), str(other(worsened)), "-f", "markdown")
        assert r"made \| worse" in done.stdout

    def test_runs_without_a_cell_differ_in_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
        runs = [str(tmp_path / name) for name in ("one", "other")]
        for run in runs:
            words = ["run", "--adapter", "numpy", "--profile", "quick", "--out", run]
            assert CliRunner().invoke(app, words).exit_code == 3
        assert CliRunner().invoke(app, ["diff", *runs, "--by", "version"]).exit_code == 0
        site = ["report", *runs, "--format", "html", "--out", str(tmp_path / "site")]
        assert CliRunner().invoke(app, site).exit_code == 0

    def test_an_incomplete_run_is_refused_unless_told(self, conformance, numpy_run, other):
        folder = other(lambda cells, own: cells)
        (folder / "footer.json").unlink()
        done = conformance("diff", str(numpy_run.folder), str(folder))
        assert done.returncode == 2
        assert "is incomplete" in done.stderr
        assert (
            conformance("diff", str(numpy_run.folder), str(folder), "--incomplete").returncode == 0
        )


def test_the_same_in_other_words_is_unchanged_and_another_cause_is_changed(numpy_run, other):
    def reworded(cells, own):
        bad = cells.index[cells.verdict == "deviates"]
        cells.loc[bad, "why"] = "said otherwise"
        return cells

    found = compared(numpy_run, other(reworded), others=True)
    assert set(counts(found)) == {"unchanged"}
    assert (found.cells.why_a != found.cells.why_b).any()


def test_another_cause_is_a_change(numpy_run, other):
    def recaused(cells, own):
        bad = cells.index[cells.verdict == "deviates"]
        cells.loc[bad[:1], "cause"] = "place"
        return cells

    assert counts(compared(numpy_run, other(recaused), others=True))["changed"] == 1
