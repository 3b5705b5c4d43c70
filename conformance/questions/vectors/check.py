"""Files read back: answers are judged, vectors are computed again and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from optimizer_conformance.cases.case import Case, parse
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.judging.verdict import Judgement, Observed, Verdict, judge
from optimizer_conformance.questions.vectors.export import question_of, rule, vector
from optimizer_conformance.questions.vectors.format import (
    AnsweredCase,
    VectorAnswers,
    VectorCase,
    VectorError,
    Vectors,
    read,
)
from optimizer_conformance.reference.numbers.precision import Array, from_bits
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reports import foreign

STORAGE = {"float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8"}


@dataclass(frozen=True)
class Line:
    """What one file says of one parameter of one case.

    system   whose answers; the project itself for a file of vectors
    verdict  of a parameter that was answered; for vectors ``same``, ``differs`` or ``unknown``
    bad      whether it must not be
    """

    path: Path
    system: str
    variant: str
    case: str
    parameter: str
    verdict: str
    score: float
    why: str
    bad: bool


def files(place: Path) -> list[Path]:
    """The file itself, or every JSON file in a folder.  Raises VectorError where there is none."""
    found = foreign.below(place, ".json") if place.is_dir() else [place]
    if not found:
        raise VectorError(f"{place} holds no JSON file; `conformance vectors export` writes some")
    return found


def checked(path: Path, oracle: Oracle) -> Iterator[Line]:
    """Every line of one file.  Raises VectorError."""
    content = read(path)
    if isinstance(content, VectorAnswers):
        if content.variant not in VARIANTS:
            raise VectorError(
                f"{path}: unknown variant {content.variant!r}; see `conformance list variants`"
            )
        variant = VARIANTS[content.variant]
        for answered in content.cases:
            yield from judged(path, content.system, variant, answered, oracle)
    else:
        yield from compared(path, content, oracle)


def judged(
    path: Path, system: str, variant: Variant, answered: AnsweredCase, oracle: Oracle
) -> Iterator[Line]:
    """One case of a file of answers."""
    place = f"{path}: {answered.case}"
    case = case_of(answered.case, variant, place)
    judgement = judge(oracle, question_of(variant, case), observed(answered, case, place))
    for item in judgement.parameters:
        yield Line(
            path,
            system,
            variant.identifier,
            answered.case,
            item.name,
            str(item.verdict),
            item.score,
            words(judgement, item.verdict) or first(item),
            item.verdict is Verdict.deviates,
        )


def words(judgement: Judgement, verdict: Verdict) -> str:
    """The representation that explains it, where one does."""
    return judgement.representation if verdict is Verdict.representation else ""


def first(item: object) -> str:
    """The first divergence, where there is one."""
    found = getattr(item, "divergence", None)
    if found is None:
        return ""
    return (
        f"step {found.step}, {found.quantity}[{found.element}]: observed {found.observed!r}, "
        f"exact {found.expected!r}, {found.score:.3g} times the bound"
    )


def case_of(identifier: str, variant: Variant, place: str) -> Case:
    """The case of an answer, which must be one of the variant's."""
    try:
        case = parse(identifier)
    except ValueError as error:
        raise VectorError(f"{place}: {error}") from error
    if (case.family, set(case.features)) != (variant.family, set(variant.features)):
        raise VectorError(f"{place} is no case of {variant.identifier}")
    return case


def observed(answered: AnsweredCase, case: Case, place: str) -> Observed:
    """Quantity to values, steps x elements.  Raises VectorError where an answer does not fit."""
    wanted = [(item.name, item.value.size) for item in inputs_of(case).parameters]
    names = [item.name for item in answered.parameters]
    if names != [name for name, _ in wanted]:
        raise VectorError(
            f"{place}: the parameters are {', '.join(names)}; the case has "
            f"{', '.join(name for name, _ in wanted)}, in this order"
        )
    quantities = None
    rows: dict[str, list[list[Array]]] = {}
    for item, (_, size) in zip(answered.parameters, wanted, strict=True):
        if len(item.steps) != case.steps:
            raise VectorError(
                f"{place}: {item.name} has {len(item.steps)} steps, the case {case.steps}"
            )
        for step, values in enumerate(item.steps):
            quantities = quantities or set(values)
            if set(values) != quantities or "parameter" not in values:
                raise VectorError(
                    f"{place}: {item.name}, step {step + 1} has {', '.join(values) or 'nothing'}; "
                    "every step of every parameter has the same quantities, and parameter is one"
                )
            for name, digits in values.items():
                found = decoded(digits, case.dtype, f"{place}: {item.name}, step {step + 1}")
                if found.size != size:
                    raise VectorError(
                        f"{place}: {item.name}, step {step + 1}: {found.size} elements of {name}, "
                        f"the case has {size}"
                    )
                steps = rows.setdefault(name, [[] for _ in range(case.steps)])
                steps[step].append(found)
    return {
        name: np.stack([np.concatenate(parts) for parts in steps]) for name, steps in rows.items()
    }


def decoded(digits: list[str], dtype: str, place: str) -> Array:
    """Bits as float64 values."""
    width = 2 * np.dtype(STORAGE[dtype]).itemsize
    for word in digits:
        if len(word) != width or set(word) - set("0123456789abcdef"):
            raise VectorError(f"{place}: {word!r} is not {width} small hexadecimal digits")
    body = b"".join(bytes.fromhex(word)[::-1] for word in digits)
    return from_bits(np.frombuffer(body, dtype=STORAGE[dtype]), dtype)


def compared(path: Path, content: Vectors, oracle: Oracle) -> Iterator[Line]:
    """A file of vectors against what is computed now."""
    identifier = content.variant.identifier
    variant = VARIANTS.get(identifier)
    about = (path, "vectors", identifier)
    if variant is None:
        yield Line(*about, "", "", "unknown", float("nan"), "this version has no such rule", True)
        return
    if content.variant != rule(variant):
        yield Line(*about, "", "", "differs", float("nan"), "the record of the rule", True)
    for stored in content.cases:
        case = case_of(stored.case, variant, f"{path}: {stored.case}")
        now = vector(oracle, variant, case)
        where = difference(stored, now)
        verdict = "differs" if where else "same"
        yield Line(*about, stored.case, "", verdict, float("nan"), where, bool(where))


def difference(stored: VectorCase, now: VectorCase) -> str:
    """Where a stored case is not what it should be; empty where it is."""
    if stored == now:
        return ""
    for name in stored.__struct_fields__:
        if name != "parameters" and getattr(stored, name) != getattr(now, name):
            return name
    for before, after in zip(stored.parameters, now.parameters, strict=False):
        for name in before.__struct_fields__:
            if getattr(before, name) != getattr(after, name):
                return f"{after.name}: {name}"
    return "parameters"
