"""Rows: what the judgements of a group become in the run folder."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer_conformance.adapters.protocol import Description
from optimizer_conformance.cases.inputs import LAYOUTS, RANGE_REGIMES
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, question_for
from optimizer_conformance.judging.explain import Explanation
from optimizer_conformance.judging.oracle import Question
from optimizer_conformance.judging.outcome import ParameterOutcome, vanished
from optimizer_conformance.judging.verdict import Divergence, Judgement, Verdict, places
from optimizer_conformance.reference.numbers.precision import component, to_bits
from optimizer_conformance.reference.rules import FACTORS, Impossible, Rule
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.outcomes import Came, Lost
from optimizer_conformance.reports.reasons import EXCEPT, Reason
from optimizer_conformance.reports.records import Cause, Cell, Element, StoredRule
from optimizer_conformance.workers.process import Refused, WorkerError

BROKEN = {
    "gradient": "the step changes its gradient",
    "dtype": "the parameter comes back in another dtype",
}


@dataclass
class Judged:
    """One unit's judgements: by variant, with the variant's relation to the implementation.

    ``narrow``: what a float64 answer is, in words, that deviates and that float32 explains.
    """

    unit: Unit
    answer: Answer | None
    judgements: list[tuple[Variant, str, Judgement]]
    failure: WorkerError | None = None
    narrow: str = ""


def version_of(description: Description) -> str:
    """The framework's version: it stands first."""
    return next(iter(description.versions.values()), "")


def rows(
    judged: Judged,
    variant: Variant,
    relation: str,
    judgement: Judgement,
    explanation: Explanation,
    description: Description,
) -> Iterator[Cell]:
    """A row a parameter (regime) for claims, a row a case for other variants."""
    unit = judged.unit
    parts = judgement.parameters
    assert judged.answer is not None
    question = question_for(variant, unit, judged.answer.defaults)
    for item in parts:
        bad = item.verdict is Verdict.deviates
        why, cause = "", ""
        outcome, kinds = told(item.outcome, question)
        if bad:
            cause, why = reason(unit, variant, explanation, item.divergence, judged)
        elif item.verdict is Verdict.representation:
            why = judgement.representation
        yield Cell(
            implementation=unit.implementation.name,
            adapter=description.adapter,
            version=version_of(description),
            device=unit.device,
            variant=variant.identifier,
            relation=relation,
            features="+".join(unit.case.features),
            dtype=unit.case.dtype,
            mode=unit.case.mode,
            regime=item.name,
            case=unit.case.identifier,
            verdict=str(item.verdict),
            score=item.score,
            ulp=item.ulp,
            exact=item.counts[Verdict.exact],
            rounding=item.counts[Verdict.rounding],
            representation=item.counts[Verdict.representation],
            range=item.counts[Verdict.range],
            ill_posed=item.counts[Verdict.ill_posed],
            deviates=item.counts[Verdict.deviates],
            **at(item.divergence),
            nearest=explanation.nearest if bad else "",
            why=why or "; ".join(judgement.notes),
            condition=item.condition,
            unconfirmed=item.unconfirmed,
            bits=fingerprint(judged, item.name),
            cause=cause,
            held=held(judgement) if item.verdict is Verdict.representation else "",
            outcome=outcome,
            kinds=kinds,
            values=" ".join(map(repr, item.outcome.values)),
            written=item.written,
        )


def told(found: ParameterOutcome, question: Question) -> tuple[str, str]:
    """What came out, and which hyperparameters the format does not hold, where that may be why.

    In words, and as the column ``kinds`` has it.
    """
    lost = vanished(question) if found.strange or question.case.mode == "defaults" else ()
    every: list[Came | Lost] = [*found.came, *lost]
    words = (f"{item} in {question.precision.name}" if isinstance(item, Lost) else str(item)
             for item in every)  # fmt: skip
    return "; ".join(words), "; ".join(item.field for item in every)


def held(judgement: Judgement) -> str:
    """What was held in which format, as the column has it."""
    return "; ".join(f"{what}={kept}" for what, kept in judgement.way.formats().items())


def stored(rule: Rule, *, partly: bool) -> StoredRule:
    """A rule as a run keeps it: its choices, and where an option is not the first of its kind."""
    given = {
        name: rule[name]
        for name, factor in FACTORS.items()
        if factor.given and rule[name] not in factor.values[:2]
    }
    return StoredRule({**rule.choices, **given}, partly)


