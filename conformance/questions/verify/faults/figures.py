"""Claims on figures: numbers of a formula, examples, trainings and networks, each another.

What such a claim computes needs neither MATLAB nor a framework.  Changed are the numbers of an
identity, one at a time; the operations by which an example is obtained; the losses of a training;
and the network that is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import sympy

from optimizer_conformance.questions.verify import book, document, ledger
from optimizer_conformance.questions.verify.checks.formulas import expression
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.faults.campaign import Noticed, note
from optimizer_conformance.questions.verify.faults.rules import OPERATIONS
from optimizer_conformance.questions.verify.registry import Decision
from optimizer_conformance.reference import airfoil, digits
from optimizer_conformance.reference.numbers.float64 import Float64

NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


@dataclass(frozen=True)
class World:
    """Where a claim is decided otherwise.

    exchanged   what is another while it is decided
    check       the claim's check as it is asked there
    equivalent  the proof that nothing has changed, where there is one
    """

    words: str
    check: dict[str, Any]
    exchanged: AbstractContextManager[Any] = field(default_factory=nullcontext)
    equivalent: str = ""


def identities(check: dict[str, Any]) -> Iterator[World]:
    """Each number of either side is another."""
    for side in ("left", "right"):
        text = check[side]
        for count, number in enumerate(NUMBER.finditer(text), 1):
            changed = f"{text[: number.start()]}({number[0]} + 1){text[number.end() :]}"
            words = f"number {count} of the formula's {side} side is another"
            yield World(words, {**check, side: changed}, equivalent=proof(check, text, changed))


def proof(check: dict[str, Any], text: str, changed: str) -> str:
    """That two texts of a side are one expression, whatever its symbols are."""
    names = {name for row in check.get("where", ()) for name in row}
    symbols = {name: sympy.Symbol(name, positive=True) for name in names}
    difference = expression(text, symbols) - expression(changed, symbols)
    return "the two expressions are equal (SymPy)" if sympy.simplify(difference) == 0 else ""


def examples(check: dict[str, Any]) -> Iterator[World]:
    """The example is computed by other operations, with whatever it is given."""
    for words, (name, operation) in OPERATIONS.items():
        yield World(words, check, mock.patch.object(Float64, name, operation))


def losses(check: dict[str, Any]) -> Iterator[World]:
    """All trainings end above the printed loss, or below it."""
    for words, factor in (("every training ends higher", 2.0), ("every training ends lower", 0.5)):
        yield World(words, check, trained(check["prints"] * factor))


def networks(check: dict[str, Any]) -> Iterator[World]:
    """The network has a filter or a class more."""
    for words, name in (("a filter more a layer", "FILTERS"), ("a class more", "CLASSES")):
        yield World(words, check, mock.patch.object(digits, name, getattr(digits, name) + 1))


@contextmanager
def trained(around: float) -> Iterator[None]:
    """Trainings that end around this loss: nothing is trained, no data is read."""
    ends = np.linspace(0.9, 1.1, 5) * around
    with (
        mock.patch.object(book, "losses", return_value=ends),
        mock.patch.object(airfoil, "load", return_value=None),
    ):
        yield


# Checks of figures: the worlds in which they are decided otherwise, and the one that is right.
KINDS: dict[str, tuple[Callable[[dict[str, Any]], Iterator[World]], Callable[..., Any]]] = {
    "identity": (identities, lambda check: nullcontext()),
    "example": (examples, lambda check: nullcontext()),
    "book-loss": (losses, lambda check: trained(check["prints"])),
    "digits-network": (networks, lambda check: nullcontext()),
}


def changed(
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> Iterator[Noticed]:
    """Each figure that a claim computes, another, and whether the claim notices."""
    claims = [
        (name, claim)
        for name in document.names()
        for claim in document.load(name).claims
        if claim.check["name"] in KINDS
    ]
    with Context() as context:
        for done, (name, claim) in enumerate(claims):
            progress(done, len(claims), f"{name} {claim.id}")
            worlds, as_it_is = KINDS[claim.check["name"]]
            right = decide(claim, World("", claim.check, as_it_is(claim.check)), context)
            found = [
                noticed(f"{name} {claim.id}", claim, right, world, context)
                for world in worlds(claim.check)
            ]
            yield from [together(found)] if claim.check["name"] == "example" else found


def noticed(subject: str, claim: Claim, right: Decision, world: World, context: Context) -> Noticed:
    """Whether the claim notices that world."""
    found = Noticed(subject, world.words, equivalent=world.equivalent)
    note(found, claim, right, decide(claim, world, context))
    return found


def together(found: list[Noticed]) -> Noticed:
    """One fault of many: an example whose gradients are all 1 cannot tell each of them."""
    one = Noticed(found[0].subject, "other operations")
    one.by_verdict = [item.breaks for item in found if item.by_verdict]
    one.by_value = [item.breaks for item in found if item.by_value and not item.by_verdict]
    return one


def decide(claim: Claim, world: World, context: Context) -> Decision:
    """The claim's decision in that world."""
    with world.exchanged:
        return ledger.decide(msgspec.structs.replace(claim, check=world.check), context)
