"""Why a cell departs from a document, and where: in fields, so that many are told as one."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from optimizer_conformance.reports.records import Cause

EXCEPT = "follows the document's rule except"


class Reason(msgspec.Struct, frozen=True):
    """Why, and where, if it is one dtype and one kind of gradients.

    words  all that is said; with a place, what goes before it
    """

    words: str
    dtype: str = ""
    kind: str = ""

    def __str__(self) -> str:
        place = f" in {self.dtype} with {self.kind} gradients" if self.dtype else ""
        return f"{self.words}{place}"


def reason_of(why: str, cause: str, dtype: str, regime: str) -> Reason:
    """The reason of a cell that has these columns."""
    placed = Reason(EXCEPT, dtype, regime)
    return placed if cause == str(Cause.place) and str(placed) == why else Reason(why)


def distinct(rows: Iterable[tuple[str, str, str, str]]) -> list[Reason]:
    """Each once, in the order in which they came, of the columns that :func:`reason_of` takes."""
    return list(dict.fromkeys(reason_of(*row) for row in dict.fromkeys(rows)))
