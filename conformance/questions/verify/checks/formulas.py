"""Checks of formulas: ``equation``, ``identity``, ``record``."""

from __future__ import annotations

import tokenize
from fractions import Fraction
from typing import Any

import msgspec
import sympy
from sympy.parsing import sympy_parser

from optimizer_conformance.questions.verify.checks.implementations import known_variant
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference.numbers import symbolic
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.variants import VARIANTS

FUNCTIONS = {
    "sqrt": sympy.sqrt,
    "Max": sympy.Max,
    "Abs": sympy.Abs,
    "floor": sympy.floor,
    "exp": sympy.exp,
    "log": sympy.log,
    "diff": sympy.diff,
    "summation": sympy.summation,
    "oo": sympy.oo,
}
# Where expressions are compared numerically: any positive numbers will do, these have no relation.
POINTS = ("7/5", "3/11", "13/17", "5/19", "23/29", "2/31", "37/41", "43/7", "1/47", "11/53")


class Equation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The documented right-hand side of ``quantity`` equals that of ``variant``.

    equation  in SymPy's notation with the document's symbols, such as ``rho*s + (1-rho)*g**2``
    symbols   each symbol of it: a quantity of the state before the step (``second_moment``), after
              it (``second_moment'``), ``parameter``, ``gradient``, the momentum's ``buffer``
              before the step, or a coefficient (``rate``,
              ``decay``, ``beta1``, ``epsilon``, ``momentum``, ``weight_decay``)
    choices   fields of the rule that the document's equation leaves out or has otherwise
    """

    variant: str
    quantity: str
    equation: str
    symbols: dict[str, str]
    choices: dict[str, Any] = {}

    def __post_init__(self) -> None:
        variant = known_variant(self.variant)
        if unknown := set(self.choices) - set(FACTORS):
            raise ValueError(f"unknown choices {', '.join(sorted(unknown))}")
        if self.quantity not in symbolic.QUANTITIES:
            raise ValueError(
                f"unknown quantity {self.quantity!r}; known are {', '.join(symbolic.QUANTITIES)}"
            )
        names = meanings(variant.rule)
        for text, meaning in self.symbols.items():
            if meaning not in names:
                raise ValueError(
                    f"symbol {text!r} means {meaning!r}; known are {', '.join(sorted(names))}"
                )
        expression(self.equation, {text: names[m] for text, m in self.symbols.items()})


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``left`` equals ``right``, for every row of ``where`` (symbol to decimal) if there is one."""

    left: str
    right: str
    where: list[dict[str, str]] = []


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A field of a documented variant: what the document states, and what the reference uses.

    Used for documents that no implementation can be held to.  ``default`` maps a hyperparameter to
    the decimal.
    """

    variant: str
    default: dict[str, str] = {}
    choices: dict[str, Any] = {}

    def __post_init__(self) -> None:
        known_variant(self.variant)
        if not self.default and not self.choices:
            raise ValueError("give default or choices")


def meanings(rule: Rule) -> dict[str, Any]:
    """Every word that a symbol may mean, as SymPy symbols of the reference."""
    before = {name: sympy.Symbol(symbol, real=True) for name, symbol in symbolic.QUANTITIES.items()}
    after = {
        f"{name}'": sympy.Symbol(f"{symbol}'", real=True)
        for name, symbol in symbolic.QUANTITIES.items()
    }
    coefficients = symbolic.hyperparameters(rule)
    coefficients["rate"] = coefficients["learning_rate"]
    before["buffer"] = before["momentum"]  # among the coefficients, momentum is the factor
    return before | after | coefficients | {"step": sympy.Symbol("t", positive=True)}


def expression(text: str, symbols: dict[str, Any]) -> Any:
    """Parse SymPy text.  Raises ValueError for no formula, or a symbol without meaning."""
    try:
        parsed = sympy_parser.parse_expr(text, local_dict={**FUNCTIONS, **symbols})
    except (SyntaxError, TypeError, ValueError, AttributeError, tokenize.TokenError) as error:
        raise ValueError(f"{text!r} is no formula: {error}") from None
    if unknown := {str(s) for s in parsed.free_symbols - set(symbols.values())}:
        raise ValueError(f"{text!r} uses {', '.join(sorted(unknown))} without saying what it means")
    return parsed


@check("equation", Equation)
def equation(parameters: Equation, context: Context) -> Decision:
    """Proved equal, or shown different by numbers."""
    variant = VARIANTS[parameters.variant]
    rule = variant.rule.having(**parameters.choices)
    ours = {str(symbol): value for symbol, value in symbolic.definitions(rule)}
    wanted = f"{symbolic.QUANTITIES[parameters.quantity]}'"
    if wanted not in ours:
        return Decision(
            verdict="contradicted", observed=f"{variant.identifier} has no {parameters.quantity}"
        )
    names = meanings(rule)
    symbols = {text: names[meaning] for text, meaning in parameters.symbols.items()}
    documented = expression(parameters.equation, symbols)
    equal, observed = compared(documented, ours[wanted])
    printed = dict(line.split(" = ", 1) for line, _ in symbolic.equations(rule))
    about = f"{variant.identifier}: {symbolic.plain(wanted)} = {printed[symbolic.plain(wanted)]}"
    return decided(
        equal,
        f"{observed}; {about}",
        seen={"equal": equal},
        evidence=f"SymPy {sympy.__version__}, symbolic",
        version="reference",
    )


def compared(left: Any, right: Any) -> tuple[bool, str]:
    """Whether two expressions are equal, and how that was found out.

    Raises ValueError when SymPy can prove neither.
    """
    difference = left - right
    if sympy.simplify(difference) == 0:
        return True, "proved equal"
    symbols = sorted(difference.free_symbols, key=str)
    points = {s: sympy.Rational(POINTS[i % len(POINTS)]) for i, s in enumerate(symbols)}
    value = difference.subs(points).evalf(40)
    if value.is_number and value != 0 and abs(value) > sympy.Float(10) ** -30:
        return False, f"different: they are {value.evalf(6)} apart where {short(points)}"
    raise ValueError(f"neither equal nor different could be shown for {difference}")


def short(points: dict[Any, Any]) -> str:
    """The point in words."""
    return ", ".join(f"{symbolic.plain(symbol)} = {value}" for symbol, value in points.items())


@check("identity", Identity)
def identity(parameters: Identity, context: Context) -> Decision:
    """Both sides with exact rational numbers."""
    rows = parameters.where or [{}]
    seen = []
    held = True
    for row in rows:
        symbols = {name: sympy.Symbol(name, positive=True) for name in row}
        points = {symbols[n]: sympy.Rational(*fraction(v)) for n, v in row.items()}
        left, right = (
            expression(text, symbols).subs(points) for text in (parameters.left, parameters.right)
        )
        equal, words = compared(sympy.nsimplify(left), sympy.nsimplify(right))
        held &= equal
        seen.append(f"{left} {'=' if equal else '≠'} {right}{'' if equal else f' ({words})'}")
    return decided(
        held,
        "; ".join(seen),
        seen={"rows": seen},
        evidence=f"SymPy {sympy.__version__}, exact rationals",
        version="reference",
    )


def fraction(decimal: str) -> tuple[int, int]:
    """A decimal as an exact fraction."""
    return Fraction(decimal).as_integer_ratio()


@check("record", Record)
def record(parameters: Record, context: Context) -> Decision:
    """The claim against what the reference computes with."""
    variant = VARIANTS[parameters.variant]
    missed = [
        f"{name} is {variant.defaults.get(name)}, not {value}"
        for name, value in parameters.default.items()
        if Fraction(variant.defaults.get(name, "-1")) != Fraction(value)
    ]
    missed += [
        f"{name} is {variant.rule[name]!r}, not {value!r}"
        for name, value in parameters.choices.items()
        if variant.rule[name] != value
    ]
    has = ", ".join(f"{name} {variant.defaults.get(name)}" for name in parameters.default)
    rule = ", ".join(f"{n} {variant.rule[n]}" for n in parameters.choices)
    text = ", ".join(part for part in (has, rule) if part)
    return decided(
        not missed,
        "; ".join(missed) or f"{variant.identifier}: {text}",
        seen={name: variant.defaults.get(name) for name in parameters.default}
        | {name: variant.rule[name] for name in parameters.choices},
        evidence="the record that the reference computes with",
        version="reference",
    )
