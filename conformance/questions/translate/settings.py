"""What a user says of the first implementation: ``name=value`` words, and what they switch on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.adapters.targets.names import FEATURES as FEATURES_SAID
from optimizer_conformance.reference.decimals import HyperparameterError, decimal, pairs
from optimizer_conformance.reference.hyperparameters import FAMILIAR, HYPERPARAMETERS, called, plain
from optimizer_conformance.reference.rules import taken
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers.subject import Subject, SubjectError

SWITCHES = ("centered", "nesterov", "amsgrad", "maximize")


@dataclass(frozen=True)
class OptimizerSetting:
    """An implementation's options and hyperparameters, as decimals, options at zero left out."""

    features: tuple[str, ...]
    decimals: dict[str, str]

    @property
    def numbers(self) -> dict[str, float]:
        """As they are sent."""
        return {name: float(value) for name, value in self.decimals.items()}

    @property
    def zero(self) -> frozenset[str]:
        """The hyperparameters that are nothing."""
        return frozenset(name for name, value in self.decimals.items() if Fraction(value) == 0)


def words(texts: Iterable[str], family: str) -> dict[str, str]:
    """``name=value`` words by canonical name; switches have ``true`` or ``false``.

    Raises SubjectError for what is no hyperparameter, HyperparameterError for what cannot be meant,
    saying what would be right.
    """
    found: dict[str, str] = {}
    said: dict[str, str] = {}
    for own, value in pairs(texts).items():
        name = called(own, family) or FEATURES_SAID.get(plain(own), "")
        if not name:
            raise SubjectError(
                f"{own} is no hyperparameter: write name=value with one of "
                f"{', '.join((*HYPERPARAMETERS, *SWITCHES))}"
            )
        if name in said:
            raise HyperparameterError(f"{said[name]} and {own} both mean {name}: give one of them")
        said[name] = own
        if name in HYPERPARAMETERS:
            found[name] = decimal(name, value)
        elif value.lower() in ("true", "false"):
            found[name] = value.lower()
        else:
            raise SubjectError(f"{own} is switched: {own}=true or {own}=false")
    return found


def checked(texts: Iterable[str]) -> tuple[str, ...]:
    """The words, unless they can be meant of no family: said before anything starts."""
    given = tuple(texts)
    families = ("", *(family for family, _ in FAMILIAR))
    for family in families:
        try:
            words(given, family)
        except (SubjectError, HyperparameterError):
            if family == families[-1]:
                raise
        else:
            break
    return given


def setting(subject: Subject, given: Mapping[str, str]) -> OptimizerSetting:
    """What an implementation is asked: what was given, completed by its own defaults.

    Raises SubjectError where something is missing, unknown to it, or no combination that it has.
    """
    item = subject.implementation
    if strange := sorted(set(given) & set(HYPERPARAMETERS) - set(item.hyperparameters)):
        raise SubjectError(
            f"{item.name} takes no {', '.join(strange)}; it takes {', '.join(item.hyperparameters)}"
        )
    stated = {
        name: str(value).lower() if isinstance(value, bool) else decimal(name, value)
        for name, value in subject.defaults.items()
        if isinstance(value, bool) or (isinstance(value, float | int) and name in HYPERPARAMETERS)
    }
    values = {**stated, **given}
    fixed = tuple(set.intersection(*(set(listed) for listed in item.features)))
    features = {name for name in SWITCHES if values.get(name) == "true"} | set(fixed)
    for name, record in HYPERPARAMETERS.items():
        # Where no number means nothing (ema_momentum), a default switches nothing on.
        said = values if record.idle else given
        idle = record.idle and name in values and Fraction(values[name]) == Fraction(record.idle)
        if record.option and name in said and not idle:
            features.add(record.option)
    needed = {record.name for record in taken(item.family, features)}
    if missing := sorted(needed & set(item.hyperparameters) - set(values)):
        each = " ".join(f"{name}=…" for name in missing)
        raise SubjectError(f"{item.name} has no default for {', '.join(missing)}: give {each}")
    if Fraction(values.get("learning_rate", "1")) == 0:
        raise SubjectError(
            f"{item.name} with learning_rate=0 takes no step by which a rule could be told"
        )
    ordered = tuple(name for name in FEATURES if name in features)
    known_combination(item, ordered)
    decimals = {name: values[name] for name in item.hyperparameters if name in needed & set(values)}
    return OptimizerSetting(ordered, dict(sorted(decimals.items())))


def known_combination(item: Implementation, features: tuple[str, ...]) -> None:
    """Raise SubjectError unless the implementation has these options together."""
    if set(features) not in [set(listed) for listed in item.features]:
        every = "; ".join(", ".join(listed) or "none" for listed in item.features)
        raise SubjectError(
            f"{item.name} has not these options together: {', '.join(features) or 'none'}; "
            f"it has {every}"
        )
