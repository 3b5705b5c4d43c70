"""Cases with what is expected of them, as data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import metadata
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import Case, draw_cases
from optimizer_conformance.cases.inputs import Input, Inputs
from optimizer_conformance.judging.accepted import inside
from optimizer_conformance.judging.keys import suite_hash
from optimizer_conformance.judging.oracle import (
    WIDEST,
    Oracle,
    Question,
    Table,
    enclosed,
    inputs_of,
    ordinary,
)
from optimizer_conformance.judging.verdict import places
from optimizer_conformance.questions.vectors.format import (
    FORMAT,
    ExpectedQuantity,
    Interval,
    VectorCase,
    VectorParameter,
    VectorProvenance,
    VectorRule,
    Vectors,
)
from optimizer_conformance.reference.numbers import Precision, equations
from optimizer_conformance.reference.numbers.precision import Array, to_bits
from optimizer_conformance.reference.variants import Variant

# Not the modes that ask for shapes and memory, for defaults, or for the framework's own schedule.
MODES = ("injected", "origin", "trajectory", "rate-change", "groups", "separation", "edges")
SIZE = 5  # elements a regime: an element is an experiment of its own, and files should stay small
STEPS = 4  # at most


@dataclass(frozen=True)
class Amount:
    """How much is exported: see :data:`cases.case.PROFILES`; ``size`` elements a regime."""

    profile: str = "quick"
    seed: int = 0
    size: int = SIZE
    steps: int = STEPS


def exported(
    variant: Variant, dtypes: tuple[str, ...], modes: tuple[str, ...], amount: Amount
) -> Vectors:
    """The vectors of one variant."""
    oracle = Oracle()
    cases = sorted(chosen(variant, dtypes, modes, amount), key=lambda case: case.identifier)
    return Vectors(
        format=FORMAT,
        provenance=provenance(),
        variant=rule(variant),
        cases=[vector(oracle, variant, case) for case in cases],
    )


def chosen(
    variant: Variant, dtypes: tuple[str, ...], modes: tuple[str, ...], amount: Amount
) -> Iterator[Case]:
    """The cases of a variant, cut to the size of a file."""
    features = tuple(sorted(variant.features))
    for dtype in dtypes:
        for mode in modes:
            for case in draw_cases(
                variant.family, features, dtype, mode, amount.profile, amount.seed
            ):
                steps = min(case.steps, amount.steps)
                yield replace(case, size=amount.size, steps=steps)


def provenance() -> VectorProvenance:
    """Which code writes."""
    name = "optimizer-conformance"
    return VectorProvenance(name, metadata.version(name), suite_hash())


def rule(variant: Variant) -> VectorRule:
    """The record of a variant."""
    return VectorRule(
        variant.identifier,
        variant.family,
        sorted(variant.features),
        [line for line, _ in equations(variant.rule)],
        dict(sorted(variant.defaults.items())),
        variant.source,
        variant.url,
        variant.versions,
        dict(sorted(variant.readings.items())),
        list(variant.undecayed),
    )


def question_of(variant: Variant, case: Case) -> Question:
    """What the oracle is asked."""
    return Question(variant.rule, case.hyperparameters, case, variant.undecayed)


def vector(oracle: Oracle, variant: Variant, case: Case) -> VectorCase:
    """One case with what is expected of it."""
    inputs, question = inputs_of(case), question_of(variant, case)
    parts = dict(places(case))
    rows = expectations(oracle, question)
    return VectorCase(
        case.identifier,
        case.dtype,
        case.mode,
        dict(case.hyperparameters),
        inputs.rates or [case.decimals["learning_rate"]] * case.steps,
        inputs.groups,
        inputs.taken,
        [
            parameter(case, item, inputs, [cut(row, parts[item.name]) for row in rows])
            for item in inputs.parameters
        ],
    )


def parameter(
    case: Case, item: Input, inputs: Inputs, expected: list[dict[str, ExpectedQuantity]]
) -> VectorParameter:
    """One parameter; its state only where the case puts one in."""
    names = sorted(set(item.state) & set(expected[0])) if case.mode == "injected" else []
    return VectorParameter(
        item.name,
        list(item.value.shape),
        item.group,
        hexadecimal(item.value, case.dtype),
        {name: hexadecimal(item.state[name], case.dtype) for name in names},
        [hexadecimal(row, case.dtype) for row in item.gradients],
        expected,
    )


def cut(row: dict[str, ExpectedQuantity], part: slice) -> dict[str, ExpectedQuantity]:
    """The elements of one parameter."""
    return {
        name: ExpectedQuantity(
            item.midpoint[part], item.radius[part], item.rounding[part], item.accepted[part]
        )
        for name, item in row.items()
    }


def expectations(oracle: Oracle, question: Question) -> list[dict[str, ExpectedQuantity]]:
    """A step a place: quantity to what is expected of all elements."""
    exact = enclosed(question)
    precision = question.precision
    bound = intervals(oracle.table(question), precision)
    wide = intervals(oracle.table(question, "flush", WIDEST), precision)
    middle = ordinary(question.case)
    names = question.quantities
    found = []
    for step in range(question.case.steps):
        row = {}
        for line, name in enumerate(names, start=step * len(names)):
            known = np.isfinite(exact.radius[line]) & np.isfinite(exact.value[line])
            columns = range(len(known))
            row[name] = ExpectedQuantity(
                [
                    hex_float(Fraction(exact.value[line, i]) + Fraction(exact.low[line, i]))
                    if known[i]
                    else None
                    for i in columns
                ],
                [hex_float(Fraction(exact.radius[line, i])) if known[i] else None for i in columns],
                [bound[line][i] for i in columns],
                [wide[line][i] if middle[i] else None for i in columns],
            )
        found.append(row)
    return found


def intervals(table: Table, precision: Precision) -> list[list[Interval | None]]:
    """The least and the greatest value of the format that the verdict takes, a row a row."""
    promised = np.isfinite(table.error) & np.isfinite(table.value)
    with np.errstate(all="ignore"):
        low = end(table, precision, -1, promised)
        high = end(table, precision, 1, promised)
    # Even the nearest value of the format may lie outside a very narrow bound.
    promised &= (low <= high) & inside(low, table) & inside(high, table)
    lows, highs = (hexadecimal(part, precision.name) for part in (low, high))
    pairs = iter(zip(lows, highs, promised.ravel(), strict=True))
    width = table.value.shape[1]
    return [
        [(low, high) if known else None for low, high, known in (next(pairs) for _ in range(width))]
        for _ in table.value
    ]


def end(table: Table, precision: Precision, way: int, wanted: Array) -> Array:
    """The last value of the format in one direction that is inside the bound.

    Sought from the bound's end as float64 gives it, by the verdict's own test.
    """
    found = precision.round(table.value + way * table.error)
    while (outside := wanted & ~inside(found, table) & (way * (found - table.value) > 0)).any():
        found = np.where(outside, neighbour(found, -way, precision), found)
    while True:
        further = neighbour(found, way, precision)
        if not (more := wanted & inside(further, table) & (further != found)).any():
            return found
        found = np.where(more, further, found)


def neighbour(values: Array, way: int, precision: Precision) -> Array:
    """The next value of the format up (1) or down (-1)."""
    if precision.name == "float64":
        return np.nextafter(values, way * np.inf)
    values = np.clip(values, -precision.largest, precision.largest)
    # Below a power of two the neighbours are half as far apart.
    inner = np.nextafter(values, 0.0)
    inward = way * values < 0
    step = precision.quantum(np.where(inward, inner, values))
    moved: Array = precision.round(values + way * step)
    return np.clip(moved, -precision.largest, precision.largest)


def hexadecimal(values: Array, dtype: str) -> list[str]:
    """Bits, most significant digit first."""
    bits = to_bits(np.ravel(values), dtype)
    digits = 2 * bits.dtype.itemsize
    whole: Any = bits.view(f"u{bits.dtype.itemsize}")
    return [f"{int(item):0{digits}x}" for item in whole]


def hex_float(value: Fraction) -> str:
    """A dyadic rational as a hexadecimal float of as many digits as it needs: exactly."""
    sign = "-" if value < 0 else ""
    numerator, exponent = abs(value.numerator), 1 - value.denominator.bit_length()
    if not numerator:
        return "0x0p+0"
    trailing = (numerator & -numerator).bit_length() - 1
    return f"{sign}0x{numerator >> trailing:x}p{exponent + trailing:+d}"
