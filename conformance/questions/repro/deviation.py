"""A deviation: one cell of an implementation against a variant, as a run or a case names it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from optimizer_conformance.cases import plan
from optimizer_conformance.cases.case import Case, Written
from optimizer_conformance.cases.plan import Unit, comparable_variants
from optimizer_conformance.judging.execution import Answer, judge_answer, question_for
from optimizer_conformance.judging.explain import explain
from optimizer_conformance.judging.oracle import Oracle, inputs_of
from optimizer_conformance.judging.rows import raised
from optimizer_conformance.judging.verdict import Judgement, Verdict
from optimizer_conformance.questions.repro.bench import CaseJudge
from optimizer_conformance.questions.repro.changes import decimal
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix
from optimizer_conformance.workers.subject import Subject

PLAIN = ("float16", "bfloat16", "float32", "float64")  # dtypes whose values are written as floats


class NothingThereError(Exception):
    """A case agrees with the document, or cannot be carried out; the message says which."""


@dataclass(frozen=True)
class Deviation:
    """One deviating cell.

    variant  the documented variant; empty: what the implementation claims
    regime   the parameter; empty: the first that deviates
    why      the reason, in words; empty: not known yet
    cause    the same as a cell has it; empty: not known yet
    quantity that deviates first; empty: not known yet
    rule     the rule that explains it; None: not known yet
    """

    implementation: str
    case: Case
    variant: str = ""
    regime: str = ""
    device: str = ""
    verdict: str = "deviates"
    why: str = ""
    cause: str = ""
    quantity: str = ""
    rule: Rule | None = None

    @cached_property
    def key(self) -> str:
        """A short name for the cell: twelve hexadecimal digits."""
        return cell_key(
            self.implementation, self.device, self.variant, self.case.identifier, self.regime
        )


def cell_key(implementation: str, device: str, variant: str, case: str, regime: str) -> str:
    """A short name for a cell of a run."""
    parts = "\n".join((implementation, device, variant, case, regime))
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


def variants_of(subject: Subject, variant: Variant) -> dict[tuple[str, ...], Variant]:
    """The same document for every set of options that the implementation has."""
    found = {}
    for listed in subject.implementation.features:
        name = variant.base + suffix(listed)
        if name in VARIANTS:
            found[tuple(sorted(listed))] = VARIANTS[name]
    return {**found, tuple(sorted(variant.features)): variant}


def settled(subject: Subject, asked: Deviation, oracle: Oracle) -> Deviation:
    """The deviation with variant, regime and reason, found by carrying its case out.

    Raises NothingThereError where it deviates from nothing.
    """
    if not plan.suitable(subject.implementation, asked.case.mode, asked.case.features):
        raise NothingThereError(
            f"{subject.name} is not asked {asked.case.mode} cases with these options: "
            "there is nothing to reproduce"
        )
    unit = plan.judged(subject.implementation, subject.device, asked.case, plan.Selection())
    names = [asked.variant] if asked.variant else [item.identifier for item in unit.claimed]
    if not names:
        raise NothingThereError(
            f"{subject.name} claims no document with these options; name one with --variant"
        )
    found: list[tuple[int, Variant, Judgement]] = []
    bench = CaseJudge(subject, {asked.case.features: VARIANTS[names[0]]}, oracle)
    answer = bench.answer(asked.case)
    if not isinstance(answer, Answer):
        if answer.kind == "unsupported":
            raise NothingThereError(f"{subject.name} cannot do that: {answer}")
        regime = asked.regime or inputs_of(asked.case).parameters[0].name
        return replace(
            asked,
            variant=names[0],
            regime=regime,
            verdict=answer.kind,
            why=str(answer),
            cause=raised(answer),
        )
    for name in names:
        question = question_for(VARIANTS[name], unit, answer.defaults)
        judgement = judge_answer(oracle, question, unit, answer)
        bad = sum(item.counts[Verdict.deviates] for item in judgement.parameters)
        found.append((bad, VARIANTS[name], judgement))
    _, variant, judgement = min(found, key=lambda item: item[0])
    bad_parameters = [
        item.name
        for item in judgement.parameters
        if item.verdict is Verdict.deviates and asked.regime in ("", item.name)
    ]
    if not bad_parameters:
        where = f" with {asked.regime} gradients" if asked.regime else ""
        raise NothingThereError(
            f"{subject.name} agrees with {variant.identifier} in this case{where}: "
            "there is nothing to reproduce"
        )
    rule = asked.rule or followed(oracle, variant, unit, answer, judgement)
    return replace(asked, variant=variant.identifier, regime=bad_parameters[0], rule=rule)


def followed(
    oracle: Oracle, variant: Variant, unit: Unit, answer: Answer, judgement: Judgement
) -> Rule | None:
    """The rule that explains one case, sought as a run does."""
    if any(item.divergence and item.divergence.quantity in answer.broken
           for item in judgement.parameters):  # fmt: skip
        return None
    others = list(comparable_variants(unit.implementation, unit.case.features))
    found = explain(oracle, variant, [(unit, answer)], others)
    same = found.rule is None or not found.rule.differences(variant.rule)
    return None if same else found.rule


def written_out(subject: Subject, asked: Deviation) -> Iterator[Written]:
    """The case of a deviation with the arrays of its parameter alone, as they are sent."""
    if asked.case.dtype not in PLAIN:
        raise NothingThereError(f"no script is written for {asked.case.dtype} parameters yet")
    inputs = inputs_of(asked.case)
    given = asked.case.decimals
    if asked.case.mode == "defaults":
        given |= {
            name: decimal(float(value))
            for name, value in subject.defaults.items()
            if name in given and isinstance(value, int | float) and not isinstance(value, bool)
        }
    for parameter in inputs.parameters:
        if parameter.name != asked.regime:
            continue
        values = {**given, **(inputs.groups[parameter.group] if inputs.groups else {})}
        needed = plan.required_state(subject.implementation, asked.case.features)
        injected = asked.case.mode == "injected"
        mode = asked.case.mode if asked.case.mode in ("defaults", "restored") else "trajectory"
        yield Written(
            family=asked.case.family,
            features=asked.case.features,
            dtype=asked.case.dtype,
            mode="injected" if injected else mode,
            hyperparameters=tuple(sorted(values.items())),
            steps=asked.case.steps,
            size=parameter.value.size,
            seed=0,
            name=parameter.name,
            value=numbers(parameter.value),
            gradients=tuple(numbers(row) for row in parameter.gradients),
            state=tuple((name, numbers(parameter.state[name])) for name in needed)
            if injected
            else (),
            taken=inputs.taken,
            rates=tuple(inputs.rates),
            layout=parameter.layout,
        )


def numbers(values: Array) -> tuple[float, ...]:
    """An array's elements; every nan is the same object, so that equal rows are."""
    return tuple(math.nan if math.isnan(value) else value for value in np.ravel(values).tolist())
