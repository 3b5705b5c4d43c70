"""The cases that a target takes part in, carried out and judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from optimizer_conformance.cases.case import MAIN_DTYPE, Case, draw_cases, overflow
from optimizer_conformance.cases.plan import Selection, Unit, cases, default_features
from optimizer_conformance.cases.situations import SITUATED
from optimizer_conformance.judging.execution import (
    Answer,
    ProtocolBreach,
    carry_out,
    judge_answer,
    question_for,
)
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.verdict import Judgement, Verdict
from optimizer_conformance.questions.audit.preparation import Ready
from optimizer_conformance.questions.audit.record import CaseVerdict
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix
from optimizer_conformance.workers.process import Refused, WorkerError

Pairs = list[tuple[Unit, Answer]]
WRONG = "it deviates already"
# What it may say no to: a number at the end of a range, a parameter without a gradient.
REFUSABLE = ("boundaries", "loop-missing", "loop-joined", "mixed-loop")
FAILURES_ALLOWED = 3  # cases in a row that raise; what is left would as well


@dataclass
class Tried:
    """Everything that was tried.

    answers   what the target did, by case
    judged    each answer with its judgement
    failures  cases that could not be carried out, and why
    refused   modes of situations in which it raises, and what
    cut       why the cases of situations were not asked; empty where they were
    """

    judged: list[tuple[Unit, Answer, Judgement]] = field(default_factory=list)
    failures: list[tuple[Unit, WorkerError]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    cut: str = ""

    @property
    def answers(self) -> Pairs:
        """Without the judgements."""
        return [(unit, answer) for unit, answer, _ in self.judged]

    @property
    def contradicting(self) -> list[tuple[Unit, Answer, Judgement]]:
        """What the document does not explain."""
        return [item for item in self.judged if item[2].worst is Verdict.deviates]


def planned(
    ready: Ready,
    *,
    defaults: bool,
    modes: tuple[str, ...] = (),
    dtypes: tuple[str, ...] = (),
) -> Iterator[Case]:
    """Every case; hyperparameters that have one value have it in each."""
    item, question = ready.subject.implementation, ready.question
    selection = Selection(profile=question.profile, seed=question.seed, modes=modes)
    by_default = on_by_default(ready) if defaults else None
    found: dict[Case, None] = {}
    allowed = dtypes or tuple(question.dtypes)
    for dtype in sorted(item.dtypes, key=lambda dtype: dtype != MAIN_DTYPE):
        if (allowed and dtype not in allowed) or overflow(ready.fixed, dtype):
            continue
        for case in cases(item, ready.features, dtype, selection, by_default):
            values = {name: value for name, value in ready.fixed.items() if name in case.decimals}
            found[
                replace(case, hyperparameters=tuple(sorted((case.decimals | values).items())))
            ] = None
    yield from found


def on_by_default(ready: Ready) -> tuple[str, ...] | None:
    """The options that are on when nothing is given; None where that is not in question.

    With values of the caller's, the constructor's own defaults are not.
    """
    stated: dict[str, object] = dict(ready.subject.defaults)
    if ready.fixed:
        return None
    return default_features(ready.subject.implementation.family, stated)


def left_on(ready: Ready, variant: Variant) -> Iterator[tuple[Case, Variant]]:
    """Its own defaults where they switch on what the question leaves off, and who judges them."""
    by_default = on_by_default(ready)
    if by_default is None or by_default == ready.features or ready.question.profile != "audit":
        return
    other = VARIANTS.get(base(variant) + suffix(by_default))
    if other is None or list(by_default) not in map(sorted, ready.subject.implementation.features):
        return
    item, question = ready.subject.implementation, ready.question
    dtype = MAIN_DTYPE if MAIN_DTYPE in item.dtypes else item.dtypes[0]
    for case in draw_cases(
        item.family, by_default, dtype, "defaults", question.profile, question.seed, dtype
    ):
        yield case, other


def base(variant: Variant) -> str:
    """A variant's identifier without its options."""
    return variant.identifier.removesuffix(suffix(variant.features))


