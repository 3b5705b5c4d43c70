"""The support matrix: what each implementation has, and the rule that it was found to follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from optimizer_conformance.reports.facts import (
    AS_WRITTEN,
    Configuration,
    Facts,
    ImplementationFacts,
)
from optimizer_conformance.reports.model import FEATURES, options
from optimizer_conformance.reports.sheets import Sheet

DTYPES = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
YES, NO = "✓", ""
PARTLY = "†"
# Choices that the table of rules shows; the others are options of their own.
RULE = {
    "epsilon": "epsilon",
    "initial_second_moment": "second moment starts at",
    "correction": "bias correction",
    "momentum": "learning rate and momentum",
    "weight_decay": "weight decay",
    "amsgrad": "running maximum",
}
WORDS = {
    ("epsilon", "inside"): "inside the root",
    ("epsilon", "outside"): "outside the root",
    ("epsilon", "hat"): "hat: outside, before bias correction",
    ("correction", "none"): "",
    ("momentum", "none"): "",
    ("momentum", "scaled"): "rate inside the buffer",
    ("momentum", "unscaled"): "rate applied to the buffer",
    ("weight_decay", "none"): "",
    ("weight_decay", "l2"): "added to the gradient",
    ("weight_decay", "decoupled"): "decoupled, times the rate",
    ("weight_decay", "decoupled-unscaled"): "decoupled, without the rate",
    ("weight_decay", "decoupled-corrected"): "decoupled, times the corrected rate",
    ("amsgrad", "none"): "",
    ("amsgrad", "raw"): "before bias correction",
    ("amsgrad", "corrected"): "after bias correction",
}
# What a run calls these, and how the table does; others keep the run's words.
HOW = {"decay and 1-decay": "1 − β", "bias correction": "1 − βᵗ"}
TITLE = "Support matrix"
ABOUT = (
    "What each implementation has, and the rule that it was found to follow. Nothing here is typed "
    "in: options, dtypes, devices and state are what a worker describes and `conformance adapter "
    "check` tries; rules and formats are those that explain every answer of a run."
)


def sheets(found: Facts) -> list[Sheet]:
    """Options, data types and state, rules, formats, gaps, what is not driven, in this order."""
    items = found.implementations
    had = {name for item in items for listed in item.options for name in listed.split("+")}
    columns = [name for name in FEATURES if name in had]
    return [
        Sheet(
            "Options",
            "Which options can be switched on, how many sets of them there are, and which "
            "documented variant the implementation's own documentation states.",
            ("implementation", "version", *map(options, columns), "sets", "documented"),
            [option_row(item, columns) for item in items],
        ),
        Sheet(
            "Data types, devices and state",
            "State: which tensors are shown. Set: whether they can be replaced. Schedule: whether "
            "its own API takes a rate for each step. Groups: what it takes for each group.",
            (
                "implementation",
                *used_dtypes(items),
                "devices",
                "state",
                "set",
                "schedule",
                "groups",
            ),
            [place_row(item, used_dtypes(items)) for item in items],
        ),
        Sheet(
            "The rule that is followed",
            "For every set of options the rule that no answer of the run contradicts; where it "
            "depends on the options, they are named. An empty place: the rule has no such part. "
            f"{PARTLY} Only of those elements that the documented rule leaves over.",
            ("implementation", *RULE.values(), "departs from its documentation"),
            [rule_row(item) for item in items if item.configurations],
        ),
        Sheet(
            "How hyperparameters are held",
            "In which format 1 − β and the others are formed, by dtype of the parameters: what "
            f"explained an element outside the bound. “{AS_WRITTEN}”: every element was inside it "
            "with the decimals as they were written.",
            ("implementation", *(HOW.get(what, what) for what in kinds(items))),
            [held_row(item, kinds(items)) for item in items if item.judged],
        ),
        Sheet(
            "What is missing, and why",
            "Gaps are data: an adapter declares each with its reason.",
            ("adapter", "lacks", "reason", "implementations"),
            list(reason_rows(items, gaps)),
        ),
        Sheet(
            "What is not asked, and why",
            "What upstream has and the adapter here does not drive: a limit of this project's.",
            ("adapter", "does not drive", "reason", "implementations"),
            list(reason_rows(items, undriven)),
        ),
    ]


def option_row(item: ImplementationFacts, columns: Sequence[str]) -> list[str]:
    """Which of these options it has."""
    every = {name for listed in item.options for name in listed.split("+")}
    return [
        item.name,
        item.version,
        *(YES if name in every else NO for name in columns),
        str(len(item.options)),
        ", ".join(item.claims) or "–",
    ]


def used_dtypes(items: list[ImplementationFacts]) -> list[str]:
    """Those that some implementation has."""
    used = {dtype for item in items for dtype in item.dtypes}
    return [name for name in DTYPES if name in used]


def place_row(item: ImplementationFacts, dtypes: list[str]) -> list[str]:
    """Where it runs and what it shows."""
    return [
        item.name,
        *(YES if name in item.dtypes else NO for name in dtypes),
        ", ".join(item.devices) or "–",
        ", ".join(name.replace("_", " ") for name in item.state) or "hidden",
        YES if item.settable and item.state else NO,
        YES if item.schedules else NO,
        ", ".join(name.replace("_", " ") for name in item.groups) or NO,
    ]


def rule_row(item: ImplementationFacts) -> list[str]:
    """Each choice, with the options where it depends on them, and what the documents say else."""
    lost = [options(one.options) for one in item.configurations if one.rule is None]
    departs = [why for one in item.configurations for why in one.departs]
    notes = [f"no rule explains {', '.join(dict.fromkeys(lost))}"] if lost else []
    return [
        item.name,
        *(chosen(item.configurations, name) for name in RULE),
        "; ".join(dict.fromkeys([*notes, *departs])),
    ]


def chosen(configurations: list[Configuration], name: str) -> str:
    """What a choice is: that of most sets of options first, others with the options' names."""
    found: dict[str, list[str]] = {}
    for item in configurations:
        if item.rule is not None:
            value = str(item.rule.factors.get(name, ""))
            if word := WORDS.get((name, value), value):
                mark = PARTLY if item.rule.partly else ""
                found.setdefault(word + mark, []).append(options(item.options))
    usual = max(found, key=lambda word: len(found[word]), default="")
    others = [
        f"{word} ({', '.join(dict.fromkeys(sets))})"
        for word, sets in found.items()
        if word != usual
    ]
    return "; ".join([usual, *others])


