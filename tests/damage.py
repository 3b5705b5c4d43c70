"""Every kind of file that others may bring: a whole one, what reads it, and what it may raise."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fuzzing
import msgspec
from evaluations import case_of
from fakes import command

from optimizer_conformance.adapters import golden_file
from optimizer_conformance.cases.plan import Selection
from optimizer_conformance.expectations import ledger
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.certify import record as certificates
from optimizer_conformance.questions.golden import exchange
from optimizer_conformance.questions.history.record import RELEASE, ReleaseFolder
from optimizer_conformance.questions.vectors import check
from optimizer_conformance.questions.vectors import format as vectors
from optimizer_conformance.questions.vectors.export import Amount, exported
from optimizer_conformance.questions.verify import document
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import junit, markdown, model
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.store import RunError
from optimizer_conformance.runs import journal, reader
from optimizer_conformance.runs.merge import parts, results
from optimizer_conformance.runs.run import conduct
from optimizer_conformance.runs.schedule import Shard
from optimizer_conformance.workers import enrolment

Chance = Any


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    make    writes a whole one below a folder; the file that is damaged
    read    reads it, or asks for all that is said of it
    raises  what says in one line that it cannot be used
    spoil   damaged bytes of the whole file's
    """

    make: Callable[[Path], Path]
    read: Callable[[Path], object]
    raises: tuple[type[Exception], ...]
    spoil: Callable[[bytes, Chance], bytes]


def as_json(content: bytes, chance: Chance) -> bytes:
    return fuzzing.damaged_json(json.loads(content), chance)


def as_toml(content: bytes, chance: Chance) -> bytes:
    return fuzzing.damaged_toml(content.decode(), chance)


