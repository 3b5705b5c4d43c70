"""The survey of all pairs as a page, and as JSON with every witness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from optimizer_conformance.questions.stated import distinguished
from optimizer_conformance.questions.translate.table import (
    DTYPE,
    NUMBERS,
    OPTIONS,
    Atlas,
    Attempt,
    Follower,
)
from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import Rule

HEAD = """# All pairs

Which rule each implementation follows, and what makes one that follows another rule follow it too.
Written by `conformance translate --table`, from steps in {dtype} with
{numbers}; the documents decide nothing here. [translate.md](translate.md) explains the words.

Versions: {versions}.
"""
CELLS = {
    "same": "the same numbers",
    "state": "the state set before the first step",
    "none": "none",
    "refused": "hyperparameters that it does not take",
}


def markdown(atlas: Atlas) -> str:
    """The page."""
    versions = ", ".join(
        f"{name} {version}"
        for own in atlas.versions.values()
        for name, version in list(own.items())[:1]
    )
    numbers = ", ".join(f"{name} {value}" for name, value in NUMBERS.items())
    lines = [HEAD.format(dtype=DTYPE, numbers=numbers, versions=versions)]
    for features in OPTIONS:
        lines += section(atlas, features)
    ruleless = [item for item in atlas.followers if item.rule is None]
    lines += ["## Without one rule", ""]
    lines += [
        f"- `{item.implementation}`{with_options(item.features)}: {item.departs or 'none found'}"
        for item in ruleless
    ]
    lines += ["", "## Left out", ""]
    for reason, names in grouped(atlas.left_out).items():
        lines.append(f"- {reason}: {', '.join(f'`{name}`' for name in names)}")
    return "\n".join(lines) + "\n"


def grouped(reasons: dict[str, str]) -> dict[str, list[str]]:
    """Names by their reason."""
    found: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        found.setdefault(reason.splitlines()[0], []).append(name)
    return found


def with_options(features: tuple[str, ...]) -> str:
    """Options in words."""
    return f" with {', '.join(features)}" if features else ""


def section(atlas: Atlas, features: tuple[str, ...]) -> list[str]:
    """One set of options: its rules, the matrix, and the witnesses."""
    rules = labelled(atlas, features)
    if not rules:
        return []
    lines = [f"## {', '.join(features).replace('_', ' ').capitalize() or 'Without options'}", ""]
    lines += ["| rule | formula | implementations |", "| --- | --- | --- |"]
    for rule, label in rules.items():
        own = [item for item in here(atlas, features) if item.rule == rule]
        names = ", ".join(f"`{item.implementation}`" for item in own)
        lines.append(f"| {label} | {formula(rule)} | {names} |")
    lines += ["", "From the rule of a row to the rule of a column:", ""]
    lines.append("| | " + " | ".join(rules.values()) + " |")
    lines.append("| --- |" + " --- |" * len(rules))
    for first, label in rules.items():
        cells = [cell(atlas, features, first, second) for second in rules]
        lines.append(f"| **{label}** | " + " | ".join(cells) + " |")
    shown = list(witnesses(atlas, features, rules))
    if shown:
        lines += ["", '<details markdown="1">']
        lines += ["<summary>Witnesses: the first step in which constant numbers part</summary>", ""]
        lines += [
            "| from, to | parameter | gradients | from | to |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [*shown, "", "</details>"]
    return [*lines, ""]


def here(atlas: Atlas, features: tuple[str, ...]) -> list[Follower]:
    """The followers of a rule with these options."""
    return [item for item in atlas.followers if item.features == features and item.rule is not None]


def labelled(atlas: Atlas, features: tuple[str, ...]) -> dict[Rule, str]:
    """Every rule, the one with most followers first, and its letter."""
    counts = Counter(item.rule for item in here(atlas, features))
    return {
        rule: chr(ord("A") + index)
        for index, (rule, _) in enumerate(counts.most_common())
        if rule is not None
    }


def formula(rule: Rule) -> str:
    """In one cell."""
    lines = [*starts(rule), *(text for text, _ in equations(rule))]
    return "<br>".join(f"`{line}`" for line in lines)


def tried(atlas: Atlas, features: tuple[str, ...], first: Rule, second: Rule) -> list[Attempt]:
    """Every implementation of the second rule that was told to follow the first."""
    return [
        item
        for item in atlas.attempts
        if item.features == features and (item.first, item.second) == (first, second)
    ]


def cell(atlas: Atlas, features: tuple[str, ...], first: Rule, second: Rule) -> str:
    """What it takes, for how many implementations."""
    if first == second:
        return "·"
    every = tried(atlas, features, first, second)
    parts = []
    for outcome, count in Counter(item.outcome for item in every).most_common():
        found = next(item for item in every if item.outcome == outcome)
        words = CELLS.get(outcome)
        if words is None:
            changed = {
                name: text for name, text in found.formulas.items() if text not in (name, "0", "1")
            }
            words = ", ".join(f"{name} = {text}" for name, text in changed.items())
            words = f"`{words}`" if words else "the same numbers"
        if outcome in ("schedule", "wrapper"):
            words += " at every step" + (", which needs a wrapper" if outcome == "wrapper" else "")
        elif found.run and outcome != "none" and not found.varying:
            words += " while the rate stays"
        if not first.starts_like(second) and outcome not in ("state", "none", "refused"):
            words += ", and the state set before the first step"
        parts.append(f"{words} ({count})")
    return "; ".join(parts) or "–"


def witnesses(atlas: Atlas, features: tuple[str, ...], rules: dict[Rule, str]) -> Iterator[str]:
    """One row for each pair of rules that parts."""
    for first, label in rules.items():
        for second, other in rules.items():
            found = [item.witness for item in tried(atlas, features, first, second) if item.witness]
            if not found:
                continue
            best = min(found, key=lambda item: (len(item.gradients), -item.ulp))
            gradients = ", ".join(f"{gradient:.9g}" for gradient in best.gradients)
            yield (
                f"| {label}, {other} | {best.parameter:.9g} | {gradients} | {best.first:.9g} "
                f"| {best.second:.9g} |"
            )


def titled(rule: Rule) -> str:
    """A rule in words."""
    return f"{rule.family}, {distinguished(rule)}"


def content(atlas: Atlas) -> dict[str, Any]:
    """For JSON: every attempt with its run and its witness."""
    return {
        "dtype": DTYPE,
        "numbers": NUMBERS,
        "versions": atlas.versions,
        "followers": [asdict(item) for item in atlas.followers],
        "attempts": [
            asdict(item) | {"rule": titled(item.first), "own": titled(item.second)}
            for item in atlas.attempts
        ],
        "left_out": atlas.left_out,
    }
