"""Which wrong rule explains what was seen: each is run over the same inputs, on running bounds.

A cause is named where it explains every deviating answer in every dtype at its own bound, where
nothing refutes it, and where it is still there after experiments that were made to tell it from the
others.  A wrong rule that promises nothing, or no more than the deviation itself, explains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from optimizer_conformance.questions.audit.candidates import listed, sought
from optimizer_conformance.questions.audit.evidence import Candidate, Testimony
from optimizer_conformance.reference.numbers import PRECISIONS
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.variants import Variant

Ask = Callable[[Testimony], Testimony | None]  # carries an experiment out; None where it cannot be
SAMPLE = 12  # deviating elements by which most wrong rules fall
BESIDE = 6  # others beside them
FEW = 3  # steps of a sample, at least, where there is an answer with as many
NARROW = ("float16", "bfloat16")
LONG = 16  # steps of a sample, at most
MOST = 0.9  # of the deviating elements: of these a cause must say something
NEAR = 4  # times nearer than the document's value: then it is no chance
SURVIVORS = 12  # that are told apart by experiments; more have no telling words


def suspects(variant: Variant, evidence: Sequence[Testimony], main: str) -> list[Candidate]:
    """The causes that explain every answer, the most telling kinds first."""
    ordered = sorted(evidence, key=lambda item: (item.question.case.dtype != main, item.cost))
    deviating = [item for item in ordered if item.bad.any()]
    if not deviating:
        return []
    sample = first_look(deviating)
    found: list[Candidate] = []
    looks = [*ordered, *([sample] if sample is not None else [])]
    looks.sort(key=lambda item: item.cost)
    for candidate in proposed(variant, deviating[0], sample):
        known = any(one.name and one.name == candidate.name for one in found)
        if sample is not None and sample.steps > LONG and far(candidate, sample):
            continue
        if known or not all(one.agrees(candidate) for one in cheaper(looks, sample, candidate)):
            continue
        if stands(candidate, ordered):
            found.append(candidate)
            if len(found) == SURVIVORS:
                break
    return found


def proposed(variant: Variant, first: Testimony, sample: Testimony | None) -> Iterator[Candidate]:
    """All that may be the cause."""
    yield from listed(variant, first)
    if sample is not None and sample.steps <= LONG:
        yield from sought(variant, sample)


def far(candidate: Candidate, sample: Testimony) -> bool:
    """Whether float64 tells already that a candidate is not near: bounds over many steps cost."""
    if candidate.apart or candidate.sent or candidate.kind == "storage":
        return False
    with np.errstate(all="ignore"):
        left = np.abs(sample.observed - sample.values(candidate)) / sample.away
    return not float(np.median(left[sample.bad])) < 1 / NEAR


def cheaper(
    looks: Sequence[Testimony], sample: Testimony | None, candidate: Candidate
) -> Sequence[Testimony]:
    """What is looked at first, up to a few elements of what deviates: there most fall."""
    if sample is None or candidate.apart or candidate.sent:
        return ()
    return looks[: looks.index(sample) + 1]


def first_look(deviating: Sequence[Testimony]) -> Testimony | None:
    """A few elements of one answer; None where elements say nothing by themselves."""
    alone = [e for e in deviating if e.apart and not e.question.rule.shaped]
    alone = [e for e in alone if e.steps >= FEW] or alone
    if not alone:
        return None
    chosen = alone[0]
    at = np.flatnonzero(chosen.bad.any(axis=0) & np.isfinite(chosen.away).all(axis=0))
    rest = np.flatnonzero(~chosen.bad.any(axis=0) & chosen.usable)
    if not at.size:
        return None
    first = int(chosen.bad.any(axis=1).argmax())
    columns = [*spread(at, SAMPLE), *spread(rest, BESIDE)]
    return chosen.sample(columns, min(chosen.steps, max(first + FEW, LONG)))


def spread(places: Array, count: int) -> list[int]:
    """So many of some places, from all over them."""
    if places.size <= count:
        return [int(place) for place in places]
    return [int(places[i]) for i in np.linspace(0, places.size - 1, count).astype(int)]


def stands(candidate: Candidate, evidence: Sequence[Testimony]) -> bool:
    """Whether a candidate agrees with every answer and explains those that deviate."""
    told = due = 0
    for item in evidence:
        if not item.agrees(candidate) and not only_single(candidate, item):
            return False
        if not item.bad.any():
            continue
        if item.question.case.dtype in NARROW:
            continue  # where a cause may drown in the format's own rounding
        explained = explaining(candidate, item)
        if not explained.any():
            return False
        told, due = told + int(explained.sum()), due + int(item.bad.sum())
    return due > 0 and told >= MOST * due


def only_single(candidate: Candidate, item: Testimony) -> bool:
    """Whether a float64 answer agrees as far as float32 goes: its numbers are held in that."""
    return item.question.case.dtype == "float64" and item.agrees(candidate, "float32")


def explaining(candidate: Candidate, item: Testimony) -> Array:
    """Of the deviating elements those that a candidate says something of, and rightly."""
    if candidate.kind == "storage":
        return nearer(candidate, item)
    table = item.table(candidate)
    with np.errstate(invalid="ignore"):
        left = np.minimum(table.error, NEAR * np.abs(item.observed - table.value))
    found: Array = item.bad & np.isfinite(table.error) & (left < item.away)
    return found


def nearer(candidate: Candidate, item: Testimony) -> Array:
    """Where a narrower format gives what was seen, and not only something as uncertain.

    All arithmetic in a format gives numbers of that format.  Where one quantity is rounded, the
    same rounding brings the deviation about, but for the few elements that lie near a tie.
    """
    mutant = candidate.mutant
    if mutant.arithmetic:
        rounded = PRECISIONS[mutant.arithmetic].round(item.observed)
        return item.bad & bool((rounded == item.observed)[:, item.usable].all())
    with np.errstate(invalid="ignore"):
        left = np.abs(item.observed - item.stored(mutant))
    found: Array = item.bad & (NEAR * left < item.away)
    return found


def told_apart(
    found: Sequence[Candidate], experiments: Sequence[Testimony], ask: Ask
) -> list[Candidate]:
    """The candidates that are left after the longest experiment, and those that separate them most.

    One experiment is asked in any case: what was found on some answers must hold for others, and
    what was found in few steps for many.
    """
    left, rest, asked = list(found), sorted(experiments, key=lambda item: -item.steps), 0
    while left and rest:
        worth = [separated(left, item) for item in rest] if asked else [np.inf]
        if max(worth) == 0:
            break
        chosen = rest.pop(int(np.argmax(worth)))
        answer = ask(chosen)
        if answer is None:
            continue
        asked += 1
        left = [one for one in left if answer.agrees(one)]
    return left if asked else []


def separated(found: Sequence[Candidate], item: Testimony) -> float:
    """How many pairs an experiment tells apart; of one candidate, whether it shows at all."""
    tables = [item.table(one) for one in found]
    pairs = list(combinations(tables, 2)) or [(tables[0], item.claimed)]
    count = 0.0
    for one, other in pairs:
        with np.errstate(invalid="ignore"):
            apart = np.abs(one.value - other.value) > one.error + other.error
        count += bool(apart[:, item.usable].any()) + apart.mean() / 2
    return count
