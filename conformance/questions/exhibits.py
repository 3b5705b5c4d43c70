"""What a report's site shows beside a run folder: formulas, examples, trajectories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from latex2mathml.converter import convert

from optimizer_conformance.judging.rows import rule_of
from optimizer_conformance.questions.equivalence.classes import unseparated
from optimizer_conformance.questions.stated import stated
from optimizer_conformance.reference import examples
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.numbers.symbolic import equations, starts
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reports import beside, equivalence
from optimizer_conformance.reports.bearings import bearings
from optimizer_conformance.reports.classes import Panel, read
from optimizer_conformance.reports.exhibits import Exhibits, Formula
from optimizer_conformance.reports.folder import UnreadableRun
from optimizer_conformance.reports.model import RunData, options

# Dive into Deep Learning 8.6.1: 0.1 x1^2 + 2 x2^2 from (-5, -2), twenty steps at 0.4.
CURVATURES = (0.1, 2.0)
START = (-5.0, -2.0)
STEPS = 20
# Its rate, and an epsilon as large as the gradients become, so that its place is seen.
CHOSEN = {"learning_rate": "0.4", "epsilon": "0.5"}


def exhibits(
    run: RunData,
    every: Mapping[tuple[int, int], Mapping[str, Any]] | None = None,
    *,
    served: bool = False,
) -> Exhibits:
    """Everything that the rooms above reports know of the rules of a run.

    ``every`` are the elements of cells that were computed again; ``served``: whether others can be.
    """
    names = {name for item in bearings(run) for name in (item.variant, *item.also) if name}
    rules = stated(sorted(names & VARIANTS.keys()))
    own = {rules[name].key: VARIANTS[name].rule for name in rules}
    return Exhibits(
        rules=rules,
        formulas={key: formula(rule) for key, rule in own.items()},
        observed=dict(observed(run)),
        defaults={name: dict(VARIANTS[name].defaults) for name in rules},
        sources={name: (VARIANTS[name].source, VARIANTS[name].url) for name in rules},
        paths={key: path(rule) for key, rule in own.items()},
        curvatures=CURVATURES,
        examples=[asdict(item) | {"matches": item.matches} for item in examples.reproduce()],
        classes=[panel_content(panel) for panel in panels(run)],
        every=every or {},
        served=served,
    )


def panels(run: RunData) -> list[Panel]:
    """Who follows one rule, by family and options; of a run that kept no rules, nothing.

    What tells classes apart stands there where ``conformance equivalence`` has left it.
    """
    kept = run.folder / beside.EQUIVALENCE[0]
    if kept.is_file():
        return read(kept).panels
    try:
        return unseparated(run) if len(run.cells) else []
    except UnreadableRun:
        return []


def panel_content(panel: Panel) -> dict[str, Any]:
    """One set of options of one family."""
    return {
        "family": panel.family,
        "options": options(panel.options),
        "classes": [
            {
                "name": item.name,
                "rule": "; ".join(item.rule),
                "equations": [text for text, _ in item.equations],
                "documents": item.documents,
                "members": [member.name for member in item.members],
                "but": list(equivalence.exceptions(item)),
            }
            for item in panel.classes
        ],
        "witnesses": [
            {
                "classes": list(item.classes),
                "said": equivalence.said(item),
                "size": item.size,
                "place": equivalence.place(item),
                "example": equivalence.by_hand(item),
            }
            for item in panel.witnesses
        ],
    }


def formula(rule: Rule) -> Formula:
    """The equations of a rule as text, and as MathML, which browsers draw without any script."""
    printed = equations(rule)
    return Formula(
        text=(*starts(rule), *(text for text, _ in printed)),
        mathml=tuple(str(convert(latex, display="block")) for _, latex in printed),
    )


def observed(run: RunData) -> Iterator[tuple[tuple[str, str], tuple[Formula, tuple[str, ...]]]]:
    """The formula that each implementation follows without options, and how it differs."""
    stands = {(item.implementation, item.device): item for item in bearings(run)}
    for groups in run.groups.values():
        for group in groups:
            place = (group.implementation, group.device)
            item = stands.get(place)
            if item and group.followed and group.features == min(item.options, key=len):
                rule = rule_of(group.followed, group.features.split("+"))
                yield place, (formula(rule), tuple(differing(rule, item.variant)))


def differing(rule: Rule, variant: str) -> Iterator[str]:
    """In which choices a rule is another one than a document's."""
    if variant in VARIANTS:
        document = VARIANTS[variant].rule
        for name in rule.differences(document):
            factor = FACTORS[name]
            yield (
                f"{factor.subject}: {factor.said(rule[name])}; documented: "
                f"{factor.said(document[name])}"
            )


def path(rule: Rule, **chosen: str) -> list[tuple[float, float]]:
    """Twenty steps of a rule in two dimensions, as the reference takes them."""
    decimals = {
        name: HYPERPARAMETERS[name].typical[0] if HYPERPARAMETERS[name].typical else "1"
        for name in rule.hyperparameters
    } | {name: value for name, value in (CHOSEN | chosen).items() if name in rule.hyperparameters}
    point, state, found = np.array(START), None, [START]
    for taken in range(STEPS):
        gradient = 2 * np.array(CURVATURES) * point
        ((point, state),) = trajectory(
            rule, decimals, point, [gradient], num=FLOAT64, state=state, taken=taken
        )
        found.append((float(point[0]), float(point[1])))
    return found
