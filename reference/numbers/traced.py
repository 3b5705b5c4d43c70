"""Arrays that are not there: what NumPy is asked for is written down instead of carried out.

A number system that computes on NumPy arrays (:class:`reference.numbers.BoundArithmetic`) runs over
:class:`Traced` values unchanged; what comes out are nodes of a graph.  Each node is one operation
on one element, so that :mod:`conformance.judging.fused` can make one loop of all of them.  What
does not depend on a traced input is computed at once, by NumPy itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

UFUNCS = {
    np.add: "add", np.subtract: "subtract", np.multiply: "multiply", np.divide: "divide",
    np.negative: "negative", np.absolute: "absolute", np.sqrt: "sqrt", np.sign: "sign",
    np.maximum: "maximum", np.minimum: "minimum", np.fmax: "fmax", np.copysign: "copysign",
    np.isfinite: "isfinite", np.isinf: "isinf", np.isnan: "isnan",
    np.less: "less", np.less_equal: "less_equal", np.greater: "greater",
    np.greater_equal: "greater_equal", np.equal: "equal", np.not_equal: "not_equal",
    np.logical_and: "and", np.logical_or: "or", np.logical_not: "not",
    np.bitwise_and: "and", np.bitwise_or: "or", np.invert: "not",
}  # fmt: skip


# What comes of operands that are +0 or above is so too.
UNSIGNED = {"add", "multiply", "divide", "sqrt", "maximum", "minimum", "fmax", "where"}


class Untraceable(TypeError):  # noqa: N818 - named for the situation
    """A number system asked for something that is no operation on single elements."""


class Graph:
    """Every operation that was asked for, each once, in the order in which they were."""

    def __init__(self) -> None:
        self.nodes: list[tuple[str, tuple[Any, ...]]] = []
        self.places: dict[tuple[str, tuple[Any, ...]], int] = {}
        self.nonnegative: set[int] = set()  # nodes that are +0 or above, or nan

    def add(self, operation: str, operands: Sequence[Any]) -> Traced:
        """The node of an operation on nodes and constants; the one that is there already."""
        same = self.unchanged(operation, operands)
        if same is not None:
            return Traced(self, int(same))
        key = (operation, tuple(operands))
        place = self.places.setdefault(key, len(self.nodes))
        if place == len(self.nodes):
            self.nodes.append(key)
            if self.never_negative(operation, operands):
                self.nonnegative.add(place)
        return Traced(self, place)

    def unchanged(self, operation: str, operands: Sequence[Any]) -> int | None:
        """The node that an operation leaves as it is to the bit: x - 0, |x| of what has no sign."""
        kept, other = operands[0], operands[-1]
        if isinstance(other, NodeNumber) and operation in ("add", "maximum", "multiply"):
            kept, other = other, kept
        if not isinstance(kept, NodeNumber):
            return None
        zero, one = other == ZERO, other == ONE
        unsigned = int(kept) in self.nonnegative
        if (operation == "subtract" and zero and kept is operands[0]) or (
            operation == "multiply" and one
        ):
            return kept
        if unsigned and (operation == "absolute" or (operation in ("add", "maximum") and zero)):
            return kept
        return None

    def never_negative(self, operation: str, operands: Sequence[Any]) -> bool:
        """Whether a node is +0 or above, or nan."""
        if operation == "absolute" or (operation == "multiply" and operands[0] == operands[1]):
            return True
        of = operands[1:] if operation == "where" else operands
        return operation in UNSIGNED and all(
            int(x) in self.nonnegative if isinstance(x, NodeNumber) else unsigned(x) for x in of
        )

    def given(self, name: str) -> Traced:
        """An input: one number an element."""
        return self.add("input", (name,))


class Traced(NDArrayOperatorsMixin):
    """One number an element of arrays that come later, as a node of a graph.

    To NumPy it has one axis: nothing that holds for scalars alone is taken for granted.
    """

    __slots__ = ("graph", "place")

    def __init__(self, graph: Graph, place: int) -> None:
        self.graph, self.place = graph, place

    __hash__ = None  # type: ignore[assignment]  # == is an operation, as on arrays

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Traced:
        options.pop("out", None)  # what is written into an array is another node
        if method != "__call__" or options or ufunc not in UFUNCS:
            raise Untraceable(f"{ufunc.__name__} is no operation on single elements")
        return self.graph.add(UFUNCS[ufunc], [operand(value) for value in inputs])

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in FUNCTIONS or kwargs:
            raise Untraceable(f"{function.__name__} is no operation on single elements")
        return FUNCTIONS[function](self.graph, *args)

    def any(self) -> bool:
        """Whether some element may be true: that is not known before the arrays are there."""
        return True


def operand(value: Any) -> Any:
    """How a node refers to what it works on: a place in the graph, or a constant."""
    if isinstance(value, Traced):
        return NodeNumber(value.place)
    array = np.asarray(value)
    if array.size != 1 or array.dtype == object:
        raise Untraceable(f"an array of shape {array.shape} beside single elements")
    return array.item() if array.dtype == bool else Constant(float(array.item()))


class NodeNumber(int):
    """A node of the graph, among operands."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(("place", int(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NodeNumber) and int(self) == int(other)


class Constant(float):
    """A number among operands; zeros differ by their sign, and nan is itself."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(("constant", self.hex()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.hex() == other.hex()


def unsigned(constant: Any) -> bool:
    """Whether a constant is +0 or above."""
    return isinstance(constant, Constant) and copysign(1.0, constant) > 0


ZERO, ONE = Constant(0.0), Constant(1.0)

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: lambda graph, *of: graph.add("where", [operand(value) for value in of]),
    np.clip: lambda graph, x, low, high: np.minimum(np.maximum(x, low), high),
    np.any: lambda graph, x: True,
    np.ndim: lambda graph, x: 1,
    np.shape: lambda graph, x: (1,),
}
