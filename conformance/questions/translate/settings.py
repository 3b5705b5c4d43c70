"""What a user says of the first implementation: ``name=value`` words, and what they switch on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.adapters.targets.names import FEATURES as FEATURES_SAID
from optimizer_conformance.adapters.targets.names import SURE
from optimizer_conformance.adapters.targets.names import plain as said
from optimizer_conformance.reference.variants.record import FEATURES
from optimizer_conformance.workers.subject import Subject, SubjectError

DECIMAL = re.compile(r"\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?")
SWITCHES = ("centered", "nesterov", "amsgrad", "maximize")
VALUED = ("momentum", "weight_decay", "loss_scale")  # options that have a hyperparameter
PLAIN = ("learning_rate", "decay", "epsilon", "beta1")
# Beside the names that nobody uses otherwise: what a page on one of the two families means.
AMBIGUOUS = {"rho": "decay", "gamma": "decay", "decay": "decay", "mu": "momentum"}
ALPHA = {"rmsprop": "decay", "adam": "learning_rate"}  # PyTorch's RMSprop, and the paper on Adam


@dataclass(frozen=True)
class Setting:
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

    Raises SubjectError, saying which word is wrong and what would be right.
    """
    found: dict[str, str] = {}
    known = {**SURE, **FEATURES_SAID, **AMBIGUOUS, "alpha": ALPHA[family]}
    for text in texts:
        own, separator, value = text.partition("=")
        name = known.get(own) or known.get(said(own))
        if not separator or name is None:
            raise SubjectError(
                f"{text!r} is no hyperparameter: write name=value with one of "
                f"{', '.join((*PLAIN, *VALUED, *SWITCHES))}"
            )
        if name in SWITCHES:
            if value.lower() not in ("true", "false"):
                raise SubjectError(f"{own} is switched: {own}=true or {own}=false")
            found[name] = value.lower()
        elif DECIMAL.fullmatch(value):
            found[name] = decimal(value)
        else:
            raise SubjectError(f"{text!r}: {value!r} is not a decimal without sign, such as 1e-8")
    return found


def decimal(text: str) -> str:
    """A decimal as case identifiers write it: ``1.`` as 1.0, ``1E+3`` as 1000.0, 1e-08 as 1e-8."""
    if not re.fullmatch(r"\d+(\.\d+)?(e-?\d+)?", text):
        text = repr(float(text))
    return text.replace("e-0", "e-").replace("e+", "e")


def setting(subject: Subject, given: Mapping[str, str]) -> Setting:
    """What an implementation is asked: what was given, completed by its own defaults.

    Raises SubjectError where something is missing, unknown to it, or no combination that it has.
    """
    item = subject.implementation
    if strange := sorted(set(given) & {*PLAIN, *VALUED} - set(item.hyperparameters)):
        raise SubjectError(
            f"{item.name} takes no {', '.join(strange)}; it takes {', '.join(item.hyperparameters)}"
        )
    stated = {
        name: str(value).lower() if isinstance(value, bool) else decimal(repr(value))
        for name, value in subject.defaults.items()
        if isinstance(value, bool | float | int)
    }
    values = {**stated, **given}
    fixed = tuple(set.intersection(*(set(listed) for listed in item.features)))
    features = {name for name in SWITCHES if values.get(name) == "true"} | set(fixed)
    for name in VALUED:
        idle = Fraction(1) if name == "loss_scale" else Fraction(0)
        if name in values and Fraction(values[name]) != idle:
            features.add(name)
    needed = {"learning_rate", "decay", "epsilon", *({"beta1"} if item.family == "adam" else ())}
    needed |= {name for name in VALUED if name in features}
    if missing := sorted(needed & set(item.hyperparameters) - set(values)):
        raise SubjectError(
            f"{item.name} has no default for {', '.join(missing)}: give {missing[0]}=…"
        )
    ordered = tuple(name for name in FEATURES if name in features)
    known_combination(item, ordered)
    decimals = {name: values[name] for name in item.hyperparameters if name in needed & set(values)}
    return Setting(ordered, dict(sorted(decimals.items())))


def known_combination(item: Implementation, features: tuple[str, ...]) -> None:
    """Raise SubjectError unless the implementation has these options together."""
    if set(features) not in [set(listed) for listed in item.features]:
        every = "; ".join(", ".join(listed) or "none" for listed in item.features)
        raise SubjectError(
            f"{item.name} has not these options together: {', '.join(features) or 'none'}; "
            f"it has {every}"
        )
