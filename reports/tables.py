"""Tables of a run folder: Parquet files whose columns are the fields of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
from pyarrow import compute, parquet, types

from optimizer_conformance.reports import foreign, formats
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.records import Cell, Element
from optimizer_conformance.reports.text import visible
from optimizer_conformance.reports.verdicts import Verdict

Row = type[Cell] | type[Element]
Values = dict[str, Any]  # a row by the names of its columns
TYPES: dict[Any, tuple[pyarrow.DataType, Callable[[Any], bool]]] = {
    str: (pyarrow.string(), lambda kind: types.is_string(kind) or types.is_large_string(kind)),
    float: (pyarrow.float64(), types.is_floating),
    int: (pyarrow.int64(), types.is_integer),
}
# What older tables said in words alone, and of which verdict.
WORDED = {
    "held": {Verdict.representation: formats.held},
    "cause": {Verdict.deviates: formats.cause, Verdict.error: formats.raised},
}
DAMAGE = (pyarrow.ArrowException, OSError, ValueError, TypeError, KeyError, MemoryError)


def schema(record: Row) -> pyarrow.Schema:
    """The columns of a table, in order."""
    return pyarrow.schema(
        [(field.name, TYPES[field.type][0]) for field in msgspec.structs.fields(record)]
    )


def texts(record: Row) -> list[str]:
    """The columns that hold words."""
    return [field.name for field in msgspec.structs.fields(record) if field.type is str]


def table_of(rows: Iterable[Cell | Element], record: Row) -> pyarrow.Table:
    """Rows as a table."""
    return pyarrow.Table.from_pylist(
        [msgspec.structs.asdict(row) for row in rows], schema=schema(record)
    )


def read(path: Path, record: Row, *, older: bool = False) -> pyarrow.Table:
    """A table with exactly the columns of its record.

    A table of an ``older`` format may lack columns that were added since: those hold what a record
    without them has.  Raises UnreadableRun for a file that cannot be read, and for a column that is
    missing, there twice, of another type, or has gaps.
    """
    fields = msgspec.structs.fields(record)
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            # What the columns are is known before any of them is loaded.
            there = [field for field in fields if is_there(file.schema_arrow, field, older=older)]
            bounded(file)
        words = [field.name for field in there if field.type is str]
        with parquet.ParquetFile(
            path, page_checksum_verification=True, read_dictionary=words
        ) as file:
            found = file.read(columns=[field.name for field in there])
        found.validate(full=True)  # texts that are none, places outside a dictionary
        if sum(unpacked(found.column(name)) for name in words) > foreign.TABLE:
            raise UnfitColumn(f"its texts have more than {foreign.TABLE:,} bytes")
        columns = [
            column(found, field) if field in there else missing(found, field) for field in fields
        ]
        return pyarrow.table(columns, schema=schema(record))
    except UnfitColumn as error:
        raise UnreadableRun(f"{path} is damaged: {error}") from error
    except DAMAGE as error:
        raise UnreadableRun(f"{path} cannot be read: {visible(str(error))}") from error


def bounded(file: parquet.ParquetFile) -> None:
    """Refuse more rows, or larger columns, than any run has, before they are loaded.

    Raises UnfitColumn.
    """
    about = file.metadata
    size = sum(about.row_group(index).total_byte_size for index in range(about.num_row_groups))
    if about.num_rows > foreign.ROWS or size > foreign.TABLE:
        raise UnfitColumn(
            f"it says that it has {about.num_rows:,} rows and {size:,} bytes; "
            f"{foreign.ROWS:,} rows and {foreign.TABLE:,} bytes are the most"
        )


def unpacked(found: pyarrow.ChunkedArray) -> int:
    """How many bytes a column of texts has when each row has its own.

    A text that rows repeat by its number costs its file nothing.
    """
    lengths = 0
    for chunk in found.chunks:
        if types.is_dictionary(chunk.type):
            each = compute.take(compute.binary_length(chunk.dictionary), chunk.indices)
            lengths += compute.sum(compute.cast(each, pyarrow.int64())).as_py() or 0
    return lengths


class UnfitColumn(Exception):  # noqa: N818 - named for the situation
    """A column is not what the record says."""


def is_there(columns: pyarrow.Schema, field: Any, *, older: bool) -> bool:
    """Whether a table has a column, as its record has it.  Raises UnfitColumn."""
    count = columns.names.count(field.name)
    if not count and older and not field.required:
        return False
    if count != 1:
        raise UnfitColumn(f"it has {count or 'no'} column{'s' * (count > 1)} {field.name!r}")
    wanted, fits = TYPES[field.type]
    found = columns.field(field.name).type
    if not fits(found) and not types.is_null(found):
        raise UnfitColumn(f"its column {field.name!r} is of type {found}, not {wanted}")
    return True


def column(table: pyarrow.Table, field: Any) -> Any:
    """One column as its record has it.  Raises UnfitColumn."""
    found = table.column(field.name)
    if found.null_count and field.type is not float:
        raise UnfitColumn(f"its column {field.name!r} has gaps")
    found = found.cast(TYPES[field.type][0])
    return compute.fill_null(found, float("nan")) if found.null_count else found


def missing(table: pyarrow.Table, field: Any) -> Any:
    """What stands where an older table has no such column."""
    wanted, _ = TYPES[field.type]
    if field.name in WORDED:
        readers = {str(verdict): read_ for verdict, read_ in WORDED[field.name].items()}
        said = zip(*(table.column(name).to_pylist() for name in ("verdict", "why")), strict=True)
        words = [readers[verdict](why) if verdict in readers else "" for verdict, why in said]
        return pyarrow.chunked_array([words], type=wanted)
    if field.name == "kinds" and "outcome" in table.column_names:
        words = [formats.kinds(said) for said in table.column("outcome").to_pylist()]
        return pyarrow.chunked_array([words], type=wanted)
    default = formats.UNRECORDED if field.name in ("outcome", "kinds") else field.default
    return pyarrow.chunked_array([[default] * len(table)], type=wanted)


def values(table: pyarrow.Table) -> list[Values]:
    """The rows of a table by the names of their columns."""
    found: list[Values] = table.to_pylist()
    return found
