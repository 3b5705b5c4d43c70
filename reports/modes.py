"""Kinds of cases in words for strangers that follow "except"; tests hold them against the kinds."""

from __future__ import annotations

WHERE = {
    "injected": "in a step from a given state",
    "origin": "in a step from parameters at zero",
    "trajectory": "in steps from its own start",
    "rate-change": "where the learning rate changes",
    "restored": "after its state was read and put back",
    "layout": "for some shapes",
    "layout-filled": "for some shapes",
    "groups": "with parameter groups",
    "names": "for parameters called beta and gamma",
    "defaults": "with its own defaults",
    "separation": "where the rules in question lie apart",
    "edges": "with hyperparameters at the ends of their ranges",
    "relations": "where gradients are negated, permuted or split",
    "steps": "in long runs",
    "shapes": "for some sizes and shapes",
    "shapes-filled": "for some sizes and shapes",
    "magnitudes": "with parameters and gradients of other magnitudes",
    "boundaries": "with one hyperparameter at an end of its range",
    "rates": "with a rate that rises and falls",
    "loop": "in a training loop",
    "loop-missing": "where a gradient is missing",
    "loop-joined": "for a parameter that comes later",
    "loop-groups": "with parameter groups that differ in everything",
    "checkpoint": "after saving and loading",
    "mixed": "where shapes, sizes of numbers and rates meet",
    "mixed-loop": "where groups, gaps, checkpoints and shapes meet",
}


def where(mode: str) -> str:
    """Where cases of one kind lie; a kind of a newer or damaged folder by its name."""
    return WHERE.get(mode, f"in cases of {mode}")
