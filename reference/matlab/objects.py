"""MATLAB's objects that hold learnable parameters, as far as the update sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from optimizer_conformance.reference.matlab.errors import ArgumentError

LABELS = "SCBTU"


@dataclass(frozen=True, eq=False)
class DLArray:
    """A ``dlarray``: an array, and a label for each dimension (``S``, ``C``, ``B``, ``T``, ``U``)
    or none at all.  Labels are kept as they are given; MATLAB would sort the dimensions by them.
    """

    data: Any
    dims: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.dims, str):
            raise ArgumentError(
                "dims", f"must be labels such as 'SSCB', and is {type(self.dims).__name__}"
            )
        if not set(self.dims) <= set(LABELS):
            raise ArgumentError("dims", f"{self.dims!r} has labels other than {', '.join(LABELS)}")
        if self.dims and len(self.dims) < len(getattr(self.data, "shape", ())):
            raise ArgumentError("dims", f"{self.dims!r} labels too few dimensions")
        for label in "CBT":
            if self.dims.count(label) > 1:
                raise ArgumentError("dims", f"{self.dims!r} labels {label} twice")


@dataclass(frozen=True, eq=False)
class DLNetwork:
    """A ``dlnetwork``, as far as the update sees it.

    ``Learnables``          table with the columns Layer, Parameter and Value
    ``learn_rate_factors``  (layer, parameter) to the factor of the global learning rate; 1 where
                            there is none
    """

    Learnables: Any
    learn_rate_factors: Mapping[tuple[str, str], float] = field(default_factory=dict)
