"""Claims on a documented rule, with another rule in its place, or with an operation done wrong.

Equations, properties and records are decided on the reference.  Here the variant that such a claim
names computes by the rule of another one, with that one's defaults; or squares, roots, averages and
quotients of the number systems are others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np

from optimizer_conformance.questions.verify import document, ledger
from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.document import Claim
from optimizer_conformance.questions.verify.faults.answers import inner
from optimizer_conformance.questions.verify.faults.campaign import Noticed, note
from optimizer_conformance.questions.verify.registry import Decision
from optimizer_conformance.reference.numbers import symbolic
from optimizer_conformance.reference.numbers.float64 import Float64
from optimizer_conformance.reference.numbers.symbolic import Symbolic
from optimizer_conformance.reference.variants import VARIANTS, Variant

DECIDED_ON_RULES = ("equation", "property", "record")
# Rules that differ from each other in one respect or a few, and in their defaults.
OTHERS = (
    "codecademy-rmsprop",
    "torch-rmsprop",
    "mindspore-rmsprop-ones",
    "torch-rmsprop-centered",
    "keras-rmsprop-momentum",
    "torch-rmsprop-momentum",
    "matlab-adamupdate",
    "matlab-adamupdate-hat",
    "mlx-adam",
)


QUOTIENT: Callable[..., Any] = Float64.quotient  # SymPy's is the same product and division
# Operations of the number systems, to what is done in their place.
OPERATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "gradients are not squared": ("square", lambda self, x: x),
    "squares of neighbours are averaged": (
        "square",
        lambda self, x: 0 * x + np.mean(x * x) if isinstance(x, np.ndarray) else 2 * x * x,
    ),
    "the root is left out": ("root", lambda self, x: x),
    "new values are not weighted": ("average", lambda self, b, c, old, new: b * old + new),
    "old values are dropped": ("average", lambda self, b, c, old, new: c * new),
    "the average stays": ("average", lambda self, b, c, old, new: old),
    "the step is doubled": ("quotient", lambda self, n, d: 2 * QUOTIENT(self, n, d)),
}


def replaced(
    progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> Iterator[Noticed]:
    """Each claim on a rule with every change: it must notice the one that breaks its sentence."""
    claims = [
        (name, claim)
        for name in document.names()
        for claim in document.load(name).claims
        if inner(claim.check)["name"] in DECIDED_ON_RULES
    ]
    with Context() as context:
        for done, (name, claim) in enumerate(claims):
            progress(done, len(claims), f"{name} {claim.id}")
            found = Noticed(f"{name} {claim.id}", "another rule, or another operation")
            right = ledger.decide(claim, context)
            for words, now in changed(claim, context):
                noticed = Noticed(found.subject, words)
                note(noticed, claim, right, now)
                found.by_verdict += [words] if noticed.by_verdict else []
                found.by_value += [words] if noticed.by_value else []
            yield found


def changed(claim: Claim, context: Context) -> Iterator[tuple[str, Decision]]:
    """The claim's decision in each changed world."""
    for other in OTHERS:
        yield f"the rule of {other}", with_rule(claim, VARIANTS[other], context)
    for words, (name, operation) in OPERATIONS.items():
        with ExitStack() as stack:
            for system in (Float64, Symbolic):
                stack.enter_context(mock.patch.object(system, name, operation))
            forget()
            decision = ledger.decide(claim, context)
        forget()
        yield words, decision


def forget() -> None:
    """Formulas are derived once and kept: not across a change of the operations."""
    for derived in (symbolic.definitions, symbolic.equations):
        derived.cache_clear()


def with_rule(claim: Claim, other: Variant, context: Context) -> Decision:
    """The claim's decision where its variant states another's rule."""
    name = inner(claim.check)["variant"]
    kept = VARIANTS[name]
    VARIANTS[name] = replace(other, identifier=name)
    try:
        return ledger.decide(claim, context)
    finally:
        VARIANTS[name] = kept
