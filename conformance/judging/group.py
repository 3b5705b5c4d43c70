"""One worker driven through the groups of its adapter: carried out, judged, explained."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cases.plan import (
    Group,
    Selection,
    Unit,
    comparable_variants,
    groups,
    units,
)
from optimizer_conformance.judging.execution import (
    Answer,
    ProtocolBreach,
    carry_out,
    judge_answer,
    question_for,
)
from optimizer_conformance.judging.explain import FORMULA_MODES, Explanation, explain, narrowed
from optimizer_conformance.judging.keys import conditions, key_of
from optimizer_conformance.judging.oracle import Oracle, Question, Table
from optimizer_conformance.judging.rows import Judged, elements, failure_cell, rows, stored
from optimizer_conformance.judging.verdict import Judgement, Verdict
from optimizer_conformance.reference.numbers import Representation
from optimizer_conformance.reference.numbers.hyper import IDEAL
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.reports.records import (
    Cell,
    Element,
    Finished,
    Outline,
    StoredRule,
)
from optimizer_conformance.reports.verdicts import WORKER_ENDS
from optimizer_conformance.workers import environments
from optimizer_conformance.workers.process import (
    MEMORY_LIMIT,
    Refused,
    Stopped,
    Worker,
    WorkerError,
)

CRASHES_ALLOWED = 5  # cases; after these an adapter is given up: its environment is broken


class GroupOracle(Oracle):
    """The shared answers, with a memory of its own of which representation lately fitted.

    So a group's cells do not depend on what was judged before it, or beside it.
    """

    def __init__(self, shared: Oracle, stop: threading.Event) -> None:
        super().__init__()
        self.shared, self.stop = shared, stop
        self.judgements = shared.judgements

    def table(self, question: Question, effect: str = "none", way: Representation = IDEAL) -> Table:
        """As the shared oracle answers.  Raises Stopped."""
        if self.stop.is_set():
            raise Stopped
        return self.shared.table(question, effect, way)


@dataclass(frozen=True)
class Carried:
    """What an agent made of a group; only ``whole`` ones are finished."""

    finished: Finished
    whole: bool = True


@dataclass
class Campaign:
    """Drives one worker through groups of its adapter.

    ``oracle`` may be shared: most campaigns ask it the same.  ``progress`` is called with the cases
    done in the group and what is running; ``stop`` ends the worker, and the group with it;
    ``memory`` is the most bytes that the worker may use; ``packages`` are those of the worker's
    environment where that is not the adapter's own.
    Methods raise WorkerError when the worker cannot be used at all, Stopped once ``stop`` is set.
    """

    adapter: str
    command: list[str]
    selection: Selection
    progress: Callable[[int, str], None] = lambda done, what: None
    oracle: Oracle = field(default_factory=Oracle)
    stop: threading.Event = field(default_factory=threading.Event)
    memory: int = MEMORY_LIMIT
    packages: Mapping[str, str] | None = None
    groups: list[Group] = field(default_factory=list, init=False)
    crashes: int = field(default=0, init=False)
    lost: WorkerError | None = field(default=None, init=False)
    past: float = field(default=0.0, init=False)
    worker: Worker | None = field(default=None, init=False)

    @property
    def waited(self) -> float:
        """Seconds that we waited for workers."""
        return self.past + (self.worker.waited if self.worker else 0.0)

    def start(self) -> protocol.Description:
        """Start the worker: what its adapter is."""
        self.description = self._fresh()
        return self.description

    def _fresh(self) -> protocol.Description:
        """A worker that has started; one that dies meanwhile gets a second attempt."""
        for attempt in (1, 2):
            self.worker = Worker(self.command, memory=self.memory, stop=self.stop)
            try:
                return self.worker.hello()
            except WorkerError as error:
                self.close()
                if error.kind != str(Verdict.crash):
                    raise
                if attempt == 2:
                    raise WorkerError(error.kind, f"{error}{self._broken()}") from error
        raise AssertionError

    def _broken(self) -> str:
        """What its environment has lost, where that is why it does not start; or empty."""
        known = self.adapter in environments.ADAPTERS
        place = environments.locate(self.adapter) if known else None
        return place.remedy if place and place.command == self.command else ""

    def plan(self) -> list[Outline]:
        """Everything that was selected, as groups in the order of the run's rows."""
        try:
            return self._plan()
        except Refused:
            raise
        except WorkerError as error:
            if error.kind != str(Verdict.crash):
                raise
            self._restart()
            if self.lost:
                raise self.lost from error
            return self._plan()

    def _plan(self) -> list[Outline]:
        assert self.worker is not None
        self.defaults: dict[str, dict[str, object]] = {}
        stated: dict[str, dict[str, float | bool | str | None]] = {}
        planned: list[Unit] = []
        for implementation in self.description.implementations:
            if wanted(implementation.name, self.selection.implementations):
                probed = self.worker.ask(protocol.Probe(implementation.name), protocol.Probed)
                stated[implementation.name] = probed.defaults
                defaults = {k: v for k, v in probed.defaults.items() if v is not None}
                self.defaults[implementation.name] = dict(defaults)
                planned += units(implementation, self.selection, dict(defaults))
        self.groups = groups(planned)
        packages = self.packages
        if packages is None:
            known = self.adapter in environments.ADAPTERS
            packages = environments.locate(self.adapter).packages if known else {}
        around = conditions(self.adapter, self.description, packages)
        return [
            Outline(
                group.implementation.name,
                group.device,
                "+".join(group.features),
                len(group.units),
                key_of(group, self.defaults[group.implementation.name], around),
                stated[group.implementation.name],
            )
            for group in self.groups
        ]

    def carry(self, index: int, key: str) -> Carried:
        """One planned group; not whole where it was stopped or the worker keeps crashing."""
        self.judge = GroupOracle(self.oracle, self.stop)
        started, waited = time.monotonic(), self.waited
        judged: list[Judged] = []
        retried: list[str] = []
        whole = True
        for unit in self.groups[index].units:
            if self.stop.is_set() or self.lost or self.crashes > CRASHES_ALLOWED:
                whole = False
                break
            self.progress(len(judged), unit.implementation.name)
            try:
                judged.append(self._one(unit, retried))
            except Stopped:
                whole = False
                break
            failure = judged[-1].failure
            self.crashes += failure is not None and failure.kind in WORKER_ENDS
        try:
            cells, failing, rule = self._cells(judged)
        except Stopped:  # what deviates is not explained: half an answer is none
            whole, cells, failing, rule = False, [], [], None
        finished = Finished(
            self.adapter,
            key,
            cells,
            failing,
            retried,
            time.monotonic() - started,
            self.waited - waited,
            rule,
        )
        return Carried(finished, whole and not self.lost)

    def close(self) -> None:
        """End the worker."""
        if self.worker:
            self.worker.close()

    def _one(self, unit: Unit, retried: list[str]) -> Judged:
        """One case; it gets a second attempt in a fresh worker where the first one crashed."""
        assert self.worker is not None
        defaults = self.defaults[unit.implementation.name]
        try:
            answer = carry_out(self.worker, unit, defaults)
        except ProtocolBreach as error:
            return Judged(unit, None, [], WorkerError("error", str(error)))
        except Refused as error:
            return Judged(unit, None, [], said_no(unit, error))
        except WorkerError as error:
            self._restart()
            name = unit.case.identifier
            if error.kind == str(Verdict.crash) and not self.lost and name not in retried:
                retried.append(name)
                return self._one(unit, retried)
            if name in retried:
                retried.remove(name)  # its crash stands in its cell
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
                    self.judge, question, unit, answer, parameters_only=True, decide_only=True
                )
            judgements.append((variant, "other", known[question]))
        return Judged(unit, answer, judgements, narrow=self._narrow(unit, answer, judgements))

    def _claim(self, variant: Variant, unit: Unit, answer: Answer) -> Judgement:
        """Of several readings, what explains the elements is asked only where none deviates."""
        question = question_for(variant, unit, answer.defaults)
        if len(unit.claimed) > 1:
            decided = judge_answer(self.judge, question, unit, answer, decide_only=True)
            if decided.worst is Verdict.deviates:
                return decided
        return judge_answer(self.judge, question, unit, answer)

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
                full = judge_answer(self.judge, question, judged.unit, judged.answer)
                judged.judgements[index] = (variant, relation, full)

    def _restart(self) -> None:
        """A fresh worker after a crash; one that does not come back ends the campaign."""
        assert self.worker is not None
        self.worker.close()
        self.past += self.worker.waited
        self.worker.waited = 0.0
        try:
            if self._fresh() != self.description:
                self.lost = WorkerError("error", "the worker describes itself in another way now")
        except WorkerError as error:
            self.lost = error

    def _narrow(
        self, unit: Unit, answer: Answer, judgements: list[tuple[Variant, str, Judgement]]
    ) -> str:
        """What is said of an answer that deviates in float64 and is the rule's in float32."""
        if unit.case.dtype != "float64":
            return ""
        deviating = (
            variant
            for variant, relation, judgement in judgements
            if relation == "claimed" and judgement.worst is Verdict.deviates
        )
        said = (narrowed(self.judge, variant, unit, answer) for variant in deviating)
        return next(filter(None, said), "")

    def _cells(self, group: list[Judged]) -> tuple[list[Cell], list[Element], StoredRule | None]:
        """The rows of one group, the elements that deviate, and the rule that it follows."""
        cells: list[Cell] = []
        failing: list[Element] = []
        if not group:
            return cells, failing, None
        chosen = chosen_reading(group)
        for judged in group:
            self._explained(judged, chosen)
        explanation = self._explanation(group, chosen)
        for judged in group:
            if judged.failure:
                cells.append(failure_cell(judged, self.description))
            for variant, relation, judgement in judged.judgements:
                role = relation if relation != "claimed" or variant is chosen else "reading"
                cells += rows(judged, variant, role, judgement, explanation, self.description)
                if role == "claimed":
                    failing += elements(judged.unit, variant, judgement)
        followed = explanation.rule
        rule = None if followed is None else stored(followed, partly=explanation.partly)
        return cells, failing, rule

    def _explanation(self, group: list[Judged], chosen: Variant | None) -> Explanation:
        """The rule followed: the claimed one unless an answer contradicts it."""
        unit = group[0].unit
        answers = [(item.unit, item.answer) for item in group if item.answer is not None]
        others = list(comparable_variants(unit.implementation, unit.case.features))
        if chosen is None:
            anchor = next(iter(others), None)
            return explain(self.judge, anchor, answers, others) if anchor else Explanation(None)
        contradicting = {
            item.unit.case
            for item in group
            for variant, _, judgement in item.judgements
            if variant is chosen and judgement.worst is Verdict.deviates
            if item.unit.case.mode in FORMULA_MODES
        }
        if not contradicting:
            return Explanation(chosen.rule, chosen.identifier)
        # Those that contradict come first: they rule out hypotheses soonest.
        answers.sort(key=lambda pair: pair[0].case not in contradicting)
        return explain(self.judge, chosen, answers, others)


def said_no(unit: Unit, error: Refused) -> WorkerError:
    """An optimizer may refuse a hyperparameter at an end of its range, as long as it says so."""
    refusing = error.failure.exception in ("ValueError", "NotImplementedError")
    if unit.case.mode == "boundaries" and refusing:
        return WorkerError(str(Verdict.unsupported), str(error))
    return error


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
