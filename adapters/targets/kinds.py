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
    "keras": "a Keras 3 optimizer class",
    "keras2": "an optimizer class of Keras 2 (keras before 3, tf_keras), or of its legacy",
    "tensorflow": "a tf.Module with apply_gradients(grads, vars), apply(updates, parameters), …",
    "flax": "an nnx.Optimizer, or a function annotated to make one of a model, or a TrainState",
    "jax": "a function like the last one, on JAX arrays: it stands beside an import of jax",
    "mindspore": "a MindSpore nn.Optimizer subclass",
    "ops": "an operator of PyTorch (torch:ops.aten._fused_adamw_), or a function like one",
    "course": "a class with update(w, g), step(params, grads) or the like, on NumPy arrays",
    "config": "update(w, dw, config) -> (w, config), where config holds what it needs",
    "moments": "update(parameters, grads, v, s, ...), where v and s are what it keeps",
    "function": "update(parameter, gradient, state, **hyperparameters) -> (parameter, state)",
}
OPERATORS = ("OpOverloadPacket", "OpOverload", "CustomOpDef")
# The base classes that give a kind away: the beginnings of their modules, and their names.
BASES = {
    "torch": (("torch.optim",), ("Optimizer",)),
    "keras": (("keras.",), ("BaseOptimizer",)),
    "keras2": (("keras.", "tf_keras."), ("_BaseOptimizer", "OptimizerV2")),
    "mindspore": (("mindspore.nn",), ("Optimizer",)),
    "flax": (("flax.nnx",), ("Optimizer",)),
    "tensorflow": (("tensorflow.",), ("Module",)),
}
# What the annotation of a function's result says: a part of each, and the kind.
RETURNED = {
    ("GradientTransformation",): "optax",
    ("nnx", "Optimizer"): "flax",
    ("TrainState",): "flax",
    ("torch", "Optimizer"): "torch",
}
JAX = frozenset({"jax", "equinox", "optax", "flax"})


def recognised(found: Any) -> str:  # noqa: PLR0911, PLR0912 - one a kind
    """The kind of an object.

    Raises BadTarget for one that is none of them.
    """
    made = getattr(found, "func", found)  # what a functools.partial calls
    lines = made.__mro__ if inspect.isclass(made) else type(found).__mro__
    for kind, (modules, names) in BASES.items():
        if any(c.__name__ in names and f"{c.__module__}.".startswith(modules) for c in lines):
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
    for parts, kind in RETURNED.items():
        if all(part in annotation for part in parts):
            return kind
    if type(found).__name__ in OPERATORS:
        return "ops"
    if inspect.isclass(found) and styles.method_of(found):
        return "course"
    if kind := styles.function(found):
        return kind
    if updates(found):
        return "jax" if beside_jax(found) else "function"
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
    """Whether it has what an Optax transformation has; of a class, whether its objects have it."""
    if not (callable(getattr(found, "init", None)) and callable(getattr(found, "update", None))):
        return False
    first = [name.lower() for name in positional(found.update)][inspect.isclass(found) :][:1]
    return not inspect.isclass(found) or bool(set(first) & {*styles.GRADIENTS, "updates"})


def beside_jax(found: Any) -> bool:
    """Whether a function stands in a module that imports JAX or what is built on it."""
    # What compiles a function wraps it.
    known = getattr(inspect.unwrap(found), "__globals__", {}).values()
    return any(inspect.ismodule(m) and m.__name__.partition(".")[0] in JAX for m in known)


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
