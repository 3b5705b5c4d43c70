"""Interrupted runs that go on, shards, and groups taken over from earlier runs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pandas
import pyarrow.parquet
import pytest
from evaluations import case_of
from fakes import command
from msgspec.structs import replace
from runfolders import provenance_of

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.judging import group, keys
from optimizer_conformance.judging.explain import explain
from optimizer_conformance.judging.group import Campaign
from optimizer_conformance.reports import model
from optimizer_conformance.reports.model import UnreadableRun
from optimizer_conformance.reports.records import About, Cell, Finished
from optimizer_conformance.reports.store import Run, RunError
from optimizer_conformance.runs import journal, reader, schema
from optimizer_conformance.runs.journal import Journal
from optimizer_conformance.runs.merge import merge
from optimizer_conformance.runs.request import request_of
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Listener, Shard

CASES = tuple(case_of(mode="trajectory", steps=3, size=8, seed=seed) for seed in (1, 2))
SELECTION = Selection(adapters=("fake",), cases=CASES)
GROUPS = 7


def run(folder, behaviour="many", *, selection=SELECTION, **more):
    commands = {name: command(behaviour) for name in selection.adapters}
    return conduct(selection, folder, commands=commands, **more)


def cells(folder):
    return model.load(folder).cells


def carried_out(folder):
    """How many groups workers were given, all attempts of the run together."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return sum(event["event"] == "group finished" for event in events)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of seven groups, with the journal that a complete run throws away."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "remove", lambda self: None)
        run(folder)
    return folder


def interrupted(whole, folder, size):
    """The folder as a kill leaves it: so many bytes of the journal and nothing after it."""
    folder.mkdir()
    shutil.copy(whole / "provenance.json", folder)
    (folder / journal.NAME).write_bytes((whole / journal.NAME).read_bytes()[:size])
    return folder


class TestResuming:
    def test_a_run_cut_off_anywhere_goes_on_and_repeats_nothing(self, whole, tmp_path):
        content = (whole / journal.NAME).read_bytes()
        ends = [end for end, _ in journal.frames(content)]
        cuts = [0, ends[0] - 3, ends[0], ends[3], ends[3] + 1, ends[6] - 1, ends[-2], ends[-1]]
        for number, size in enumerate(cuts):
            folder = interrupted(whole, tmp_path / str(number), size)
            kept = sum(isinstance(record, Finished) for record in journal.read(folder)[0])
            outcome = run(folder, resume=True)
            assert outcome.exit_code == 0
            assert cells(folder).equals(cells(whole))
            assert carried_out(folder) == GROUPS - kept
            assert not (folder / journal.NAME).exists()

    def test_an_adapter_that_was_done_is_not_started_again(self, whole, tmp_path):
        folder = interrupted(whole, tmp_path / "run", None)
        assert run(folder, "crash_at_hello", resume=True).exit_code == 0
        assert cells(folder).equals(cells(whole))

    @pytest.mark.usefixtures("interruptible")
    def test_a_run_that_was_stopped_keeps_what_is_finished(self, whole, tmp_path):
        class Stopping(Listener):
            pressed = False

            def progress(self, adapter, done, total, what):
                if done == 4 and not self.pressed:
                    self.pressed = True
                    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
                    time.sleep(0.3)

        folder = tmp_path / "run"
        outcome = run(folder, jobs=1, listener=Stopping())
        assert outcome.interrupted
        assert outcome.exit_code == 3
        kept = sum(isinstance(record, Finished) for record in journal.read(folder)[0])
        assert 0 < kept < GROUPS
        assert not (folder / "footer.json").exists()
        assert run(folder, resume=True).exit_code == 0
        assert cells(folder).equals(cells(whole))
        assert carried_out(folder) == GROUPS

    @pytest.mark.usefixtures("interruptible")
    @pytest.mark.parametrize("behaviour", ["hang_at_hello", "hang_at_step"])
    def test_a_run_that_is_stopped_does_not_wait_for_an_answer(self, tmp_path, behaviour):
        main = threading.main_thread().ident
        pressing = threading.Timer(1.0, signal.pthread_kill, (main, signal.SIGINT))
        pressing.start()
        started = time.monotonic()
        outcome = run(tmp_path / "run", behaviour, jobs=1)
        assert outcome.interrupted
        assert time.monotonic() - started < 20  # an answer may take 120 s

    def test_a_group_that_is_stopped_while_it_is_explained_has_no_rows(self, monkeypatch):
        def pressed(oracle, claimed, answers, others):
            oracle.stop.set()
            return explain(oracle, claimed, answers, others)

        monkeypatch.setattr(group, "explain", pressed)
        campaign = Campaign("fake", command("outside"), SELECTION)
        campaign.start()
        try:
            (outline, *_) = campaign.plan()
            carried = campaign.carry(0, outline.key)
        finally:
            campaign.close()
        assert not carried.whole
        assert carried.finished.cells == []

    def test_what_was_asked_for_stands_in_the_folder(self, whole):
        order = request_of(whole, reader.provenance_of(whole))
        assert order.selection == SELECTION
        assert order.shard == Shard(1, 1)

    def test_a_run_of_another_suite_is_refused_and_may_be_reused(self, whole, tmp_path):
        folder = interrupted(whole, tmp_path / "run", None)
        with pytest.raises(RunError, match=r"another version of the suite.*--reuse"):
            request_of(folder, replace(reader.provenance_of(folder), suite="0"))

    def test_two_drivers_cannot_write_one_folder(self, whole, tmp_path):
        folder = interrupted(whole, tmp_path / "run", None)
        with Journal(folder), pytest.raises(RunError, match="another process is writing"):
            run(folder, resume=True)

    def test_a_damaged_record_ends_the_journal(self, whole, tmp_path):
        content = bytearray((whole / journal.NAME).read_bytes())
        ends = [end for end, _ in journal.frames(bytes(content))]
        content[ends[2] + 20] ^= 1
        found = list(journal.frames(bytes(content)))
        assert [end for end, _ in found] == ends[:3]


