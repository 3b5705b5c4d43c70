"""Damaged and random files: each is read, or refused in one clear line.  Seeds make them again."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
from pathlib import Path

import msgspec
import pandas
import pyarrow

SECONDS = 60  # a file that takes longer hangs; reading one takes milliseconds
JUNK = (
    b"\x00", b"\xff\xfe", b"[", b"]", b"{", b"}", b'"', b"'''", b"=", b"#", b"\n", b"nan",
    b"[[expectation]]\n", b"inf", b"-inf", b"1e400", b"9" * 5000, b"true", b"\\u0000",
    b"\\ud800", b"[" * 3000, b"{a=" * 3000, b'"' + b"x" * 10000 + b'"', b"a.b.c.d=1\n", b"id=1\n",
    b"PAR1", b"null", b"NaN", b"Infinity", b"[" * 100000, b'{"a":' * 100000,
)  # fmt: skip
VALUES = (
    "1", "-1", "1.5", "nan", "inf", "true", "[]", "[1]", "[inf, 1]", '["a"]', "{}", "{a = 1}", '""',
    '"x"', '"\\u0000"', "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "9" * 400, "[[[[]]]]",
)  # fmt: skip
CONTENT = (
    None, True, 0, -1, 2**70, 1.5, float("nan"), float("inf"), "", "x", "\x1b[31m", [], [1], ["a"],
    [[]], {}, {"a": 1}, {"": None}, {"wall": "x"},
)  # fmt: skip
WORDS = ("", "x" * 5000, "float16", "adam", "nesterov", "decay", "cuda", "../x", "\n")
SMALL = tuple(value for value in CONTENT if value != 2**70)  # MessagePack has no larger integers


@contextlib.contextmanager
def no_hang():
    """Raise where the body takes unreasonably long."""

    def late(*_):
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def damaged(content, chance):
    """Bytes with a few things wrong."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        at = chance.randrange(len(content) + 1)
        kind = chance.randrange(6)
        if kind == 0 and content:
            content[at % len(content)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del content[at:]
        elif kind == 2:
            content[at:at] = chance.choice(JUNK)
        elif kind == 3:
            content[at : at + chance.randrange(50)] = chance.randbytes(chance.randrange(50))
        elif kind == 4:
            there = chance.randrange(len(content) + 1)
            content[at:at] = content[there : there + chance.randrange(200)]
        else:
            del content[at : at + chance.randrange(100)]
    return bytes(content)


def damaged_toml(text, chance):
    """The same for TOML, where half of the time a value is one of another type."""
    if chance.random() < 0.5:
        return damaged(text.encode(), chance)
    lines = text.splitlines(keepends=True)
    for _ in range(chance.choice((1, 1, 2, 4))):
        place = chance.randrange(len(lines))
        name, sign, _ = lines[place].partition("=")
        if sign:
            lines[place] = f"{name}= {chance.choice(VALUES)}\n"
        elif chance.random() < 0.3:
            lines[place] = ""
    return "".join(lines).encode()


def damaged_json(content, chance):
    """JSON with a value of another type, a field too few, or damage to its text."""
    if chance.random() < 0.3:
        return damaged(json.dumps(content).encode(), chance)
    content = json.loads(json.dumps(content))
    node = content
    while True:
        names = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not names:
            break
        name = chance.choice(names)
        if isinstance(node[name], dict | list) and node[name] and chance.random() < 0.7:
            node = node[name]
            continue
        if isinstance(node, dict) and chance.random() < 0.3:
            del node[name]
        else:
            node[name] = chance.choice((*CONTENT, "\ud800"))
        break
    return json.dumps(content).encode()


def damaged_message(content, chance):
    """A message of the protocol with one value that is another, of the same type or not.

    It can be read mostly, so that what is asked of it further on is damaged too.
    """
    content = msgspec.msgpack.decode(content)
    node = content
    while isinstance(node, dict | list) and node:
        name = chance.choice(list(node) if isinstance(node, dict) else list(range(len(node))))
        below = node[name]
        if isinstance(below, dict | list) and below and chance.random() < 0.8:
            node = below
            continue
        kind = chance.randrange(4)
        if kind == 0:
            del node[name]
        elif kind == 1 and isinstance(node, dict) and isinstance(name, str):
            node[altered(name, chance)] = node.pop(name)
        elif kind == 2:
            node[name] = chance.choice(SMALL)
        else:
            node[name] = altered(below, chance)
        break
    return msgspec.msgpack.encode(content)


def altered(value, chance):
    """A value of the same type that is another."""
    if isinstance(value, bytes):
        return damaged(value, chance)
    text = value if isinstance(value, str) else ""
    listed = value if isinstance(value, list) else []
    whole = value if isinstance(value, int) else 0
    at = chance.randrange(len(text) + 1)
    others = {
        bool: (not value,),
        int: (0, -1, whole ^ 1, 2**31, 2**63 - 1),
        float: (0.0, -1.5, float("nan"), float("inf"), 1e-300, 1e300),
        str: (text[:at] + "v" + text[at + 1 :], text + text, *WORDS),
        list: (listed + listed, listed[:-1], listed * 1001),
    }
    return chance.choice(others.get(type(value), SMALL))


def damaged_table(path, chance):
    """A Parquet file with damaged bytes, or with columns that are not what they should be."""
    if chance.random() < 0.5:
        path.write_bytes(damaged(path.read_bytes(), chance))
        return
    cells = pandas.read_parquet(path)
    for _ in range(chance.choice((1, 1, 2))):
        name = chance.choice(list(cells))
        kind = chance.randrange(5)
        if kind == 0:
            cells = cells.drop(columns=name)
        elif kind == 1:
            cells[name] = chance.choice(CONTENT[:11])
        elif kind == 2:
            cells[name] = [chance.choice((None, cells[name].iloc[0])) for _ in range(len(cells))]
        elif kind == 3:
            cells[name] = pandas.Series([chance.choice(CONTENT[11:])] * len(cells), dtype=object)
        else:
            cells[name] = pandas.Categorical(cells[name].astype(str))
    with contextlib.suppress(pyarrow.ArrowException, OverflowError):
        cells.to_parquet(path, index=False)


def damaged_run(folder, whole, chance):
    """A copy of a run with one of its files damaged, or missing."""
    shutil.copytree(whole, folder)
    path = folder / chance.choice(
        ("provenance.json", "adapters.json", "groups.json", "footer.json", "cells/numpy.parquet")
    )
    if chance.random() < 0.03:
        path.unlink()
    elif path.suffix == ".json":
        path.write_bytes(damaged_json(json.loads(path.read_text()), chance))
    else:
        damaged_table(path, chance)
    return folder


def one_line(message):
    """Whether a message is one that a person can read."""
    assert message.strip()
    assert "Traceback" not in message
    assert not re.search(r'File ".*", line \d', message)


FORMATS = ("terminal", "markdown", "html", "csv", "json", "junit", "sarif", "badge", "summary",
           "annotations")  # fmt: skip


def report_of(conformance, folder, kind):
    """Ask for a report: it is written whole, or refused in one line and not written at all."""
    target = folder.parent / "report"
    target.unlink(missing_ok=True)
    words = ["report", str(folder), "--format", kind]
    if kind != "terminal":
        words += ["--output", str(target)]
    done = conformance(*words)
    assert done.returncode in (0, 2), done.stderr
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(said) == 1, done.stderr
        one_line(done.stderr)
    assert target.exists() == (done.returncode == 0 and kind != "terminal")
    assert not list(target.parent.glob("*.partial"))
    return done.returncode


def seeds(count):
    """A source of chance for each file; FAULTS_SEED, a number, draws others."""
    first = int(os.environ.get("FAULTS_SEED", "0")) * 1_000_000
    return ((number, random.Random(first + number)) for number in range(count))


def below(folder: Path):
    """What a folder holds, to see that nothing was written."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