def as_table(content: bytes, chance: Chance) -> bytes:
    """Parquet is damaged by its columns, in a file of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.parquet")
        path.write_bytes(content)
        fuzzing.damaged_table(path, chance)
        return path.read_bytes()


def certificate(folder: Path) -> Path:
    against = certificates.Against("variant", "torch-rmsprop", {"epsilon": "outside"}, ["w' = w"])
    said = certificates.Statement("numpy:x", "cpu", [], {"decay": "0.9"}, against, True)
    evidence = certificates.Evidence(
        "seen", "case", "float32", 1, 1, "exact", {"exact": 1}, 0.0, 0.0, "", "0", "0"
    )
    about = certificates.CertificateProvenance("2026", {"numpy": "2"}, {}, {}, "x", "x", {}, "0")
    found = certificates.Certificate(
        certificates.FORMAT, said, [evidence], "seen", "proved", [], about
    )
    found = msgspec.structs.replace(found, hash=found.content_hash)
    path = folder / "certificate.json"
    path.write_text(found.text())
    return path


def of_vectors(folder: Path) -> Path:
    small = Amount(size=1, steps=1)
    path = folder / "vectors.json"
    path.write_text(
        vectors.text(exported(VARIANTS["torch-rmsprop"], ("float32",), ("trajectory",), small))
    )
    return path


def of_answers(folder: Path) -> Path:
    """What is answered to them: the upper end of each interval."""
    content = msgspec.json.decode(of_vectors(folder).read_bytes(), type=vectors.Vectors)
    cases = [
        vectors.AnsweredCase(
            case.case,
            [
                vectors.AnsweredParameter(
                    item.name,
                    [{"parameter": list(item.value)} for _ in item.expected],
                )
                for item in case.parameters
            ],
        )
        for case in content.cases[:1]
    ]
    answers = vectors.VectorAnswers(1, "mine 1", content.variant.identifier, cases)
    path = folder / "answers.json"
    path.write_text(vectors.text(answers))
    return path


def golden(folder: Path) -> Path:
    exchange.prepare(folder, draws=1)
    (questions,) = folder.glob("*.txt")
    head, *lines = questions.read_text().splitlines()[:60]
    path = folder / "answers.golden"
    path.write_text("\n".join([head, "system octave 7.3.0", *lines]) + "\n")
    return path


def expectation(folder: Path) -> Path:
    return Path(shutil.copy(ledger.FOLDER / "torch.toml", folder))


def claims(folder: Path) -> Path:
    source = sorted(document.FOLDER.glob("*.toml"), key=os.path.getsize)[0]
    return Path(shutil.copy(source, folder))


def release(folder: Path) -> Path:
    path = folder / RELEASE
    defaults = {"numpy:x": {"decay": 0.9, "centered": False, "momentum": None}}
    path.write_text(
        json.dumps({"version": "1", "python": "3", "pins": ["a==1"], "defaults": defaults})
    )
    return path


def requirements(folder: Path) -> Path:
    path = folder / "requirements.txt"
    path.write_text("# why\nnumpy==2.4.6\nmsgspec==0.22.0  # for the protocol\n")
    return path


def manifest(folder: Path) -> Path:
    path = folder / "worker.toml"
    path.write_text('command = ["node", "{folder}/a.mjs"]\ninstall = [["npm", "ci"]]\nfiles = []\n')
    return path


HERE = tempfile.TemporaryDirectory(prefix="damage-")
CASES = tuple(case_of(mode="trajectory", steps=2, size=4, seed=seed) for seed in range(3))


def shard(folder: Path, number: int = 1) -> Path:
    """Half of a small run."""
    place = folder / f"shard-{number}"
    shutil.copytree(made_once(number), place)
    return place


@cache
def made_once(number: int) -> Path:
    """The same, made once and kept until the tests end."""
    place = Path(HERE.name) / f"shard-{number}"
    selection = Selection(adapters=("fake",), cases=CASES)
    conduct(selection, place, commands={"fake": command("outside")}, shard=Shard(number, 2))
    return place


def of_shard(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        shard(folder, 2)
        return shard(folder) / name

    return make


def put_together(path: Path) -> object:
    top = next(above for above in path.parents if (above / "shard-2").is_dir())
    folders = sorted(top.glob("shard-*"))
    return results(list(parts(folders)))


def of_journal(folder: Path) -> Path:
    """Frames as a run writes them."""
    place = shard(folder / "run")
    finished = list(reader.finished_groups(place))
    with journal.Journal(folder) as written:
        for item in finished:
            written.append(item)
    return folder / journal.NAME


def shown(path: Path) -> object:
    """The run, loaded and shown: what was read is asked for every cell."""
    data = model.load(next(above for above in path.parents if whole(above)))
    return markdown.render(data), junit.render(data)


def requirement_lines(path: Path) -> object:
    return enrolment.Enrolment("x", path.with_suffix(".py"), path).pins


def judged(path: Path) -> object:
    return list(check.checked(path, Oracle()))


def reused(path: Path) -> object:
    return list(reader.finished_groups(next(above for above in path.parents if whole(above))))


def whole(folder: Path) -> bool:
    return (folder / "provenance.json").exists()


RUN = (UnreadableRun, RunError)
TABLES = ("cells/fake.parquet", "elements/fake.parquet")
KINDS = {
    "certificate": Kind(
        certificate,
        lambda path: certificates.read(path.read_bytes()).statement.against.rule,
        (certificates.MalformedCertificate,),
        as_json,
    ),
    "vectors": Kind(
        of_vectors, judged, (vectors.VectorError,), as_json
    ),
    "answers": Kind(
        of_answers, judged, (vectors.VectorError,), as_json
    ),
    "golden": Kind(golden, exchange.answered, (golden_file.GoldenFileError,), fuzzing.damaged),
    "expectations": Kind(expectation, ledger.read, (ledger.ExpectationError,), as_toml),
    "claims": Kind(
        claims,
        lambda path: document.load(path.stem, path.parent),
        (document.ClaimFileError,),
        as_toml,
    ),
    "history record": Kind(
        release, lambda path: ReleaseFolder(path.parent).release(), (RunError,), as_json
    ),
    "requirements": Kind(
        requirements, requirement_lines, (UnicodeDecodeError,), fuzzing.damaged
    ),
    "manifest": Kind(manifest, enrolment.foreign, (msgspec.MsgspecError, ValueError), as_toml),
    "journal": Kind(
        of_journal, lambda path: journal.read(path.parent), (RunError,), fuzzing.damaged
    ),
    **{
        f"shard's {name}": Kind(
            of_shard(name), put_together, RUN, as_table if name.endswith("parquet") else as_json
        )
        for name in ("provenance.json", "adapters.json", "groups.json", *TABLES)
    },
    **{
        f"run's {name}": Kind(
            of_shard(name), shown, RUN, as_table if name.endswith("parquet") else as_json
        )
        for name in ("provenance.json", "adapters.json", "footer.json", "cells/fake.parquet")
    },
    **{
        f"reused {name}": Kind(
            of_shard(name), reused, RUN, as_table if name.endswith("parquet") else as_json
        )
        for name in ("groups.json", "elements/fake.parquet")
    },
}  # fmt: skip


ODD = ("a folder", "a pipe", "links in a circle", "a device", "too large")


def put(path: Path, what: str) -> None:
    """Put something odd in the place of a file."""
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    if what == "a folder":
        path.mkdir()
    elif what == "a pipe":
        os.mkfifo(path)
    elif what == "links in a circle":
        path.symlink_to(path.name)
    elif what == "a device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(200 << 30)  # holes: it has 200 GB, and takes none


def clean_read(kind: Kind, path: Path) -> bool:
    """Read it; whether it was refused, which takes one line."""
    with fuzzing.no_hang():
        try:
            kind.read(path)
        except kind.raises as error:
            fuzzing.one_line(str(error))
            return True
    return False
