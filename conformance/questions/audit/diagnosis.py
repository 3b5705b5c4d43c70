"""Why an optimizer departs from a document: what it computes instead, sought and said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import MAIN_DTYPE
from optimizer_conformance.cases.inputs import LAYOUTS
from optimizer_conformance.cases.plan import Unit, comparable_variants
from optimizer_conformance.cases.situations import SITUATED, TOGETHER
from optimizer_conformance.cases.tried import whereabouts
from optimizer_conformance.judging.accepted import inside
from optimizer_conformance.judging.execution import Answer
from optimizer_conformance.judging.explain import (
    FORMULA_MODES,
    NO_MORE_EXACT,
    SINGLE,
    Explanation,
    explain,
    narrowed,
)
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.rows import BROKEN
from optimizer_conformance.judging.verdict import Judgement
from optimizer_conformance.mutants.mutants import Mutant
from optimizer_conformance.questions.audit import words
from optimizer_conformance.questions.audit.behaviour import FEW, ignored, influences
from optimizer_conformance.questions.audit.conduct import Tried, carry
from optimizer_conformance.questions.audit.evidence import Candidate, Testimony, of_mutant
from optimizer_conformance.questions.audit.experiments import asked, experiments
from optimizer_conformance.questions.audit.facts import confined, divided, facts, kinds
from optimizer_conformance.questions.audit.preparation import Ready
from optimizer_conformance.questions.audit.suspects import only_single, stands, suspects, told_apart
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.process import Refused, WorkerError

# Modes whose answers a wrong rule is held against: every one of FORMULA_MODES that needs no state.
SUSPECT_MODES = (
    *("origin", "trajectory", "rate-change", "separation", "groups", "relations"),
    *("steps", "rates", "loop", "loop-missing", "loop-joined", "loop-groups", "checkpoint"),
)
SUSPECTS_SHOWN = 3
NOTHING = (
    "no cause is known: no documented rule explains it, nor one that differs from {variant} in two "
    "choices, in a constant, in one operation or in the course of its step"
)
Judged = tuple[Unit, Answer, Judgement]


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong, in words, and the rule that is followed instead, where one is known.

    found  whether some cause was found at all
    """

    why: tuple[str, ...]
    rule: Rule | None = None
    found: bool = True


def diagnosed(
    ready: Ready,
    variant: Variant,
    oracle: Oracle,
    found: Tried,
    progress: Callable[[str], None] = lambda what: None,
) -> Diagnosis:
    """Why cases deviate; asks the target a little more where that tells."""
    contradicting = found.contradicting
    if not contradicting:
        return Diagnosis((), variant.rule)
    first, last = broken(contradicting), list(others_than(variant, contradicting))
    left = [item for item in contradicting if item[0].case.mode != "defaults"]
    left = [item for item in left if deviating(item[2])]
    if not left:
        return Diagnosis(tuple(dict.fromkeys((*first, *last))), variant.rule)
    found_out = followed(ready, variant, oracle, found, left, progress)
    if found.cut and found_out.found:
        more = confinement(ready, variant, oracle)
        found_out = replace(found_out, why=(*found_out.why, *more))
    return replace(found_out, why=tuple(dict.fromkeys((*first, *found_out.why, *last))))


def confinement(ready: Ready, variant: Variant, oracle: Oracle) -> Iterator[str]:
    """To which kind of parameter a cause is confined: what told it is one kind of array alone."""
    dtypes = ready.subject.implementation.dtypes
    dtype = MAIN_DTYPE if MAIN_DTYPE in dtypes else dtypes[0]
    modes = ("shapes", "shapes-filled")
    for item in carry(ready, variant, oracle, defaults=False, modes=modes, dtypes=(dtype,)).judged:
        if kind := confined(oracle, variant, item):
            yield f"that is so only in {kind}; others follow the document"