def rule_of(kept: StoredRule, features: Collection[str]) -> Rule:
    """The rule that a run's group follows; what follows from its options is no choice of it.

    Raises UnreadableRun for factors of which this version has no rule.
    """
    try:
        given = {
            name: factor.values[1]
            for name, factor in FACTORS.items()
            if factor.given and name in features
        }
        return Rule.of({**given, **kept.factors})
    except (KeyError, Impossible) as error:
        raise UnreadableRun(
            f"a run speaks of a rule that this version does not know: {error}"
        ) from None


def fingerprint(judged: Judged, name: str) -> str:
    """A hash of a parameter's bits after every step: whether two releases gave the same.

    float64 holds the values of every dtype.
    """
    assert judged.answer is not None
    values = judged.answer.observed["parameter"]
    part = dict(places(judged.unit.case)).get(name, slice(None))
    return hashlib.blake2b(values[:, part].tobytes(), digest_size=8).hexdigest()


def elements(unit: Unit, variant: Variant, judgement: Judgement) -> Iterator[Element]:
    """The first failing elements of each parameter, bit by bit."""
    for item in judgement.parameters:
        for found in item.failing:
            yield Element(
                implementation=unit.implementation.name,
                device=unit.device,
                variant=variant.identifier,
                case=unit.case.identifier,
                regime=item.name,
                step=found.step,
                quantity=found.quantity,
                parameter=found.parameter,
                element=found.element,
                observed=found.observed,
                expected=found.expected,
                observed_bits=bits(found.observed, unit.case.dtype),
                expected_bits=bits(found.expected, unit.case.dtype),
                score=found.score,
                ulp=found.ulp,
                failing=item.counts[Verdict.deviates],
            )


def bits(value: Any, dtype: str) -> str:
    """A value's bits in ``dtype`` (a part's, if it is complex), most significant first, in hex."""
    array = to_bits(np.asarray([value], dtype=np.float64), component(dtype))
    return array.tobytes()[::-1].hex()


def at(divergence: Divergence | None) -> dict[str, Any]:
    """The columns of the first divergence; values as decimal and hex."""
    if divergence is None:
        return {}
    both = {
        name: f"{value!r} ({value.hex()})"
        for name, value in (("observed", divergence.observed), ("expected", divergence.expected))
    }
    return {
        "step": divergence.step,
        "quantity": divergence.quantity,
        "element": f"{divergence.parameter}[{divergence.element}]",
        "divergence_score": divergence.score,
        "divergence_ulp": divergence.ulp,
        **both,
    }


def reason(
    unit: Unit,
    variant: Variant,
    explanation: Explanation,
    divergence: Divergence | None,
    judged: Judged,
) -> tuple[Cause, str]:
    """What a cell's deviation is put down to, and the same in words."""
    if divergence and divergence.quantity in BROKEN:
        return Cause.promise, BROKEN[divergence.quantity]
    if unit.case.mode == "defaults" and judged.answer:
        apart = [
            f"{name} defaults to {value}; the document says {variant.defaults[name]}"
            for name, value in judged.answer.defaults.items()
            if name in variant.defaults and str(value) != variant.defaults[name]
            if not isinstance(value, float | int) or value != float(variant.defaults[name])
        ]
        if apart:
            return Cause.default, "; ".join(apart)
    if judged.narrow and divergence and divergence.parameter not in RANGE_REGIMES:
        return Cause.narrow, judged.narrow
    if words := explanation.why(variant):
        return explanation.cause, words
    return Cause.place, except_where(unit, divergence)


def except_where(unit: Unit, divergence: Divergence | None) -> str:
    """The kind of case in which a rule that holds elsewhere does not."""
    name = divergence.parameter if divergence else ""
    if unit.case.mode in LAYOUTS:
        return f"{EXCEPT} for {name.partition('-')[0]} parameters"
    return str(Reason(EXCEPT, unit.case.dtype, name))


def failure_cell(judged: Judged, description: Description) -> Cell:
    """A row for a case that could not be carried out."""
    assert judged.failure is not None
    unit = judged.unit
    return Cell(
        implementation=unit.implementation.name,
        adapter=description.adapter,
        version=version_of(description),
        device=unit.device,
        variant=unit.claimed[0].identifier if unit.claimed else "",
        relation="claimed",
        features="+".join(unit.case.features),
        dtype=unit.case.dtype,
        mode=unit.case.mode,
        regime="",
        case=unit.case.identifier,
        verdict=judged.failure.kind,
        score=0.0,
        ulp=0.0,
        why=str(judged.failure),
        cause=raised(judged.failure),
    )


def raised(failure: WorkerError) -> str:
    """The exception of an adapter that was asked for what it has; empty of all else."""
    said = failure.failure if isinstance(failure, Refused) else None
    return said.exception if said and said.kind == "error" else ""