class TestReaders:
    def test_an_incomplete_run_says_what_is_missing(self, whole, tmp_path):
        folder = interrupted(whole, tmp_path / "run", 0)
        with pytest.raises(UnreadableRun, match=r"not finished: fake; .*--incomplete.*--resume"):
            model.load(folder)
        assert model.load(folder, incomplete=True).cells.empty

    def test_a_table_with_too_few_rows_is_noticed(self, whole, tmp_path):
        shutil.copytree(whole, tmp_path / "run")
        (tmp_path / "run" / "cells" / "fake.parquet").unlink()
        rows = len(cells(whole))
        with pytest.raises(UnreadableRun, match=f"fake.parquet holds 0 of {rows} rows"):
            model.load(tmp_path / "run")

    def test_a_folder_of_format_1_is_read_still(self, whole, tmp_path):
        """The columns, files and fields that the first format had, and no others."""
        folder = tmp_path / "old"
        (folder / "cells").mkdir(parents=True)
        later = ("condition", "unconfirmed", "bits", "held", "cause")
        columns = [name for name in Cell.__struct_fields__ if name not in later]
        table = pyarrow.parquet.read_table(whole / "cells" / "fake.parquet").select(columns)
        pyarrow.parquet.write_table(table, folder / "cells" / "fake.parquet")
        old = {
            "provenance.json": ("started", "python", "platform", "profile", "seed", "selection"),
            "footer.json": ("cells", "unexpected", "stale", "missing", "exit_code", "seconds"),
        }
        for name, fields in old.items():
            content = json.loads((whole / name).read_text())
            kept = {field: content[field] for field in fields}
            (folder / name).write_text(json.dumps({"format": 1, **kept}))
        assert len(cells(folder)) == len(cells(whole))
        assert model.summary(model.load(folder)).verdict.equals(
            model.summary(model.load(whole)).verdict
        )
        for unusable in (
            reader.finished_groups,
            lambda old: request_of(old, reader.provenance_of(old)),
        ):
            with pytest.raises(RunError, match="written before"):
                list(unusable(folder))

    @pytest.mark.parametrize("name", ["provenance.json", "groups.json", "adapters.json"])
    def test_damage_is_named(self, whole, tmp_path, name):
        shutil.copytree(whole, tmp_path / "run")
        (tmp_path / "run" / name).write_text("[1, 2")
        with pytest.raises(RunError, match=f"{name} is damaged"):
            list(reader.finished_groups(tmp_path / "run"))

    def test_elements_that_deviate_are_kept_bit_by_bit(self, tmp_path):
        run(tmp_path / "run", "outside")
        found = pandas.read_parquet(tmp_path / "run" / "elements" / "fake.parquet")
        assert len(found) > 0
        first = found.iloc[0]
        bits = np.frombuffer(bytes.fromhex(first.observed_bits), dtype=">f4")[0]
        assert bits == first.observed
        assert (found.score > 1).all()
        assert (found.failing >= found.groupby(["case", "regime"]).transform("size")).all()
        rows = cells(tmp_path / "run")
        assert set(found.case) <= set(rows[rows.verdict == "deviates"]["case"])


class TestSeats:
    def test_rows_do_not_depend_on_how_many_workers_there_are(self, whole, tmp_path):
        run(tmp_path / "run", jobs=3)
        table = "cells/fake.parquet"
        assert (tmp_path / "run" / table).read_bytes() == (whole / table).read_bytes()


