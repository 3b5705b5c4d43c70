"""From a deviation to its reproducer: the sign that it shows, the smallest case, the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from optimizer_conformance.cases.case import Written
from optimizer_conformance.judging.explain import NO_MORE_EXACT
from optimizer_conformance.judging.oracle import Oracle
from optimizer_conformance.judging.rows import BROKEN
from optimizer_conformance.questions.repro.bench import VISIBLE, CaseJudge, Shown, Sign
from optimizer_conformance.questions.repro.deviation import (
    Deviation,
    settled,
    variants_of,
    written_out,
)
from optimizer_conformance.questions.repro.evidence import NotShownError, ObservedNumber, evidence
from optimizer_conformance.questions.repro.shrinking import Progress, Shrinking
from optimizer_conformance.reference.rules import STATE
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reports.records import Cause
from optimizer_conformance.workers.subject import Subject

SIDE_EFFECTS = (Sign("gradient"), Sign("gradient", zeros=True), Sign("dtype"))


@dataclass(frozen=True)
class Reproducer:
    """A shrunk deviation.

    deviation  what it began with
    variant    the documented variant that the shrunk case is judged against
    case       the shrunk case
    why        the reason, in words
    cause      what it has in common with other deviations of the same cause
    evidence   the number that is wrong, for deviations of values
    tried      how many cases the implementation was asked
    """

    deviation: Deviation
    subject: Subject
    variant: Variant
    case: Written
    sign: Sign
    shown: Shown
    why: str
    cause: str
    evidence: ObservedNumber | None
    tried: int


class CoveredError(Exception):
    """Another reproducer stands for this deviation already; holds its cause."""


def reproduce(
    subject: Subject,
    asked: Deviation,
    *,
    oracle: Oracle | None = None,
    say: Progress = lambda what: None,
    covered: Callable[[str], bool] = lambda cause: False,
) -> Reproducer:
    """Shrink one deviation.

    ``covered`` is asked for the cause once options that do not matter are dropped; where it is
    true, CoveredError is raised.  Raises NothingThereError where the case agrees, NotShownError
    where it cannot be shown by one parameter alone.
    """
    oracle = oracle or Oracle()
    say("looking for what shows it")
    found = settled(subject, asked, oracle)
    bench = CaseJudge(subject, variants_of(subject, VARIANTS[found.variant]), oracle)
    shrinking = start(bench, found, say)
    shrinking.options()
    variant = bench.variants[shrinking.case.features]
    cause = cause_of(found, variant, shrinking.sign)
    if covered(cause):
        raise CoveredError(cause)
    shrinking.run()
    case, shown, sign = shrinking.case, shrinking.shown, shrinking.sign
    proof = None if sign.kind != "value" else evidence(bench, case, shown, sign)
    words = reason(found, sign, variant)
    return Reproducer(found, subject, variant, case, sign, shown, words, cause, proof, bench.tried)


def cause_of(found: Deviation, variant: Variant, sign: Sign) -> str:
    """What two deviations of one cause have in common."""
    words = reason(found, sign, variant)
    return " | ".join((found.implementation, found.device, variant.identifier, sign.kind, words))


def start(bench: CaseJudge, found: Deviation, say: Progress) -> Shrinking:
    """The case of one parameter that shows the deviation, and the sign by which it is known."""
    for case in alone_or_several(written_out(bench.subject, found)):
        for full in (False, True):
            for form, sign in presented(case, found):
                shown = bench.shows(form, sign, full=full)
                if shown is None:
                    continue
                here = shown.divergence
                guard = sign.kind == "value" and not sign.changes and not sign.narrow
                finite = (abs(here.observed) < float("inf"), abs(here.expected) < float("inf"))
                kept = replace(
                    sign,
                    finite=finite if guard else None,
                    score=min(here.score, VISIBLE) if sign.kind == "value" else 0.0,
                )
                return Shrinking(bench, kept, form, shown, full, say)
    raise NotShownError(
        f"{found.implementation}: the parameter {found.regime} alone does not show it; it takes "
        "several parameters or groups"
    )


def alone_or_several(cases: Iterable[Written]) -> Iterator[Written]:
    """Each case with one parameter, then with two that are alike."""
    for case in cases:
        yield case
        yield replace(case, copies=2)


def presented(case: Written, found: Deviation) -> Iterator[tuple[Written, Sign]]:
    """The case with each sign by which it may be known.

    A changed gradient is shown without negative zeros, where that does; also of a parameter of
    ones, because L2 decay adds nothing that is seen where the parameter is zero.
    """
    for sign in signs(found):
        if sign.kind == "gradient" and not sign.zeros:
            plain = replace(case, gradients=tuple(map(unsigned, case.gradients)))
            yield plain, sign
            yield replace(plain, value=(1.0,) * case.size), sign
        else:
            yield case, sign


def unsigned(row: tuple[float, ...]) -> tuple[float, ...]:
    """A gradient whose zeros are positive."""
    return tuple(0.0 if value == 0 else value for value in row)


def signs(found: Deviation) -> Iterator[Sign]:
    """By what it may be known: what explains it first, parameters before state."""
    if found.verdict != "deviates":
        yield Sign("error", raised=found.cause)
        return
    promise = found.quantity if found.cause == Cause.promise else ""
    effects = [sign for sign in SIDE_EFFECTS if sign.kind == promise]
    if effects:
        yield from effects
        return
    changes = changed(found)
    ways: list[dict[str, object]] = [{"changes": changes}] if changes else []
    if found.case.dtype == "float64" and found.cause in ("", Cause.narrow):
        ways += [{"narrow": True}]
    for way in (*ways, {}):
        for quantity in ("parameter", *STATE):
            yield Sign("value", quantity, **way)  # type: ignore[arg-type]  # fields of Sign
    yield from SIDE_EFFECTS


def changed(found: Deviation) -> tuple[tuple[str, bool | str], ...]:
    """The choices in which the rule that explains it differs from the documented one."""
    if found.rule is None:
        return ()
    documented = VARIANTS[found.variant].rule
    return tuple((name, found.rule[name]) for name in found.rule.differences(documented))


def reason(found: Deviation, sign: Sign, variant: Variant) -> str:
    """Why it deviates, in words."""
    if sign.kind in BROKEN:
        return BROKEN[sign.kind]
    if sign.changes:
        return difference(variant.rule.having(**dict(sign.changes)), variant.rule)
    return NO_MORE_EXACT if sign.narrow and not found.cause else found.why
