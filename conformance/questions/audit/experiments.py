"""More experiments: what was not used to find a cause, to tell it from others and to hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from optimizer_conformance.cases.case import Case
from optimizer_conformance.cases.plan import Unit, suitable
from optimizer_conformance.judging.execution import ProtocolBreach, carry_out, question_for
from optimizer_conformance.judging.oracle import inputs_of, ordinary
from optimizer_conformance.questions.audit.evidence import Testimony
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.variants import Variant
from optimizer_conformance.workers.process import WorkerError
from optimizer_conformance.workers.subject import Subject

# Mode, steps, elements a regime, and the setting of the hyperparameters' table.
EXPERIMENTS = (
    ("trajectory", 3, 9, "usual"),
    ("trajectory", 12, 5, "long"),
    ("rate-change", 12, 5, "short"),
    ("origin", 1, 9, "short"),
    ("trajectory", 40, 2, "long"),
    ("groups", 6, 5, "usual"),
    ("loop-groups", 4, 5, "usual"),
    ("loop-missing", 8, 5, "usual"),
    ("checkpoint", 12, 5, "long"),
    ("trajectory", 300, 1, "fine"),
)
SEED = 7_031_987  # of arrays that no profile draws


def experiments(
    subject: Subject,
    fixed: Mapping[str, str],
    variant: Variant,
    like: Case,
    table: Sequence[tuple[str, int, int, str]] = EXPERIMENTS,
) -> Iterator[Testimony]:
    """What may still be asked, with the hyperparameters that the case ``like`` has.

    Those that are ``fixed`` have that value.
    """
    item = subject.implementation
    for index, (mode, steps, size, setting) in enumerate(table):
        if not suitable(item, mode, like.features):
            continue
        records = {name: HYPERPARAMETERS[name] for name in like.decimals}
        values = {n: r.narrow.get(like.dtype, r.at(setting)) for n, r in records.items()}
        values |= {name: value for name, value in fixed.items() if name in values}
        case = Case(
            like.family,
            like.features,
            like.dtype,
            mode,
            tuple(sorted(values.items())),
            steps,
            size,
            SEED + index,
        )
        yield unanswered(variant, unit_of(subject, case, variant))


def unit_of(subject: Subject, case: Case, variant: Variant) -> Unit:
    """A case for the subject."""
    return Unit(subject.implementation, subject.device, case, (variant,))


def unanswered(variant: Variant, unit: Unit) -> Testimony:
    """An experiment before it is carried out."""
    inputs = inputs_of(unit.case)
    elements = sum(parameter.value.size for parameter in inputs.parameters)
    nothing = np.full((unit.case.steps, elements), np.nan)
    return Testimony(question_for(variant, unit, {}), inputs, nothing, ordinary(unit.case))


def asked(subject: Subject, variant: Variant, item: Testimony) -> Testimony | None:
    """The same with the subject's answer; None where it gives none."""
    unit = unit_of(subject, item.question.case, variant)
    try:
        answer = carry_out(subject.worker, unit, {})
    except (ProtocolBreach, WorkerError):
        return None
    return replace(item, observed=answer.observed["parameter"])
