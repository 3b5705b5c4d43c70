"""Sentences of a document, and which claims they became.

A file ``reference/claims/sentences/NAME.jsonl`` has a line a sentence or table row: the section, a
digest of the sentence, and the claims that it became or why there is none.  The texts are not ours
to ship, so sentences are known by their digests: of their letters and digits alone, because copies
lose hyphens, blanks and line ends.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from optimizer_conformance.questions.verify.checks.documented import FILE
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.document import FOLDER, ClaimFileError, Document
from optimizer_conformance.questions.verify.scripts import ScriptError
from optimizer_conformance.reports import foreign

COVERED = FOLDER / "sentences"
# A sentence ends at a full stop, question or exclamation mark before a new beginning; formulas,
# items of lists, cells of tables and pieces of code stand for themselves.
ENDS = re.compile(
    r"(?<=[.!?])[\"'”)]*\s+(?=[\"'“(\[\\]?[A-Z0-9ɛβ])"
    r"|\s\.\s+|\s*\n\s*\n\s*|\s*•\s*|\s*\|+\s*(?:---\s*\|+\s*)*|\\\]|\\\[|\$\$|\s—\s|\s–\s"
)
SHORTEST = 3  # letters and digits: less is a mark


class Sentence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One sentence: where it stands, its digest, and the claims or the reason for none.

    open  the reason is none for ever: a claim could be made
    """

    section: str
    digest: str
    claims: list[str] = []
    none: str = ""
    open: bool = False


class Coverage(msgspec.Struct, frozen=True):
    """The sentences of one section: how many became claims, and what became of the others.

    stated   of them no claim can be made, with the reason
    open     one could be made, and has not been
    checked  whether a text was there to compare with
    new      sentences of the text that no line knows, in their own words
    gone     lines whose sentence is no longer in the text
    """

    document: str
    section: str
    claimed: int
    stated: int
    open: int
    checked: bool = False
    new: list[str] = []
    gone: int = 0


def split(text: str) -> list[str]:
    """The sentences, formulas, items and cells of a text, in their order."""
    paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
    parts = (re.sub(r"\s+", " ", part).strip() for part in ENDS.split(paragraphs))
    return [part for part in parts if len(letters(part)) >= SHORTEST]


def letters(sentence: str) -> str:
    """What survives every copy: letters and digits."""
    return re.sub(r"[^\w]|_", "", sentence).casefold()


def digest(sentence: str) -> str:
    """What a sentence is known by."""
    return hashlib.sha256(letters(sentence).encode()).hexdigest()[:12]


def known(name: str, folder: Path = COVERED) -> list[Sentence]:
    """The sentences of a document; none where there is no file.  Raises ClaimFileError."""
    path = folder / f"{name}.jsonl"
    try:
        lines = foreign.content(path).splitlines()
        return [msgspec.json.decode(line, type=Sentence) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ClaimFileError(f"{path.name}: cannot be read as sentences ({error})") from error


def problems(document: Document, rows: Iterable[Sentence]) -> list[str]:
    """What is wrong with the lines of a document: claims or sections that do not exist."""
    claims = {claim.id for claim in document.claims}
    headings = {section.heading for section in document.sections}
    found = []
    for number, row in enumerate(rows, 1):
        if bool(row.claims) == bool(row.none.strip()):
            found.append(f"line {number}: give either claims or the reason for none")
        if row.section not in headings:
            found.append(f"line {number}: there is no section {row.section!r}")
        found += [
            f"line {number}: there is no claim {claim!r}"
            for claim in row.claims
            if claim not in claims
        ]
    return found


def coverage(document: Document, text: str | None = None) -> list[Coverage]:
    """How the sentences of each section are covered; against a text where there is one."""
    rows = known(document.name)
    left = Counter(map(digest, split(text))) if text is not None else None
    words = {digest(sentence): sentence for sentence in split(text or "")}
    found = []
    for section in document.sections:
        own = [row for row in rows if row.section == section.heading]
        gone = 0
        for row in own:
            if left is not None and left[row.digest] > 0:
                left[row.digest] -= 1
            elif left is not None:
                gone += 1
        claimed = sum(bool(row.claims) for row in own)
        undecided = sum(row.open for row in own)
        counts = (claimed, len(own) - claimed - undecided, undecided)
        found.append(Coverage(document.name, section.heading, *counts, left is not None, [], gone))
    new = [words[key] for key, count in (left or {}).items() for _ in range(count)]
    return [*found, Coverage(document.name, UNKNOWN, 0, 0, 0, True, new)] if new else found


UNKNOWN = "(no section yet)"


def text(document: Document, context: Context, folder: Path | None) -> str | None:
    """The text of a document: a file of the folder, or the installed docstrings; None without both.

    Raises ScriptError where a framework cannot be asked for its docstrings.
    """
    if folder is not None and (path := folder / f"{document.name}.txt").is_file():
        return foreign.text(path)
    objects = quoted(document)
    found = []
    try:
        for name, adapter in objects.items():
            call = f"text({name!r})"
            answers = context.answers(adapter, FILE, call)
            if call not in answers.observed or "text" not in answers.observed[call]:
                raise ScriptError(f"the docstring of {name} cannot be read")
            found.append(str(answers.observed[call]["text"]))
    except Missing:
        return None
    return "\n\n".join(found) if objects else None


def quoted(document: Document) -> dict[str, str]:
    """The objects whose docstrings the claims of a document quote, and their adapters."""
    checks = [claim.check for claim in document.claims if claim.check["name"] == "documented"]
    return {check["object"]: check["adapter"] for check in checks}
