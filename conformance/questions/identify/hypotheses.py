"""What may be computed: every rule of the family that the offered coefficients allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.rules import FACTORS, RMSPROP, Rule, possible

# Coefficients that every rule may have, and those that some have and no argument may show.
NEEDED = RMSPROP.hyperparameters
HIDDEN = tuple(name for name, record in HYPERPARAMETERS.items() if record.hidden)
# The order of the factor table: what people ask first stands first.
ASKED = (
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
FIELD = {"bias_correction": "correction"}  # where the table calls a factor by another name


@dataclass(frozen=True)
class Family:
    """The rules that are possible where ``coefficients`` are offered, each once."""

    rules: tuple[Rule, ...]

    @classmethod
    def offered(cls, coefficients: Iterable[str]) -> Family:
        """Every rule that takes no hyperparameter but these, and those that every rule may have."""
        return cls(tuple(possible({*coefficients, *NEEDED})))


def field(name: str) -> str:
    """What rules call a factor of the table."""
    return FIELD.get(name, name)


def factor(rule: Rule, name: str) -> Any:
    """The choice that the factor ``name`` stands for."""
    return rule[field(name)]


def spoken(rule: Rule, name: str) -> str:
    """The same in words."""
    return FACTORS[field(name)].words(factor(rule, name))


def known_factors() -> tuple[str, ...]:
    """Every factor of the table; one that the rules have gained comes last, by its own name."""
    listed = {FIELD.get(name, name) for name in ASKED}
    return (*ASKED, *(f.name for f in FACTORS.values() if not f.given and f.name not in listed))
