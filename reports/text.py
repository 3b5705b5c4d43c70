"""Text of others made harmless: names, error texts and paths that a run brought along."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rich import markup

if TYPE_CHECKING:
    import pandas


def visible(text: str) -> str:
    r"""One line without control or invisible characters: those are spelled out, as in ``\x1b``.

    What is left can neither steer a terminal, nor reverse the reading direction, nor be refused by
    XML.
    """
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable()
        else " "
        if character.isspace()
        else character.encode("unicode_escape").decode()
        for character in text
    )


def escape(text: object) -> str:
    """Text that is neither markup nor steers the terminal."""
    return markup.escape(visible(str(text)))


# How a formula begins in the spreadsheets at hand; they pass over white space before it.
FORMULAS = ("=", "+", "-", "@")
NUMBER = re.compile(r"-(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?|-inf|-nan", re.IGNORECASE)


def inert(value: Any) -> Any:
    """A cell that a spreadsheet takes for text and not for a formula; what is no text stays."""
    if not isinstance(value, str) or NUMBER.fullmatch(value):
        return value
    return "'" + value if value.lstrip().startswith(FORMULAS) else value


GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eps": "ε", "theta": "θ", "lambda": "λ",
    "mu": "μ", "rho": "ρ", "sigma": "σ",
}  # fmt: skip
SYMBOLS = GREEK | {"sqrt": "√", "gbar": "ḡ", "vmax": "v̂", "Max": "max", "Min": "min"}
# A symbol with the digit or the t below it; what only begins like one stays.
SPELLED = re.compile(
    rf"(?<![A-Za-z_])({'|'.join(SYMBOLS)})(?:_([0-9t]))?(?![A-Za-z0-9]|_[A-Za-z0-9])"
)
BELOW = str.maketrans("0123456789t", "₀₁₂₃₄₅₆₇₈₉ₜ")
SIZE = re.compile(r"\bAbs\(([^()]*)\)")
SQUARE = re.compile(r"\^2(?![0-9.])")


def typeset(formula: str) -> str:
    """A formula in plain text with the signs that people write, which is shorter."""
    text = SPELLED.sub(lambda found: SYMBOLS[found[1]] + below(found[2]), formula)
    text = SQUARE.sub("²", SIZE.sub(r"|\1|", text))
    return text.replace("'", "′").replace("*", "·")


def below(text: str | None) -> str:
    """What stands below a symbol."""
    return (text or "").translate(BELOW)


def visible_content(content: Any) -> Any:
    """The same for everything that a JSON file holds, names of fields included."""
    if isinstance(content, str):
        return visible(content)
    if isinstance(content, dict):
        return {visible(str(name)): visible_content(value) for name, value in content.items()}
    if isinstance(content, list):
        return [visible_content(value) for value in content]
    return content


def visible_column(column: pandas.Series[Any]) -> pandas.Series[Any]:
    """The same for a column of texts; a column that needs nothing comes back as it is."""
    dirty = [text for text in column.unique() if not text.isprintable()]
    return column.replace({text: visible(text) for text in dirty}) if dirty else column
