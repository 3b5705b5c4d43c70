"""The rules that documents of a run state, as reports print them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.rules.rule import FAMILIES
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports.bearings import bearings
from optimizer_conformance.reports.blocks import StatedRule
from optimizer_conformance.reports.model import RunData

UNSAID = {"epsilon": "none"}  # values of which nothing is said


def rules_of(run: RunData) -> dict[str, StatedRule]:
    """The rule of each documented variant that heads a block of a report."""
    return stated(item.variant for item in bearings(run))


def stated(variants: Iterable[str]) -> dict[str, StatedRule]:
    """The rules of these variants; what is no variant here, of an older run, has none."""
    rules = {name: VARIANTS[name].rule for name in variants if name in VARIANTS}
    keys: dict[Rule, str] = {}
    for rule in dict.fromkeys(rules.values()):
        keys[rule] = unused(slug(f"{rule.family} {distinguished(rule)}"), keys.values())
    return {
        name: StatedRule(
            key=keys[rule],
            family=rule.family,
            words=distinguished(rule),
            equations=equations(rule),
            starts=starts(rule),
        )
        for name, rule in rules.items()
    }


def slug(words: str) -> str:
    """Words as an address has them."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def unused(name: str, used: Iterable[str]) -> str:
    """A name that is not used yet."""
    taken = set(used)
    every = (name, *(f"{name}-{number}" for number in range(2, len(taken) + 2)))
    return next(one for one in every if one not in taken)


def distinguished(rule: Rule) -> str:
    """What tells a rule from the plain one of its family, in words, and where epsilon stands.

    Of an option without choices of its own, such as a schedule-free mean, the name.
    """
    plain = FAMILIES.get(rule.family, rule)
    apart = {*rule.differences(plain), "epsilon"}
    on = [
        name.replace("_", " ") + (f" {rule[name]}" if isinstance(rule[name], str) else "")
        for name, factor in FACTORS.items()
        if factor.option and name not in rule.choices and rule[name] != plain[name]
    ]
    told = [name for name in FACTORS if name in apart and rule[name] != UNSAID.get(name)]
    return ", ".join([*on, *(FACTORS[name].called(rule[name]) for name in told)])
