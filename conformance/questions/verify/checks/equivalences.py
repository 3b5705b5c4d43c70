"""The check ``same-everywhere``: an equivalence, over everything that both sides have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.plan import suitable
from optimizer_conformance.questions.verify.checks.implementations import (
    FORMULA_MODES,
    followed,
    known_variant,
)
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference.numbers.precision import COMPONENTS
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix


class SameEverywhere(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``implementation`` computes the rules that another system documents as ``variant``, with each
    set of options that both have, in each mode and format.

    One set of options would not do: that a formula is "the same" is also said of momentum.  Real
    and complex ``numbers`` are claims of their own: what a square is differs.  ``also`` names rows
    that are the same software in another mode of execution.
    """

    implementation: str
    variant: str
    numbers: Literal["real", "complex"] = "real"
    also: list[str] = []

    def __post_init__(self) -> None:
        known_variant(self.variant)


def shared(
    implementation: protocol.Implementation, variant: str, numbers: str
) -> Iterator[tuple[str, Variant, str, str]]:
    """Options in words, the variant with them, mode and format: all that both sides have."""
    formats = [
        dtype for dtype in implementation.dtypes if (dtype in COMPONENTS) is (numbers == "complex")
    ]
    for features in implementation.features:
        found = VARIANTS.get(variant + suffix(features))
        if found is None:
            continue
        words = ", ".join(sorted(features)) or "no options"
        for mode in FORMULA_MODES:
            if suitable(implementation, mode, tuple(sorted(features))):
                for dtype in formats:
                    yield words, found, mode, dtype


@check("same-everywhere", SameEverywhere)
def same_everywhere(parameters: SameEverywhere, context: Context) -> Decision:
    """Every combination, each judged against the running bound."""
    name = parameters.implementation
    _, description, implementation = context.implementation(name)
    asked, differs, formats = 0, dict[str, str](), set[str]()
    for row in (name, *parameters.also):
        _, _, one = context.implementation(row)
        for options, variant, mode, dtype in shared(one, parameters.variant, parameters.numbers):
            try:
                found = followed(row, variant, dtype, mode, "", context)
            except ValueError:  # no case of this mode with these options
                continue
            asked += 1
            if not found.holds:
                formats.add(dtype)
                differs.setdefault(options, f"{row}, {mode}, {dtype}: {found.words}")
    if not asked:
        raise ValueError(f"{name} and {parameters.variant} have nothing in common")
    words = "; ".join(f"with {options}: {where}" for options, where in differs.items())
    about: dict[str, Any] = {
        "evidence": f"{asked} cases: options, modes and {parameters.numbers} formats of both",
        "version": " ".join(next(iter(description.versions.items()))),
        "device": implementation.devices[0],
    }
    return decided(
        not differs,
        words or f"{name} follows {parameters.variant} in all {asked} cases",
        seen={"cases": asked, "differs with": list(differs), "in": sorted(formats)},
        **about,
    )
