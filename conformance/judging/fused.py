"""Value and bound of one step as one loop over its elements, compiled.

The loop is made from the rule's own evaluation on bounds: the same operations in the same order,
each element by itself (:mod:`reference.numbers.traced`).  So its values are those of
:func:`conformance.judging.oracle.evaluate` to the bit, and its bounds are those or larger: what
NumPy sees of whole arrays (a state of zeros that rounds nothing), one element does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from optimizer_conformance.judging.oracle import WIDEST, effects
from optimizer_conformance.reference.numbers import PRECISIONS, BoundArithmetic, Representation
from optimizer_conformance.reference.numbers.bound import Bound
from optimizer_conformance.reference.numbers.budget import budget
from optimizer_conformance.reference.numbers.hyper import IDEAL, representations
from optimizer_conformance.reference.numbers.precision import Array
from optimizer_conformance.reference.numbers.traced import Graph, NodeNumber, Traced, Untraceable
from optimizer_conformance.reference.rules import Rule
from optimizer_conformance.reference.trajectory import trajectory

GRADIENT = "gradient"

# How one operation on elements is written; comparisons are false for nan, as in NumPy.
WRITTEN: Mapping[str, str] = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "negative": "-{}",
    "absolute": "abs({})",
    "sqrt": "sqrt({})",
    "sign": "{0} if {0} != {0} else (1.0 if {0} > 0.0 else (-1.0 if {0} < 0.0 else 0.0))",
    "maximum": "{0} if ({0} >= {1}) | ({0} != {0}) else {1}",
    "minimum": "{0} if ({0} <= {1}) | ({0} != {0}) else {1}",
    "fmax": "{0} if ({0} >= {1}) | ({1} != {1}) else {1}",
    "copysign": "copysign({}, {})",
    "isfinite": "abs({}) < inf",
    "isinf": "abs({}) == inf",
    "isnan": "{0} != {0}",
    "less": "{} < {}",
    "less_equal": "{} <= {}",
    "greater": "{} > {}",
    "greater_equal": "{} >= {}",
    "equal": "{} == {}",
    "not_equal": "{} != {}",
    "and": "{} & {}",
    "or": "{} | {}",
    "not": "not {}",
    "where": "{1} if {0} else {2}",
}

# The same where the second operand is known, and no nan.
BESIDE_A_NUMBER: Mapping[str, str] = {
    "maximum": "{1} if {0} < {1} else {0}",
    "minimum": "{1} if {0} > {1} else {0}",
}


@dataclass(frozen=True)
class Language:
    """How a loop is written.

    operations  each by its name
    beside      those that are shorter where the second operand is a number and no nan
    given       an input, by its place among the inputs
    number      a constant; a negative one must not meet a sign
    truth       a constant that is true or false
    """

    operations: Mapping[str, str]
    beside: Mapping[str, str]
    given: str
    number: Callable[[float], str]
    truth: Callable[[bool], str]

    def spelt(self, operand: Any) -> str:
        """A node or a constant."""
        if isinstance(operand, NodeNumber):
            return f"n{int(operand)}"
        if isinstance(operand, (bool, np.bool_)):
            return self.truth(bool(operand))
        return self.number(float(np.asarray(operand).item()))

    def node(self, graph: Graph, place: int, inputs: tuple[str, ...]) -> str:
        """What a node is made by."""
        operation, operands = graph.nodes[place]
        if operation == "input":
            return self.given.format(inputs.index(operands[0]))
        known = not isinstance(operands[-1], NodeNumber)
        written = self.beside.get(operation) if known else None
        return (written or self.operations[operation]).format(*map(self.spelt, operands))

    def output(self, node: Any) -> str:
        """A node, or a number, that comes out."""
        return f"n{node.place}" if isinstance(node, Traced) else self.spelt(node)


PYTHON = Language(
    WRITTEN, BESIDE_A_NUMBER, "float64(given[{}][first + i])", lambda x: f"({x!r})", str
)


@dataclass(frozen=True)
class FusedStep:
    """A step of one rule, of which some numbers are the same for all elements.

    dtype       the working precision, one of at most 32 bits
    decimals    the hyperparameters, defaults included
    parameter   before the first step
    gradients   of the steps before the one that is judged, oldest first
    taken       how many steps led to ``state``; 0 for the rule's own initial one
    state       canonical name to number
    varying     state tensors that are given element by element, like the gradient
    profile     the device's arithmetic, a key of :data:`reference.numbers.budget.PROFILES`
    shown       the quantities that are compared, in the order in which a step computes them; empty:
                all of them
    """

    rule: Rule
    dtype: str
    decimals: tuple[tuple[str, str], ...]
    parameter: float = 0.0
    gradients: tuple[float, ...] = ()
    taken: int = 0
    state: tuple[tuple[str, float], ...] = ()
    varying: tuple[str, ...] = ()
    profile: str = "ieee"
    shown: tuple[str, ...] = ()

    @property
    def quantities(self) -> tuple[str, ...]:
        """What is compared."""
        return self.shown or (*self.rule.state, "parameter")

    @property
    def inputs(self) -> tuple[str, ...]:
        """What is given element by element."""
        return (*self.varying, GRADIENT)


class Tracing(BoundArithmetic):
    """Bounds whose given numbers come later."""

    def later(self, graph: Graph, name: str, *, nonnegative: bool = False) -> Bound:
        """An input, which the working precision holds exactly; what is subnormal may be flushed."""
        value = graph.given(name)
        if not self.effects.flush:
            return Bound(self, value, 0.0, nonnegative)
        tiny = np.abs(value) < self.precision.smallest_normal
        return Bound(self, value, np.where(tiny, np.abs(value), 0.0), nonnegative)

    def choose(self, x: Bound, below: Bound, zero: Bound, above: Bound) -> Bound:
        """Not traced: its outcomes are not one formula."""
        raise Untraceable("a stage chooses by the sign of a number")


def traced(
    start: FusedStep, effect: str, way: Representation
) -> tuple[Graph, list[tuple[Any, Any]]]:
    """The graph of a step, and the nodes or numbers of value and error of each quantity.

    Raises Untraceable for a rule that looks at several elements at a time, or chooses by a sign.
    """
    rule = start.rule
    if rule.shaped:
        raise Untraceable("a stage looks at several elements at a time")
    num, graph = arithmetic(start, effect, way), Graph()
    gradient = num.later(graph, GRADIENT)
    state = None
    if start.taken:
        known = {name: np.array([number]) for name, number in start.state}
        state = {
            name: num.later(graph, name, nonnegative=kept.squares)
            if name in start.varying
            else num.given(known[name], nonnegative=kept.squares)
            for name, kept in rule.state.items()
        }
    with np.errstate(all="ignore"):
        *_, (parameter, kept) = trajectory(
            rule,
            dict(start.decimals),
            num.given(np.array([start.parameter])),
            [*(num.given(np.array([number])) for number in start.gradients), gradient],
            num=num,
            state=state,
            taken=start.taken,
        )
        found = {**kept, "parameter": parameter}
        return graph, [tabled(num, found[name], gradient) for name in start.quantities]


def arithmetic(start: FusedStep, effect: str, way: Representation) -> Tracing:
    """The bounds of a table, as :func:`conformance.judging.oracle.arithmetic` has them."""
    every = representations(start.dtype, corrected=start.rule.corrected)
    return Tracing(
        PRECISIONS[start.dtype],
        effects(effect, start.dtype),
        IDEAL if way is WIDEST else way,
        every if way is WIDEST else (),
        budget(start.profile, start.dtype),
    )


def tabled(num: Tracing, x: Bound, gradient: Bound) -> tuple[Any, Any]:
    """Value and error as they stand in a table: what an infinity in the gradient made is known."""
    error = np.where(np.isnan(x.error), np.inf, x.error) * num.slack
    if not num.effects.saturate:
        made = np.logical_not(np.isfinite(gradient.value)) & np.logical_not(np.isfinite(x.value))
        error = np.where(made, 0.0, error)
    return x.value, error


def source(graph: Graph, outputs: list[tuple[Any, Any]], inputs: tuple[str, ...]) -> str:
    """The loop as Python: it fills rows of ``value`` and ``error`` for elements from ``first``."""
    lines = [
        "def loop(given, first, count, value, error):",
        "    for i in range(count):",
    ]
    lines += [f"        n{n} = {PYTHON.node(graph, n, inputs)}" for n in needed(graph, outputs)]
    for row, pair in enumerate(outputs):
        for array, node in zip(("value", "error"), pair, strict=True):
            lines.append(f"        {array}[{row}, i] = {PYTHON.output(node)}")
    return "\n".join(lines) + "\n"


def needed(graph: Graph, outputs: list[tuple[Any, Any]]) -> list[int]:
    """The nodes that the outputs rest on, in order."""
    waiting = [node.place for pair in outputs for node in pair if isinstance(node, Traced)]
    found: set[int] = set()
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += [int(item) for item in graph.nodes[place][1] if isinstance(item, NodeNumber)]
    return sorted(found)


def inputs_type(count: int) -> Any:
    """The type of a step's inputs."""
    from numba import float32, types  # noqa: PLC0415 - it takes a second, and few commands need it

    return types.UniTuple(types.Array(float32, 1, "C"), count)


