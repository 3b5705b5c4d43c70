"""What can be said without a cause: in which cases, at which elements and steps, by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from optimizer_conformance.cases.case import MODES
from optimizer_conformance.cases.inputs import LAYOUTS, Input
from optimizer_conformance.cases.plan import Unit
from optimizer_conformance.judging.execution import Answer, question_for
from optimizer_conformance.judging.oracle import Oracle, inputs_of, ordinary
from optimizer_conformance.judging.verdict import Judgement, contradicted
from optimizer_conformance.questions.audit.evidence import Testimony
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.variants import Variant

Judged = tuple[Unit, Answer, Judgement]
SHAPE = "those of shape"
NAMED = 3  # parameters, modes or elements that are named
SAME = 1e-3  # by which ratios differ that are one number to a person

ALMOST = 0.7  # of the parameters of a kind: what a fault leaves right in others is luck
SEEN = 5  # elements in which a fault shows


def tall(shape: tuple[int, ...]) -> bool:
    """Whether a matrix has more rows than columns."""
    return len(shape) == 2 and shape[0] > shape[1]


def other_order(parameter: Input) -> bool:
    """Whether a gradient does not lie in memory as its parameter does."""
    return parameter.memory != parameter.layout


# What parameters may have in common, the most telling first.
PROPERTIES: tuple[tuple[str, Callable[[Input], bool]], ...] = (
    ("parameters that are strided in memory", lambda p: p.layout == "strided"),
    ("0-d parameters", lambda p: p.value.ndim == 0),
    ("parameters of one element", lambda p: p.value.size == 1),
    ("vectors", lambda p: p.value.ndim == 1),
    ("parameters of fewer than two dimensions", lambda p: p.value.ndim < 2),
    ("parameters in Fortran order", lambda p: p.layout == "fortran"),
    ("channels-last parameters", lambda p: p.layout == "channels-last"),
    ("parameters whose gradient is strided in memory", lambda p: p.memory == "strided"),
    ("parameters whose gradient lies in Fortran order", lambda p: p.memory == "fortran"),
    ("parameters whose gradient lies in another order than they do", other_order),
    ("matrices with more rows than columns", lambda p: tall(p.value.shape)),
    ("matrices with more columns than rows", lambda p: tall(p.value.shape[::-1])),
    ("square matrices", lambda p: p.value.ndim == 2 and len(set(p.value.shape)) == 1),
    ("matrices", lambda p: p.value.ndim == 2),
    ("parameters of three dimensions", lambda p: p.value.ndim == 3),
    ("parameters of four dimensions", lambda p: p.value.ndim == 4),
    ("parameters of two or more dimensions", lambda p: p.value.ndim >= 2),
    ("parameters of three or more dimensions", lambda p: p.value.ndim >= 3),
    ("parameters of an even size", lambda p: p.value.size % 2 == 0),
    ("parameters of an odd size", lambda p: p.value.size % 2 == 1),
)


def facts(
    oracle: Oracle, variant: Variant, every: Sequence[Judged], left: Sequence[Judged]
) -> Iterator[str]:
    """What is known of the answers ``left`` that deviate, among every one that there is."""
    if where := cases(every, left):
        yield where
    yield from extents(oracle, every)
    placed = [item for item in left if item[0].case.mode in LAYOUTS]
    what = places(oracle, variant, placed[0]) if placed else ""
    # That one shape is wrong says nothing where cases of others are.
    if what and (len(placed) == len(left) or SHAPE not in what):
        yield what
    steps = [judgement.divergence.step for _, _, judgement in left if judgement.divergence]
    if steps and min(steps) > 1:
        yield f"nothing that was tried deviates before step {min(steps)}"
    yield from ratios(variant, every, left)


def extents(oracle: Oracle, every: Sequence[Judged]) -> Iterator[str]:
    """From which size of gradients or parameters on one step is wrong, where sizes decide it."""
    single = [item for item in every if item[0].case.steps == 1]
    for dtype in dict.fromkeys(unit.case.dtype for unit, _, _ in single):
        bad, sizes = [], []
        for unit, answer, _ in (item for item in single if item[0].case.dtype == dtype):
            question = question_for(unit.claimed[0], unit, answer.defaults)
            plain = ordinary(unit.case)
            bad.append(contradicted(oracle, question, answer.observed)[plain])
            parameters = inputs_of(unit.case).parameters
            rows = [[p.gradients[0].ravel(), p.value.ravel()] for p in parameters]
            columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
            sizes.append(np.abs(np.stack(columns))[:, plain])
        if said := limits(np.concatenate(bad), np.concatenate(sizes, axis=1)):
            yield said
            return


def limits(bad: Array, sizes: Array) -> str:
    """Where a limit divides what is wrong from what is right."""
    if not bad.any() or bad.all():
        return ""
    for what, size in zip(("gradients", "parameters"), sizes, strict=True):
        if size[bad].min() > size[~bad].max():
            return f"one step deviates only with {what} of {size[bad].min():.3g} and more"
        if size[bad].max() < size[~bad].min():
            return f"one step deviates only with {what} of {size[bad].max():.3g} and less"
    return ""


def cases(every: Sequence[Judged], left: Sequence[Judged]) -> str:
    """In which kinds of cases and which formats it deviates, where it does not in all."""
    wrong = {(unit.case.mode, unit.case.dtype) for unit, _, _ in left}
    tried = {(unit.case.mode, unit.case.dtype) for unit, _, _ in every}
    modes, formats = {mode for mode, _ in wrong}, {dtype for _, dtype in wrong}
    parts = []
    if formats < {dtype for mode, dtype in tried if mode in modes}:
        parts.append(f"in {' and '.join(sorted(formats))}")
    if modes < {mode for mode, dtype in tried if dtype in formats} and len(modes) <= NAMED:
        kinds_ = "; ".join(MODES[mode] for mode in sorted(modes))
        parts.append(f"in cases of this kind: {kinds_}")
    return f"of what was tried it deviates only {', '.join(parts)}" if parts else ""


def places(oracle: Oracle, variant: Variant, judged: Judged) -> str:
    """What the parameters have in common in which a layout is wrong, or the elements."""
    shared, masks = kinds(oracle, variant, judged)
    return f"of what was tried it deviates only in {shared}" if shared else elements(masks)


def kinds(oracle: Oracle, variant: Variant, judged: Judged) -> tuple[str, list[Array]]:
    """The kind of parameter in which alone a layout is wrong, and which elements of all are.

    Where every parameter is wrong, or what is wrong has nothing in common, the kind is empty.
    """
    filled, wrong = divided(oracle, variant, judged)
    if len(wrong) < len(filled):
        return common([p for p, _ in wrong], filled), []
    return "", [mask for _, mask in wrong]


def divided(
    oracle: Oracle, variant: Variant, judged: Judged
) -> tuple[list[Input], list[tuple[Input, Array]]]:
    """The parameters that have elements, and the wrong ones with what is wrong in them."""
    unit, answer, _ = judged
    question = question_for(variant, unit, answer.defaults)
    bad = contradicted(oracle, question, answer.observed) & ordinary(unit.case)
    parameters = inputs_of(unit.case).parameters
    ends = np.cumsum([p.value.size for p in parameters])
    masks = zip(parameters, np.split(bad, ends[:-1]), strict=True)
    filled = [p for p in parameters if p.value.size]
    return filled, [(p, mask) for p, mask in masks if mask.any()]


def confined(oracle: Oracle, variant: Variant, judged: Judged) -> str:
    """The kind of parameter to which a cause is confined; empty where others are wrong as well.

    One that stands right beside wrong ones has enough elements to show a fault.
    """
    filled, wrong = divided(oracle, variant, judged)
    names = {p.name for p, _ in wrong}
    right = [p for p in filled if p.name not in names and p.value.size >= SEEN]
    return common([p for p, _ in wrong], filled) if names and len(right) >= NAMED else ""


def common(wrong: Sequence[Input], every: Sequence[Input]) -> str:
    """The property that the wrong parameters have and no other; empty where that is none."""
    names = {p.name for p in wrong}
    for words, has in PROPERTIES:
        kind = {p.name for p in every if has(p)}
        if kind == names:
            return words
    large = {p.name for p in every if p.value.size >= SEEN}
    for words, has in PROPERTIES:
        kind = {p.name for p in every if has(p)}
        if names <= kind and len(names & large) >= max(2, ALMOST * len(kind & large)):
            return f"{words}, if not in all of them"
    largest = max((p.value.size for p in every if p.name not in names), default=0)
    if all(p.value.size > largest for p in wrong):
        return f"parameters of more than {largest} elements"
    shapes = dict.fromkeys(f"{SHAPE} {p.value.shape}" for p in wrong)
    return ", ".join(shapes) if len(shapes) <= NAMED else ""


def elements(masks: Sequence[Array]) -> str:
    """Which elements of every parameter deviate, where that is one kind of place."""
    first = min((int(mask.argmax()) for mask in masks), default=0)
    if first and all(mask[first:].all() for mask in masks if mask.any()):
        return f"elements from the {first}th on deviate"
    return ""


def ratios(variant: Variant, every: Sequence[Judged], left: Sequence[Judged]) -> Iterator[str]:
    """By how much first steps are too large, where that is one number: all, or those that are."""
    firsts = [item for item in every if item[0].case.mode == "origin"]
    wrong = {id(answer) for _, answer, _ in left}
    found, all_ = [], True
    for unit, answer, _ in firsts:
        item = Testimony.of(variant, unit, answer)
        due = item.claimed.value[0]
        bad = item.bad[0] if id(answer) in wrong else np.zeros(due.shape, dtype=bool)
        with np.errstate(all="ignore"):
            ratio = (item.observed[0] / due)[bad]
        found.append(ratio[np.isfinite(ratio)])
        all_ &= bool((bad | (due == 0) | ~item.usable).all())
    numbers = np.concatenate(found) if found else np.zeros(0)
    if numbers.size and np.ptp(numbers) <= SAME * abs(float(np.median(numbers))):
        which = "its first step is" if all_ else "where a first step deviates it is"
        yield f"{which} {float(np.median(numbers)):.6g} times the document's"
