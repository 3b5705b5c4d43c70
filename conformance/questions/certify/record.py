"""What a certificate holds; its JSON Schema stands in docs/certificate.schema.json."""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from optimizer_conformance.cases.tried import Attempts
from optimizer_conformance.reference.rules import Impossible, Rule
from optimizer_conformance.reports.exported import ExportedAttempts

Format = Literal["optimizer-conformance certificate 1"]
FORMAT: Format = "optimizer-conformance certificate 1"


class MalformedCertificate(Exception):  # noqa: N818 - named for the situation
    """What was read is no certificate, or not the one that was issued."""


class Against(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule that was compared with.

    kind      ``variant``: a document states it; ``implementation``: found by running that one
    choices   the factors of ``reference.rules``
    formula   one line a definition, in the order of evaluation
    versions  of the other implementation's framework; empty for a document
    """

    kind: Literal["variant", "implementation"]
    name: str
    choices: dict[str, str | bool]
    formula: list[str]
    source: str = ""
    url: str = ""
    versions: dict[str, str] = {}

    @property
    def rule(self) -> Rule:
        """As it is carried out; raises MalformedCertificate for choices that do not exist."""
        try:
            return Rule.of(self.choices)
        except (KeyError, Impossible) as error:
            raise MalformedCertificate(f"its rule has unknown choices: {error}") from error


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which implementation, with which numbers (decimals as written), against what."""

    implementation: str
    device: str
    features: list[str]
    hyperparameters: dict[str, str]
    against: Against
    conforms: bool


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One case that was run.

    kind            ``seen``: a sample, whose largest error is the largest that was seen;
                    ``proved``: every input of a finite set, whose largest error is the largest
    case            identifier for `conformance run --case`; of a finite set its name
    verdict         of all elements, and how many had which
    score           largest distance from the exact result in units of the bound; null: infinite
    ulp             the same in units in the last place; null: infinite
    representation  in which formats hyperparameters were held, where that explains something
    inputs,outputs  SHA-256 of the bits that were sent and that came back
    """

    kind: Literal["seen", "proved"]
    case: str
    dtype: str
    elements: int
    steps: int
    verdict: str
    counts: dict[str, int]
    score: float | None
    ulp: float | None
    representation: str
    inputs: str
    outputs: str


class CertificateProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With what it was made.

    versions  of the framework first; ``flags`` are its switches that change arithmetic
    suite     SHA-256 of the code that decides verdicts
    """

    issued: str
    versions: dict[str, str]
    flags: dict[str, str]
    harness: dict[str, str]
    platform: str
    processor: str
    variables: dict[str, str]
    suite: str


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it; ``hash`` is the SHA-256 of the rest.  Early ones do not say what was tried."""

    format: Format
    statement: Statement
    evidence: list[Evidence]
    seen: str
    proved: str
    limits: list[str]
    provenance: CertificateProvenance
    hash: str = ""
    tried: ExportedAttempts | UnsetType = UNSET

    @property
    def content_hash(self) -> str:
        """What ``hash`` has to be."""
        bare = msgspec.structs.replace(self, hash="")
        return hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()

    @property
    def attempts(self) -> tuple[str, ...]:
        """What was tried in two lines; none in a certificate that does not say it."""
        if isinstance(self.tried, UnsetType):
            return ()
        fields = msgspec.structs.asdict(self.tried)
        return Attempts.of(fields).lines

    def text(self) -> str:
        """As the file holds it."""
        raw = msgspec.json.format(msgspec.json.encode(self), indent=2)
        return raw.decode() + "\n"


def read(text: str | bytes) -> Certificate:
    """A certificate from its file.

    Raises MalformedCertificate for what is none, and for one whose content was changed.
    """
    try:
        found = msgspec.json.decode(text, type=Certificate)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedCertificate(f"this is no certificate: {error}") from error
    if found.hash != found.content_hash:
        raise MalformedCertificate(
            "its content is not what its hash says: it was changed after it was issued"
        )
    return found