def loop_type(count: int) -> Any:
    """The type of a loop over steps with so many inputs."""
    from numba import float64, int64, types  # noqa: PLC0415 - the same

    rows = types.Array(float64, 2, "C")
    return types.FunctionType(types.void(inputs_type(count), int64, int64, rows, rows))


@lru_cache(maxsize=64)
def evaluator(
    start: FusedStep, effect: str = "none", way: Representation = IDEAL
) -> Callable[..., None]:
    """The compiled loop: a tuple of float32 arrays in the order of ``start.inputs``, the first
    element and how many, and float64 arrays ``value`` and ``error`` to fill, a row a quantity."""
    from numba import njit  # noqa: PLC0415 - the same

    graph, outputs = traced(start, effect, way)
    names = {"float64": np.float64, "sqrt": np.sqrt, "copysign": np.copysign}
    space: dict[str, Any] = {**names, "inf": np.inf, "nan": np.nan}
    exec(source(graph, outputs, start.inputs), space)
    signature = loop_type(len(start.inputs)).signature
    return njit(signature, nogil=True, error_model="numpy")(space["loop"])  # type: ignore[no-any-return]


def table(
    start: FusedStep, *given: Array, effect: str = "none", way: Representation = IDEAL
) -> Array:
    """Value and error of every quantity over whole arrays: shape (2, quantities, elements)."""
    found = np.empty((2, len(start.quantities), len(given[0])))
    evaluator(start, effect, way)(given, 0, len(given[0]), found[0], found[1])
    return found
