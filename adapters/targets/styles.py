"""How courses and blogs write an optimizer on NumPy arrays, and how such code is called.

A class has a method (``update``, ``step``, …) that takes parameters and gradients in some order and
some container; the names of its arguments say which, and a trial decides where they do not.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets.order import (
    BadTarget,
    Misbehaviour,
    first_line,
    guarded,
)

METHODS = (
    "update",
    "step",
    "update_params",
    "update_parameters",
    "update_weights",
    "apply_gradients",
    "apply",
    "optimize",
    "__call__",
)
# Called before and after a step, where they are there.
AROUND = ("pre_update_params", "post_update_params")


def words(text: str) -> frozenset[str]:
    """What arguments are called, in small letters."""
    return frozenset(text.split())


MANY = words("params parameters weights variables tensors ws thetas xs")
ONE = words("w param parameter p x theta weight var variable value old old_w w_old")
GRADIENTS = words(
    "g dw dx dp grad grads gradient gradients grad_wrt_w param_grad param_grads dparams dparam "
    "dweights derivatives gs gradient_w"
)
KEYS = words("name key param_name layer_name param_id id idx index")
COUNTS = words("t step iteration iter it epoch n i count timestep time_step")
LAYERS = words("layer")
NOTHING = words("loss cost cur_loss closure lr_scheduler")
MEMORIES = words(
    "m v s mem mems memory memories cache caches h moments velocity velocities ms vs ss r b buf "
    "buffer buffers acc accumulator accumulators sq sums"
)
CONFIGS = words("config cfg optim_config")


class Named(dict):  # workers run in Python 3.8
    """Values by parameter name that are also found under ``d`` and the name, as in ``dW1``."""

    def __missing__(self, key: str) -> Any:
        if isinstance(key, str) and key[1:] in self:
            return self[key[1:]]
        raise KeyError(key)


class CourseTensor(SimpleNamespace):
    """A parameter as small autograd engines have it: ``data`` and ``grad``."""

    def zero_grad(self) -> None:
        """As they have it."""
        self.grad = np.zeros_like(self.data)


def names_of(function: Any) -> list[str]:
    """The arguments that have to be given, in order."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as error:
        raise BadTarget(f"it has no signature that can be read: {first_line(error)}") from None
    return [p.name for p in every if p.kind in kinds and p.default is p.empty]


def method_of(found: Any) -> str:
    """The method that takes a step; empty where there is none."""
    kind = found if inspect.isclass(found) else type(found)
    for name in METHODS:
        # Every class can be called; what its objects do stands in itself.
        if any(name in vars(c) for c in kind.__mro__ if c is not object):
            return name
    return "__call__" if inspect.isfunction(found) else ""


def function(found: Any) -> str:
    """The kind of a function that keeps its state in what it is given; empty for another."""
    names = [name.lower() for name in ordinary(found)]
    if len(names) < 3 or not (names[0] in (MANY | ONE) and names[1] in GRADIENTS):
        return ""
    if names[2] in CONFIGS:
        return "config"
    if names[2] not in MEMORIES:
        return ""
    kept = names[0] in MANY or len(names_of(found)) > 3 or not starts_with_nothing(found)
    return "moments" if kept else ""


def starts_with_nothing(found: Any) -> bool:
    """Whether a function of three arguments takes None for what it keeps."""
    value, gradient = (np.full(3, part, np.float32) for part in (0.5, 0.25))
    try:
        with guarded("it"):
            found(value, gradient, None)
    except (Misbehaviour, Exception):  # noqa: BLE001 - whatever is raised, it does not
        return False
    return True


