"""One adapter from start to finish: units carried out, judged, explained, turned to cells."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from adapters import protocol
from conformance.driver import Refused, Worker, WorkerError
from conformance.execution import (
    Answer,
    ProtocolBreach,
    carry_out,
    judge_answer,
    question_for,
)
from conformance.expectations import BAD, Ledger
from conformance.explain import FORMULA_MODES, Explanation, explain
from conformance.inputs import LAYOUTS, RANGE_REGIMES
from conformance.oracle import Oracle, Question, ordinary
from conformance.patterns import wanted
from conformance.plan import Selection, Unit, comparable_variants, units
from conformance.store import Cell
from conformance.verdict import Divergence, Judgement, Verdict, contradicted
from reference.variants import Variant

BROKEN = {
    "gradient": "the step changes its gradient",
    "dtype": "the parameter comes back in another dtype",
}
CRASHES_ALLOWED = 5  # after these an adapter is given up: its environment is broken


@dataclass
class Result:
    """What one adapter came to.

    failure   why the worker could not be used at all, or empty
    complete  false when it was interrupted or given up
    """

    adapter: str
    cells: list[Cell] = field(default_factory=list)
    description: protocol.Description | None = None
    failure: str = ""
    complete: bool = True
    seconds_waited: float = 0.0


@dataclass
class Judged:
    """One unit's judgements: by variant, with the variant's relation to the implementation.

    ``narrow``: a float64 answer deviates, and float32 arithmetic explains it.
    """

    unit: Unit
    answer: Answer | None
    judgements: list[tuple[Variant, str, Judgement]]
    failure: WorkerError | None = None
    narrow: bool = False


@dataclass
class Campaign:
    """Drives one worker through everything that was selected.

    ``oracle`` may be shared by campaigns: most of them ask it the same.

    ``progress`` is called with (units done, units in all, what is running); ``stop`` ends the
    campaign after the unit in flight.
    """

    adapter: str
    command: list[str]
    selection: Selection
    ledger: Ledger
    progress: Callable[[int, int, str], None] = lambda done, total, what: None
    oracle: Oracle = field(default_factory=Oracle)
    stop: threading.Event = field(default_factory=threading.Event)
    waited: float = field(default=0.0, init=False)
    lost: WorkerError | None = field(default=None, init=False)

    def run(self) -> Result:
        """Never raises for what a worker does: that becomes the result."""
        result = Result(self.adapter)
        try:
            self.worker = Worker(self.command)
        except WorkerError as error:
            return Result(self.adapter, failure=str(error), complete=False)
        try:
            result.description = self.worker.hello()
            self._carry_on(result)
        except WorkerError as error:
            result.failure, result.complete = str(error), False
        finally:
            self.worker.close()
            result.seconds_waited = self.waited + self.worker.waited
        return result

    def _carry_on(self, result: Result) -> None:
        assert result.description is not None
        self.description = result.description
        self.ledger.versions = result.description.versions
        crashes = 0
        self.defaults: dict[str, dict[str, object]] = {}
        planned = list(self._planned(result.description))
        # Implementations that are asked the same stand together: the oracle answers once.
        planned.sort(key=lambda unit: (unit.implementation.family, unit.case.features))
        done = 0

        def group_of(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
            return unit.implementation.name, unit.device, unit.case.features

        for _, members in groupby(planned, key=group_of):
            group: list[Judged] = []
            for unit in members:
                if self.stop.is_set() or self.lost or crashes > CRASHES_ALLOWED:
                    result.complete = False
                    break
                self.progress(done, len(planned), unit.implementation.name)
                judged = self._one(unit)
                crashes += judged.failure is not None and judged.failure.kind in (
                    "crash",
                    "timeout",
                )
                group.append(judged)
                done += 1
            result.cells.extend(self._cells(group))
            if self.lost:
                raise self.lost
        self.progress(done, len(planned), "")

    def _planned(self, description: protocol.Description) -> Iterator[Unit]:
        for implementation in description.implementations:
            if wanted(implementation.name, self.selection.implementations):
                probed = self.worker.ask(protocol.Probe(implementation.name), protocol.Probed)
                defaults = {k: v for k, v in probed.defaults.items() if v is not None}
                self.defaults[implementation.name] = dict(defaults)
                yield from units(implementation, self.selection, dict(defaults))

    def _one(self, unit: Unit) -> Judged:
        try:
            answer = carry_out(self.worker, unit, self.defaults[unit.implementation.name])
        except ProtocolBreach as error:
            return Judged(unit, None, [], WorkerError("error", str(error)))
        except Refused as error:
            return Judged(unit, None, [], error)
        except WorkerError as error:
            self._restart()
            return Judged(unit, None, [], error)
        judgements = [
            (variant, "claimed", self._claim(variant, unit, answer)) for variant in unit.claimed
        ]
        # Many documents state one rule: each rule is judged once.
        known: dict[Question, Judgement] = {}
        for variant in unit.others:
            question = question_for(variant, unit, answer.defaults)
            if question not in known:
                known[question] = judge_answer(
                    self.oracle, question, unit, answer, parameters_only=True, decide_only=True
                )
            judgements.append((variant, "other", known[question]))
        return Judged(unit, answer, judgements, narrow=self._narrow(unit, answer, judgements))

    def _claim(self, variant: Variant, unit: Unit, answer: Answer) -> Judgement:
        """Of several readings, what explains the elements is asked only where none deviates."""
        question = question_for(variant, unit, answer.defaults)
        if len(unit.claimed) > 1:
            decided = judge_answer(self.oracle, question, unit, answer, decide_only=True)
            if decided.worst is Verdict.deviates:
                return decided
        return judge_answer(self.oracle, question, unit, answer)

    def _explained(self, judged: Judged, chosen: Variant | None) -> None:
        """Judge the chosen reading in full where it was only decided that it deviates."""
        for index, (variant, relation, judgement) in enumerate(judged.judgements):
            if (
                variant is chosen
                and relation == "claimed"
                and judged.answer
                and len(judged.unit.claimed) > 1
                and judgement.worst is Verdict.deviates
            ):
                question = question_for(variant, judged.unit, judged.answer.defaults)
                full = judge_answer(self.oracle, question, judged.unit, judged.answer)
                judged.judgements[index] = (variant, relation, full)

    def _restart(self) -> None:
        """A fresh worker after a crash; one that does not come back ends the campaign."""
        self.worker.close()
        self.waited += self.worker.waited
        try:
            self.worker = Worker(self.command)
            self.worker.hello()
        except WorkerError as error:
            self.lost = error

    def _narrow(
        self, unit: Unit, answer: Answer, judgements: list[tuple[Variant, str, Judgement]]
    ) -> bool:
        """Whether what deviates in float64 is the rule carried out in float32."""
        if unit.case.dtype != "float64":
            return False
        for variant, relation, judgement in judgements:
            if relation == "claimed" and judgement.worst is Verdict.deviates:
                question = question_for(variant, unit, answer.defaults)
                narrow = replace(question, working="float32")
                if not (
                    contradicted(self.oracle, narrow, answer.observed) & ordinary(unit.case)
                ).any():
                    return True
        return False

    def _cells(self, group: list[Judged]) -> Iterator[Cell]:
        """The rows of one implementation with one set of options."""
        if not group:
            return
        chosen = chosen_reading(group)
        for judged in group:
            self._explained(judged, chosen)
        explanation = self._explanation(group, chosen)
        for judged in group:
            if judged.failure:
                yield self._settled(failure_cell(judged, self.description))
            for variant, relation, judgement in judged.judgements:
                role = relation if relation != "claimed" or variant is chosen else "reading"
                for cell in rows(judged, variant, role, judgement, explanation, self.description):
                    yield self._settled(cell) if role == "claimed" else cell

    def _explanation(self, group: list[Judged], chosen: Variant | None) -> Explanation:
        """The rule followed: the claimed one unless an answer contradicts it."""
        unit = group[0].unit
        answers = [(item.unit, item.answer) for item in group if item.answer is not None]
        others = list(comparable_variants(unit.implementation, unit.case.features))
        if chosen is None:
            anchor = next(iter(others), None)
            return explain(self.oracle, anchor, answers, others) if anchor else Explanation(None)
        contradicting = {
            item.unit.case
            for item in group
            for variant, _, judgement in item.judgements
            if variant is chosen and judgement.worst is Verdict.deviates
            if item.unit.case.mode in FORMULA_MODES
        }
        if not contradicting:
            return Explanation(chosen.choices, chosen.identifier)
        # Those that contradict come first: they rule out hypotheses soonest.
        answers.sort(key=lambda pair: pair[0].case not in contradicting)
        return explain(self.oracle, chosen, answers, others)

    def _settled(self, cell: Cell) -> Cell:
        """The cell with the expectation that covers it, if any."""
        found = self.ledger.settle(cell) if cell.verdict in BAD else ""
        return replace(cell, expectation=found) if found else cell


def chosen_reading(group: list[Judged]) -> Variant | None:
    """Of the claimed readings, the one that the fewest answers contradict, then fewest elements."""
    against: dict[str, tuple[int, int]] = {}
    variants: dict[str, Variant] = {}
    for judged in group:
        for variant in judged.unit.claimed:
            variants[variant.identifier] = variant
            against.setdefault(variant.identifier, (0, 0))
        for variant, relation, judgement in judged.judgements:
            if relation == "claimed":
                answers, elements = against[variant.identifier]
                bad = sum(item.counts[Verdict.deviates] for item in judgement.parameters)
                against[variant.identifier] = (answers + (bad > 0), elements + bad)
    best = min(against, key=lambda name: against[name], default=None)
    return variants[best] if best else None


def version_of(description: protocol.Description) -> str:
    """The framework's version: it stands first."""
    return next(iter(description.versions.values()), "")