class TestReuse:
    def test_unchanged_groups_are_taken_over(self, whole, tmp_path):
        run(tmp_path / "run", reused=reader.finished_groups(whole))
        assert cells(tmp_path / "run").equals(cells(whole))
        assert carried_out(tmp_path / "run") == 0
        assert model.load(tmp_path / "run").footer.reused == GROUPS

    def test_other_cases_are_not(self, whole, tmp_path):
        other = Selection(adapters=("fake",), cases=CASES[:1])
        run(tmp_path / "run", selection=other, reused=reader.finished_groups(whole))
        assert carried_out(tmp_path / "run") == GROUPS

    def test_another_version_of_the_framework_gets_another_key(self, whole):
        description = reader.adapters_of(whole)["fake"].about.description
        newer = type(description)(description.adapter, 1, {"fake": "2.0"}, description.devices, [])
        first, second = (keys.conditions("fake", item, {}) for item in (description, newer))
        assert first["versions"] != second["versions"]
        assert first["code"] == second["code"]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    top = tmp_path_factory.mktemp("shards")
    folders = [top / str(number) for number in (1, 2, 3)]
    for number, folder in enumerate(folders, 1):
        run(folder, shard=Shard(number, 3))
    return folders


class TestShards:
    def test_merged_they_are_the_whole_run(self, shards, whole, tmp_path):
        outcome = merge([shards[2], shards[0], shards[1]], tmp_path / "merged")
        assert outcome.exit_code == 0
        for table in ("cells/fake.parquet", "elements/fake.parquet"):
            assert (tmp_path / "merged" / table).read_bytes() == (whole / table).read_bytes()
        rules = [
            [unit["rule"] for unit in json.loads((folder / "groups.json").read_text())["fake"]]
            for folder in (tmp_path / "merged", whole)
        ]
        assert rules[0] == rules[1]

    def test_each_carries_out_its_own_part(self, shards):
        assert [carried_out(folder) for folder in shards] == [3, 2, 2]

    @pytest.mark.parametrize(
        ("chosen", "message"),
        [
            ((0, 1), "shard 3/3 is missing"),
            ((0, 1, 1, 2), "are both shard 2/3"),
        ],
    )
    def test_an_incomplete_set_is_refused(self, shards, tmp_path, chosen, message):
        folders = [shards[number] for number in chosen]
        with pytest.raises(RunError, match=message):
            merge(folders, tmp_path / "merged")
        assert not (tmp_path / "merged").exists()

    def test_a_whole_run_is_no_shard(self, shards, whole, tmp_path):
        with pytest.raises(RunError, match="is no shard"):
            merge([shards[0], whole], tmp_path / "merged")

    def test_shards_of_different_runs_are_refused(self, shards, tmp_path):
        other = Selection(adapters=("fake",), cases=CASES[:1])
        run(tmp_path / "other", selection=other, shard=Shard(2, 3))
        with pytest.raises(RunError, match="differ in selection"):
            merge([shards[0], tmp_path / "other", shards[2]], tmp_path / "merged")

    @pytest.mark.parametrize("name", ["../../out", "{top}/out", "..", "", "-x", "a" * 200, "a\0"])
    def test_an_adapter_whose_name_is_no_plain_name_is_refused(self, shards, tmp_path, name):
        folders = [tmp_path / folder.name for folder in shards]
        for folder, shard in zip(folders, shards, strict=True):
            shutil.copytree(shard, folder)
            for file, content in (("adapters", {"failure": "gone"}), ("units", [])):
                named = {name.format(top=tmp_path): content}
                (folder / f"{file}.json").write_text(json.dumps(named))
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(RunError, match="is no plain name"):
            merge(folders, tmp_path / "merged")
        assert sorted(tmp_path.rglob("*")) == before

    def test_a_run_folder_takes_no_such_name(self, tmp_path):
        written = Run(tmp_path / "run", provenance_of())
        with pytest.raises(RunError, match="is no plain name"):
            written.add("../x", About())


class TestSchema:
    def test_the_published_schema_is_that_of_the_code(self):
        # python -m optimizer_conformance.runs.schema > docs/run-folder.schema.json
        path = Path(__file__).parents[1] / "docs" / "run-folder.schema.json"
        assert path.read_text(encoding="utf-8") == schema.printed()

    @pytest.mark.parametrize("name", ["provenance.json", "footer.json"])
    def test_a_run_holds_what_the_schema_says_and_nothing_else(self, whole, name):
        shape = schema.schema()["$defs"][name.removesuffix(".json").capitalize()]
        found = json.loads((whole / name).read_text())
        assert set(shape["required"]) == set(found) == set(shape["properties"])

    def test_tables_have_the_columns_of_the_schema(self, whole):
        for table, record in (("cells", "Cell"), ("elements", "Element")):
            names = pyarrow.parquet.read_schema(whole / table / "fake.parquet").names
            assert names == list(schema.schema()["$defs"][record]["properties"])


def test_what_a_run_asks_of_git_writes_nothing_into_the_checkout(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("x")
    git("add", "file")
    os.utime(tmp_path / "file", (1, 1))  # what `git status` would write down
    index = tmp_path / ".git" / "index"
    before = index.read_bytes()
    monkeypatch.setattr(keys, "ADAPTERS", tmp_path / "adapters")
    assert keys.git_state()[1]
    assert index.read_bytes() == before
    git("status")
    assert index.read_bytes() != before
