"""Number systems: what a formula of :mod:`reference.rules` can be evaluated on.

A number system is an object with the members below; values of it also take ``+ - *`` and unary
``-``.  Beside the operators stand the few composites in which implementations legitimately differ
in the order of evaluation: a bound must cover every order, so the order may not be fixed by the
formula.

=========================== ======================================================================
``define(name, x)``         x, under the name that the step gives it (the printed formula needs it)
``full(like, decimal)``     a constant shaped like ``like``
``square(x)``               x * x
``root(x)``                 the square root
``maximum(x, y)``           element by element
``average(b, c, old, new)`` b * old + c * new, where c = 1 - b: also written old + c * (new - old)
``quotient(ns, ds)``        product of ``ns`` over product of ``ds``, in any order
``variance(v, m)``          v - m * m; v - |m|^2 where v is real and m complex
``shrink(x, c)``            x * (1 - c), or x - c * x
``centralize(x)``           x minus its mean over all axes but the first
=========================== ======================================================================

The names below are imported when they are asked for: SymPy and FLINT take a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer_conformance.reference.numbers.ball import BallArithmetic
    from optimizer_conformance.reference.numbers.bound import Bound, BoundArithmetic, Effects
    from optimizer_conformance.reference.numbers.float64 import FLOAT64
    from optimizer_conformance.reference.numbers.hyper import IDEAL, Hyper, Representation
    from optimizer_conformance.reference.numbers.precision import PRECISIONS, Precision
    from optimizer_conformance.reference.numbers.symbolic import equations

# What can be imported from here, and the module where it stands.
PLACES = {
    "BallArithmetic": "ball",
    "Bound": "bound",
    "BoundArithmetic": "bound",
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
