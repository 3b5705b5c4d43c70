"""A class on NumPy arrays as courses write it, or a function that makes such an object."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.kit import Array
from optimizer_conformance.adapters.targets import styles
from optimizer_conformance.adapters.targets.arrays import StyledSession
from optimizer_conformance.adapters.targets.function import arithmetic, devices
from optimizer_conformance.adapters.targets.maker import Maker
from optimizer_conformance.adapters.targets.order import BadTarget, guarded
from optimizer_conformance.adapters.targets.styles import TargetStyle

DTYPES: list[protocol.DType] = ["float32", "float64", "float16"]
PACKAGES = ("numpy",)
SKIPPED = 0
__all__ = ["DTYPES", "PACKAGES", "SKIPPED", "Session", "arithmetic", "devices", "skipped"]


def skipped(found: Any) -> int:
    """How many of the first arguments of what makes it are no hyperparameters."""
    return styles.takes_parameters(found) + styles.takes_gradients(found)


class CourseSession(StyledSession):
    """Objects that step NumPy arrays: one in all, or one a parameter."""

    what = "an object that is not known"

    def __init__(self, request: protocol.Open, maker: Maker) -> None:
        super().__init__(request, maker)
        self.objects = [self.made(some) for some in self.parts(self.values)]
        if self.rates and not all(hasattr(made, self.rate) for made, _ in self.objects):
            raise kit.Unsupported(f"it has no attribute {self.rate}, so no schedule reaches it")

    @property
    def rate(self) -> str:
        """What it calls the learning rate."""
        return self.maker.names.own.get("learning_rate", "lr")

    def made(self, values: list[Array], style: TargetStyle | None = None) -> tuple[Any, Any]:
        """An object, and the parameters that it holds if it was given them.

        With the gradients, where it was given these too.
        """
        style = style or self.style
        held = {} if style.container == "layer" else style.packed(values)
        words = [iter(held) if style.once else held] if style.constructed else []
        if style.filled:
            words.append(style.packed([np.zeros_like(value) for value in values]))
            held = tuple(words)
        found = self.maker.made(*words, **self.given)
        if not styles.method_of(found):
            raise BadTarget(
                f"it makes a {type(found).__name__}, which has none of {', '.join(styles.METHODS)}"
            )
        return found, held

    def tried(self) -> TargetStyle:
        """The style in which it moves what it is given."""
        some = [np.full((2, 3), 0.5, np.float32), np.full((2, 3), 2.0, np.float32)]
        found = self.maker.found
        method = styles.method_of(found) if inspect.isclass(found) else ""
        source = found
        if not method:  # a function: what it makes tells
            source = self.maker.made(**self.given)
            method = styles.method_of(source)
        if not method:
            raise BadTarget(f"it makes a {type(source).__name__}, which takes no step")

        def trial(style: TargetStyle) -> bool:
            values = [value.copy() for value in (some[:1] if style.alone else some)]
            before = [value.copy() for value in values]
            made, held = self.made(values, style)
            gradients = [np.full((2, 3), 0.25, np.float32) for _ in values]
            after = called(made, held, style, values, gradients, 1)
            return all((old != new).all() for old, new in zip(before, after, strict=True))

        return styles.chosen(styles.possible(source, method), trial)

    def step(self, gradients: list[Array]) -> list[Array]:
        self.count += 1
        if self.rates:
            rate = self.rates.pop(0)
            for made, _ in self.objects:
                setattr(made, self.rate, rate)
        after: list[Array] = []
        own = [gradient.copy() for gradient in gradients]
        parts = zip(self.objects, self.parts(self.values), self.parts(own), strict=True)
        for (made, held), values, some in parts:
            with np.errstate(all="ignore"), guarded("its step"):
                after += called(made, held, self.style, values, some, self.count)
        self.values = after
        return own


def called(
    made: Any,
    held: Any,
    style: TargetStyle,
    values: list[Array],
    gradients: list[Array],
    count: int,
) -> list[Array]:
    """The parameters after one call of its method, or one for each parameter."""
    function = made if inspect.isfunction(made) else getattr(made, styles.method_of(made))
    before, after = styles.AROUND
    getattr(made, before, lambda: None)()
    if style.container in ("key", "layer"):
        found = one_by_one(function, held, style, values, gradients, count)
    else:
        found = together(function, held, style, values, gradients, count)
    getattr(made, after, lambda: None)()
    return found


def together(
    function: Any,
    held: Any,
    style: TargetStyle,
    values: list[Array],
    gradients: list[Array],
    count: int,
) -> list[Array]:
    """One call for all parameters."""
    before = [np.array(value) for value in values]
    given = style.gradients(gradients)
    if style.filled:
        held, kept = held
        for kept_, gradient in zip(style.unpacked(kept, len(gradients)), gradients, strict=True):
            kept_[...] = gradient
    elif style.container == "parameter":
        for place, (item, gradient) in enumerate(zip(held, gradients, strict=True)):
            item.grad = None if place == style.left_out else gradient
    elif not style.constructed:
        held = style.packed(values)
    words = styles.arguments(function, held, given, "W1", count, constructed=style.constructed)
    return styles.taken(function(*words), held, style, before)


def one_by_one(
    function: Any,
    held: Any,
    style: TargetStyle,
    values: list[Array],
    gradients: list[Array],
    count: int,
) -> list[Array]:
    """A call for each parameter, with its name or its layer."""
    found: list[Array] = []
    for index, (value, gradient) in enumerate(zip(values, gradients, strict=True)):
        key = styles.keys(len(values))[index]
        given: Any = value
        if style.container == "layer":
            given = held.setdefault(key, style.packed([value]))
            given.dweights, given.dbiases = gradient, np.zeros_like(given.biases)
        words = styles.arguments(function, given, gradient, key, count, constructed=False)
        found += styles.taken(function(*words), given, style, [np.array(value)])
    return found


Session = CourseSession
