"""What may be computed: every rule of the family that the offered coefficients allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from itertools import product
from typing import Any

from optimizer_conformance.judging.explain import alternatives
from optimizer_conformance.reference.pipeline import Choices, consistent
from optimizer_conformance.reference.words import WORDS

# A stage without its coefficient does nothing: stage -> coefficient, and the choice without it.
STAGES: dict[str, tuple[str, Any]] = {
    "momentum": ("momentum", "none"),
    "nesterov": ("momentum", False),
    "weight_decay": ("weight_decay", "none"),
    "first_moment": ("beta1", False),
}
# The order of the factor table: what people ask first stands first.
FACTORS = (
    "epsilon",
    "initial_second_moment",
    "momentum",
    "nesterov",
    "centered",
    "first_moment",
    "bias_correction",
    "amsgrad",
    "weight_decay",
    "maximize",
    "centralize",
)
FIELD = {"bias_correction": "correction"}  # where a factor's name is not the pipeline's


@dataclass(frozen=True)
class Family:
    """The rules that are possible where ``coefficients`` are offered, each once."""

    rules: tuple[Choices, ...]

    @classmethod
    def offered(cls, coefficients: Iterable[str]) -> Family:
        """Every rule of the pipeline that needs no coefficient but these."""
        return cls(tuple(possible(frozenset(coefficients))))


def possible(coefficients: frozenset[str]) -> Iterator[Choices]:
    """Each consistent combination of choices; a stage without its coefficient is left out."""
    options = alternatives()
    for name, (coefficient, nothing) in STAGES.items():
        if coefficient not in coefficients:
            options[name] = (nothing,)
    for values in product(*options.values()):
        choices = Choices(**dict(zip(options, values, strict=True)))
        if consistent(choices) and (choices.momentum != "none" or not choices.nesterov):
            yield choices


def factor(choices: Choices, name: str) -> Any:
    """The choice that the factor ``name`` stands for."""
    return getattr(choices, FIELD.get(name, name))


def spoken(choices: Choices, name: str) -> str:
    """The same in words."""
    subject, says = WORDS[FIELD.get(name, name)]
    return f"{subject} {says[factor(choices, name)]}"


def known_factors() -> tuple[str, ...]:
    """Every factor of the table; a choice that the pipeline gained comes last, by its own name."""
    listed = {FIELD.get(name, name) for name in FACTORS}
    return (*FACTORS, *(f.name for f in fields(Choices) if f.name not in listed))
