"""``judge_stream``: a step over more elements than fit in memory, piece by piece."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from optimizer_conformance.judging.verdict import FAILING_KEPT
from optimizer_conformance.questions.steps.arrays import StepError
from optimizer_conformance.questions.steps.judge import judge_step
from optimizer_conformance.questions.steps.record import QuantityVerdict, StepVerdict
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import Variant


def judge_stream(
    rule: str | Rule | Variant,
    pieces: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    **asked: Any,
) -> StepVerdict:
    """The verdict on one step whose arrays come in pieces: pairs of before and after.

    ``asked`` are the other arguments of :func:`judge_step`.  Nothing is kept of a piece but its
    counts and the first elements that deviate, whose places are counted through all flat pieces.
    """
    found: StepVerdict | None = None
    done = 0
    for before, after in pieces:
        one = judge_step(rule, before=before, after=after, **asked)
        one = replace(one, quantities={n: flat(q, done) for n, q in one.quantities.items()})
        found = one if found is None else joined(found, one)
        done += next(iter(one.quantities.values())).elements
    if found is None:
        raise StepError("no piece came: give pairs of before and after")
    return found


def flat(item: QuantityVerdict, start: int) -> QuantityVerdict:
    """One piece without its arrays, its elements counted from ``start``."""
    shape = item.codes.shape if item.codes is not None else ()
    failing = tuple(replace(one, index=(start + place(one.index, shape),)) for one in item.failing)
    return replace(item, failing=failing, codes=None, expected=None, bound=None)


def place(index: tuple[int, ...], shape: tuple[int, ...]) -> int:
    """A flat index."""
    found = 0
    for at, size in zip(index, shape, strict=True):
        found = found * size + at
    return found


def joined(first: StepVerdict, second: StepVerdict) -> StepVerdict:
    """Two pieces of one step."""
    if set(first.quantities) != set(second.quantities):
        raise StepError("the pieces do not have the same quantities")
    telling = first if first.why else second
    return replace(
        telling,
        quantities={
            name: added(item, second.quantities[name]) for name, item in first.quantities.items()
        },
        why=tuple(dict.fromkeys((*first.why, *second.why))),
        remarks=tuple(dict.fromkeys((*first.remarks, *second.remarks))),
        representation=first.representation or second.representation,
    )


def added(first: QuantityVerdict, second: QuantityVerdict) -> QuantityVerdict:
    """One quantity of two pieces."""
    return replace(
        first,
        counts=dict(Counter(first.counts) + Counter(second.counts)),
        score=max(first.score, second.score),
        ulp=max(first.ulp, second.ulp),
        failing=(*first.failing, *second.failing)[:FAILING_KEPT],
        decided=first.decided or second.decided,
    )
