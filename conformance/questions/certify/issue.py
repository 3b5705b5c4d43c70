"""``certify``: run, judge, and write down what was found and what it does not say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import msgspec
import numpy as np

from optimizer_conformance.cases.case import Case, overflow, parse
from optimizer_conformance.cases.tried import coverage
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.judging.verdict import Observed
from optimizer_conformance.questions.certify.exhaustive import FORMATS, NAME, everything, label
from optimizer_conformance.questions.certify.record import (
    FORMAT,
    Against,
    Certificate,
    CertificateProvenance,
    Evidence,
    Statement,
)
from optimizer_conformance.questions.translate.pairing import Progress, silent
from optimizer_conformance.questions.translate.settings import (
    OptimizerSetting,
    checked,
    setting,
    words,
)
from optimizer_conformance.questions.translate.telling import alone
from optimizer_conformance.questions.translate.trial import answered, cases, flat, found, judged
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.decimals import HyperparameterError
from optimizer_conformance.reference.numbers.precision import PRECISIONS, to_bits
from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reference.variants.record import Variant
from optimizer_conformance.reports.exported import ExportedAttempts
from optimizer_conformance.reports.verdicts import DEVIATES, EXTREME, OF_ELEMENTS
from optimizer_conformance.workers import interpreters, machine
from optimizer_conformance.workers.subject import Subject, SubjectError, subject

ELSEWHERE = "`conformance audit` and `conformance run` ask it"
# What the ends of the range or the bound itself decides has no error in units of the bound.
LIMITS = (
    "Parameters are compared after every step, the state only by its effect on them.",
    "Where overflow, underflow, or the rule's own condition decides (verdicts range and "
    "ill-posed), no error is counted: those results are inside the set that the rule accepts.",
    "“Largest seen” is about the cases that are listed, and no others: they are chosen to tell "
    "rules apart, and they are samples.",
    "“Proved” is about the first step from a parameter of zero and the initial state, with these "
    "hyperparameters, on this machine; later steps and other parameters are not in that set.",
    "A result inside the bound is one that correctly rounded arithmetic in some legal order may "
    "give. Two such results need not have the same bits.",
    "Complex numbers are not part of it.",
    "Nothing is said of other hyperparameters, options, versions or devices, nor of how training "
    "goes.",
    "The hash shows that the text was changed since it was issued. It does not show who issued it.",
)


def certify(
    implementation: str,
    against: str,
    given: Iterable[str] = (),
    *,
    dtypes: Sequence[str] = (),
    device: str = "",
    python: str | Path | None = None,
    progress: Progress = silent,
) -> Certificate:
    """Compare an implementation with a documented variant, or with another implementation.

    ``given`` are ``name=value`` words, for both; ``dtypes`` are all real ones that the
    implementation has where none is named; ``python`` is the interpreter, if not the adapters' own
    environments.  A certificate of an implementation that deviates
    says so.

    Raises SubjectError for what cannot be asked, HyperparameterError for a value that cannot be
    meant, and WorkerError where a worker cannot answer.
    """
    given = checked(given)
    with ExitStack() as stack:
        stack.enter_context(interpreters.within(python))
        progress(f"{implementation}: starting")
        asked = stack.enter_context(subject(implementation, device=device))
        told = setting(asked, words(given, asked.implementation.family))
        progress(f"{against}: which rule is it?")
        if not alone(asked, told.features):
            raise SubjectError(
                f"a step of {asked.name} is no matter of one element, and a certificate's cases "
                "are: `conformance run` compares it"
            )
        rule = compared(against, asked, told, stack)
        evidence = gathered(asked, told, rule.rule, dtypes, progress)
        attempts = coverage(sampled(evidence), asked.implementation, why=ELSEWHERE)
    statement = Statement(
        asked.name,
        asked.device,
        list(told.features),
        told.decimals,
        rule,
        all(item.verdict != DEVIATES for item in evidence),
    )
    seen, proved = sentences(evidence)
    tried = ExportedAttempts(**attempts.to_dict())
    made = provenance(asked)
    bare = Certificate(FORMAT, statement, evidence, seen, proved, list(LIMITS), made, tried=tried)
    return msgspec.structs.replace(bare, hash=bare.content_hash)


def sampled(evidence: Sequence[Evidence]) -> list[Case]:
    """The cases that were run, but for finite sets of inputs."""
    return [parse(item.case) for item in evidence if item.kind == "seen"]


def compared(against: str, asked: Subject, told: OptimizerSetting, stack: ExitStack) -> Against:
    """The rule of a document, or the one that another implementation follows."""
    if against in VARIANTS:
        return documented(VARIANTS[against], asked, told)
    if ":" not in against:
        raise SubjectError(
            f"no variant {against!r}, and no implementation such as torch:RMSprop"
            f"{nearest.variants(against, VARIANTS)}"
        )
    other = stack.enter_context(subject(against))
    named = [f"{name}={value}" for name, value in told.decimals.items()]
    theirs = setting(other, words(named, other.implementation.family))
    if set(theirs.features) != set(told.features):
        raise SubjectError(
            f"{other.name} would have other options with these numbers: "
            f"{', '.join(theirs.features) or 'none'}; `conformance translate` relates them"
        )
    dtype = main_dtype(other)
    rule, _ = found(Oracle(), other, theirs, cases(other, theirs, dtype))
    if rule.rule is None or rule.partly:
        raise SubjectError(f"{other.name} follows no rule that is the same for all elements")
    return Against(
        "implementation",
        other.name,
        rule.rule.choices,
        formula(rule.rule),
        source=rule.documents and f"it follows the rule of {rule.documents}",
        url=other.implementation.documentation,
        versions=other.description.versions,
    )


def documented(variant: Variant, asked: Subject, told: OptimizerSetting) -> Against:
    """The rule of a document; it must have the implementation's options."""
    if variant.features != set(told.features):
        raise SubjectError(
            f"{variant.identifier} is about {', '.join(sorted(variant.features)) or 'no options'}, "
            f"and {asked.name} has {', '.join(told.features) or 'none'} with these numbers"
        )
    if variant.family != asked.implementation.family:
        raise SubjectError(
            f"{variant.identifier} is of the family {variant.family}, and {asked.name} of "
            f"{asked.implementation.family}"
        )
    return Against(
        "variant",
        variant.identifier,
        variant.rule.choices,
        formula(variant.rule),
        source=variant.source,
        url=variant.url,
    )


