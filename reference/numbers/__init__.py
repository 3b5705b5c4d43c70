"""Number systems: what a formula of :mod:`reference.rules` can be evaluated on.

:class:`reference.numbers.system.NumberSystem` describes the members that all of them have.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer_conformance.reference.numbers.ball import BallArithmetic
    from optimizer_conformance.reference.numbers.bound import Bound, Effects
    from optimizer_conformance.reference.numbers.bound_arithmetic import BoundArithmetic
    from optimizer_conformance.reference.numbers.float64 import FLOAT64
    from optimizer_conformance.reference.numbers.hyper import IDEAL, Hyper, Representation
    from optimizer_conformance.reference.numbers.precision import PRECISIONS, Precision
    from optimizer_conformance.reference.numbers.symbolic import equations

# What can be imported from here, and the module where it stands.
PLACES = {
    "BallArithmetic": "ball",
    "Bound": "bound",
    "BoundArithmetic": "bound_arithmetic",
    "Effects": "bound",
    "FLOAT64": "float64",
    "Hyper": "hyper",
    "IDEAL": "hyper",
    "PRECISIONS": "precision",
    "Precision": "precision",
    "Representation": "hyper",
    "equations": "symbolic",
}

__all__ = [
    "FLOAT64",
    "IDEAL",
    "PRECISIONS",
    "BallArithmetic",
    "Bound",
    "BoundArithmetic",
    "Effects",
    "Hyper",
    "Precision",
    "Representation",
    "equations",
]


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *PLACES})