def followed(
    ready: Ready,
    variant: Variant,
    oracle: Oracle,
    found: Tried,
    left: list[Judged],
    progress: Callable[[str], None],
) -> Diagnosis:
    """Which rule the values follow that are ``left``."""
    formula = [item for item in left if item[0].case.mode in FORMULA_MODES]
    main = [item for item in formula if item[0].case.dtype == main_dtype(found)]
    evidence = seen(variant, found)
    if not main:
        progress("trying wrong rules")
        causes = held(ready, variant, found, evidence, left)
        where = places(oracle, variant, found, left)
        return Diagnosis((*sentences(causes), *where), variant.rule)
    progress("looking for the rule that it follows")
    explanation = rule(oracle, variant, found, main)
    if explanation.rule is not None and not explanation.partly:
        choice = of_mutant(Mutant("choice", "choice", explanation.rule), str)
        if stands(choice, evidence) and holding(ready, variant, [choice], main):
            why = [*words.choice(explanation.rule, variant.rule), *rounder([choice], evidence)]
            return Diagnosis(tuple(why), explanation.rule)
    progress("trying wrong rules")
    causes = held(ready, variant, found, evidence, main)
    why = [*sentences(causes), *rounder(causes, evidence)] or nan(main)
    if not why:
        why = list(asked_again(ready, variant))
        if explanation.rule is not None and explanation.partly and parts(explanation, evidence):
            other = words.choice(explanation.rule, variant.rule)
            why += [f"some elements: {text}" for text in other]
    if why:
        return Diagnosis(tuple(why))
    nothing = NOTHING.format(variant=variant.identifier)
    known = facts(oracle, variant, found.judged, left)
    return Diagnosis((nothing, *known), found=False)


def held(
    ready: Ready,
    variant: Variant,
    found: Tried,
    evidence: Sequence[Testimony],
    judged: Sequence[Judged],
) -> list[Candidate]:
    """The causes that explain every answer, and experiments that were made to tell them apart."""
    return holding(ready, variant, suspects(variant, evidence, main_dtype(found)), judged)


def holding(
    ready: Ready, variant: Variant, causes: Sequence[Candidate], judged: Sequence[Judged]
) -> list[Candidate]:
    """Those of the causes that hold for what was not asked before they were found."""
    more = experiments(ready.subject, ready.fixed, variant, judged[0][0].case)
    return told_apart(causes, list(more), partial(asked, ready.subject, variant))


def parts(explanation: Explanation, evidence: Sequence[Testimony]) -> bool:
    """Whether a rule says something of the elements that the document leaves over."""
    assert explanation.rule is not None
    other = of_mutant(Mutant("choice", "choice", explanation.rule), str)
    for item in evidence:
        table = item.table(other)
        told = inside(item.observed, table) & (table.error < item.away)
        if item.bad.any() and not (told | ~item.bad).all():
            return False
    return True


def main_dtype(found: Tried) -> str:
    """The dtype whose answers name a rule."""
    dtypes = [unit.case.dtype for unit, _ in found.answers]
    return MAIN_DTYPE if MAIN_DTYPE in dtypes else dtypes[0]


def broken(judged: list[Judged]) -> Iterator[str]:
    """What may not change, whatever the document, and did."""
    for _, answer, _ in judged:
        for name in answer.broken:
            yield BROKEN[name]


def deviating(judgement: Judgement) -> bool:
    """Whether values deviate, and not only a promise that every optimizer keeps."""
    return any(
        item.divergence is not None and item.divergence.quantity not in BROKEN
        for item in judgement.parameters
    )


def others_than(variant: Variant, judged: list[Judged]) -> Iterator[str]:
    """Where the constructor's own defaults are others than the documented."""
    for unit, answer, _ in judged:
        if unit.case.mode == "defaults":
            for name, value in answer.defaults.items():
                stated = next(iter(unit.claimed), variant).defaults.get(name)
                if stated is not None and differs(value, stated):
                    yield f"{words.readable(name)} defaults to {value}; the document says {stated}"


def differs(value: Any, stated: str) -> bool:
    """Whether a default is another number than the document's."""
    if not isinstance(value, int | float):
        return str(value) != stated
    return value != float(stated)


