"""SymPy symbols: the formula as the report prints it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import sympy

from optimizer_conformance.reference.pipeline import Choices, State, state_names, step

# Names as the papers write them: quantity -> LaTeX of its symbol.
SYMBOLS = {
    "parameter": "w",
    "gradient": "g",
    "first_moment": "m",
    "mean_gradient": r"\bar{g}",
    "second_moment": "v",
    "maximum_second_moment": r"\hat{v}",
    "momentum": "b",
}
PLAIN = {r"\bar{g}": "gbar", r"\hat{v}": "vmax", r"\eta": "lr", r"\epsilon": "eps"}


class Symbolic:
    """The number system whose values are SymPy expressions; ``steps`` collects what was defined."""

    def __init__(self) -> None:
        self.steps: list[tuple[sympy.Symbol, Any]] = []

    def define(self, name: str, x: Any) -> Any:
        symbol = sympy.Symbol(SYMBOLS[name] + "'", real=True)
        self.steps.append((symbol, x))
        return symbol

    def full(self, like: Any, decimal: str) -> Any:
        return sympy.Rational(decimal)

    def square(self, x: Any) -> Any:
        return x**2

    def root(self, x: Any) -> Any:
        return sympy.sqrt(x)

    def maximum(self, x: Any, y: Any) -> Any:
        return sympy.Max(x, y)

    def average(self, b: Any, c: Any, old: Any, new: Any) -> Any:
        return sympy.Add(b * old, c * new, evaluate=False)

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Any:
        return sympy.Mul(*numerators) / sympy.Mul(*denominators)

    def variance(self, v: Any, m: Any) -> Any:
        return v - m**2

    def shrink(self, x: Any, c: Any) -> Any:
        return x * (1 - c)

    def centralize(self, x: Any) -> Any:
        return x - sympy.Function("mean")(x)


def symbols(family: str) -> SimpleNamespace:
    """The coefficients of a step as symbols; Adam's second decay is beta_2, RMSProp's is rho."""
    decay = sympy.Symbol(r"\beta_2" if family == "adam" else r"\rho", positive=True)
    beta1, count = sympy.Symbol(r"\beta_1", positive=True), sympy.Symbol("t", positive=True)
    named = {
        "rate": r"\eta",
        "epsilon": r"\epsilon",
        "momentum": r"\mu",
        "weight_decay": r"\lambda",
    }
    return SimpleNamespace(
        **{name: sympy.Symbol(symbol, positive=True) for name, symbol in named.items()},
        decay=decay,
        one_minus_decay=1 - decay,
        beta1=beta1,
        one_minus_beta1=1 - beta1,
        inverse_loss_scale=1 / sympy.Symbol("S", positive=True),
        correction1=1 - beta1**count,
        correction2=1 - decay**count,
    )


@lru_cache(maxsize=256)
def definitions(
    choices: Choices, family: str, loss_scale: bool = False
) -> tuple[tuple[sympy.Symbol, Any], ...]:
    """The rule as symbols and what defines them, in the order of evaluation.

    A prime marks the value after the step.
    """
    num, hyper = Symbolic(), symbols(family)
    if not loss_scale:
        hyper.inverse_loss_scale = None
    state = State(**{name: sympy.Symbol(SYMBOLS[name], real=True) for name in state_names(choices)})
    parameter, gradient = (
        sympy.Symbol(SYMBOLS[name], real=True) for name in ("parameter", "gradient")
    )
    step(choices, hyper, state, parameter, gradient, num=num)
    return tuple(num.steps)


@lru_cache(maxsize=256)
def equations(
    choices: Choices, family: str, loss_scale: bool = False
) -> tuple[tuple[str, str], ...]:
    """The same as pairs of plain text and LaTeX."""
    return tuple(printed(definitions(choices, family, loss_scale)))


def printed(steps: Iterable[tuple[sympy.Symbol, Any]]) -> Iterator[tuple[str, str]]:
    """Each definition as text and as LaTeX."""
    for symbol, expression in steps:
        text = plain(f"{symbol} = {in_order(expression, sympy.sstr)}")
        latex = f"{sympy.latex(symbol)} = {in_order(expression, sympy.latex)}"
        yield text, latex


def plain(expression: Any) -> str:
    """An expression or symbol as plain text writes it."""
    text = str(expression)
    for long, short in PLAIN.items():
        text = text.replace(long, short)
    return text.replace("\\", "").replace("**", "^")


def in_order(expression: Any, show: Callable[[Any], str]) -> str:
    """A sum with what is added before what is subtracted, as the papers write it."""
    terms = sympy.Add.make_args(expression)
    added = [show(term) for term in terms if not term.could_extract_minus_sign()]
    taken = [show(-term) for term in terms if term.could_extract_minus_sign()]
    if not added:
        return show(expression)
    return " - ".join([" + ".join(added), *taken])
