"""Asking a subject: each answer is kept, each step is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer_conformance.questions.identify.experiment import Experiment
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.workers.subject import Subject


class Unidentifiable(Exception):  # noqa: N818 - named for the situation
    """No formula can be sought; the message says why, and what to do next."""


@dataclass(frozen=True)
class QueryResult:
    """One experiment and the parameter after each step: steps x elements."""

    experiment: Experiment
    observed: Array


@dataclass
class Queries:
    """One subject with one set of options, and everything that it answered."""

    subject: Subject
    features: tuple[str, ...]
    most_steps: int
    steps: int = 0
    records: list[QueryResult] = field(default_factory=list)

    @property
    def profile(self) -> str:
        """The device's arithmetic."""
        return self.subject.implementation.arithmetic.get(self.subject.device, "ieee")

    def affords(self, experiment: Experiment) -> bool:
        """Whether the steps that are left are enough."""
        return self.steps + experiment.steps <= self.most_steps

    def ask(self, experiment: Experiment) -> QueryResult:
        """Carry out an experiment and keep the answer.

        Raises WorkerError as the subject does, Unidentifiable where the shape changes.
        """
        self.steps += experiment.steps
        observed = self.answer(experiment.parameter, experiment.gradients, experiment)
        record = QueryResult(experiment, observed)
        self.records.append(record)
        return record

    def answer(self, parameter: Array, gradients: Sequence[Array], experiment: Experiment) -> Array:
        """The parameter after each step of such an experiment, with other arrays."""
        trial = self.subject.steps(
            parameter,
            list(gradients),
            {name: float(value) for name, value in experiment.decimals.items()},
            features=self.features,
            dtype=experiment.dtype,
            rates=[float(rate) for rate in experiment.rates],
        )
        if trial.parameter.shape != (len(gradients), parameter.size):
            raise Unidentifiable(
                f"{self.subject.name} gave {trial.parameter.shape} values for "
                f"{len(gradients)} steps of {parameter.size} elements: a step may not change the "
                "parameter's shape"
            )
        return trial.parameter

    def repeats(self, record: QueryResult) -> bool:
        """Whether the same question gets the same bits again; costs its steps once more."""
        experiment = record.experiment
        self.steps += experiment.steps
        again = self.answer(experiment.parameter, experiment.gradients, experiment)
        return bool(np.array_equal(again, record.observed, equal_nan=True))
