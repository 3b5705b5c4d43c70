"""What a site shows that no run folder holds: it is handed over by whoever knows the rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from optimizer_conformance.reports.blocks import StatedRule


@dataclass(frozen=True)
class Formula:
    """The equations of one step, as text and as MathML."""

    text: tuple[str, ...]
    mathml: tuple[str, ...]


@dataclass(frozen=True)
class Exhibits:
    """Beside a run.

    rules     by the identifier of a documented variant
    formulas  by the key of a rule
    observed  what an implementation on a device follows, and how that differs from its document
    defaults  that documents state, by variant
    sources   where documents stand: words, and an address
    paths     points of a walk in two dimensions, by the key of a rule
    curvatures  of the function that is walked down: a x1^2 + b x2^2
    examples  of the documents, reproduced
    classes   who follows one rule, by family and options, and what tells each two classes apart
    every     each element of a cell that was computed again, by the numbers of file and cell
    served    whether a program answers that computes cells again when asked
    """

    rules: Mapping[str, StatedRule] = field(default_factory=dict)
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    observed: Mapping[tuple[str, str], tuple[Formula, tuple[str, ...]]] = field(
        default_factory=dict
    )
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    paths: Mapping[str, Sequence[tuple[float, float]]] = field(default_factory=dict)
    curvatures: tuple[float, float] = (1.0, 1.0)
    examples: Sequence[Mapping[str, Any]] = ()
    classes: Sequence[Mapping[str, Any]] = ()
    every: Mapping[tuple[int, int], Mapping[str, Any]] = field(default_factory=dict)
    served: bool = False
