"""``certificate check``: the same once more, and what has become another."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer_conformance.cases.case import parse
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.certify.exhaustive import named
from optimizer_conformance.questions.certify.issue import one
from optimizer_conformance.questions.certify.record import (
    Certificate,
    Evidence,
    MalformedCertificate,
)
from optimizer_conformance.questions.translate.pairing import Progress, silent
from optimizer_conformance.questions.translate.settings import OptimizerSetting
from optimizer_conformance.workers.subject import Subject, subject

COMPARED = ("verdict", "score", "ulp", "counts", "representation", "inputs", "outputs")


@dataclass(frozen=True)
class CertificateDifference:
    """One thing of one case that is not what the certificate says."""

    case: str
    what: str
    then: str
    now: str


@dataclass(frozen=True)
class Rerun:
    """What came of running a certificate again.

    circumstances  what else is different here: versions, suite; they explain, and do not decide
    """

    cases: int
    differences: tuple[CertificateDifference, ...]
    circumstances: tuple[CertificateDifference, ...]

    @property
    def same(self) -> bool:
        """Whether every case came to the same bits and the same verdict."""
        return not self.differences


def check(certificate: Certificate, *, progress: Progress = silent) -> Rerun:
    """Run every case of a certificate again.

    Raises SubjectError where the implementation is not here, WorkerError where it cannot answer,
    and MalformedCertificate for cases that do not exist.
    """
    statement = certificate.statement
    told = OptimizerSetting(tuple(statement.features), dict(statement.hyperparameters))
    progress(f"{statement.implementation}: starting")
    with subject(statement.implementation, device=statement.device) as asked:
        oracle, differences = Oracle(), []
        for item in certificate.evidence:
            progress(item.case)
            differences += compared(item, again(oracle, asked, told, certificate, item))
        elsewhere = around(certificate, asked)
    return Rerun(len(certificate.evidence), tuple(differences), elsewhere)


def again(
    oracle: Oracle, asked: Subject, told: OptimizerSetting, certificate: Certificate, item: Evidence
) -> Evidence:
    """One case run and judged once more."""
    try:
        case = named(item.case, asked, told) or parse(item.case)
    except ValueError as error:
        raise MalformedCertificate(str(error)) from error
    return one(oracle, asked, told, certificate.statement.against.rule, case)


def compared(then: Evidence, now: Evidence) -> list[CertificateDifference]:
    """What differs."""
    return [
        CertificateDifference(then.case, name, str(getattr(then, name)), str(getattr(now, name)))
        for name in COMPARED
        if getattr(then, name) != getattr(now, name)
    ]


def around(certificate: Certificate, asked: Subject) -> tuple[CertificateDifference, ...]:
    """What else is not as it was."""
    then = certificate.provenance
    found = [
        CertificateDifference(
            "", f"version of {name}", version, asked.description.versions.get(name, "none")
        )
        for name, version in then.versions.items()
        if asked.description.versions.get(name) != version
    ]
    if then.suite != (now := suite_hash()):
        found.append(CertificateDifference("", "suite", then.suite[:12], now[:12]))
    return tuple(found)
