"""Documents as claims: the files ``reference/claims/NAME.toml``, read strictly.

A file starts with what the document is, maps each of its sections to claims (or says why there are
none), and then lists the claims::

    title = "Dive into Deep Learning 8.6 RMSProp"
    system = "d2l"
    source = "MXNet edition, section 8.6"
    sections = 1                      # how many the document has

    [[section]]
    heading = "8.6.1. The Algorithm"  # as it stands in the document
    claims = ["moving-average"]       # or: none = "why nothing here can be checked"

    [[claim]]
    id = "moving-average"
    locator = "8.6.1, first equation"
    kind = "formula"
    statement = "in our own words"
    applies_to = "MXNet edition"      # which versions it speaks of; the document's where absent
    check = { name = "equation", variant = "d2l-rmsprop", ... }

A claim that is known to be wrong says so, with the reason and where that can be read::

    expected = "contradicted"
    reason = "what is observed instead"
    link = "docs/findings/NAME.md"
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from optimizer_conformance import reference
from optimizer_conformance.questions.verify.checks import CHECKS
from optimizer_conformance.reports import foreign
from optimizer_conformance.reports.claim_records import DocumentAbout, Section

FOLDER = Path(reference.__file__).parent / "claims"

Kind = Literal[
    "formula", "default", "range", "type", "error",
    "behaviour", "version", "equivalence", "example", "platform",
]  # fmt: skip
KINDS: tuple[str, ...] = Kind.__args__  # type: ignore[attr-defined]  # Literal has it


class ClaimFileError(Exception):
    """A claims file cannot be used; the message names the file and the claim or section."""


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One checkable statement.

    id          unique in its document
    locator     section or argument
    statement   in our own words
    check       ``name`` of a registered check and its parameters
    applies_to  versions that it speaks of; empty: the document's
    expected    the verdict that is known, empty for any but ``contradicted`` and ``error``
    reason      why that verdict is right although the document says otherwise
    link        where this can be read
    """

    id: str
    locator: str
    kind: Kind
    statement: str
    check: dict[str, Any]
    applies_to: str = ""
    expected: Literal["", "confirmed", "contradicted", "underdetermined", "not testable"] = ""
    reason: str = ""
    link: str = ""


class File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A whole file as written."""

    title: str
    system: str
    source: str
    sections: int
    versions: str = ""
    url: str = ""
    section: list[Section] = []
    claim: list[Claim] = []


class Document(DocumentAbout, frozen=True, kw_only=True):
    """One document with its claims."""

    claims: list[Claim]

    @property
    def about(self) -> DocumentAbout:
        """The same without them."""
        return DocumentAbout(
            **{name: getattr(self, name) for name in DocumentAbout.__struct_fields__}
        )

    def applies_to(self, claim: Claim) -> str:
        """System and versions that a claim speaks of."""
        return " ".join(part for part in (self.system, claim.applies_to or self.versions) if part)


def names(folder: Path = FOLDER) -> list[str]:
    """Every document there is."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Document:
    """Read one document.

    Raises ClaimFileError for what is missing, unknown, of the wrong type, twice there, or points to
    a claim or check that does not exist.
    """
    path = folder / f"{name}.toml"
    try:
        file = msgspec.toml.decode(foreign.content(path), type=File)
    except OSError as error:
        raise ClaimFileError(f"{path.name}: {error.strerror}") from error
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ClaimFileError(f"{path.name}: {error}{named(path, error)}") from error
    except (ValueError, RecursionError, OverflowError) as error:
        raise ClaimFileError(f"{path.name}: cannot be read as TOML ({error})") from error
    for problem in problems(file):
        raise ClaimFileError(f"{path.name}: {problem}")
    return Document(
        name=name,
        title=file.title,
        system=file.system,
        source=file.source,
        versions=file.versions,
        url=file.url,
        sections=file.section,
        claims=file.claim,
    )


def named(path: Path, error: Exception) -> str:
    """`` (claim X)`` for an error at ``$.claim[i]``."""
    place = str(error).rpartition("$.claim[")[2].partition("]")[0]
    if not place.isdigit():
        return ""
    entry = tomllib.loads(foreign.text(path))["claim"][int(place)]
    name = entry.get("id", "without id") if isinstance(entry, dict) else "without fields"
    return f" (claim {name!r})"


def problems(file: File) -> Iterator[str]:
    """What is wrong with a file that has the right fields."""
    known = {claim.id for claim in file.claim}
    for name, count in Counter(claim.id for claim in file.claim).items():
        if count > 1:
            yield f"{count} claims are called {name}"
    for claim in file.claim:
        for problem in claim_problems(claim):
            yield f"claim {claim.id}: {problem}"
    if len(file.section) != file.sections:
        yield f"it says {file.sections} sections and lists {len(file.section)}"
    for heading, count in Counter(section.heading for section in file.section).items():
        if count > 1:
            yield f"section {heading!r} is listed {count} times: write `Outer > {heading}`"
    for section in file.section:
        if bool(section.claims) == bool(section.none.strip()):
            yield f"section {section.heading!r} needs either claims or the reason for none"
        for name in section.claims:
            if name not in known:
                yield f"section {section.heading!r} names a claim {name!r} that does not exist"
    covered = {name for section in file.section for name in section.claims}
    for name in sorted(known - covered):
        yield f"claim {name}: no section names it"


def claim_problems(claim: Claim) -> Iterator[str]:
    """What is wrong with one claim."""
    for field in ("id", "locator", "statement"):
        if not getattr(claim, field).strip():
            yield f"{field} is empty"
    parameters = dict(claim.check)
    name = parameters.pop("name", None)
    if not isinstance(name, str) or name not in CHECKS:
        yield f"unknown check {name!r}; known are {', '.join(sorted(CHECKS))}"
    else:
        try:
            msgspec.convert(parameters, CHECKS[name].parameters)
        except msgspec.ValidationError as error:
            yield f"check {name}: {error}"
    if claim.expected == "contradicted" and not (claim.reason.strip() and claim.link.strip()):
        yield "a known contradiction needs its reason and a link"
