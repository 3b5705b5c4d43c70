"""What becomes of every mutant and rewriting of one rule in one dtype, by the real verdicts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.cases.case import DRAWN, Case, draw_cases
from optimizer_conformance.cases.inputs import LAYOUTS
from optimizer_conformance.cases.plan import default_features
from optimizer_conformance.judging.oracle import (
    WIDEST,
    Oracle,
    Question,
    inputs_of,
    ordinary,
    reached,
)
from optimizer_conformance.judging.verdict import Judgement, Verdict, judge
from optimizer_conformance.mutants.equivalence import proof
from optimizer_conformance.mutants.execution import mutated, rewritten
from optimizer_conformance.mutants.mutants import Mutant, mutants
from optimizer_conformance.mutants.styles import PLAIN, Style, rewritings, shared
from optimizer_conformance.questions.power import peers
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.variants import Variant

KILLED, EQUIVALENT, BELOW, ENDS, OPEN = (
    "killed",
    "proved equivalent",
    "below the resolution",
    "only at the ends of the range",
    "survived",
)


@dataclass(frozen=True)
class MutantOutcome:
    """One mutant of one rule in one dtype.

    status   one of the words above
    where    mode and parameter (regime) of the first divergence
    quantity, step, score  of it; for a survivor the score is the exact effect in units of the bound
    reason   why a survivor survived
    ulp      of a survivor: its exact effect in ulp
    missed   the peers that accept it in every case
    """

    variant: str
    dtype: str
    mutant: str
    kind: str
    status: str
    where: str = ""
    quantity: str = ""
    step: int = 0
    score: float = 0.0
    reason: str = ""
    ulp: float = 0.0
    missed: tuple[str, ...] = ()


@dataclass
class Rewriting:
    """One legal style: how much was judged, what deviated, and which peers reject it.

    ways  how many styles it stands for
    """

    variant: str
    dtype: str
    style: str
    element_steps: int = 0
    alarms: list[str] = field(default_factory=list)
    rejected_by: tuple[str, ...] = ()
    score: float = 0.0
    ways: int = 1


@dataclass
class Measurement:
    """Everything about one rule in one dtype."""

    variant: str
    dtype: str
    outcomes: list[MutantOutcome]
    rewritings: list[Rewriting]


def questions(variant: Variant, dtype: str, profile: str, seed: int = 0) -> list[Question]:
    """What an implementation of the variant that takes part in every mode is asked.

    The layout modes are left out: every element of them is an experiment of the others.  So are the
    modes of situations, which have a table of their own.
    """
    features = tuple(sorted(variant.features))
    found: list[Question] = []
    for mode in DRAWN:
        if mode in LAYOUTS or (mode == "names" and "weight_decay" not in features):
            continue
        if variant.rule.shaped and mode in ("separation", "relations"):
            continue  # whose elements are experiments of their own
        if (
            mode == "defaults"
            and default_features(variant.family, dict(variant.defaults)) != features
        ):
            continue
        cases = draw_cases(variant.family, features, dtype, mode, profile, seed)
        found.extend(question_of(variant, case) for case in cases)
    return found


def question_of(variant: Variant, case: Case) -> Question:
    """The variant's rule over a case."""
    documented = variant.defaults if case.mode == "defaults" else {}
    decimals = tuple(sorted({**case.decimals, **documented}.items()))
    return Question(variant.rule, decimals, case, variant.undecayed, squares=variant.squares)


def measure(
    variant: Variant, dtype: str, profile: str = "default", every_nth: int = 1
) -> Measurement:
    """Run every mutant and every rewriting of a rule through the verdicts.

    ``every_nth`` takes a fixed sample of the mutants.
    """
    oracle, asked = Oracle(), questions(variant, dtype, profile)
    every = mutants(variant.rule, dict(asked[0].decimals), dtype, variant.squares)[::every_nth]
    generated = shared(dtype, variant.identifier) if every_nth == 1 else ()
    more = (carried_out(oracle, variant, asked, style, i) for i, style in enumerate(generated))
    return Measurement(
        variant.identifier,
        dtype,
        [outcome(oracle, variant, asked, mutant) for mutant in every],
        [
            *(judged(oracle, variant, asked, index) for index in range(len(rewritings(dtype)))),
            *more,
        ],
    )