def carry(
    ready: Ready,
    variant: Variant,
    oracle: Oracle,
    *,
    defaults: bool,
    progress: Callable[[str], None] = lambda what: None,
    modes: tuple[str, ...] = (),
    dtypes: tuple[str, ...] = (),
    once: str = "",
) -> Tried:
    """Carry out every case and judge it; what cannot be carried out is kept with the reason.

    ``modes`` and ``dtypes`` are those that are asked; empty: all of them.  Of the mode ``once`` the
    first case alone is.
    """
    found = Tried()
    row, begun = 0, False
    # A rule that is wrong anywhere is wrong in every situation: these come last, if at all.
    asked = list(planned(ready, defaults=defaults, modes=modes, dtypes=dtypes))
    more = [case for case in asked if case.mode == once][1:]
    asked = [case for case in asked if case not in more]
    every = [(case, variant) for case in sorted(asked, key=lambda case: case.mode in SITUATED)]
    if defaults:
        every = [*left_on(ready, variant), *every]
    for case, judge in every:
        if case.mode in SITUATED and not begun and ready.question.profile == "audit":
            begun = True
            wrong = any(unit.case.mode != "defaults" for unit, _, _ in found.contradicting)
            found.cut = WRONG if wrong or found.failures else ""
        if case.mode in SITUATED and found.cut:
            break
        progress(f"{case.dtype}, {case.mode}")
        unit = Unit(ready.subject.implementation, ready.subject.device, case, (judge,))
        # What the document leaves open is sent: no default of the target's is wrong there.
        every_default = ready.subject.defaults.items()
        stated: dict[str, object] = {n: v for n, v in every_default if n in judge.defaults}
        try:
            answer = carry_out(ready.subject.worker, unit, stated)
        except Refused as error:
            if error.kind == "unsupported" or refusal(case, error):
                found.refused.setdefault(
                    case.mode, error.failure.message or error.failure.exception
                )
            else:
                found.failures.append((unit, error))
                row += 1
        except ProtocolBreach as error:
            found.failures.append((unit, WorkerError("error", str(error))))
            row += 1
        except WorkerError as error:
            found.failures.append((unit, error))
            break  # the worker is gone, and would be again
        else:
            row = 0
            judgement = judged_once(oracle, judge, unit, answer)
            found.judged.append((unit, answer, judgement))
        if row == FAILURES_ALLOWED:
            break
    return found


def judged_once(oracle: Oracle, variant: Variant, unit: Unit, answer: Answer) -> Judgement:
    """What explains an element is not sought in situations that deviate anyhow: they are large."""
    question = question_for(variant, unit, answer.defaults)
    if unit.case.mode in SITUATED:
        decided = judge_answer(oracle, question, unit, answer, decide_only=True)
        if decided.worst is Verdict.deviates:
            return decided
    return judge_answer(oracle, question, unit, answer)


def refusal(case: Case, error: Refused) -> bool:
    """Whether what it raises says no more than that it is not made for a situation."""
    early = error.failure.exception == "BadTarget" or "step 1 raises" in error.failure.message
    return case.mode in REFUSABLE and (early or case.mode != "boundaries")


def cells(found: Tried) -> Iterator[CaseVerdict]:
    """Every case as a row."""
    for unit, _, judgement in found.judged:
        parameters = judgement.parameters
        yield CaseVerdict(
            verdict=str(judgement.worst),
            dtype=unit.case.dtype,
            mode=unit.case.mode,
            score=max((item.score for item in parameters), default=0.0),
            elements=sum(sum(item.counts) for item in parameters),
            deviating=sum(item.counts[Verdict.deviates] for item in parameters),
            divergence=judgement.divergence,
            why=judgement.representation,
            case=unit.case.identifier,
        )
    for unit, error in found.failures:
        yield CaseVerdict(
            verdict=error.kind,
            dtype=unit.case.dtype,
            mode=unit.case.mode,
            score=0.0,
            elements=0,
            deviating=0,
            divergence=None,
            why=str(error),
            case=unit.case.identifier,
        )
