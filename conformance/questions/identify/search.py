"""``identify``: from steps to a formula."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from optimizer_conformance.cases.case import overflow
from optimizer_conformance.cases.situations import SITUATIONS, STEPS, unmet
from optimizer_conformance.cases.tried import Attempts
from optimizer_conformance.questions.identify import documents, evidence
from optimizer_conformance.questions.identify.ambiguity import ambiguities, distinct
from optimizer_conformance.questions.identify.beyond import (
    FurtherTrial,
    as_document,
    held_against,
)
from optimizer_conformance.questions.identify.constants import (
    decimals,
    likely,
    used,
    with_constants,
)
from optimizer_conformance.questions.identify.elimination import Elimination, ask_on, eliminate
from optimizer_conformance.questions.identify.experiment import (
    SIZE,
    USUAL,
    Experiment,
    experiments,
    searching,
)
from optimizer_conformance.questions.identify.holding import held as carried
from optimizer_conformance.questions.identify.hypotheses import (
    HIDDEN,
    NEEDED,
    Family,
    known_factors,
)
from optimizer_conformance.questions.identify.outside import OutsideFamily, diagnosed
from optimizer_conformance.questions.identify.prediction import Prediction, predictions
from optimizer_conformance.questions.identify.queries import Queries, QueryResult, Unidentifiable
from optimizer_conformance.questions.identify.result import FactorRow, Identification, Kind
from optimizer_conformance.questions.identify.storage import Storage, coarser, system
from optimizer_conformance.questions.identify.treatment import non_finite, zero_gradient
from optimizer_conformance.reference.decimals import HyperparameterError, decimal
from optimizer_conformance.reference.hyperparameters import called
from optimizer_conformance.reference.numbers import BoundArithmetic, equations
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.rules.words import difference
from optimizer_conformance.workers.configuration import offered
from optimizer_conformance.workers.subject import subject

MOST_STEPS = 200
PLAIN = "plain"
ELSEWHERE = "a rule is told without it; `conformance audit` and `conformance run` ask it"
PLACES = 8  # elements that are named
ENOUGH = 3  # steps of an experiment in which something may happen midway
MOST = 0.5  # of the elements: of these a rule with fitted constants must promise something
OTHERS = ("float64", "bfloat16", "float16")  # in which a rule that is known is also carried out
PREFERRED = ("float32", "float64", "bfloat16", "float16")  # float64's bounds cost more


def identify(
    asked: Any,
    *,
    features: Sequence[str] = (),
    dtype: str = "",
    seed: int = 0,
    max_steps: int = MOST_STEPS,
    hyperparameters: Mapping[str, str | float] | None = None,
    thorough: bool = True,
    python: str | Path | None = None,
    kind: str = "",
    map: Mapping[str, str] | None = None,  # noqa: A002 - as on the command line
) -> Identification:
    """What an optimizer computes with the options ``features``, from its steps alone.

    ``asked`` is a subject whose worker runs, names an implementation (``torch:RMSprop``) or a
    target (``mine.py:MyAdam``), in the interpreter ``python`` if that is given, or is the
    optimizer's class or function itself; ``kind`` and ``map`` are about targets, as
    :func:`conformance.audit` has them.  ``dtype`` is that of parameters and gradients (float32
    where it has that); ``hyperparameters`` are decimals that are not to be varied; ``max_steps``
    is the most that it is made to take; without ``thorough`` only the formula is sought, not how
    it is carried out.  Raises SubjectError for what cannot be asked, HyperparameterError for a
    value that cannot be meant, Unidentifiable where nothing can be sought, WorkerError as the
    subject does.
    """
    values = {called(name) or name: value for name, value in (hyperparameters or {}).items()}
    given = {name: decimal(name, value) for name, value in values.items()}
    if not hasattr(asked, "implementation"):
        with subject(asked, python=python, kind=kind, mapping=map) as running:
            return identify(
                running,
                features=features,
                dtype=dtype,
                seed=seed,
                max_steps=max_steps,
                hyperparameters=given,
                thorough=thorough,
            )
    started = time.monotonic()
    chosen = dtype or next(name for name in PREFERRED if name in asked.implementation.dtypes)
    if beyond := overflow(given, chosen):
        raise HyperparameterError(beyond)
    if "learning_rate" in given and float(given["learning_rate"]) == 0:
        raise HyperparameterError(
            "learning_rate=0 takes no step, of which anything could be told: give another, or none"
        )
    search = Search(Queries(asked, tuple(features), max_steps), chosen, given, seed)
    search.seek_formula()
    if thorough and not search.diagnosis:
        search.seek_manner()
    answer = search.conclusion(started)
    further = search.hold() if thorough and not search.diagnosis else FurtherTrial()
    return replace(held(answer, further), attempts=search.attempts(further))


@dataclass
class Search:
    """One subject with one set of options, asked until its formula and its manner are known."""

    queries: Queries
    dtype: str
    given: dict[str, str]
    seed: int
    storage: Storage = field(init=False)
    elimination: Elimination[Rule] = field(init=False)
    records: tuple[QueryResult, ...] = ()
    diagnosis: OutsideFamily | None = None
    manner: list[FactorRow] = field(default_factory=list)
    built_in: dict[Rule, dict[str, str]] = field(default_factory=dict)
    usual: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        item = self.queries.subject.implementation
        self.offered = frozenset({*offered(item, self.queries.features), *self.given})
        self.rules = self.family = Family.offered(self.offered).rules
        self.candidates = self.experiments({})
        self.storage = Storage(self.dtype)

    def experiments(self, built_in: Mapping[str, str]) -> list[Experiment]:
        """What may be asked."""
        found = experiments(
            self.offered,
            self.given,
            self.dtype,
            self.seed,
            schedules=self.queries.subject.implementation.schedules,
            built_in=built_in,
        )
        return list(found)

    @property
    def left(self) -> tuple[Rule, ...]:
        """The rules that no answer contradicts."""
        return self.elimination.told

    def numbers(self, experiment: Experiment) -> BoundArithmetic:
        """The bounds of the arithmetic in question."""
        return system(self.storage, experiment.dtype, self.queries.profile)

    def predict(self, rules: Sequence[Rule], experiment: Experiment) -> Iterable[Prediction[Rule]]:
        """What rules say must come of an experiment, each with the constants built into it."""
        num = self.numbers(experiment)
        alike: dict[tuple[tuple[str, str], ...], list[Rule]] = {}
        for rule in rules:
            alike.setdefault(tuple(self.constants(rule).items()), []).append(rule)
        for constants, members in alike.items():
            yield from predictions(members, with_constants(experiment, dict(constants)), num)

    def constants(self, rule: Rule) -> dict[str, str]:
        """The coefficients that are built in, if the subject computes this rule."""
        known = self.built_in.get(rule, self.usual)
        # A rival may have constants that the rule which was found lacks.
        lacking = (n for n in rule.hyperparameters if n not in known and n not in self.offered)
        return {**known, **{name: USUAL[name] for name in lacking}}

    def seek_constants(self, missing: Sequence[str]) -> None:
        """Estimate what the subject takes no argument for, under each rule that may be it."""
        record = self.queries.ask(searching(self.offered, self.given, self.dtype, self.seed))
        for hidden in ((), *((name,) for name in HIDDEN if name not in self.offered)):
            names = (*missing, *hidden)
            self.family = Family.offered(self.offered | set(names)).rules
            rules = [rule for rule in self.family if set(hidden) <= set(used(rule, names))]
            self.built_in = dict(self.fitted(rules, record, names))
            if self.built_in:
                self.rules = tuple(self.built_in)
                break
        else:
            self.usual = self.usual or {name: USUAL[name] for name in missing}
            self.rules = self.family = Family.offered(self.offered | self.usual.keys()).rules
        self.usual = next(iter(self.built_in.values()), self.usual)
        self.candidates = self.experiments(self.usual)

    def fitted(
        self, family: Sequence[Rule], record: QueryResult, names: Sequence[str]
    ) -> Iterator[tuple[Rule, dict[str, str]]]:
        """The rules that can have given a record, with the constants that it takes."""
        num = self.numbers(record.experiment)
        for rule, estimate in likely(family, record, names):
            for constants in decimals(estimate):
                self.usual = self.usual or constants
                asked = with_constants(record.experiment, constants)
                (found,) = predictions([rule], asked, num)
                promised = np.isfinite(found.table.error).mean() > MOST
                if promised and not found.contradicted(record.observed).any():
                    yield rule, constants
                    break

    def seek_formula(self) -> None:
        """Eliminate rules; where all fall, again with the same answers and coarser storage."""
        missing = [name for name in NEEDED if name not in self.offered]
        if missing:
            self.seek_constants(missing)
        self.elimination = Elimination(self.rules, self.predict)
        for record in self.queries.records:
            self.elimination.learn(record)
        eliminate(self.elimination, self.queries, self.candidates)
        if not self.queries.repeats(self.queries.records[0]):
            raise Unidentifiable(
                f"{self.queries.subject.name} answers the same question with other bits the "
                "second time: nothing can be said of a step that is not deterministic; fix its seed"
            )
        strict = self.elimination
        for storage in coarser(self.dtype):
            if not self.left:
                self.again(storage)
        if not self.left:
            self.storage, self.elimination = Storage(self.dtype), strict
            if len(self.queries.records) == 1 and self.queries.affords(self.candidates[1]):
                self.queries.ask(self.candidates[1])
            records = [
                replace(record, experiment=with_constants(record.experiment, self.complete))
                for record in self.queries.records
            ]
            self.diagnosis = diagnosed(self.rules, records, self.predict, self.queries, self.rest())
        self.records = tuple(self.queries.records)

    def rest(self) -> list[Experiment]:
        """The experiments that have not been asked."""
        done = [record.experiment for record in self.queries.records]
        return [with_constants(one, self.complete) for one in self.candidates if one not in done]

    @property
    def complete(self) -> dict[str, str]:
        """The constants that are built in, and usual ones where other rules have more of them."""
        lacking = (name for name in NEEDED if name not in self.offered)
        return {**{name: USUAL[name] for name in lacking}, **self.usual}

    def hold(self) -> FurtherTrial:
        """The first rule that is left against what was not used to find it."""
        found, known = self.left[0], Storage(self.dtype)
        subject = self.queries.subject
        # One that is made of a rule here takes its steps without a worker.
        if self.storage != known or subject.implementation.compiled or subject.worker is None:
            return FurtherTrial()
        return held_against(
            self.queries, found, self.dtype, self.offered, self.given, self.constants(found)
        )

    def again(self, storage: Storage) -> None:
        """The same answers, had they been computed or kept in a coarser format."""
        self.storage = storage
        self.elimination = Elimination(self.rules, self.predict)
        for record in self.queries.records:
            self.elimination.learn(record)
        asked = [record.experiment for record in self.queries.records]
        ask_on(self.elimination, self.queries, [one for one in self.candidates if one not in asked])

    def seek_manner(self) -> None:
        """How the first rule that is left is carried out, as far as the steps allow."""
        rule, subject = self.left[0], self.queries.subject
        constants = self.constants(rule)
        usual = next(one for one in self.candidates if one.steps >= ENOUGH)
        usual = with_constants(usual, constants)
        for name, ask in (("zero_gradient", zero_gradient), ("non_finite", non_finite)):
            if self.queries.affords(usual):
                value = ask(self.queries, rule, self.numbers, usual)
                self.manner.append(FactorRow(name, value or "unlike the rest, in no known way"))
        for dtype in (self.dtype, *(d for d in OTHERS if d in subject.implementation.dtypes)):
            wanted = dtype == self.dtype or not subject.implementation.compiled
            if wanted and not overflow(self.given, dtype):
                found = carried(
                    self.queries, rule, dtype, self.offered, self.given, self.seed, constants
                )
                self.manner.append(FactorRow(dtype, str(found or "in no known way")))

    def attempts(self, further: FurtherTrial) -> Attempts:
        """What was tried, and what was not."""
        asked = [record.experiment for record in self.queries.records]
        item, seen = self.queries.subject.implementation, {row.name for row in self.manner}
        met = {"first-steps": True, "all-zero": "zero_gradient" in seen}
        met |= {"non-finite": "non_finite" in seen, "many-parameters": bool(further.experiments)}
        met["long-run"] = further.longest >= STEPS["steps"]
        formats = tuple(name for name in item.dtypes if name == self.dtype or name in seen)
        return Attempts(
            max([further.longest, *(one.steps for one in asked)]),
            max(one.parameter.size for one in asked),
            ("+".join(self.queries.features) or PLAIN,),
            formats,
            tuple(name for name, there in met.items() if there),
            {
                situation.name: unmet(situation, item, self.queries.features) or ELSEWHERE
                for situation in SITUATIONS
                if not met.get(situation.name)
            },
        )

    def hidden(self, rule: Rule) -> Iterator[FactorRow]:
        """The constants of the rule that are built in, as rows of the table."""
        for name, value in self.constants(rule).items():
            if name in rule.hyperparameters:
                yield FactorRow(f"built-in {name}", value)

    def conclusion(self, started: float) -> Identification:
        """What the elimination came to."""
        left, queries, diagnosis = self.left, self.queries, self.diagnosis
        if diagnosis:
            left = diagnosis.parts or (diagnosis.nearest,)
        found, left, notes = left[0], *distinct(left)
        own = self.built_in.setdefault(found, self.constants(found))
        self.usual = own  # the rivals are given the same
        claims = queries.subject.implementation.claims
        nearest, departure = documents.nearest(found, queries.features, claims)
        outside = diagnosis is not None and not diagnosis.parts
        printed = () if outside else equations(found)
        unclear = () if diagnosis else ambiguities(left, queries)
        rows = evidence.factors(left, self.family, self.records, self.predict, known_factors())
        verdict: Kind = "ambiguous" if unclear else "identified"
        if diagnosis:
            verdict = "outside the family" if outside else "by place"
        return Identification(
            subject=queries.subject.name,
            features=queries.features,
            dtype=self.dtype,
            verdict=verdict,
            rules=() if outside else left,
            factors=() if outside else (*rows, *self.hidden(found), *self.manner),
            formula=tuple(text for text, _ in printed),
            latex=tuple(latex for _, latex in printed),
            nearest_variants=nearest,
            departure=departure,
            ambiguous=unclear,
            score=max(s for s, _ in evidence.scored([found], self.records, self.predict)[found]),
            first_divergence=diagnosis.refuted if diagnosis else None,
            why=unexplained(diagnosis, self.family)
            if diagnosis
            else said(nearest, departure, len(self.family) - len(left)),
            experiments=tuple(str(record.experiment) for record in queries.records),
            notes=(*notes, *documents.unseen(nearest)),
            steps=queries.steps,
            seconds=time.monotonic() - started,
        )


def held(answer: Identification, further: FurtherTrial) -> Identification:
    """The answer after experiments that were not used to find it."""
    answer = replace(
        answer,
        experiments=(*answer.experiments, *further.experiments),
        steps=answer.steps + further.steps,
    )
    if not further.refuted:
        return answer
    begun = documented(answer.nearest_variants, answer.departure)
    return replace(
        answer,
        verdict="outside the family",
        rules=(),
        factors=(),
        formula=(),
        latex=(),
        ambiguous=(),
        why=f"it begins like {begun}; and then: {further.refuted}",
    )


def said(nearest: tuple[str, ...], departure: str, others: int) -> str:
    """The verdict in words."""
    return f"{documented(nearest, departure)}; {others} other rules were contradicted"


def documented(nearest: tuple[str, ...], departure: str) -> str:
    """A rule by the nearest document, and where it departs from that."""
    return f"the rule of {nearest[0]}" + (f", but {departure}" if departure else "")


def unexplained(diagnosis: OutsideFamily, rules: Sequence[Rule]) -> str:
    """The same where no rule explains every element."""
    if diagnosis.parts:
        most, other = diagnosis.parts
        places = ", ".join(map(str, diagnosis.places[:PLACES]))
        places += ", …" if len(diagnosis.places) > PLACES else ""
        return (
            "no rule explains every element, and two do, by the element's place: "
            f"{len(diagnosis.places)} of {SIZE} ({places}) have {difference(other, most)}; all "
            "others follow the rule below"
        )
    refuted = diagnosis.refuted
    documented = as_document(diagnosis.nearest)
    source = f"the rule of {documented.identifier}" if documented.source else "the nearest rule"
    who = "without it that rule" if diagnosis.fault else "the nearest"
    where = (
        f"{who} is off in {refuted.share:.0%} of the elements by up to {refuted.score:.3g} "
        f"bounds, first at step {refuted.step} of experiment {refuted.round_}: "
        f"{refuted.observed!r}, where {refuted.expected!r} was expected"
    )
    if diagnosis.fault:
        where = f"one fault of {source} explains everything: {diagnosis.fault}; {where}"
    return f"none of {len(rules)} rules gives what was seen; {where}"
