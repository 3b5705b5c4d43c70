"""What each choice of a rule says in words, so that a difference can be read."""

from __future__ import annotations

from optimizer_conformance.reference.pipeline import Choices

# field -> what it speaks of, and what each choice says of that
WORDS: dict[str, tuple[str, dict[object, str]]] = {
    "epsilon": (
        "epsilon",
        {
            "inside": "inside the root",
            "outside": "outside the root",
            "hat": "outside the root before its bias correction (epsilon hat)",
            "none": "absent",
        },
    ),
    "initial_second_moment": ("second moment", {"0": "starts at 0", "1": "starts at 1"}),
    "momentum": (
        "learning rate",
        {
            "none": "without a momentum buffer",
            "scaled": "inside the momentum buffer",
            "unscaled": "applied to the momentum buffer",
        },
    ),
    "weight_decay": (
        "weight decay",
        {
            "none": "absent",
            "l2": "added to the gradient",
            "decoupled": "shrinks the parameter by learning rate × decay",
            "decoupled-unscaled": "shrinks the parameter by decay alone",
            "decoupled-corrected": "shrinks the parameter by corrected learning rate × decay",
        },
    ),
    "correction": (
        "bias correction",
        {
            "none": "absent",
            "first": "of the first moment only",
            "second": "of the second moment only",
            "both": "of both moments",
        },
    ),
    "amsgrad": (
        "running maximum",
        {
            "none": "absent",
            "raw": "before the bias correction",
            "corrected": "after the bias correction",
        },
    ),
    "centered": ("second moment", {True: "centred", False: "not centred"}),
    "nesterov": ("momentum", {True: "Nesterov's", False: "not Nesterov's"}),
    "maximize": ("gradient", {True: "ascended", False: "descended"}),
    "first_moment": ("gradients", {True: "averaged", False: "not averaged"}),
    "centralize": ("gradients", {True: "centralised", False: "not centralised"}),
}


def difference(observed: Choices, documented: Choices, link: str = ", documented") -> str:
    """What an implementation does that a document states otherwise; empty when they agree.

    ``link`` stands between what is done and what it differs from.
    """
    parts = []
    for name in observed.differences(documented):
        subject, says = WORDS[name]
        done, stated = says[getattr(observed, name)], says[getattr(documented, name)]
        parts.append(f"{subject} {done}{link} {stated}")
    return "; ".join(parts)


def contrast(first: Choices, second: Choices) -> str:
    """How two rules differ; empty when they do not."""
    parts = []
    for name in first.differences(second):
        subject, says = WORDS[name]
        one, other = says[getattr(first, name)], says[getattr(second, name)]
        parts.append(f"{subject} {one} in the first, {other} in the second")
    return "; ".join(parts)
