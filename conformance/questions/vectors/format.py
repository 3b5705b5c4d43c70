"""The two files of docs/vectors.md, and their JSON schema.

``python -m optimizer_conformance.questions.vectors.format`` prints the schema for docs/.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from optimizer_conformance.reports import foreign

FORMAT: Final = 1
# A value's bits in the case's dtype: hexadecimal digits, most significant first.
Bits = str
Interval = tuple[Bits, Bits]
# A list of values: texts without brackets and nulls.
INNERMOST = re.compile(r"""\[(?:\s|"[\w.+-]*"|null|,|\d)*\]""")


class VectorError(Exception):
    """A file that is none of the two kinds, or does not fit its case; the message says where."""


class ExpectedQuantity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one quantity is after one step, element by element.

    midpoint, radius  exact hexadecimal floats of as many digits as they need: the exact real result
                      is proved to lie within; null where nothing is proved
    rounding          the least and the greatest value that correctly rounded operations can give,
                      in any order, with hyperparameters taken exactly; null where the bound
                      promises nothing
    accepted          the same with hyperparameters held as the dtype holds them in any way, and
                      subnormal numbers flushed or not: what lies outside deviates; null where the
                      accepted results are no interval
    """

    midpoint: list[str | None]
    radius: list[str | None]
    rounding: list[Interval | None]
    accepted: list[Interval | None]


class VectorParameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One parameter, in C order: where it starts, its gradients, and what is expected.

    name      also the kind of gradients
    group     its place in ``groups``
    state     put in before the first step; empty: the rule's own initial state
    expected  a step a place: quantity to values
    """

    name: str
    shape: list[int]
    group: int
    value: list[Bits]
    state: dict[str, list[Bits]]
    gradients: list[list[Bits]]
    expected: list[dict[str, ExpectedQuantity]]


class VectorCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One case.

    case             as ``conformance run --case`` takes it
    hyperparameters  decimals: the exact values are those, not their roundings
    learning_rates   a decimal a step
    groups           decimals in place of ``hyperparameters``, by ``Parameter.group``; empty: none
    taken            steps that were taken before, where a state is put in
    """

    case: str
    dtype: str
    mode: str
    hyperparameters: dict[str, str]
    learning_rates: list[str]
    groups: list[dict[str, str]]
    taken: int
    parameters: list[VectorParameter]


class VectorRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The documented rule: its record in this project.

    formula    the equations of one step
    defaults   decimals that the document states
    undecayed  parts of parameter names that weight decay passes over
    """

    identifier: str
    family: str
    features: list[str]
    formula: list[str]
    defaults: dict[str, str]
    source: str
    url: str
    versions: str
    readings: dict[str, str]
    undecayed: list[str]


class VectorProvenance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which code wrote a file."""

    project: str
    version: str
    suite: str


class Vectors(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="vectors"
):
    """A file of vectors: cases of one rule."""

    format: Literal[1]
    provenance: VectorProvenance
    variant: VectorRule
    cases: list[VectorCase]


class AnsweredParameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of one parameter: a step a place, quantity to bits.

    ``parameter`` is among the quantities; a state may be left out.
    """

    name: str
    steps: list[dict[str, list[Bits]]]


class AnsweredCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The parameters of one case, all of them and in the order of the vectors."""

    case: str
    parameters: list[AnsweredParameter]


class VectorAnswers(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="answers"
):
    """A file of answers: what another project computed.

    system  its name and version
    """

    format: Literal[1]
    system: str
    variant: str
    cases: list[AnsweredCase]


def read(path: Path) -> Vectors | VectorAnswers:
    """The content of a file of either kind.  Raises VectorError."""
    try:
        found: Vectors | VectorAnswers = msgspec.json.decode(
            foreign.content(path), type=Vectors | VectorAnswers
        )
    except OSError as error:
        raise VectorError(f"{path}: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise VectorError(f"{path}: {error}; docs/vectors.schema.json has the format") from error
    return found


def text(content: Vectors | VectorAnswers) -> str:
    """As it is written: the same content is always the same text; a list of values is one line."""
    body = json.dumps(msgspec.to_builtins(content), indent=1, ensure_ascii=False)
    return INNERMOST.sub(lambda found: " ".join(found[0].split()), body) + "\n"


def schema() -> dict[str, Any]:
    """The JSON schema of both kinds."""
    kinds = (Vectors, VectorAnswers)
    references, components = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Frozen vectors of optimizer-conformance and answers to them, format {FORMAT}",
        "oneOf": list(references),
        "$defs": components,
    }


if __name__ == "__main__":
    print(json.dumps(schema(), indent=1, ensure_ascii=False))
