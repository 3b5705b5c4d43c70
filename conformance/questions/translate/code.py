"""The rule as source code: the pipeline evaluated on a number system that writes down expressions.

So what is shown for a target framework is the formula that was judged, not another writing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from optimizer_conformance.reference.numbers.hyper import Hyper
from optimizer_conformance.reference.rules import Rule

TEMPLATES = Path(__file__).parent / "templates"
NAMES = {"momentum": "buffer"}  # state that is called like its hyperparameter
# Functions of the frameworks: as code calls them, and as they are imported.
OPERATIONS = {
    "clipped": "clip as clipped",
    "maximum": "maximum",
    "sign": "sign",
    "sqrt": "sqrt",
}
CORRECTIONS = {"correction1": "beta1", "correction2": "decay", "correction3": "beta3"}
SUM, PRODUCT, ATOM = 1, 2, 3  # how tightly an expression's outermost operation binds
# What an adapter's users write: template, and the kind of target that it makes.
FRAMEWORKS = {
    **dict.fromkeys(
        (
            "torch", "timm", "torchopt", "stable_baselines3", "bitsandbytes",
            "torch_optimizer", "pytorch_optimizer",
        ),
        "torch",
    ),
    **dict.fromkeys(("jax", "flax"), "optax"),
    **dict.fromkeys(("tensorflow", "keras_jax", "keras_torch"), "keras"),
}  # fmt: skip
PLAIN = "function"  # NumPy: for frameworks without a template of their own
OBJECTS = {"torch": "Imitation", "optax": "imitation", "keras": "Imitation", "function": "update"}


@dataclass(frozen=True)
class Expression:
    """Source text; ``scalar`` where it is a plain number in Python, not an array."""

    text: str
    level: int = ATOM
    scalar: bool = False

    def within(self, level: int) -> str:
        """The text as an operand of an operation that binds like ``level``."""
        return self.text if self.level >= level else f"({self.text})"

    def __add__(self, other: Expression) -> Expression:
        return self.joined(other, "+", SUM)

    def __sub__(self, other: Expression) -> Expression:
        right = other.within(PRODUCT)
        return Expression(f"{self.text} - {right}", SUM, self.scalar and other.scalar)

    def __mul__(self, other: Expression) -> Expression:
        return self.joined(other, "*", PRODUCT)

    def __neg__(self) -> Expression:
        return Expression(f"-{self.within(ATOM)}", PRODUCT, self.scalar)

    def __rtruediv__(self, above: int) -> Expression:
        return Expression(f"{above} / {self.within(ATOM)}", PRODUCT, self.scalar)

    def joined(self, other: Expression, sign: str, level: int) -> Expression:
        """Both with an associative operation between them."""
        text = f"{self.within(level)} {sign} {other.within(level)}"
        return Expression(text, level, self.scalar and other.scalar)


class Unwritable(Exception):  # noqa: N818 - named for the situation
    """A rule has something that is not written as source code; the message says what."""


@dataclass
class Source:
    """The number system of source code; ``lines`` collects what a step defines."""

    lines: list[str] = field(default_factory=list)

    def define(self, name: str, x: Expression) -> Expression:
        """An assignment."""
        self.lines.append(f"{NAMES.get(name, name)} = {x.text}")
        return Expression(NAMES.get(name, name))

    def coefficient(self, kind: str, exact: Expression) -> Expression:
        """A hyperparameter by its name."""
        return exact

    def complement(self, beta: Expression) -> Expression:
        """1 - beta."""
        return Expression("1", scalar=True) - beta

    def correction(self, beta: Expression, count: None) -> Expression:
        """A number that the template forms once a step."""
        if count:
            raise Unwritable("a bias correction of the next step")
        name = next(name for name, source in CORRECTIONS.items() if source == beta.text)
        return Expression(name, scalar=True)

    def real(self, symbol: str, function: Any, exact: Any, roundings: int) -> Expression:
        """Not written: it takes a function of the step count."""
        raise Unwritable(f"{symbol}, a real number formed from the step count")

    def full(self, like: Expression, decimal: str) -> Expression:
        """A number."""
        return Expression(decimal, scalar=True)

    def square(self, x: Expression) -> Expression:
        """As a product, which every framework rounds alike."""
        return x * x

    def root(self, x: Expression) -> Expression:
        """``sqrt`` of an array, a power of a number."""
        if x.scalar:
            return Expression(f"{x.within(ATOM)} ** 0.5", PRODUCT, True)
        return Expression(f"sqrt({x.text})")

    def sum(self, x: Expression, y: Expression) -> Expression:
        """x + y."""
        return x + y

    def maximum(self, x: Expression, y: Expression) -> Expression:
        """Element by element."""
        return Expression(f"maximum({x.text}, {y.text})")

    def average(self, b: Expression, c: Expression, old: Expression, new: Expression) -> Expression:
        """b * old + c * new."""
        return b * old + c * new

    def quotient(
        self, numerators: tuple[Expression, ...], denominators: tuple[Expression, ...]
    ) -> Expression:
        """Product over product."""
        above, below = numerators[0], denominators[0]
        for factor in numerators[1:]:
            above = above * factor
        for factor in denominators[1:]:
            below = below * factor
        text = f"{above.within(PRODUCT)} / {below.within(ATOM)}"
        return Expression(text, PRODUCT, above.scalar and below.scalar)

    def variance(self, v: Expression, m: Expression) -> Expression:
        """v - m * m."""
        return v - m * m

    def clip(self, x: Expression, c: Expression) -> Expression:
        """The nearest number between -c and c."""
        return Expression(f"clipped({x.text}, {(-c).text}, {c.text})")

    def soft_threshold(self, x: Expression, c: Expression) -> Expression:
        """What is left of x beyond the nearest number between -c and c."""
        return x - self.clip(x, c)

    def sign(self, x: Expression) -> Expression:
        """-1, 0 or 1."""
        return Expression(f"sign({x.text})")

    def choose(
        self, x: Expression, below: Expression, zero: Expression, above: Expression
    ) -> Expression:
        """Not written: every framework has its own words for it."""
        raise Unwritable("a choice by the sign of a number")

    def shrink(self, x: Expression, c: Expression) -> Expression:
        """x * (1 - c)."""
        return x * (Expression("1", scalar=True) - c)

    def centralize(self, x: Expression) -> Expression:
        """Not written: its mean is over a shape."""
        raise Unwritable("gradient centralisation")

    def squared_norm(self, x: Expression) -> Expression:
        """Not written: it is of a whole tensor."""
        raise Unwritable("the norm of a tensor")

    def mean_square(self, x: Expression) -> Expression:
        """Not written: it is over a shape."""
        raise Unwritable("a mean over a row")


def body(rule: Rule) -> list[str]:
    """One step as assignments to ``parameter`` and the state's names."""
    num = Source()
    exact = {name: Expression(name, scalar=True) for name in rule.hyperparameters}
    state = {name: Expression(NAMES.get(name, name)) for name in rule.state}
    parameter, gradient = Expression("parameter"), Expression("gradient")
    rule.step(Hyper(num, exact, 0), state, parameter, gradient, num=num)
    return num.lines


def wrapper(rule: Rule, decimals: dict[str, str], adapter: str, what: str) -> str:
    """An optimizer for the framework of ``adapter`` that follows ``rule``.

    ``decimals`` become its defaults; ``what`` is said at its head.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    lines = body(rule)
    return environment.get_template(f"{framework(adapter)}.py.j2").render(
        what=what,
        defaults={name: decimals[name] for name in rule.hyperparameters},
        state={NAMES.get(name, name): kept.start for name, kept in rule.state.items()},
        lines=lines,
        used=[own for name, own in OPERATIONS.items() if any(f"{name}(" in line for line in lines)],
        corrections=[
            (name, beta)
            for name, beta in CORRECTIONS.items()
            if any(name in line for line in lines)
        ],
    )


def framework(adapter: str) -> str:
    """The kind of target that is written for an adapter's users."""
    return FRAMEWORKS.get(adapter, PLAIN)
