"""The check ``book-loss``: where a documented training loss lies among those of many seeds."""

from __future__ import annotations

from typing import Literal

import msgspec

from optimizer_conformance.questions.verify.context import Context
from optimizer_conformance.questions.verify.registry import Decision, check, decided
from optimizer_conformance.reference import airfoil


class BookLoss(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``prints``, a loss of Dive into Deep Learning 8.6, lies among those of ``seeds`` seeds.

    ``path``: the book's rule from scratch, or through Gluon.
    """

    path: Literal["scratch", "gluon"]
    prints: float
    seeds: int = 200
    rows: int = airfoil.ROWS[0]

    def __post_init__(self) -> None:
        if self.seeds < 2 or not 0 < self.rows <= airfoil.ROWS[0]:
            raise ValueError(f"two seeds or more, and 1 to {airfoil.ROWS[0]} rows")


@check("book-loss", BookLoss)
def book_loss(parameters: BookLoss, context: Context) -> Decision:
    """Train once a seed; the claim holds between the smallest and the largest loss."""
    from optimizer_conformance.questions.verify import book  # noqa: PLC0415 - it uses the context, which uses the checks

    try:
        samples = airfoil.load(rows=parameters.rows)
    except airfoil.DataUnavailable as missing:
        return Decision(
            verdict="not testable", observed="not executed", needs=str(missing), device="–"
        )
    losses = book.losses(parameters.path, samples, parameters.seeds, context)
    found = airfoil.distribution(
        parameters.path, parameters.rows, losses, documented=parameters.prints
    )
    return decided(
        found.holds,
        str(found),
        evidence=f"{parameters.seeds} trainings of two epochs",
        script="conformance reproduce book",
        version="reference" if parameters.path == "scratch" else "mxnet 1.9.1",
    )
