"""From what a user writes to the exact decimal that is meant: the one door for hyperparameters.

Every command and every function that takes hyperparameters goes through it, so that what cannot be
meant is refused in the same words everywhere, before anything starts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, called

NUMBER = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
LONGEST = 1100  # characters: a float64 that is written out has 1074 decimals
SHOWN = 40  # characters of what is refused
HUGE = 10**400  # an integer that no float64 comes near, and that can still be printed


class HyperparameterError(ValueError):
    """No number that can be meant; the message says in one line what would be one."""


def pairs(words: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` words as a mapping.

    Raises HyperparameterError for another form, a value that is missing, a name that comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name.isidentifier():
            raise HyperparameterError(f"{shortened(word)!r}: write it as NAME=VALUE")
        if not value.strip():
            raise HyperparameterError(f"{name}= has no value: write it as NAME=VALUE")
        if name in found:
            raise HyperparameterError(
                f"{name} is given twice: {name}={shortened(found[name])} and "
                f"{name}={shortened(value)}"
            )
        found[name] = value
    return found


def by_meaning(
    given: Mapping[str, Any], own: Mapping[str, str] | None = None, family: str = ""
) -> dict[str, Any]:
    """The same values by canonical names; what is no hyperparameter keeps its name.

    ``own`` are the names that a target itself has for them.  Raises HyperparameterError where two
    names mean one hyperparameter.
    """
    found: dict[str, Any] = {}
    said: dict[str, str] = {}
    for name, value in given.items():
        meant = (own or {}).get(name) or called(name, family) or name
        if meant in said:
            raise HyperparameterError(
                f"{said[meant]} and {name} both mean {meant}: give one of them"
            )
        found[meant], said[meant] = value, name
    return found


def decimal(name: str, value: Any) -> str:
    """A hyperparameter's exact value as a decimal such as ``1e-8``: the one door.

    ``value`` is text, or a number as Python and NumPy have them.  Raises HyperparameterError for
    an unknown name, what is no number, and a number that cannot be meant.
    """
    if name not in HYPERPARAMETERS:
        known = ", ".join(HYPERPARAMETERS)
        raise HyperparameterError(f"{shortened(name)} is no hyperparameter; known are {known}")
    record = HYPERPARAMETERS[name]
    text = value if isinstance(value, str) else spelled(value)
    said = f"{name}={shortened(text)}"
    match = NUMBER.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        why = f"has more than {LONGEST} characters" if len(text) > LONGEST else "is no decimal"
        raise HyperparameterError(f"{said} {why}: write such as {name}={record.usual}")
    sign, digits, power = match.groups()
    digits = f"0{digits}" if digits.startswith(".") else digits.rstrip(".")
    nothing = not digits.strip("0.")
    text = f"{digits}e{int(power)}" if power and not nothing else digits
    if not nothing and not sys.float_info.min <= float(text) <= sys.float_info.max:
        raise HyperparameterError(
            f"{said} is nothing that float64 holds: it reaches from {sys.float_info.min:.2g} to "
            f"{sys.float_info.max:.2g}"
        )
    if (sign == "-" and not nothing) or not record.allows(Fraction(text)):
        raise HyperparameterError(f"{said}: {record.words} is {record.what}, {record.range}")
    return text


def spelled(value: Any) -> str:
    """A number of Python's or NumPy's as text; what is no number as it prints itself."""
    if isinstance(value, bool):
        return repr(value)
    if isinstance(value, Integral):
        return str(int(value)) if abs(int(value)) < HUGE else "more than any number"
    if isinstance(value, Real) and not isinstance(value, Rational):
        return repr(float(value))
    return str(value) if isinstance(value, Decimal) else repr(value)


def shortened(text: str) -> str:
    """What was written, as far as it fits into a line."""
    line = text if text.isprintable() else repr(text)
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
