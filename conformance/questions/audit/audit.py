"""``audit``: one target held against one document, or against all of its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from optimizer_conformance.cases.case import PROFILES, Case, overflow
from optimizer_conformance.cases.plan import comparable_variants
from optimizer_conformance.cases.situations import SITUATIONS
from optimizer_conformance.cases.tried import LEFT_OUT, coverage
from optimizer_conformance.judging.execution import judge_answer, question_for
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.questions.audit import options
from optimizer_conformance.questions.audit.behaviour import repeated, unrepeatable
from optimizer_conformance.questions.audit.came import defaults, strange
from optimizer_conformance.questions.audit.conduct import WRONG, Tried, carry, cells, on_by_default
from optimizer_conformance.questions.audit.diagnosis import (
    Diagnosis,
    diagnosed,
    factors,
    others_than,
)
from optimizer_conformance.questions.audit.preparation import (
    AuditError,
    AuditRequest,
    Ready,
    documented,
    named,
    ready,
    sent,
    with_features,
)
from optimizer_conformance.questions.audit.record import Audit
from optimizer_conformance.questions.audit.words import readable
from optimizer_conformance.questions.identify import Unidentifiable, identify
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.verdicts import DEVIATES, FAILS, Verdict, of_many
from optimizer_conformance.workers.process import REQUEST_LIMIT, Refused, WorkerError
from optimizer_conformance.workers.subject import Absent
from optimizer_conformance.workers.targets import framework

ODD = {
    "empty": "an empty parameter",
    "scalar": "a 0-d parameter",
    **{item.needs[0]: item.words for item in SITUATIONS if item.needs and not item.mode},
}
ENOUGH = 5000  # steps that have to give the same bits
OURS = ("Misbehaviour", "Raised", "BadTarget")  # what the worker says of a target in its own words
Progress = Callable[[str], None]


def audit(
    target: Any,
    like: str = "",
    *,
    python: str | Path | None = None,
    kind: str = "",
    map: Mapping[str, str] | None = None,  # noqa: A002 - as on the command line
    mapping: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    features: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    profile: str = "audit",
    seed: int = 0,
    defaults: bool = True,
    limit: float = REQUEST_LIMIT,
    progress: Progress = lambda what: None,
) -> Audit:
    """Does an optimizer compute what a document says, and if not, what does it compute?

    ``target`` is a TARGET (``module:object`` or ``path/to/file.py:object``), run in a process of
    its own in the interpreter ``python`` (this one where nothing is said); or the object itself,
    run in this process, where nothing ends it if it hangs.  Kinds: a ``torch.optim.Optimizer``
    subclass, an Optax transformation or what makes one, a Keras optimizer class, a MindSpore
    optimizer, or a function ``update(parameter, gradient, state, **hyperparameters)`` on NumPy
    arrays that returns parameter and state; ``kind`` decides where none is recognised.

    ``like`` names the documented variant; without it, the one that fits best is found.
    ``map`` (or ``mapping``) maps own arguments to canonical names.  ``options`` are passed always:
    own arguments, or hyperparameters, which then have this one value in every case (those that the
    target does not take are taken to be built in).  ``features`` are on where ``like`` does not
    say.  ``dtypes`` (all that it takes), ``profile`` (audit, quick, default, full) and ``seed``
    choose the cases; ``defaults`` says whether the constructor's own have to be the document's;
    ``limit`` is how many seconds a reply may take.

    Raises AuditError for a question that makes no sense, HyperparameterError for a value that
    cannot be meant, and SubjectError for a target that cannot be used.
    """
    question = AuditRequest(
        target,
        with_features(like, features),
        python,
        kind,
        {**(mapping or {}), **(map or {})},
        options or {},
        features,
        dtypes,
        profile,
        seed,
        defaults,
        limit,
    )
    check(question)
    try:
        return answered(question, progress)
    except WorkerError as error:  # before it had taken a step
        return failed(question, error)


def answered(question: AuditRequest, progress: Progress) -> Audit:
    """The same; raises WorkerError where the target hangs or dies while it is tried."""
    oracle = Oracle()
    with ready(question) as prepared:
        dtypes = question.dtypes
        missing = [name for name in dtypes if name not in prepared.subject.implementation.dtypes]
        if missing:
            why = prepared.subject.implementation.gaps.get(missing[0], "")
            raise AuditError(f"it takes no {missing[0]}{f': {why}' if why else ''}")
        return of_started(prepared, oracle, progress)


def check(question: AuditRequest) -> None:
    """Raise AuditError for what does not exist, HyperparameterError for what cannot be meant."""
    documented(question.like)
    sent(question.options)
    for dtype in question.dtypes:
        if dtype not in PRECISIONS:
            raise AuditError(f"no dtype {dtype!r}{suggestion(dtype, PRECISIONS)}")
    if question.profile not in PROFILES:
        raise AuditError(f"no profile {question.profile!r}{suggestion(question.profile, PROFILES)}")


def of_started(prepared: Ready, oracle: Oracle, progress: Progress) -> Audit:
    """The same of a target that has started."""
    question = prepared.question
    progress("two runs of the same steps")
    try:
        unsteady = unrepeatable(prepared)
    except WorkerError as error:
        return failed(question, error, prepared)
    variant = documented(question.like)
    if variant is not None:
        found, diagnosis = against(prepared, variant, oracle, unsteady, progress)
        answer = concluded(prepared, variant, found, diagnosis, unsteady)
        return beyond(prepared, variant, oracle, found, answer, progress)
    progress("which rule it follows")
    first = variant = identified(prepared, oracle, progress)
    found, diagnosis = against(prepared, variant, oracle, unsteady, progress)
    best = variant, found, diagnosis
    for variant in others(prepared, first):
        if best[2].found:
            break
        found, diagnosis = against(prepared, variant, oracle, unsteady, progress)
        if diagnosis.found:
            best = variant, found, diagnosis
    return concluded(prepared, *best, unsteady)


def beyond(
    prepared: Ready,
    variant: Variant,
    oracle: Oracle,
    found: Tried,
    answer: Audit,
    progress: Progress,
) -> Audit:
    """The same with what more is asked of a target that follows its document so far."""
    if not (answer.conforms or answer.but_for) or prepared.question.profile != "audit":
        return answer
    lines, cases = [], asked_cases(found)
    asked = options.tried(prepared, variant, oracle, progress)
    for line, more in chain(asked, options.paths(prepared, variant, oracle, progress)):
        lines.append(line)
        cases += asked_cases(more)
    progress("the same steps again and again")
    calls, unequal = repeated(prepared)
    met = {"twice", "many-calls"} if calls > ENOUGH else {"twice"}
    if not isinstance(prepared.question.target, str):
        met.discard("twice")
    attempts = coverage(
        cases,
        prepared.subject.implementation,
        kind=prepared.kind,
        met=met,
        refused=found.refused,
    )
    wrong = [str(line) for line in lines if line.verdict in FAILS]
    each = [answer.verdict, *(line.verdict for line in lines)]
    each += [str(Verdict.deviates)] if unequal else []
    return replace(
        answer,
        verdict=str(of_many(each)),
        why=(*answer.why, *([unequal] if unequal else []), *wrong),
        options=tuple(lines),
        attempts=attempts,
    )


def others(prepared: Ready, first: Variant) -> list[Variant]:
    """One document for each other rule of the same kind."""
    known = comparable_variants(prepared.subject.implementation, prepared.features)
    rules = {first.rule: first}
    for variant in known:
        rules.setdefault(variant.rule, variant)
    return list(rules.values())[1:]


def against(
    prepared: Ready, variant: Variant, oracle: Oracle, unsteady: str, progress: Progress
) -> tuple[Tried, Diagnosis]:
    """Every case judged by one document, and why some deviate."""
    question = prepared.question
    defaults = question.defaults and bool(question.like)
    found = carry(prepared, variant, oracle, defaults=defaults, progress=progress)
    if unsteady and found.contradicting:
        return found, Diagnosis((unsteady,))
    return found, diagnosed(prepared, variant, oracle, found, progress)


def failed(question: AuditRequest, error: WorkerError, prepared: Ready | None = None) -> Audit:
    """An audit that came to its end before anything could be compared.

    Raises Absent where a framework is missing that it imports in its step.
    """
    if lacking := framework(str(error)):
        raise Absent(f"{named(question.target)}: its interpreter has no {lacking}") from error
    verdict, text = said(error)
    return Audit(
        target=named(question.target),
        kind=prepared.kind if prepared else question.kind,
        variant=question.like,
        like=bool(question.like),
        verdict=str(verdict),
        score=0.0,
        features=prepared.features if prepared else (),
        why=(text,),
        remarks=prepared.remarks if prepared else (),
        versions=prepared.subject.description.versions if prepared else {},
    )


def said(error: WorkerError) -> tuple[str, str]:
    """The verdict that a failure is, and the words for it."""
    if isinstance(error, Refused) and error.failure.exception in OURS:
        kind = DEVIATES if error.failure.exception == "Misbehaviour" else error.kind
        return kind, error.failure.message
    if error.kind == str(Verdict.timeout):
        return error.kind, f"a step does not come to its end: {error}"
    return error.kind, str(error)


def identified(prepared: Ready, oracle: Oracle, progress: Progress) -> Variant:
    """The documented variant nearest to the rule that is told from its steps alone."""
    item = prepared.subject.implementation
    known = list(comparable_variants(item, prepared.features))
    if not known:
        raise AuditError(
            f"no document has {'+'.join(prepared.features) or 'the plain form'} of {item.family}"
        )
    try:
        told = identify(
            prepared.subject,
            features=prepared.features,
            hyperparameters=prepared.fixed,
            thorough=False,
        )
        near = [variant for variant in known if variant.identifier in told.nearest_variants]
        if near:
            return min(near, key=lambda variant: preference(variant, prepared))
    except Unidentifiable:
        pass
    return least_contradicted(known, prepared, oracle, progress)


def least_contradicted(
    known: Sequence[Variant], prepared: Ready, oracle: Oracle, progress: Progress
) -> Variant:
    """The variant that the fewest elements contradict, where no rule of the family is told."""
    found = carry(prepared, known[0], oracle, defaults=False, progress=progress)
    rules: dict[Any, int] = {}

    def rank(variant: Variant) -> tuple[int, tuple[int, bool, str]]:
        key = (variant.rule, variant.undecayed)
        if key not in rules:
            rules[key] = contradictions(oracle, variant, found)
        return rules[key], preference(variant, prepared)

    return min(known, key=rank)


def contradictions(oracle: Oracle, variant: Variant, found: Tried) -> int:
    """How many elements contradict a variant."""
    return sum(
        item.counts[Verdict.deviates]
        for unit, answer in found.answers
        for item in judge_answer(
            oracle,
            question_for(variant, unit, answer.defaults),
            unit,
            answer,
            parameters_only=True,
            decide_only=True,
        ).parameters
    )


def preference(variant: Variant, prepared: Ready) -> tuple[int, bool, str]:
    """Of documents with one rule: that with the same defaults, then that of the same framework."""
    own = variant.identifier.startswith(f"{prepared.kind}-")
    return -same_defaults(variant, prepared), not own, variant.identifier


def same_defaults(variant: Variant, prepared: Ready) -> int:
    """How many defaults a target shares with a document."""
    stated = prepared.subject.defaults
    return sum(
        isinstance(stated.get(name), int | float) and float(stated[name]) == float(value)
        for name, value in variant.defaults.items()
    )


def concluded(
    prepared: Ready, variant: Variant, found: Tried, diagnosis: Diagnosis, unsteady: str
) -> Audit:
    """The record of an audit."""
    question = prepared.question
    rows = tuple(cells(found))
    if not rows:
        raise AuditError("no case is left: other dtypes or another profile leave some")
    divergences = [
        (unit.case.dtype != "float32", judgement.divergence)
        for unit, _, judgement in found.contradicting
        if judgement.divergence is not None
    ]
    first = min(divergences, key=lambda d: (d[0], d[1].step, -d[1].score), default=(True, None))[1]
    why = list(diagnosis.why)
    ended = [said(error) for _, error in found.failures]
    item = prepared.subject.implementation
    gaps = item.gaps
    odd = [f"for {words}: {gaps[name]}" for name, words in ODD.items() if name in item.misbehaves]
    why = [*(text for _, text in ended), *why, *odd]
    verdict = of_many(
        [
            *(str(judgement.worst) for _, _, judgement in found.judged),
            *(kind for kind, _ in ended),
            *(str(Verdict.deviates) for _ in odd),
        ]
    )
    remarks = list(prepared.remarks)
    remarks += [f"{name} is not taken: {gaps[name]}" for name in gaps if name in PRECISIONS]
    beyond = (overflow(prepared.fixed, dtype) for dtype in prepared.subject.implementation.dtypes)
    remarks += [f"{text}: not asked there" for text in beyond if text]
    if float(prepared.fixed.get("learning_rate", "1")) == 0:
        remarks.append("with learning_rate=0 every rule does nothing: this tells none from another")
    if others := prepared.subject.signature.others:
        remarks.append("left as they are: " + ", ".join(f"{n}={at}" for n, at in others.items()))
    if unsteady and not found.contradicting:
        remarks.append(f"{unsteady} (by no more than rounding may)")
    remarks += [
        f"{text} is on by default ({prepared.subject.defaults[text]}), off where it was not asked"
        for text in on_by_default(prepared) or ()
        if text not in prepared.features
    ]
    again = ["twice"] if isinstance(question.target, str) or unsteady else []
    return Audit(
        target=named(question.target),
        kind=prepared.kind,
        variant=variant.identifier,
        like=bool(question.like),
        verdict=str(verdict),
        score=max(row.score for row in rows),
        nearest=nearest(prepared, diagnosis),
        factors=factors(diagnosis.rule),
        features=prepared.features,
        first_divergence=first,
        why=tuple(dict.fromkeys(why)),
        remarks=tuple(remarks),
        came=(*strange(variant, found), *defaults(variant, prepared)),
        cells=rows,
        versions=prepared.subject.description.versions,
        but_for="" if odd else left_over(prepared, variant, found),
        attempts=coverage(
            asked_cases(found),
            prepared.subject.implementation,
            kind=prepared.kind,
            met=again,
            refused=found.refused,
            why=found.cut or (WRONG if str(verdict) in FAILS else LEFT_OUT),
        ),
    )


def left_over(prepared: Ready, variant: Variant, found: Tried) -> str:
    """What alone deviates, where that is what the constructor's own defaults do; or empty."""
    wrong = {row.mode for row in cells(found) if row.verdict in FAILS}
    if wrong != {"defaults"}:
        return ""
    switched = sorted({*(on_by_default(prepared) or ())} - variant.features)
    if switched and not list(others_than(variant, found.contradicting)):
        return f"{' and '.join(map(readable, switched))}, which is on by default"
    return "its own defaults"


def asked_cases(found: Tried) -> list[Case]:
    """The cases that were carried out."""
    return [unit.case for unit, _ in found.answers]


def nearest(prepared: Ready, diagnosis: Diagnosis) -> tuple[str, ...]:
    """The documents that have the rule that it follows."""
    return tuple(
        variant.identifier
        for variant in comparable_variants(prepared.subject.implementation, prepared.features)
        if variant.rule == diagnosis.rule
    )
