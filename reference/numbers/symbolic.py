"""SymPy symbols: the formula as the report prints it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import sympy

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.hyper import Hyper
from optimizer_conformance.reference.rules import SYMBOLS, Rule

# Names as the papers write them, in LaTeX.
QUANTITIES = {
    "parameter": "w",
    "gradient": "g",
    "update": "d",
    "root_before": "s",
    "mean": "x",
    "fast": "f",
    "forward": "q",
    **SYMBOLS,
}
PLAIN = {
    r"\cdots": " ... ",
    r"\bar{g}": "gbar",
    r"\hat{v}": "vmax",
    r"\eta": "lr",
    r"\epsilon": "eps",
}
STEP = sympy.Symbol("t", positive=True)


class choose(sympy.Function):  # type: ignore[misc]  # noqa: N801 - its name is what is printed
    """One of three numbers, by the sign of the first."""

    @classmethod
    def eval(cls, x: Any, below: Any, zero: Any, above: Any) -> Any:
        """The number, once the sign is known; None leaves it open."""
        if not x.is_number:
            return None
        return below if x.is_negative else above if x.is_positive else zero


class Symbolic:
    """The number system whose values are SymPy expressions; ``steps`` collects what was defined."""

    def __init__(self) -> None:
        self.steps: list[tuple[sympy.Symbol, Any]] = []

    def define(self, name: str, x: Any) -> Any:
        symbol = sympy.Symbol(QUANTITIES[name] + "'", real=True)
        self.steps.append((symbol, x))
        return symbol

    def coefficient(self, kind: str, exact: Any) -> Any:
        return exact

    def complement(self, beta: Any) -> Any:
        return 1 - beta

    def correction(self, beta: Any, count: Any) -> Any:
        return 1 - beta**count

    def real(self, symbol: str, function: Any, exact: Any, roundings: int) -> Any:
        return sympy.Symbol(symbol, positive=True)

    def full(self, like: Any, decimal: str) -> Any:
        return sympy.Rational(decimal)

    def square(self, x: Any) -> Any:
        return x**2

    def root(self, x: Any) -> Any:
        return sympy.sqrt(x)

    def sum(self, x: Any, y: Any) -> Any:
        return x + y

    def maximum(self, x: Any, y: Any) -> Any:
        if x == -y:
            return sympy.Abs(x)
        below = all(part.could_extract_minus_sign() for part in map(sympy.sympify, (x, y)))
        return -sympy.Min(-x, -y) if below else sympy.Max(x, y)

    def average(self, b: Any, c: Any, old: Any, new: Any) -> Any:
        return sympy.Add(b * old, c * new, evaluate=False)

    def quotient(self, numerators: tuple[Any, ...], denominators: tuple[Any, ...]) -> Any:
        return sympy.Mul(*numerators) / sympy.Mul(*denominators)

    def variance(self, v: Any, m: Any) -> Any:
        return v - m**2

    def shrink(self, x: Any, c: Any) -> Any:
        return x * (1 - c)

    def clip(self, x: Any, c: Any) -> Any:
        return sympy.Min(sympy.Max(x, -c), c)

    def soft_threshold(self, x: Any, c: Any) -> Any:
        return sympy.sign(x) * sympy.Max(sympy.Abs(x) - c, 0)

    def sign(self, x: Any) -> Any:
        return sympy.sign(x)

    def choose(self, x: Any, below: Any, zero: Any, above: Any) -> Any:
        return choose(x, below, zero, above)

    def centralize(self, x: Any) -> Any:
        return x - sympy.Function("mean")(x)

    def squared_norm(self, x: Any) -> Any:
        return sympy.Function("norm", nonnegative=True)(x) ** 2

    def mean_square(self, x: Any) -> Any:
        return sympy.Function("mean", nonnegative=True)(x**2)


def symbols(rule: Rule, count: Any = STEP) -> Hyper:
    """The coefficients of a rule's step as symbols: of any step after the first, or of one."""
    return Hyper(Symbolic(), hyperparameters(rule), count)


def hyperparameters(rule: Rule) -> dict[str, sympy.Symbol]:
    """Every hyperparameter as a symbol; some have another one beside others."""
    return {
        name: sympy.Symbol(
            next(
                (s for n, s in record.symbols.items() if n in rule.hyperparameters), record.symbol
            ),
            positive=True,
        )
        for name, record in HYPERPARAMETERS.items()
    }


@lru_cache(maxsize=256)
def definitions(rule: Rule) -> tuple[tuple[sympy.Symbol, Any], ...]:
    """The rule as symbols and what defines them, in the order of evaluation.

    A prime marks the value after the step.
    """
    num = Symbolic()
    state = {name: sympy.Symbol(kept.symbol, real=True) for name, kept in rule.state.items()}
    parameter, gradient = (
        sympy.Symbol(QUANTITIES[name], real=True) for name in ("parameter", "gradient")
    )
    rule.step(symbols(rule), state, parameter, gradient, num=num)
    return tuple(num.steps)


@lru_cache(maxsize=256)
def equations(rule: Rule) -> tuple[tuple[str, str], ...]:
    """The same as pairs of plain text and LaTeX."""
    return tuple(printed(definitions(rule)))


def starts(rule: Rule) -> tuple[str, ...]:
    """What a rule's state is before the first step, where that is not zero, as plain text."""
    return tuple(
        f"{plain(kept.symbol)}(0) = {kept.start}"
        for kept in rule.state.values()
        if kept.start != "0"
    )


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