def outcome(
    oracle: Oracle, variant: Variant, asked: list[Question], mutant: Mutant
) -> MutantOutcome:
    """Killed by the first case that contradicts it; peers look on until all of them reject it."""
    dtype = asked[0].case.dtype
    left = [peer.name for peer in peers.peers()]
    killed: tuple[Question, Judgement] | None = None
    for question in asked:
        if killed and not left:
            break
        shown = mutated(question, mutant)
        if not killed:
            judgement = judge(oracle, question, shown, decide_only=True)
            if judgement.worst is Verdict.deviates:
                killed = question, judgement
        if left:
            accepted = peers.verdicts(oracle, question, shown)
            left = [name for name in left if accepted[name]]
    killed = killed or decided_in_full(oracle, asked, mutant)
    base = MutantOutcome(
        variant.identifier, dtype, mutant.identifier, mutant.kind, KILLED, missed=tuple(left)
    )
    if killed is None:
        return explained(oracle, variant, asked, mutant, base)
    question, judgement = killed
    divergence = judgement.divergence
    if divergence is None:
        score = max(item.written for item in judgement.parameters)
        return replace(base, where=question.case.mode, reason=judgement.representation, score=score)
    return replace(
        base,
        where=f"{question.case.mode}, {divergence.parameter}",
        quantity=divergence.quantity,
        step=divergence.step,
        score=divergence.score,
    )


def decided_in_full(
    oracle: Oracle, asked: list[Question], mutant: Mutant
) -> tuple[Question, Judgement] | None:
    """A claim is judged in full: one way of holding the coefficients has to explain a case."""
    for question in asked:
        judgement = judge(oracle, question, mutated(question, mutant))
        # What is accepted as written so that it loses digits is said to be so.
        if judgement.worst is Verdict.deviates or judgement.way.written:
            return question, judgement
    return None


def explained(  # noqa: PLR0911 - one a reason
    oracle: Oracle, variant: Variant, asked: list[Question], mutant: Mutant, base: MutantOutcome
) -> MutantOutcome:
    """Why a mutant survived."""
    reason = proof(variant.rule, mutant)
    if reason:
        return replace(base, status=EQUIVALENT, reason=reason)
    if beyond_numbers(asked, mutant):
        words = "an infinity or nan in the place of another, where an infinite gradient went in"
        return replace(base, status=BELOW, reason=words)
    found = [effect(oracle, question, mutant) for question in asked]
    score, wide, flushed, ulp = (max(values) for values in zip(*found, strict=True))
    base = replace(base, score=score, ulp=ulp)
    if score == 0.0:
        return replace(
            base, status=ENDS, reason="no effect where gradients stay in the middle of the range"
        )
    if score <= 1.0:
        return replace(base, status=BELOW, reason="its exact effect is inside the bound")
    if wide <= 1.0:
        return replace(
            base,
            status=BELOW,
            reason="its exact effect is inside the bound for coefficients as they may be held",
        )
    if flushed <= 1.0:
        return replace(
            base, status=BELOW, reason="its exact effect is inside what underflow may take away"
        )
    if flushed <= 2.0 and base.dtype != "float64":
        # The wrong rule rounds as well, so that only beyond twice the bound it has to be told.
        return replace(
            base, status=BELOW, reason="its exact effect leaves the bound by less than its rounding"
        )
    return replace(base, status=OPEN, reason="its exact effect leaves the bound")


