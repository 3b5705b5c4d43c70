"""``identify``: from steps to a formula."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from conformance.configuration import ALWAYS, OPTIONS
from conformance.identification import documents, evidence
from conformance.identification.ambiguity import ambiguities
from conformance.identification.elimination import Elimination, ask_on, eliminate
from conformance.identification.experiment import SIZE, Experiment, experiments
from conformance.identification.holding import held
from conformance.identification.hypotheses import Family, known_factors
from conformance.identification.outside import Diagnosis, diagnosed
from conformance.identification.prediction import Prediction, predictions
from conformance.identification.questioning import Interview, Record, Unidentifiable
from conformance.identification.result import Factor, Identification, Kind
from conformance.identification.storage import Storage, coarser, system
from conformance.identification.treatment import non_finite, zero_gradient
from conformance.subject import Subject
from reference.numbers import BoundArithmetic, equations
from reference.pipeline import Choices
from reference.words import difference

MOST_STEPS = 200
PLACES = 8  # elements that are named
ENOUGH = 3  # steps of an experiment in which something may happen midway
OTHERS = ("float64", "bfloat16", "float16")  # in which a rule that is known is also carried out
PREFERRED = ("float32", "float64", "bfloat16", "float16")  # float64's bounds cost more


def identify(
    subject: Subject,
    *,
    features: Sequence[str] = (),
    dtype: str = "",
    seed: int = 0,
    max_steps: int = MOST_STEPS,
    hyperparameters: Mapping[str, str] | None = None,
    thorough: bool = True,
) -> Identification:
    """What a subject computes with the options ``features``, from its steps alone.

    ``dtype`` is that of parameters and gradients (float32 where the subject has it);
    ``hyperparameters`` are decimals that are not to be varied; ``max_steps`` is the most that the
    subject is made to take; without ``thorough`` only the formula is sought, not how it is carried
    out.  Raises Unidentifiable where nothing can be sought, WorkerError as the subject does.
    """
    started = time.monotonic()
    chosen = dtype or next(name for name in PREFERRED if name in subject.implementation.dtypes)
    inquiry = Inquiry(
        Interview(subject, tuple(features), max_steps), chosen, dict(hyperparameters or {}), seed
    )
    inquiry.seek_formula()
    if thorough and not inquiry.diagnosis:
        inquiry.seek_manner()
    return inquiry.conclusion(started)


@dataclass
class Inquiry:
    """One subject with one set of options, asked until its formula and its manner are known."""

    interview: Interview
    dtype: str
    given: dict[str, str]
    seed: int
    storage: Storage = field(init=False)
    elimination: Elimination[Choices] = field(init=False)
    records: tuple[Record, ...] = ()
    diagnosis: Diagnosis | None = None
    manner: list[Factor] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.offered = offered(self.interview.subject, self.interview.features)
        self.rules = Family.offered(self.offered | self.given.keys()).rules
        self.candidates = list(
            experiments(
                self.offered,
                self.given,
                self.dtype,
                self.seed,
                schedules=self.interview.subject.implementation.schedules,
            )
        )
        self.storage = Storage(self.dtype)

    @property
    def left(self) -> tuple[Choices, ...]:
        """The rules that no answer contradicts."""
        return self.elimination.told

    def numbers(self, experiment: Experiment) -> BoundArithmetic:
        """The bounds of the arithmetic in question."""
        return system(self.storage, experiment.dtype, self.interview.profile)

    def predict(
        self, rules: Sequence[Choices], experiment: Experiment
    ) -> Iterable[Prediction[Choices]]:
        """What rules say must come of an experiment."""
        return predictions(rules, experiment, self.numbers(experiment))

    def seek_formula(self) -> None:
        """Eliminate rules; where all fall, again with the same answers and coarser storage."""
        self.elimination = Elimination(self.rules, self.predict)
        eliminate(self.elimination, self.interview, self.candidates)
        if not self.interview.repeats(self.interview.records[0]):
            raise Unidentifiable(
                f"{self.interview.subject.name} answers the same question with other bits the "
                "second time: nothing can be said of a step that is not deterministic; fix its seed"
            )
        strict = self.elimination
        for storage in coarser(self.dtype):
            if not self.left:
                self.again(storage)
        if not self.left:
            self.storage, self.elimination = Storage(self.dtype), strict
            if len(self.interview.records) == 1 and self.interview.affords(self.candidates[1]):
                self.interview.ask(self.candidates[1])
            self.diagnosis = diagnosed(self.rules, self.interview.records, self.numbers)
        self.records = tuple(self.interview.records)

    def again(self, storage: Storage) -> None:
        """The same answers, had they been computed or kept in a coarser format."""
        self.storage = storage
        self.elimination = Elimination(self.rules, self.predict)
        for record in self.interview.records:
            self.elimination.learn(record)
        asked = [record.experiment for record in self.interview.records]
        ask_on(
            self.elimination, self.interview, [one for one in self.candidates if one not in asked]
        )

    def seek_manner(self) -> None:
        """How the first rule that is left is carried out, as far as the steps allow."""
        rule, subject = self.left[0], self.interview.subject
        usual = next(one for one in self.candidates if one.steps >= ENOUGH)
        for name, ask in (("zero_gradient", zero_gradient), ("non_finite", non_finite)):
            if self.interview.affords(usual):
                value = ask(self.interview, rule, self.numbers, usual)
                self.manner.append(Factor(name, value or "unlike the rest, in no known way"))
        for dtype in (self.dtype, *(d for d in OTHERS if d in subject.implementation.dtypes)):
            if dtype == self.dtype or not subject.implementation.compiled:
                found = held(self.interview, rule, dtype, self.offered, self.given, self.seed)
                self.manner.append(Factor(dtype, str(found or "in no known way")))

    def conclusion(self, started: float) -> Identification:
        """What the elimination came to."""
        left, interview, diagnosis = self.left, self.interview, self.diagnosis
        if diagnosis:
            left = diagnosis.parts or (diagnosis.nearest,)
        found = left[0]
        nearest, departure = documents.nearest(found, interview.features)
        outside = diagnosis is not None and not diagnosis.parts
        printed = () if outside else equations(found, "adam" if found.first_moment else "rmsprop")
        unclear = () if diagnosis else ambiguities(left, interview)
        rows = evidence.factors(left, self.rules, self.records, self.numbers, known_factors())
        verdict: Kind = "ambiguous" if unclear else "identified"
        if diagnosis:
            verdict = "outside the family" if outside else "by place"
        return Identification(
            subject=interview.subject.name,
            features=interview.features,
            dtype=self.dtype,
            verdict=verdict,
            rules=() if outside else left,
            factors=() if outside else (*rows, *self.manner),
            formula=tuple(text for text, _ in printed),
            latex=tuple(latex for _, latex in printed),
            nearest_variants=nearest,
            departure=departure,
            ambiguous=unclear,
            score=max(s for s, _ in evidence.scored([found], self.records, self.numbers)[found]),
            first_divergence=diagnosis.refuted if diagnosis else None,
            why=unexplained(diagnosis, self.rules)
            if diagnosis
            else said(nearest, departure, len(self.elimination.fallen)),
            experiments=tuple(str(record.experiment) for record in interview.records),
            steps=interview.steps,
            seconds=time.monotonic() - started,
        )


def offered(subject: Subject, features: tuple[str, ...]) -> frozenset[str]:
    """The coefficients that can be chosen: the usual ones, and those of options switched on.

    What no set of options names is an ordinary argument.
    """
    item = subject.implementation
    optional = {name for options in item.features for name in options} - set(features)
    known = [name for name in (*ALWAYS, *OPTIONS) if name not in optional]
    return frozenset(name for name in known if name in item.hyperparameters)


def said(nearest: tuple[str, ...], departure: str, others: int) -> str:
    """The verdict in words."""
    documented = f"the rule of {nearest[0]}" + (f", but {departure}" if departure else "")
    return f"{documented}; {others} other rules were contradicted"


def unexplained(diagnosis: Diagnosis, rules: Sequence[Choices]) -> str:
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
    where = (
        f"the nearest is off in {refuted.share:.0%} of the elements by up to {refuted.score:.3g} "
        f"bounds, first at step {refuted.step} of experiment {refuted.round_}: "
        f"{refuted.observed!r}, where {refuted.expected!r} was expected"
    )
    if diagnosis.fault:
        where = f"one fault of the nearest explains everything: {diagnosis.fault}; {where}"
    return f"none of {len(rules)} rules gives what was seen; {where}"
