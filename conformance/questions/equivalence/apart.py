"""Classes that follow one rule and are told apart by what they give where no digit is promised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas

from optimizer_conformance.reports import outcomes
from optimizer_conformance.reports.reasons import Reason

if TYPE_CHECKING:
    from optimizer_conformance.questions.equivalence.classes import FollowedRule, Key


def split(
    groups: dict[Key, list[FollowedRule]], cells: pandas.DataFrame
) -> dict[Key, list[FollowedRule]]:
    """The same, with those apart that follow one rule and gave something else where it is silent.

    nan or a number, or two numbers without a digit in common: who takes the other's place is seen.
    """
    if "kinds" not in cells:
        return groups
    found: dict[Key, list[FollowedRule]] = {}
    for (rule, word), members in groups.items():
        keys: list[Key] = []
        for member in members:
            for key in keys:
                told = next(filter(None, (unlike(cells, member, one) for one in found[key])), "")
                if not told:
                    found[key].append(member)
                    break
            else:
                told = told if keys else ""
                key = (rule, word if not keys else f"{word} {told}".strip())
                apart = replace(member, departs=(*member.departs, Reason(told))) if told else member
                keys.append(key)
                found.setdefault(key, []).append(apart)
    return found


def unlike(cells: pandas.DataFrame, one: FollowedRule, other: FollowedRule) -> str:
    """What sets two implementations apart in a case that both ran, in words."""
    a, b = (came(cells, item) for item in (one, other))
    for place in a.index.intersection(b.index):
        if words := outcomes.apart(a.loc[place], b.loc[place]):
            return f"{words} as {other.name} ({place[1]} of {place[0]})"
    return ""


def came(cells: pandas.DataFrame, item: FollowedRule) -> pandas.DataFrame:
    """What came of an implementation's parameters, by case and regime."""
    own = cells[(cells.implementation == item.implementation) & (cells.device == item.device)]
    return own.drop_duplicates(["case", "regime"]).set_index(["case", "regime"])