def formula(rule: Rule) -> list[str]:
    """Where its state starts if that is not zero, and the rule as equations."""
    return [*starts(rule), *(text for text, _ in equations(rule))]


def main_dtype(asked: Subject) -> str:
    """float32, or the first that it has."""
    known = asked.implementation.dtypes
    return "float32" if "float32" in known else known[0]


def gathered(
    asked: Subject,
    told: OptimizerSetting,
    rule: Rule,
    dtypes: Sequence[str],
    progress: Progress,
) -> list[Evidence]:
    """Every case in every dtype."""
    known = [dtype for dtype in asked.implementation.dtypes if dtype in PRECISIONS]
    for dtype in dtypes:
        if dtype not in known:
            raise SubjectError(f"{asked.name} has no {dtype}; it has {', '.join(known)}")
    beyond = {dtype: overflow(told.decimals, dtype) for dtype in dtypes or known}
    if any(beyond.values()) and (dtypes or all(beyond.values())):
        raise HyperparameterError(next(filter(None, beyond.values())))
    oracle, evidence = Oracle(), []
    for dtype in (dtype for dtype, text in beyond.items() if not text):
        every = cases(asked, told, dtype)
        if dtype in FORMATS:
            every.append(everything(asked, told, dtype))
        for case in every:
            progress(f"{asked.name}: {label(case)}")
            evidence.append(one(oracle, asked, told, rule, case))
    return evidence


def one(oracle: Oracle, asked: Subject, told: OptimizerSetting, rule: Rule, case: Case) -> Evidence:
    """One case run and judged."""
    observed = answered(asked, case, told)
    judgement = judged(oracle, asked, rule, told.decimals, case, observed)
    counts = np.sum([item.counts for item in judgement.parameters], axis=0)
    name = label(case)

    def finite(value: float) -> float | None:
        return value if isfinite(value) else None

    return Evidence(
        "proved" if name.endswith(NAME) else "seen",
        name,
        case.dtype,
        int(observed["parameter"].shape[1]),
        case.steps,
        str(judgement.worst),
        {str(verdict): int(counts[verdict]) for verdict in OF_ELEMENTS},
        finite(max(item.score for item in judgement.parameters)),
        finite(max(item.ulp for item in judgement.parameters)),
        judgement.representation,
        sent_hash(case),
        came_hash(case, observed),
    )


def sent_hash(case: Case) -> str:
    """SHA-256 of the parameter's bits and those of each gradient."""
    value, gradients = flat(inputs_of(case))
    found_ = hashlib.sha256()
    for array in (value, *gradients):
        found_.update(to_bits(array, case.dtype).tobytes())
    return found_.hexdigest()


def came_hash(case: Case, observed: Observed) -> str:
    """SHA-256 of the parameter's bits after each step; every nan counts as the same one."""
    return hashlib.sha256(to_bits(observed["parameter"], case.dtype).tobytes()).hexdigest()


def sentences(evidence: list[Evidence]) -> tuple[str, str]:
    """What was seen, and what is proved: two sentences, because they are different things."""
    seen = [item for item in evidence if item.kind == "seen"]
    proved = [item for item in evidence if item.kind == "proved"]
    said = [
        f"{dtype}: {extreme([item for item in seen if item.dtype == dtype])}"
        for dtype in dict.fromkeys(item.dtype for item in seen)
    ]
    shown = [f"{item.dtype}: {extreme([item])}" for item in proved]
    return (
        "Largest seen. " + "; ".join(said) + ".",
        "Proved for every finite gradient in the first step from zero. " + "; ".join(shown) + "."
        if shown
        else "Nothing is proved over a whole set of inputs: it has no format of sixteen bits here.",
    )


def extreme(items: list[Evidence]) -> str:
    """The largest of some evidence in words."""

    def largest(values: list[float | None]) -> str:
        numbers = [value for value in values if value is not None]
        return "infinite" if len(numbers) < len(values) else f"{max(numbers, default=0.0):.3g}"

    every = {str(verdict): 0 for verdict in OF_ELEMENTS}
    for item in items:
        for verdict, count in item.counts.items():
            every[verdict] += count
    apart = {verdict: every.pop(str(verdict)) for verdict in EXTREME}
    left_out = ", ".join(f"{count:,} {verdict}" for verdict, count in apart.items() if count)
    return (
        f"{largest([item.score for item in items])} of the bound, "
        f"{largest([item.ulp for item in items])} ulp, in {sum(every.values()):,} results"
        + (f" ({left_out} besides)" if left_out else "")
    )


def provenance(asked: Subject) -> CertificateProvenance:
    """With what it was made."""
    here = machine.machine()
    return CertificateProvenance(
        datetime.now(UTC).isoformat(timespec="seconds"),
        asked.description.versions,
        asked.description.flags,
        machine.harness(),
        str(here["platform"]),
        machine.processor(),
        machine.arithmetic_variables(),
        suite_hash(),
    )
