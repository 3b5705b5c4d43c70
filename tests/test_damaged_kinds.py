"""Every kind of file that others may bring, damaged by what it holds, and odd things in its place.

The ordinary suite takes a few of each; `nox -s faults` takes 2,000; three seeds make 6,000.
"""

from __future__ import annotations

import os

import damage
import fuzzing
import pyarrow
import pytest
import schemas
from hypothesis import HealthCheck, given, seed, settings
from pyarrow import parquet

from optimizer_conformance.reports import foreign, tables
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.records import Cell

FEW, MANY = 15, pytest.param(2000, marks=pytest.mark.faults)


@pytest.mark.parametrize("count", [FEW, MANY])
@pytest.mark.parametrize("name", damage.KINDS)
def test_a_damaged_file_is_read_or_refused_in_one_line(name, count, tmp_path):
    kind = damage.KINDS[name]
    path = kind.make(tmp_path)
    whole = path.read_bytes()
    kind.read(path)
    refused = 0
    for _, chance in fuzzing.seeds(count):
        path.write_bytes(kind.spoil(whole, chance))
        refused += damage.clean_read(kind, path)
    print(f"{count:,} damaged files of the kind {name}: {refused:,} refused in one line")


@pytest.mark.parametrize("count", [10, pytest.param(300, marks=pytest.mark.faults)])
@pytest.mark.parametrize("name", schemas.RECORDS)
def test_parts_that_its_schema_allows_are_read_or_refused_in_one_line(name, count, tmp_path):
    kind, (record, written) = damage.KINDS[name], schemas.RECORDS[name]
    path = kind.make(tmp_path)
    refused = []

    @seed(int(os.environ.get("FAULTS_SEED", "0")))
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=HealthCheck)
    @given(schemas.damaged(schemas.content_of(path), record))
    def tried(content):
        path.write_bytes(written(content))
        refused.append(damage.clean_read(kind, path))

    tried()
    print(f"{len(refused):,} of the kind {name} by its schema: {sum(refused):,} refused")


@pytest.mark.parametrize("count", [10, pytest.param(300, marks=pytest.mark.faults)])
@pytest.mark.parametrize("name", schemas.TABLES)
def test_columns_that_are_not_what_the_record_says_are_refused_in_one_line(name, count, tmp_path):
    kind = damage.KINDS[name]
    path = kind.make(tmp_path)
    whole = parquet.read_table(path)
    assert whole.schema == tables.schema(schemas.TABLES[name])
    assert whole.num_rows
    refused = []

    @seed(int(os.environ.get("FAULTS_SEED", "0")))
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=HealthCheck)
    @given(schemas.damaged_columns(whole))
    def tried(table):
        path.write_bytes(schemas.as_parquet(table))
        refused.append(damage.clean_read(kind, path))

    tried()
    print(f"{len(refused):,} of the kind {name} by its columns: {sum(refused):,} refused")
    assert any(refused)


@pytest.mark.parametrize(
    "what", ["a folder", "a pipe", "links in a circle", "a device", "too large"]
)
@pytest.mark.parametrize(
    "name", ["golden", "expectations", "claims", "history record", "run's adapters.json"]
)
def test_what_is_no_ordinary_file_is_refused(name, what, tmp_path):
    kind = damage.KINDS[name]
    path = kind.make(tmp_path)
    damage.put(path, what)
    with fuzzing.no_hang():
        try:
            kind.read(path)
        except (*kind.raises, OSError) as error:
            fuzzing.one_line(str(error))
        else:
            assert name.startswith("run's")  # a run that has not ended lacks it too


def test_a_table_that_unpacks_to_terabytes_is_refused_before_it_is_loaded(tmp_path, monkeypatch):
    path = tmp_path / "cells.parquet"
    row = {field.name: [None] for field in tables.schema(Cell)}
    columns = {
        field.name: pyarrow.array(["x" * 1000] * 2000)
        if field.type == pyarrow.string()
        else pyarrow.array([0] * 2000, type=field.type)
        for field in tables.schema(Cell)
    }
    assert set(row) == set(columns)
    parquet.write_table(pyarrow.table(columns), path)
    assert path.stat().st_size < 200_000
    assert len(tables.read(path, Cell)) == 2000
    monkeypatch.setattr(foreign, "TABLE", 10 << 20)
    with pytest.raises(UnreadableRun, match="its texts have more than"):
        tables.read(path, Cell)
    monkeypatch.setattr(foreign, "ROWS", 1000)
    with pytest.raises(UnreadableRun, match="it says that it has 2,000 rows"):
        tables.read(path, Cell)


def test_an_implementation_without_a_name_is_shown(tmp_path):
    kind = damage.KINDS["run's cells/fake.parquet"]
    path = kind.make(tmp_path)
    cells = parquet.read_table(path)
    empty = pyarrow.array([""] * len(cells))
    at = cells.schema.get_field_index("implementation")
    parquet.write_table(cells.set_column(at, "implementation", empty), path)
    assert kind.read(path)


def test_half_a_character_in_what_an_adapter_said_is_refused_in_one_line(tmp_path):
    kind = damage.KINDS["shard's adapters.json"]
    path = kind.make(tmp_path)
    path.write_text(path.read_text().replace('"1.0"', '"\\ud800"', 1))
    assert damage.clean_read(kind, path)


def test_a_folder_that_goes_away_while_it_is_walked_has_no_files(tmp_path, monkeypatch):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "a.json").write_text("")
    (tmp_path / "gone").mkdir()
    walk = os.walk

    def walked(top):
        for found in walk(top):
            if (tmp_path / "gone").exists():
                (tmp_path / "gone").rmdir()
            yield found

    monkeypatch.setattr(os, "walk", walked)
    assert foreign.below(tmp_path, ".json") == [tmp_path / "kept" / "a.json"]
