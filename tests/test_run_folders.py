"""Run folders are written from their records and read into them, whatever the format."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pyarrow
import pytest
from evaluations import case_of
from fakes import command
from msgspec.structs import replace
from pyarrow import parquet

from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.questions.repro.cells import deviations
from optimizer_conformance.reference.numbers import PRECISIONS, BoundArithmetic
from optimizer_conformance.reports import diff, facts, formats, model, tables
from optimizer_conformance.reports.folder import RunFolder, UnreadableRun
from optimizer_conformance.reports.records import Cell, Finished, unmade
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs import reader
from optimizer_conformance.runs.merge import merge
from optimizer_conformance.runs.request import request_of
from optimizer_conformance.runs.run import conduct

# Written by commit 5efd850, whose format was 2: the fakes "outside" and "many".
OLD = Path(__file__).parent / "data" / "format-2"
CASE = case_of(mode="trajectory", steps=2, size=2, seed=1)
FIELDS = msgspec.structs.fields(Cell)


def run(folder, behaviour):
    selection = Selection(adapters=("fake",), cases=(CASE,))
    commands = {"fake": command(behaviour)}
    return conduct(selection, folder, commands=commands, expected=folder / "nothing").folder


@pytest.fixture(scope="module")
def new(tmp_path_factory):
    return run(tmp_path_factory.mktemp("new") / "run", "outside")


class TestFormat2:
    def test_it_says_what_a_run_of_today_says(self, new):
        difference = diff.compare(model.load(OLD / "whole"), model.load(new))
        counts, cells = difference.counts(), difference.cells
        assert counts["added"] == counts["removed"] == counts["changed"] == 0
        # Bounds are written otherwise since, and rounded otherwise: by less than their own slack.
        slack = BoundArithmetic(PRECISIONS["float32"]).slack - 1
        for name in ("score", "divergence_score"):
            assert (
                abs(cells[f"{name}_a"] - cells[f"{name}_b"]) <= slack * cells[f"{name}_a"]
            ).all()

    def test_its_groups_have_their_rules(self, new):
        old, today = (facts.read(folder).implementations for folder in (OLD / "whole", new))
        for item, other in zip(old, today, strict=True):
            for one, now in zip(item.configurations, other.configurations, strict=True):
                assert one.rule.factors.items() <= now.rule.factors.items()  # rules have grown
                assert replace(one, rule=None) == replace(now, rule=None)
        assert old[0].configurations[0].rule.factors["epsilon"] == "outside"

    def test_its_deviations_are_found(self):
        assert {item.implementation for item in deviations(OLD / "whole")} == {"fake:rmsprop"}

    def test_its_groups_can_be_taken_over_those_of_its_journal_too(self):
        groups = [group for group in reader.finished_groups(OLD / "shard") if group.rule]
        assert len(groups) > len(reader.adapters_of(OLD / "shard")["fake"].finished)
        assert all(isinstance(group, Finished) and group.rule.factors for group in groups)

    def test_what_a_deviation_is_put_down_to_is_read_from_its_words(self, new):
        old, today = (model.load(folder).cells for folder in (OLD / "whole", new))
        assert set(today.cause) >= {"", "rule"}
        assert old.cause.equals(today.cause)
        assert set(old.outcome) == {formats.UNRECORDED}

    def test_it_cannot_be_gone_on_with_and_that_is_said(self, tmp_path):
        with pytest.raises(RunError, match="another version of the suite"):
            request_of(OLD / "whole", reader.provenance_of(OLD / "whole"))
        with pytest.raises(RunError, match="shard 1/2 is missing"):
            merge([OLD / "shard"], tmp_path / "merged")

    def test_how_hyperparameters_were_held_is_read_from_its_words(self):
        why = "learning rate held in float32, decay and 1-decay formed in float64"
        assert formats.held(why) == "learning rate=float32; decay and 1-decay=float64"
        assert formats.held("epsilon is inside the root") == ""


class TestTables:
    @pytest.fixture
    def written(self, tmp_path):
        path = tmp_path / "fake.parquet"

        def write(name, change):
            """The table of a run with one column changed; None takes it away."""
            table = parquet.read_table(OLD / "whole" / "cells" / "fake.parquet")
            for field in FIELDS:
                if field.name not in table.column_names:
                    later = pyarrow.array([field.default] * len(table))
                    table = table.append_column(field.name, later)
            at = table.column_names.index(name)
            column = change(table.column(name))
            table = table.remove_column(at)
            for found in column or ():
                table = table.append_column(name, found)
            parquet.write_table(table, path)
            return path

        return write

    @pytest.mark.parametrize("name", [field.name for field in FIELDS])
    def test_a_column_of_another_type_is_one_clear_line(self, written, name):
        kind = next(field.type for field in FIELDS if field.name == name)
        others = {
            str: (lambda c: [pyarrow.array(range(len(c)))],),
            int: (lambda c: [c.cast(pyarrow.float64())], lambda c: [c.cast(pyarrow.string())]),
            float: (lambda c: [pyarrow.array(range(len(c)))], lambda c: [c.cast(pyarrow.string())]),
        }
        for change in (
            *others[kind],
            lambda c: [c.cast(pyarrow.string()).dictionary_encode()],
            *((lambda c: [pyarrow.nulls(len(c))],) if kind is not float else ()),
            lambda c: [pyarrow.array([["x"]] * len(c))],
            lambda c: [c, c],
            lambda c: None,
        ):
            with pytest.raises(UnreadableRun, match=f"{name!r}") as refused:
                tables.read(written(name, change), Cell)
            assert "\n" not in str(refused.value)

    def test_narrower_numbers_are_taken(self, written):
        path = written("exact", lambda c: [c.cast(pyarrow.int8())])
        assert tables.read(path, Cell).schema == tables.schema(Cell)
        path = written("score", lambda c: [c.cast(pyarrow.float32())])
        assert tables.read(path, Cell).schema == tables.schema(Cell)

    def test_gaps_are_taken_among_numbers_alone(self, written):
        path = written("condition", lambda c: [pyarrow.array([None] * len(c), pyarrow.float64())])
        assert model.read_cells(path).condition.isna().all()
        path = written("ill_posed", lambda c: [pyarrow.array([None] * len(c), pyarrow.int64())])
        with pytest.raises(UnreadableRun, match="'ill_posed' has gaps"):
            tables.read(path, Cell)

    def test_a_word_that_is_no_verdict_is_refused(self, written):
        path = written("verdict", lambda c: [pyarrow.array(["maybe"] * len(c))])
        with pytest.raises(UnreadableRun, match="'maybe' is no verdict"):
            model.read_cells(path)


def places(content, depth=3):
    """Every place of a JSON file down to a depth, as the keys that lead there."""
    for key, value in content.items() if isinstance(content, dict) else enumerate(content):
        yield (key,)
        if isinstance(value, dict | list) and depth > 1:
            yield from ((key, *rest) for rest in places(value, depth - 1))


def reading(folder):
    """Read every file of a run; what is said where one is refused."""
    found = RunFolder(folder)
    try:
        for file in ("provenance", "adapters", "groups", "footer"):
            assert getattr(found, file) is not None
    except UnreadableRun as error:
        return str(error)
    return ""


class TestFiles:
    @pytest.mark.parametrize(
        "name", ["provenance.json", "adapters.json", "groups.json", "footer.json"]
    )
    def test_another_type_anywhere_is_read_as_it_should_be_or_one_clear_line(
        self, new, tmp_path, name
    ):
        folder = tmp_path / "run"
        shutil.copytree(new, folder)
        content = json.loads((new / name).read_text())
        refused = 0
        for keys in places(content):
            for wrong in (None, 7, "x", [], {}, [{}], 1e400, True):
                damaged = json.loads((new / name).read_text())
                inner = damaged
                for key in keys[:-1]:
                    inner = inner[key]
                inner[keys[-1]] = wrong
                (folder / name).write_text(json.dumps(damaged))
                said = reading(folder)
                refused += bool(said)
                assert not said or name in said or "has format" in said
                assert "\n" not in said
        assert refused > 5 * len(list(places(content, 2)))

    def test_a_field_that_is_missing_is_named(self, new, tmp_path):
        shutil.copytree(new, tmp_path / "run")
        content = json.loads((new / "provenance.json").read_text())
        del content["selection"]["dtypes"]
        (tmp_path / "run" / "provenance.json").write_text(json.dumps(content))
        with pytest.raises(UnreadableRun, match=r"dtypes.*selection"):
            model.load(tmp_path / "run")


def test_format_5_had_links_behind_reasons_and_only_words_of_what_was_never_made():
    given = {"hat": "epsilon hat (docs/findings/hat.md)", "plain": "no more is said"}
    read = formats.provenance({"format": 5, "reasons": given})
    assert read["reasons"] == {"hat": "epsilon hat", "plain": "no more is said"}
    assert read["links"] == {"hat": "docs/findings/hat.md"}
    assert formats.about("torch", {"failure": unmade("torch")})["unmade"]
    assert not formats.about("torch", {"failure": "no CUDA here"})["unmade"]