def ordinary(function: Any) -> list[str]:
    """The arguments that may be given by place."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        every = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in every if p.kind in kinds]


def takes_parameters(found: Any) -> bool:
    """Whether the parameters are given to what makes it."""
    first = names_of(found)[:1]
    return bool(first) and first[0].lower() in (MANY | ONE)


def takes_gradients(found: Any) -> bool:
    """Whether the gradients are given to it too, to be filled anew before each step."""
    second = names_of(found)[1:2]
    return takes_parameters(found) and bool(second) and second[0].lower() in GRADIENTS


def keys(count: int) -> list[str]:
    """Names of parameters as courses have them: W1, b1, W2, …"""
    return [f"{'Wb'[index % 2]}{index // 2 + 1}" for index in range(count)]


class TargetStyle:
    """One way of calling: where the parameters go, in which container.

    container  ``array`` (an object a parameter), ``key`` (with its name), ``list``, ``dict``,
               ``layer`` or ``parameter`` (objects that hold value and gradient)
    constructed, filled  whether parameters are given to what makes it, and gradients too
    backwards  whether a dictionary of gradients is filled from its end in every second step
    left_out   the place of a parameter that has no gradient in the step that is next
    once       whether parameters are given to what makes it as what can be gone through once
    one_list   whether the list of gradients of the first step is filled anew for each
    """

    backwards = once = one_list = turned = False
    left_out: int | None = None

    def __init__(self, container: str, *, constructed: bool, filled: bool = False) -> None:
        self.container, self.constructed, self.filled = container, constructed, filled

    def __repr__(self) -> str:
        return self.container

    @property
    def alone(self) -> bool:
        """Whether each parameter needs an object of its own."""
        return self.container == "array"

    def gradients(self, values: list[Array]) -> Any:
        """Gradients in the container."""
        held = self.packed(values)
        if self.one_list:
            self.kept = getattr(self, "kept", [])
            self.kept[:] = held
            return self.kept
        if self.left_out is not None and self.container == "dict":
            del held[keys(len(values))[self.left_out]]
        elif self.left_out is not None:
            held[self.left_out] = None
        turned, self.turned = self.turned, self.backwards and not self.turned
        return Named(reversed(list(held.items()))) if turned else held

    def packed(self, values: list[Array]) -> Any:
        """Values in the container."""
        if self.container in ("array", "key"):
            return values[0]
        if self.container == "dict":
            extra = [np.zeros_like(values[0])] if len(values) % 2 else []
            every = [*values, *extra]
            return Named(zip(keys(len(every)), every, strict=True))
        if self.container == "parameter":
            return [CourseTensor(data=value, grad=np.zeros_like(value)) for value in values]
        if self.container == "layer":
            return SimpleNamespace(weights=values[0], biases=np.zeros((1, 1), values[0].dtype))
        return list(values)

    def unpacked(self, held: Any, count: int) -> list[Array]:
        """The values again."""
        if self.container in ("array", "key"):
            return [held]
        if self.container == "dict":
            return [held[key] for key in keys(count)]
        if self.container == "parameter":
            return [item.data for item in held]
        if self.container == "layer":
            return [held.weights]
        return list(held)


def possible(found: Any, method: str) -> list[TargetStyle]:
    """The styles that an object may have, the likeliest first."""
    kind = found if inspect.isclass(found) else type(found)
    constructed = inspect.isclass(found) and takes_parameters(found)
    filled = constructed and takes_gradients(found)
    function = found if inspect.isfunction(found) else getattr(kind, method)
    names = [name.lower() for name in names_of(function) if name != "self"]
    wanted: tuple[str, ...] = ("array", "list", "dict")
    if LAYERS.intersection(names):
        wanted = ("layer",)
    elif KEYS.intersection(names):
        wanted = ("key",)
    elif constructed:
        wanted = ("list", "dict", "array") if names or filled else ("parameter", "list")
    elif MANY.intersection(names) or any(name.endswith("s") for name in names[:1]):
        wanted = ("dict", "list", "array")
    return [TargetStyle(one, constructed=constructed, filled=filled) for one in wanted]


def arguments(
    function: Any, parameters: Any, gradients: Any, key: str, count: int, *, constructed: bool
) -> list[Any]:
    """What a method is called with, by the names of its arguments, then by their places."""
    rest: list[Any] = [gradients] if constructed else [parameters, gradients]
    found: list[Any] = []
    for name in (name.lower() for name in names_of(function)):
        if name in GRADIENTS and any(item is gradients for item in rest):
            value = gradients
        elif name in (MANY | ONE | LAYERS) and any(item is parameters for item in rest):
            value = parameters
        elif name in KEYS:
            value = key
        elif name in COUNTS:
            value = count
        elif name in NOTHING:
            value = None
        elif rest:
            value = rest[0]
        else:
            raise BadTarget(f"nothing is known to pass for {name} of its {function.__name__}")
        rest = [item for item in rest if item is not value]
        found.append(value)
    return found


def taken(result: Any, held: Any, style: TargetStyle, before: list[Array]) -> list[Array]:
    """The parameters after a call: what it returns, or what its containers hold.

    Raises Misbehaviour for what can be none.
    """
    several = style.container == "list" and isinstance(result, tuple) and fits(result, before)
    if isinstance(result, tuple) and result and not several:
        result = result[0]
    came = held if result is None else result
    if style.container in ("parameter", "layer"):
        came = held
    if isinstance(came, np.generic) and before and before[0].ndim == 0:
        came = np.asarray(came)
    try:
        after = style.unpacked(came, len(before))
    except (TypeError, KeyError, AttributeError):
        after = []
    if not fits(after, before):
        what = type(result).__name__ if result is not None else "nothing"
        raise Misbehaviour(f"it returns {what}, in which no parameters of these shapes are found")
    return [np.asarray(value) for value in after]


def fits(after: Any, before: list[Array]) -> bool:
    """Whether these are as many arrays of the same shapes."""
    return len(after) == len(before) and all(
        np.shape(new) == old.shape for new, old in zip(after, before, strict=True)
    )


def chosen(styles: list[TargetStyle], trial: Callable[[TargetStyle], bool]) -> TargetStyle:
    """The first style whose trial moves every parameter; else the first that raises nothing.

    Raises what the likeliest one raised where all do.
    """
    errors: list[Exception] = []
    still: list[TargetStyle] = []
    for style in styles:
        try:
            if trial(style):
                return style
            still.append(style)
        except Exception as error:  # noqa: BLE001 - foreign code raises what it likes
            errors.append(error)
    if still:
        return still[0]
    raise errors[0]
