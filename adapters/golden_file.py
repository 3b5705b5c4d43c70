"""Golden vectors: what an implementation did elsewhere, in a text file; docs/golden-vectors.md.

One line a fact, a keyword first; arrays as the hexadecimal digits of their bits, in column order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]
else:  # Python 3.8 cannot subscript it
    Array = np.ndarray
LARGEST = 256 << 20  # bytes; what every case of the full profile needs has 30 MB
HEADER = "golden-vectors 1"
CLASSES = {"single": ">f4", "double": ">f8"}


class GoldenFileError(Exception):
    """A file is not what docs/golden-vectors.md describes, or holds no answers."""


@dataclass
class GoldenParameter:
    """One parameter: its size, start, averages (none: ``[]``), and for each step the gradient and
    the answer: the new parameter and averages, or the message of the error."""

    name: str
    size: tuple[int, ...]
    value: Array
    averages: list[Array] = field(default_factory=list)
    gradients: list[Array] = field(default_factory=list)
    answers: list[list[Array] | str] = field(default_factory=list)


@dataclass
class GoldenCase:
    """One case: the function that is called, and with what.

    identifier  the case, as ``conformance run --case`` takes it
    dtype       ``float32`` or ``float64``
    taken       steps before the first one here
    rates       learnRate of each step
    numbers     the scalar arguments behind learnRate, in their order
    """

    identifier: str
    function: str = ""
    dtype: str = ""
    taken: int = 0
    rates: Array = field(default_factory=lambda: np.zeros(0))
    numbers: Array = field(default_factory=lambda: np.zeros(0))
    parameters: list[GoldenParameter] = field(default_factory=list)


@dataclass
class GoldenFile:
    """All cases of a file, and who answered: ``about`` maps system, place, computer, …

    ``behaviours`` maps questions to answers: class, size and bits, or ``error`` and its message.
    """

    about: dict[str, str] = field(default_factory=dict)
    behaviours: dict[str, str] = field(default_factory=dict)
    cases: list[GoldenCase] = field(default_factory=list)

    @property
    def system(self) -> str:
        """``matlab`` or ``octave``."""
        return self.about.get("system", "").partition(" ")[0]

    @property
    def version(self) -> str:
        """The system's version and release."""
        return self.about.get("system", "").partition(" ")[2]


def to_hex(array: Array) -> str:
    """The bits of an array in column order, most significant digit first."""
    wide = array.astype(array.dtype.newbyteorder(">"))
    return wide.tobytes(order="F").hex() or "-"


def from_hex(text: str, kind: str) -> Array:
    """The elements behind the digits, as one column."""
    array = np.frombuffer(bytes.fromhex(text.replace("-", "")), CLASSES[kind])
    return array.astype(array.dtype.newbyteorder("="))


def questions(cases: Sequence[GoldenCase]) -> Iterator[str]:
    """The lines that ask: everything but the answers."""
    yield HEADER
    for case in cases:
        yield f"case {case.identifier}"
        yield f"call {case.function} {'single' if case.dtype == 'float32' else 'double'}"
        yield f"taken {case.taken}"
        yield f"rates {to_hex(case.rates)}"
        yield f"numbers {to_hex(case.numbers)}"
        for parameter in case.parameters:
            yield f"parameter {parameter.name} {' '.join(map(str, parameter.size))}"
            yield f"value {to_hex(parameter.value)}"
            if parameter.averages:
                yield f"averages {' '.join(map(to_hex, parameter.averages))}"
            for gradient in parameter.gradients:
                yield f"gradient {to_hex(gradient)}"


def read(path: Path) -> GoldenFile:
    """The file's content.

    Raises GoldenFileError, with the line, for what is not of the format; OSError.
    """
    if path.exists() and not path.is_file():
        raise GoldenFileError(f"{path} is no ordinary file: it holds no golden vectors")
    if path.stat().st_size > LARGEST:
        raise GoldenFileError(f"{path} has more than {LARGEST:,} bytes: it holds no golden vectors")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise GoldenFileError(f"{path} is no text in UTF-8: {error}") from error
    if not lines or lines[0].strip() != HEADER:
        raise GoldenFileError(f"{path} does not begin with {HEADER!r}: it holds no golden vectors")
    found = GoldenFile()
    for number, line in enumerate(lines[1:], start=2):
        keyword, _, rest = line.strip().partition(" ")
        if not keyword:
            continue
        try:
            take(found, keyword, rest)
        except (ValueError, IndexError, KeyError) as error:
            raise GoldenFileError(f"{path}, line {number}: {keyword}: {error}") from error
    return found


def take(found: GoldenFile, keyword: str, rest: str) -> None:
    """Add one line to what was found."""
    if keyword == "case":
        found.cases.append(GoldenCase(rest))
    elif keyword == "behaviour":
        question, _, answer = rest.partition(" ")
        found.behaviours[question] = answer
    elif not found.cases:
        found.about[keyword] = rest
    elif keyword in ("parameter", "value", "averages", "gradient", "answer", "failed"):
        take_of_parameter(found.cases[-1], keyword, rest)
    else:
        take_of_case(found.cases[-1], keyword, rest)


def take_of_case(case: GoldenCase, keyword: str, rest: str) -> None:
    """A line that holds for all parameters."""
    if keyword == "call":
        case.function, kind = rest.split()
        case.dtype = "float32" if CLASSES[kind] == ">f4" else "float64"
    elif keyword == "taken":
        case.taken = int(rest)
    elif keyword == "rates":
        case.rates = from_hex(rest, "double")
    elif keyword == "numbers":
        case.numbers = from_hex(rest, "double")
    else:
        raise ValueError("an unknown keyword")


def take_of_parameter(case: GoldenCase, keyword: str, rest: str) -> None:
    """A line of one parameter."""
    if keyword == "parameter":
        name, *sizes = rest.split()
        size = tuple(map(int, sizes))
        case.parameters.append(GoldenParameter(name, size, np.zeros(0)))
        return
    parameter = case.parameters[-1]
    if keyword == "failed":
        parameter.answers.append(rest)
        return
    kind = "single" if case.dtype == "float32" else "double"
    arrays = [from_hex(word, kind) for word in rest.split()]
    for array in arrays:
        if array.size != np.prod(parameter.size):
            raise ValueError(f"{array.size} elements for size {parameter.size}")
    if keyword == "value":
        (parameter.value,) = arrays
    elif keyword == "averages":
        parameter.averages = arrays
    elif keyword == "gradient":
        parameter.gradients += arrays
    else:
        parameter.answers.append([*arrays])