def rows(
    judged: Judged,
    variant: Variant,
    relation: str,
    judgement: Judgement,
    explanation: Explanation,
    description: protocol.Description,
) -> Iterator[Cell]:
    """A row a parameter (regime) for claims, a row a case for other variants."""
    unit = judged.unit
    parts = judgement.parameters
    for item in parts:
        bad = item.verdict is Verdict.deviates
        why = ""
        if bad:
            why = reason(unit, variant, explanation, item.divergence, judged)
        elif item.verdict is Verdict.representation:
            why = judgement.representation
        yield Cell(
            implementation=unit.implementation.name,
            adapter=description.adapter,
            version=version_of(description),
            device=unit.device,
            variant=variant.identifier,
            relation=relation,
            features="+".join(unit.case.features),
            dtype=unit.case.dtype,
            mode=unit.case.mode,
            regime=item.name,
            case=unit.case.identifier,
            verdict=str(item.verdict),
            score=item.score,
            ulp=item.ulp,
            exact=item.counts[Verdict.exact],
            rounding=item.counts[Verdict.rounding],
            representation=item.counts[Verdict.representation],
            range=item.counts[Verdict.range],
            ill_posed=item.counts[Verdict.ill_posed],
            deviates=item.counts[Verdict.deviates],
            **at(item.divergence),
            nearest=explanation.nearest if bad else "",
            why=why or "; ".join(judgement.notes),
            condition=item.condition,
            unconfirmed=item.unconfirmed,
        )


