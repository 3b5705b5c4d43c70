"""What a documented variant is: rule, defaults, source, and what the document leaves open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from optimizer_conformance.reference.rules import FACTORS, Rule

if TYPE_CHECKING:
    from optimizer_conformance.reference.numbers.complex_bound import Squares

# The order in which options appear in an identifier.
ORDERED = (
    "centered",
    "momentum",
    "nesterov",
    "amsgrad",
    "weight_decay",
    "maximize",
    "loss_scale",
    "centralize",
    "proximal",
)
# What came later stands behind, in the order of the rules' factors.
FEATURES = (*ORDERED, *(f.name for f in FACTORS.values() if f.option and f.name not in ORDERED))


def suffix(features: Iterable[str]) -> str:
    """The part of an identifier that names options, in the order of FEATURES."""
    every = set(features)
    if unknown := every - set(FEATURES):
        raise ValueError(f"unknown features {sorted(unknown)}; known are {', '.join(FEATURES)}")
    return "".join("-" + name.replace("_", "-") for name in FEATURES if name in every)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One update rule with its options and defaults as one document states them.

    identifier  ``system-function[-option][-release]``
    rule        the rule
    features    the options that are switched on; two variants answer the same question only when
                these are equal
    defaults    canonical hyperparameter to the decimal that the document prints
    source      document and section
    url         where it stands, empty for a document without an address
    versions    the releases that it speaks of
    readings    what the document does not determine: factor of the rule, or ``squares``, to why;
                such a variant is one reading of several
    undecayed   parts of parameter names that weight decay passes over
    squares     what the square of a complex gradient is: ``plain`` g^2, as the formula is printed,
                ``modulus`` |g|^2, or ``components``: each part is a real parameter of its own
    """

    identifier: str
    rule: Rule
    defaults: dict[str, str]
    source: str
    url: str = ""
    versions: str = ""
    features: frozenset[str] = frozenset()
    readings: dict[str, str] = field(default_factory=dict)
    undecayed: tuple[str, ...] = ()
    squares: Squares = "plain"

    @property
    def family(self) -> str:
        """What rules of its kind are called: ``rmsprop``, ``adam``, …"""
        return self.rule.family

    @property
    def base(self) -> str:
        """The identifier without its options: what an implementation claims."""
        return self.identifier.removesuffix(self.suffix)

    @property
    def suffix(self) -> str:
        """The options as they stand at the end of the identifier."""
        return suffix(self.features)

    def with_option(
        self, *features: str, defaults: dict[str, str] | None = None, **rule: Any
    ) -> Variant:
        """The same document with more options switched on.

        ``features`` are added (also to the identifier, in the order of FEATURES), ``rule``
        replaces factors of the rule, ``defaults`` are added to the defaults.
        """
        every = self.features | set(features)
        if "loss_scale" in every:
            rule["loss_scale"] = True
        return replace(
            self,
            identifier=self.base + suffix(every),
            features=every,
            rule=self.rule.having(**rule),
            defaults={**self.defaults, **(defaults or {})},
        )
