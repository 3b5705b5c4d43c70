"""Files that are damaged by their schema: a Hypothesis strategy for each record of msgspec.

A whole file's parts are exchanged, a few at a time, for others of the type that its record gives
them, or for something else altogether.  What is of the right type gets past the reader, and damages
whatever is asked of the file further on.
"""

from __future__ import annotations

import contextlib
import copy
import json
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
from hypothesis import strategies as st
from msgspec import inspect
from pyarrow import parquet

from optimizer_conformance.expectations.ledger import ExpectationFile
from optimizer_conformance.questions.certify.record import Certificate
from optimizer_conformance.questions.history.record import ReleaseRun
from optimizer_conformance.questions.vectors.format import VectorAnswers, Vectors
from optimizer_conformance.questions.verify.document import File as ClaimFile
from optimizer_conformance.reports.records import (
    About,
    Cell,
    Element,
    Footer,
    Provenance,
    StoredGroup,
)
from optimizer_conformance.workers.enrolment import Manifest

WORDS = st.sampled_from(
    ("", "x", "float16", "float99", "adam", "rmsprop", "nesterov", "centered", "decay", "nan",
     "cpu", "torch-rmsprop", "../../x", "/etc/passwd", "a\nb", "\x1b[31m", "x" * 5000, "1/2",
     "=1+1", "1970-13-41", "9" * 400)
)  # fmt: skip
NUMBERS = st.sampled_from((0.0, -0.0, -1.5, 0.9, 1e-320, 1e300, 1e39))
WHOLE = st.sampled_from((0, 1, -1, 2, 7, 2**31, 2**53, 2**63 - 1, -(2**63)))
ANYTHING = st.recursive(
    st.none() | st.booleans() | WHOLE | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """What JSON holds for a type."""
    simple = {
        inspect.NoneType: st.none(), inspect.BoolType: st.booleans(), inspect.IntType: WHOLE,
        inspect.FloatType: NUMBERS | WHOLE, inspect.StrType: WORDS,
    }  # fmt: skip
    return simple[type(kind)] if type(kind) in simple else composed(kind)


def composed(kind: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one a kind
    """The same for what is made of others."""
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return st.sampled_from(literals(kind))
    if isinstance(kind, inspect.UnionType):
        return st.one_of(*map(values, kind.types))
    if isinstance(kind, inspect.TupleType):
        return st.tuples(*map(values, kind.item_types)).map(list)
    if isinstance(kind, inspect.ListType | inspect.VarTupleType):
        return st.lists(st.deferred(lambda: values(kind.item_type)), max_size=3)
    if isinstance(kind, inspect.DictType):
        inner = st.deferred(lambda: values(kind.value_type))
        return st.dictionaries(WORDS, inner, max_size=3)
    if isinstance(kind, inspect.StructType):
        fields = {field.encode_name: values(field.type) for field in kind.fields}
        return st.fixed_dictionaries(fields)
    return ANYTHING


def literals(kind: inspect.LiteralType | inspect.EnumType) -> list[Any]:
    """Every value that can be meant."""
    if isinstance(kind, inspect.EnumType):
        return [member.value for member in kind.cls]
    return list(kind.values)


def places(content: Any, kind: inspect.Type) -> list[tuple[Any, Any, inspect.Type]]:
    """Everything inside: the dictionary or list that holds it, its key, its type."""
    inner: list[tuple[Any, Any, inspect.Type]] = []
    if isinstance(kind, inspect.UnionType):
        fitting = [one for one in kind.types if type(one) in HOLDERS]
        return [place for one in fitting[:1] for place in places(content, one)]
    if isinstance(kind, inspect.StructType) and isinstance(content, dict):
        known = {field.encode_name: field.type for field in kind.fields}
        inner = [(content, name, known.get(name, inspect.AnyType())) for name in content]
    elif isinstance(kind, inspect.DictType) and isinstance(content, dict):
        inner = [(content, name, kind.value_type) for name in content]
    elif isinstance(content, list) and isinstance(kind, inspect.ListType | inspect.VarTupleType):
        inner = [(content, index, kind.item_type) for index in range(len(content))]
    below = [found for holder, key, one in inner for found in places(holder[key], one)]
    return inner + below


HOLDERS = (inspect.StructType, inspect.DictType, inspect.ListType, inspect.VarTupleType)


@st.composite
def damaged(draw: st.DrawFn, whole: Any, record: Any) -> Any:
    """A whole file's content, of the type ``record``, with one to three parts exchanged."""
    content, kind = copy.deepcopy(whole), inspect.type_info(record)
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        found = places(content, kind)
        if not found:
            break
        holder, key, one = found[draw(st.integers(0, len(found) - 1))]
        act = draw(st.sampled_from(("typed", "typed", "typed", "anything", "gone", "twice")))
        if act == "gone" or (act == "twice" and isinstance(holder, dict)):
            del holder[key]
        elif act == "twice":
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[key] = draw(values(one) if act == "typed" else ANYTHING)
    return content


def toml(content: dict[str, Any]) -> bytes:
    """TOML, a line a name."""
    lines = (f"{json.dumps(name)} = {written(value)}\n" for name, value in content.items())
    return "".join(lines).encode("utf-8", "replace")


def written(value: Any) -> str:
    """One value of TOML; nothing is a word that it does not have."""
    if isinstance(value, dict):
        inner = (f"{json.dumps(name)} = {written(item)}" for name, item in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def as_json(content: Any) -> bytes:
    """JSON."""
    return json.dumps(content).encode()


def certified(content: Any) -> bytes:
    """A certificate whose hash fits what it says, as a forger would have it."""
    with contextlib.suppress(msgspec.ValidationError, ValueError, TypeError):
        content["hash"] = msgspec.convert(content, Certificate).content_hash
    return as_json(content)


# Columns of every type that Parquet has and a record has not, from values of any kind.
TYPES = {
    "number": pyarrow.float64(), "narrow": pyarrow.float16(), "whole": pyarrow.int64(),
    "byte": pyarrow.int8(), "text": pyarrow.string(), "bytes": pyarrow.binary(),
    "bool": pyarrow.bool_(), "none": pyarrow.null(), "moment": pyarrow.timestamp("us"),
    "decimal": pyarrow.decimal128(30, 5), "list": pyarrow.list_(pyarrow.int64()),
    "struct": pyarrow.struct([("wall", pyarrow.string())]),
    "categorical": pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
}  # fmt: skip
OF_TYPE = {pyarrow.string(): WORDS, pyarrow.float64(): NUMBERS, pyarrow.int64(): WHOLE}


def column(kind: pyarrow.DataType, length: int) -> st.SearchStrategy[pyarrow.Array]:
    """A column of this type: of values where it has some of its own, with gaps or without."""
    some = OF_TYPE.get(kind, st.none())
    values_ = st.lists(some, min_size=length, max_size=length)
    return (values_ | st.lists(some | st.none(), min_size=length, max_size=length)).map(
        lambda found: pyarrow.array(found, type=kind)
    )


@st.composite
def damaged_columns(draw: st.DrawFn, whole: pyarrow.Table) -> pyarrow.Table:
    """A table with one to three columns of another type, with other values, gone or there twice."""
    table = whole
    for _ in range(draw(st.sampled_from((1, 1, 1, 2, 3)))):
        at = draw(st.integers(0, table.num_columns - 1))
        field = table.schema.field(at)
        act = draw(st.sampled_from(("typed", "typed", "another", "gone", "twice", "rows")))
        if act == "gone":
            table = table.remove_column(at)
        elif act == "twice":
            table = table.append_column(field, table.column(at))
        elif act == "rows":
            table = draw(st.sampled_from((table.slice(0, 0), table.slice(1), twice(table))))
        else:
            kind = field.type if act == "typed" else draw(st.sampled_from(list(TYPES.values())))
            found = draw(column(kind, table.num_rows))
            table = table.set_column(at, pyarrow.field(field.name, found.type), found)
    return table


def twice(table: pyarrow.Table) -> pyarrow.Table:
    """The same rows again below."""
    return pyarrow.concat_tables([table, table])


def as_parquet(table: pyarrow.Table) -> bytes:
    """The file of a table."""
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink)
    return bytes(sink.getvalue())


# Kind of table (of ``damage.KINDS``) to the record of its rows.
TABLES = {
    "shard's cells/fake.parquet": Cell,
    "shard's elements/fake.parquet": Element,
    "run's cells/fake.parquet": Cell,
    "reused elements/fake.parquet": Element,
}

# Kind of file (of ``damage.KINDS``) to its record, and how it is written.
RECORDS: dict[str, tuple[Any, Callable[[Any], bytes]]] = {
    "certificate": (Certificate, certified),
    "vectors": (Vectors, as_json),
    "answers": (VectorAnswers, as_json),
    "history record": (ReleaseRun, as_json),
    "expectations": (ExpectationFile, toml),
    "claims": (ClaimFile, toml),
    "manifest": (Manifest, toml),
    "shard's provenance.json": (Provenance, as_json),
    "shard's adapters.json": (dict[str, About], as_json),
    "shard's groups.json": (dict[str, list[StoredGroup]], as_json),
    "reused groups.json": (dict[str, list[StoredGroup]], as_json),
    "run's provenance.json": (Provenance, as_json),
    "run's adapters.json": (dict[str, About], as_json),
    "run's footer.json": (Footer, as_json),
}


def content_of(path: Path) -> Any:
    """What a whole file holds."""
    load = json.loads if path.suffix == ".json" else tomllib.loads
    return load(path.read_text())