def kinds(items: list[ImplementationFacts]) -> list[str]:
    """What was found to be held in a format of its own, 1 − β first."""
    return list(dict.fromkeys([*HOW, *(held.what for item in items for held in item.held)]))


def held_row(item: ImplementationFacts, whats: list[str]) -> list[str]:
    """In which formats it holds what, by dtype."""
    return [item.name, *(formats(item, what) for what in whats)]


def formats(item: ImplementationFacts, what: str) -> str:
    """``float64: float32 or float64``: for parameters of a dtype, the formats that explained it."""
    found: dict[str, list[str]] = {}
    for held in item.held:
        if held.what == what:
            found.setdefault(held.dtype, []).append(held.format)
    parts = [f"{dtype}: {' or '.join(formats)}" for dtype, formats in found.items()]
    return "; ".join(parts) or AS_WRITTEN


def gaps(item: ImplementationFacts) -> dict[str, str]:
    """Every gap, and what keeps an implementation from running."""
    found = {what: reason for what, reason in item.gaps.items() if what != "device"}
    return {**found, **({"a device": item.missing} if item.missing else {})}


def undriven(item: ImplementationFacts) -> dict[str, str]:
    """What an implementation has and its adapter does not ask of it."""
    return item.undriven


def reason_rows(
    items: list[ImplementationFacts], reasons: Callable[[ImplementationFacts], dict[str, str]]
) -> Iterator[list[str]]:
    """What is missing and why, an adapter after the other; one reason is told once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for item in items:
        for what, reason in reasons(item).items():
            found.setdefault((item.adapter, what.replace("_", " "), reason), []).append(item.name)
    for (adapter, what, reason), names in found.items():
        everyone = [item.name for item in items if item.adapter == adapter]
        short = (name.partition(":")[2] for name in names)
        yield [adapter, what, reason, "all" if names == everyone else ", ".join(short)]
