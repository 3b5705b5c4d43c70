"""Pieces of work: one rule in one dtype, its mutants or its rewritings at length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer_conformance.questions.power.measurement import Measurement, Rewriting, flood, measure
from optimizer_conformance.reference.variants import VARIANTS, Variant


@dataclass(frozen=True)
class Task:
    """One piece of work: a rule in a dtype, its mutants or (``size``) its rewritings at length."""

    variant: str
    dtype: str
    profile: str
    size: int = 0
    seed: int = 0


def tasks(
    variants: list[str], dtypes: tuple[str, ...], profile: str, sizes: dict[str, int]
) -> Iterator[Task]:
    """All work, the longest first."""
    for size in (True, False):
        for dtype in dtypes:
            for name in variants:
                # A mean over axes or a norm needs its own shapes, which have one size.
                if not size or not VARIANTS[name].rule.shaped:
                    yield Task(name, dtype, profile, sizes[dtype] if size else 0)


def perform(task: Task) -> Measurement | list[Rewriting]:
    """Carry out one task, in whatever process."""
    variant: Variant = VARIANTS[task.variant]
    if task.size:
        return flood(variant, task.dtype, task.profile, task.size, task.seed + 1)
    return measure(variant, task.dtype, task.profile)
