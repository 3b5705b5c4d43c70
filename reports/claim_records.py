"""What ``claims.json`` holds: documents, their sections, and what each claim came to."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ClaimVerdict = Literal["confirmed", "contradicted", "underdetermined", "not testable", "error"]
VERDICTS: tuple[str, ...] = ClaimVerdict.__args__  # type: ignore[attr-defined]  # Literal has it
FORMAT = 1


class Reading(msgspec.Struct, frozen=True):
    """One way to understand a document, and the implementations that chose it."""

    reading: str
    chosen_by: list[str] = []


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a check came to.

    verdict   confirmed; contradicted; underdetermined: the document allows all of ``readings``; not
              testable: ``needs`` says what it would take; error: the check itself failed
    observed  what was seen, in one or two lines
    seen      the same as values, which are kept for each version
    evidence  what was executed
    script    the command that shows it again with the framework alone
    version   of what was executed
    device    where
    missing   the adapter whose environment is missing
    """

    verdict: ClaimVerdict
    observed: str
    seen: dict[str, Any] = {}
    evidence: str = ""
    needs: str = ""
    readings: list[Reading] = []
    script: str = ""
    version: str = ""
    device: str = "cpu"
    missing: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One claim and what was decided, when.

    status  ``expected``; ``unexpected``: contradicted, and nobody knew, or not what was known;
            ``changed``: not the value that is kept for this version; or ``failed``: the check
            itself could not be carried out
    kept    what is kept: ``same``, both values where it changed, what an earlier version showed
            where it is another; in words
    new     nothing is kept of this version
    """

    document: str
    id: str
    locator: str
    kind: str
    statement: str
    applies_to: str
    decision: Decision
    date: str
    status: str
    expected: str = ""
    reason: str = ""
    link: str = ""
    kept: str = ""
    new: bool = False


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section of a document.

    heading  as it stands in the document, outer sections first where it is ambiguous: ``A > B``
    claims   identifiers of the claims that come from it
    none     why there is no claim
    """

    heading: str
    claims: list[str] = []
    none: str = ""


class DocumentAbout(msgspec.Struct, frozen=True, kw_only=True):
    """A document without its claims.

    name      of its file, which is also how the command line calls it
    system    the software that it speaks of
    versions  those of the software that it speaks of, where a claim does not say
    """

    name: str
    title: str
    system: str
    source: str
    versions: str
    url: str
    sections: list[Section]


class ClaimLedger(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    format: int = FORMAT
    date: str
    documents: list[DocumentAbout]
    claims: list[Entry]