def at(divergence: Divergence | None) -> dict[str, Any]:
    """The columns of the first divergence; values as decimal and hex."""
    if divergence is None:
        return {}
    both = {
        name: f"{value!r} ({value.hex()})"
        for name, value in (("observed", divergence.observed), ("expected", divergence.expected))
    }
    return {
        "step": divergence.step,
        "quantity": divergence.quantity,
        "element": f"{divergence.parameter}[{divergence.element}]",
        "divergence_score": divergence.score,
        "divergence_ulp": divergence.ulp,
        **both,
    }


def reason(
    unit: Unit,
    variant: Variant,
    explanation: Explanation,
    divergence: Divergence | None,
    judged: Judged,
) -> str:
    """Why a cell deviates, in words."""
    if divergence and divergence.quantity in BROKEN:
        return BROKEN[divergence.quantity]
    if unit.case.mode == "defaults" and judged.answer:
        apart = [
            f"{name} defaults to {value}; the document says {variant.defaults[name]}"
            for name, value in judged.answer.defaults.items()
            if name in variant.defaults and float(str(value)) != float(variant.defaults[name])
        ]
        if apart:
            return "; ".join(apart)
    if judged.narrow and divergence and divergence.parameter not in RANGE_REGIMES:
        return "float64 parameters are computed in float32"
    return explanation.why(variant) or "follows the document's rule except " + where(
        unit, divergence
    )


def where(unit: Unit, divergence: Divergence | None) -> str:
    """The kind of case in which a rule that holds elsewhere does not."""
    name = divergence.parameter if divergence else ""
    if unit.case.mode in LAYOUTS:
        return f"for {name.partition('-')[0]} parameters"
    return f"in {unit.case.dtype} with {name} gradients"


def failure_cell(judged: Judged, description: protocol.Description) -> Cell:
    """A row for a case that could not be carried out."""
    assert judged.failure is not None
    unit = judged.unit
    return Cell(
        implementation=unit.implementation.name,
        adapter=description.adapter,
        version=version_of(description),
        device=unit.device,
        variant=unit.claimed[0].identifier if unit.claimed else "",
        relation="claimed",
        features="+".join(unit.case.features),
        dtype=unit.case.dtype,
        mode=unit.case.mode,
        regime="",
        case=unit.case.identifier,
        verdict=judged.failure.kind,
        score=0.0,
        ulp=0.0,
        why=str(judged.failure),
    )
