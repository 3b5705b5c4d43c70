"""``identify``: from steps to a formula."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from conformance.configuration import ALWAYS, OPTIONS
from conformance.identification import documents, evidence
from conformance.identification.ambiguity import ambiguities
from conformance.identification.elimination import Elimination, eliminate
from conformance.identification.experiment import Experiment, experiments
from conformance.identification.hypotheses import Family, known_factors
from conformance.identification.prediction import system
from conformance.identification.questioning import Interview, Unidentifiable
from conformance.identification.result import Identification
from conformance.subject import Subject
from reference.numbers import BoundArithmetic, equations
from reference.pipeline import Choices

MOST_STEPS = 200
PREFERRED = ("float32", "float64", "bfloat16", "float16")  # float64's bounds cost more


def identify(
    subject: Subject,
    *,
    features: Sequence[str] = (),
    dtype: str = "",
    seed: int = 0,
    max_steps: int = MOST_STEPS,
    hyperparameters: Mapping[str, str] | None = None,
) -> Identification:
    """What a subject computes with the options ``features``, from its steps alone.

    ``dtype`` is that of parameters and gradients (float32 where the subject has it);
    ``hyperparameters`` are decimals that are not to be varied; ``max_steps`` is the most that the
    subject is made to take.  Raises Unidentifiable where nothing can be sought, WorkerError as the
    subject does.
    """
    started = time.monotonic()
    given = dict(hyperparameters or {})
    interview = Interview(subject, tuple(features), max_steps)
    chosen = dtype or next(name for name in PREFERRED if name in subject.implementation.dtypes)
    family = Family.offered(offered(subject, interview.features) | given.keys())

    def numbers(experiment: Experiment) -> BoundArithmetic:
        return system(experiment.dtype, interview.profile)

    candidates = list(
        experiments(
            offered(subject, interview.features),
            given,
            chosen,
            seed,
            schedules=subject.implementation.schedules,
        )
    )
    elimination = Elimination(family.rules, numbers)
    eliminate(elimination, interview, candidates)
    if not interview.repeats(interview.records[0]):
        raise Unidentifiable(
            f"{subject.name} answers the same question with other bits the second time: nothing "
            "can be said of a step that is not deterministic; fix its seed"
        )
    return concluded(interview, elimination, numbers, chosen, started)


def offered(subject: Subject, features: tuple[str, ...]) -> frozenset[str]:
    """The coefficients that can be chosen: the usual ones, and those of options switched on.

    What no set of options names is an ordinary argument.
    """
    item = subject.implementation
    optional = {name for options in item.features for name in options} - set(features)
    known = [name for name in (*ALWAYS, *OPTIONS) if name not in optional]
    return frozenset(name for name in known if name in item.hyperparameters)


def concluded(
    interview: Interview,
    elimination: Elimination,
    numbers: evidence.Numbers,
    dtype: str,
    started: float,
) -> Identification:
    """What the elimination came to."""
    left = elimination.told
    outside = not left
    if outside:
        left = (closest(elimination),)
    found = left[0]
    nearest, departure = documents.nearest(found, interview.features)
    printed = () if outside else equations(found, "adam" if found.first_moment else "rmsprop")
    unclear = ambiguities(left, interview, elimination.rules)
    scores = evidence.scored([found], interview.records, numbers)[found]
    refuted = elimination.fallen.get(found)
    verdict = "outside the family" if outside else "ambiguous" if unclear else "identified"
    return Identification(
        subject=interview.subject.name,
        features=interview.features,
        dtype=dtype,
        verdict=verdict,  # type: ignore[arg-type]  # one of three literals
        rules=() if outside else left,
        factors=()
        if outside
        else evidence.factors(left, elimination.rules, interview.records, numbers, known_factors()),
        formula=tuple(text for text, _ in printed),
        latex=tuple(latex for _, latex in printed),
        nearest_variants=nearest,
        departure=departure,
        ambiguous=unclear,
        score=max(score for score, _ in scores),
        first_divergence=refuted,
        why=said(found, elimination, nearest, departure, outside=outside),
        experiments=tuple(str(record.experiment) for record in interview.records),
        steps=interview.steps,
        seconds=time.monotonic() - started,
    )


def closest(elimination: Elimination) -> Choices:
    """The rule that fell last, by the fewest elements and the least."""
    fallen = elimination.fallen
    return min(
        fallen, key=lambda rule: (-fallen[rule].round_, fallen[rule].share, fallen[rule].score)
    )


def said(
    found: Choices,
    elimination: Elimination,
    nearest: tuple[str, ...],
    departure: str,
    *,
    outside: bool,
) -> str:
    """The verdict in words."""
    if outside:
        refuted = elimination.fallen[found]
        return (
            f"none of {len(elimination.rules)} rules gives what was seen; the nearest is off in "
            f"{refuted.share:.0%} of the elements by up to {refuted.score:.3g} bounds, first at "
            f"step {refuted.step} of experiment {refuted.round_}: {refuted.observed!r}, "
            f"where {refuted.expected!r} was expected"
        )
    documented = f"the rule of {nearest[0]}" + (f", but {departure}" if departure else "")
    return f"{documented}; {len(elimination.fallen)} other rules were contradicted"
