"""Which kind of optimizer an object is, told without importing a framework."""

from __future__ import annotations

import inspect
from typing import Any

from optimizer_conformance.adapters.targets import styles
from optimizer_conformance.adapters.targets.names import meanings
from optimizer_conformance.adapters.targets.order import (
    BadTarget,
    Misbehaviour,
    first_line,
    guarded,
)

# kind -> what it is in words
KINDS = {
    "torch": "a torch.optim.Optimizer subclass, or what makes one of parameters",
    "optax": "an Optax transformation, or what makes one",
    "keras": "a Keras optimizer class",
    "mindspore": "a MindSpore nn.Optimizer subclass",
    "ops": "an operator of PyTorch (torch:ops.aten._fused_adamw_), or a function like one",
    "course": "a class with update(w, g), step(params, grads) or the like, on NumPy arrays",
    "config": "update(w, dw, config) -> (w, config), where config holds what it needs",
    "moments": "update(parameters, grads, v, s, ...), where v and s are what it keeps",
    "function": "update(parameter, gradient, state, **hyperparameters) -> (parameter, state)",
}
OPERATORS = ("OpOverloadPacket", "OpOverload", "CustomOpDef")
# The base class that gives a kind away: the beginning of its module, and its name.
BASES = {
    "torch": ("torch.optim", "Optimizer"),
    "keras": ("keras.", "BaseOptimizer"),
    "mindspore": ("mindspore.nn", "Optimizer"),
}


def recognised(found: Any) -> str:  # noqa: PLR0911, PLR0912 - one a kind
    """The kind of an object.

    Raises BadTarget for one that is none of them.
    """
    made = getattr(found, "func", found)  # what a functools.partial calls
    lines = made.__mro__ if inspect.isclass(made) else type(found).__mro__
    for kind, (module, name) in BASES.items():
        if any(c.__name__ == name and f"{c.__module__}.".startswith(module) for c in lines):
            if inspect.isclass(made):
                return kind
            raise BadTarget(
                f"it is an optimizer of {kind} that has been made already: name its class, or a "
                "function that makes it"
            )
    if transformation(found):
        return "optax"
    if not callable(found):
        raise BadTarget(f"it is of type {type(found).__name__}, which is no kind of optimizer")
    annotation = str(inspect.signature(found).return_annotation)
    if "GradientTransformation" in annotation:
        return "optax"
    if "Optimizer" in annotation and "torch" in annotation:
        return "torch"
    if type(found).__name__ in OPERATORS:
        return "ops"
    if inspect.isclass(found) and styles.method_of(found):
        return "course"
    if kind := styles.function(found):
        return kind
    if updates(found):
        return "function"
    if makes_object(found):
        return "course"
    if makes_transformation(found):
        return "optax"
    raise BadTarget(
        f"its signature {inspect.signature(found)} is no kind's: it is not "
        + "; not ".join(KINDS.values())
        + " (--kind names one)"
    )


def transformation(found: Any) -> bool:
    """Whether it has what an Optax transformation has."""
    return callable(getattr(found, "init", None)) and callable(getattr(found, "update", None))


def updates(found: Any) -> bool:
    """Whether it takes three things first that are no hyperparameters."""
    places = positional(found)[:3]
    return len(places) == 3 and not any(meanings(name) for name in places)


def positional(found: Any) -> list[str]:
    """Arguments that may be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in inspect.signature(found).parameters.values() if p.kind in kinds]


def makes_object(found: Any) -> bool:
    """Whether a call with its defaults gives an object, or a function, that takes a step."""
    needed = styles.names_of(found)
    if len(needed) > 1:
        return False
    try:
        with guarded("it"):
            made = found(**dict.fromkeys(needed, 0.01))
    except (Misbehaviour, Exception):  # noqa: BLE001 - whatever is raised, it made none
        return False
    function = inspect.isfunction(made) and len(styles.names_of(made)) >= 2
    return not transformation(made) and (function or bool(styles.method_of(made)))


def makes_transformation(found: Any) -> bool:
    """Whether a call with its defaults gives an Optax transformation."""
    needed = [
        p
        for p in inspect.signature(found).parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    if len(needed) > 1:  # a learning rate may be needed
        return False
    try:
        with guarded("it"):
            return transformation(found(**{p.name: 0.01 for p in needed}))
    except Misbehaviour as end:
        raise BadTarget(str(end)) from None
    except Exception as error:  # noqa: BLE001 - whatever is raised, it made none
        raise BadTarget(f"it cannot be called with its defaults: {first_line(error)}") from None