def beyond_numbers(asked: list[Question], mutant: Mutant) -> bool:
    """Whether it shows somewhere, and only as another of infinities and nan where one is due.

    Which of them becomes of a gradient that was none of the finite numbers is not judged: legal
    orders of evaluation differ there.
    """
    seen = False
    for question in asked:
        wrong, right = mutated(question, mutant), rewritten(question, PLAIN)
        lost = reached(inputs_of(question.case).parameters, question.rule.over)
        lost = np.repeat(lost, question.case.width, axis=1)
        for name, values in wrong.items():
            apart = (values != right[name]) & ~(np.isnan(values) & np.isnan(right[name]))
            if (apart & ~(lost & ~np.isfinite(values) & ~np.isfinite(right[name]))).any():
                return False
            seen = seen or bool(apart.any())
    return seen


def effect(oracle: Oracle, question: Question, mutant: Mutant) -> tuple[float, ...]:
    """The largest exact effect of a mutant, in units of three bounds and in ulp.

    The bounds: coefficients as written, as they may be held, and that with subnormals flushed.

    Exact: the wrong rule and the right one both in float64, on the same inputs, in the middle of
    the range.  In float64 itself the wrong rule carries its own rounding.
    """
    shown = mutated(question, mutant, "complex128" if question.case.width > 1 else "float64")
    rows = [question.quantities.index(name) for name in question.quantities if name in shown]
    names = [question.quantities[row] for row in rows]
    seen = np.stack([shown[name] for name in names], axis=1)
    seen = seen.reshape(-1, seen.shape[2])
    shape = (question.case.steps, len(question.quantities), seen.shape[1])

    def pick(part: Array) -> Array:
        return part.reshape(shape)[:, rows].reshape(-1, shape[2])

    middle = ordinary(question.case)
    ideal = oracle.table(question).rows(pick)
    others = [oracle.table(question, name, WIDEST).rows(pick).error for name in ("none", "flush")]
    with np.errstate(all="ignore"):
        distance = ideal.distance(seen)[:, middle]
        quantum = question.precision.quantum(ideal.value[:, middle])
        found = [
            np.where(distance > 0, distance / size, 0.0)
            for size in (*(error[:, middle] for error in (ideal.error, *others)), quantum)
        ]
    return tuple(float(np.nan_to_num(values, nan=0.0).max(initial=0.0)) for values in found)


def judged(
    oracle: Oracle, variant: Variant, asked: list[Question], index: int, seed: int = 0
) -> Rewriting:
    """One of the rewritings, judged in full in every case."""
    style = rewritings(asked[0].case.dtype)[index]
    return carried_out(oracle, variant, asked, style, seed + index)


def carried_out(
    oracle: Oracle, variant: Variant, asked: list[Question], style: Style, seed: int
) -> Rewriting:
    """A legal style, judged in full in every case."""
    dtype = asked[0].case.dtype
    found = Rewriting(variant.identifier, dtype, style.name)
    rejecting: set[str] = set()
    for plain in asked:
        question = replace(plain, profile=style.profile)
        shown = rewritten(question, style, seed)
        judgement = judge(oracle, question, shown)
        found.element_steps += shown["parameter"].size
        found.score = max(found.score, *(part.score for part in judgement.parameters))
        if judgement.worst is Verdict.deviates:
            found.alarms.append(f"{question.case.identifier}: {judgement.divergence}")
        accepted = peers.verdicts(oracle, question, shown)
        rejecting |= {name for name, yes in accepted.items() if not yes}
    found.rejected_by = tuple(sorted(rejecting))
    return found


def flood(variant: Variant, dtype: str, profile: str, size: int, seed: int) -> list[Rewriting]:
    """Every rewriting on large arrays: ``size`` elements a regime, cases drawn with ``seed``."""
    oracle = Oracle()
    asked = [
        replace(question, case=replace(question.case, size=size))
        for question in questions(variant, dtype, profile, seed)
        if question.case.mode in ("injected", "trajectory", "rate-change")
    ]
    styles = range(len(rewritings(dtype)))
    return [judged(oracle, variant, asked, index, seed) for index in styles]


__all__ = ["Measurement", "MutantOutcome", "Rewriting", "flood", "measure", "questions"]