def places(oracle: Oracle, variant: Variant, found: Tried, judged: list[Judged]) -> Iterator[str]:
    """Where a rule that holds in the main dtype does not."""
    double = [item for item in judged if item[0].case.dtype == "float64"]
    alone = bool(double) and len(double) == len(judged)
    if alone:
        said = {narrowed(oracle, variant, unit, answer) for unit, answer, _ in double}
        if "" not in said:
            yield SINGLE if said == {SINGLE} else NO_MORE_EXACT
            return
    if all(unit.case.mode == "groups" for unit, _, _ in judged):
        yield "the hyperparameters of a parameter group are not those of its parameters"
        return
    situated = [item for item in judged if item[0].case.mode in SITUATED and item[2].divergence]
    by_itself = [item for item in situated if item[0].case.mode not in TOGETHER]
    for item in by_itself or situated:  # of several at once nothing more is known
        yield f"of what was tried it follows all except {where(oracle, variant, item)}"
    if left := [item for item in judged if item[0].case.mode not in SITUATED]:
        yield from facts(oracle, variant, found.judged, left)


def where(oracle: Oracle, variant: Variant, item: Judged) -> str:
    """In which kind of parameter a case is wrong, or where it first is."""
    unit, _, judgement = item
    at = judgement.divergence
    assert at is not None
    first = whereabouts(unit.case, at.parameter, at.step)
    if unit.case.mode not in LAYOUTS:
        return first
    if shared := kinds(oracle, variant, item)[0]:
        return f"in {shared}"
    every, wrong = divided(oracle, variant, item)
    if len(wrong) == 1:
        return first
    return f"in {len(wrong)} of {len(every)} shapes and layouts in one optimizer, first {first}"


def rule(oracle: Oracle, variant: Variant, found: Tried, main: list[Judged]) -> Explanation:
    """The documented rule, or the one that differs in two choices, that explains every answer."""
    first = {unit.case for unit, _, _ in main}
    answers = sorted(found.answers, key=lambda pair: pair[0].case not in first)
    others = list(comparable_variants(main[0][0].implementation, main[0][0].case.features))
    return explain(oracle, variant, answers, others)


def seen(variant: Variant, found: Tried) -> list[Testimony]:
    """Every answer that says something of the formula."""
    return [
        Testimony.of(variant, unit, answer)
        for unit, answer in found.answers
        if unit.case.mode in SUSPECT_MODES
    ]


def sentences(found: Sequence[Candidate]) -> list[str]:
    """The causes in words: the first, and others of its kind that no case tells from it."""
    alike = [item for item in found if item.kind == found[0].kind]
    every = list(dict.fromkeys(item.said() for item in alike))
    # What says the same and something more, which nothing shows, says too much.
    said = [text for text in every if not any(text.startswith(f"{less}, and") for less in every)]
    said = said[:SUSPECTS_SHOWN]
    return [" (or: ".join(said) + ")" * (len(said) - 1)] if said else []


def rounder(causes: Sequence[Candidate], evidence: Sequence[Testimony]) -> list[str]:
    """Where a cause explains float64 answers no further than float32 goes."""
    if any(
        only_single(one, item) and not item.agrees(one) for one in causes[:1] for item in evidence
    ):
        return ["in float64 no more than the digits of float32 are right: numbers are held in that"]
    return []


def nan(judged: list[Judged]) -> list[str]:
    """Where a number was due and none came."""
    for _unit, _, judgement in judged:
        divergence = judgement.divergence
        if divergence and np.isnan(divergence.observed) and np.isfinite(divergence.expected):
            return [
                f"the parameter becomes nan at step {divergence.step}, with "
                f"{divergence.parameter} gradients"
            ]
    return []


def asked_again(ready: Ready, variant: Variant) -> Iterator[str]:
    """What more steps tell: whether elements depend on others, and what is ignored."""
    try:
        yield from influences(ready)
        for name in ignored(ready, variant.rule):
            yield f"{words.readable(name)} is taken and changes nothing in {FEW} steps"
    except (Refused, WorkerError):
        return


def factors(rule: Rule | None) -> dict[str, str | bool]:
    """A rule, factor by factor."""
    return {} if rule is None else rule.choices
