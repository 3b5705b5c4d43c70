"""Every documented variant, one module a system.

Adding a module here (or a record to one of its ``VARIANTS``) is all that a new variant needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from optimizer_conformance.reference.variants.record import Variant

if TYPE_CHECKING:
    SYSTEMS: dict[str, tuple[Variant, ...]]
    VARIANTS: dict[str, Variant]


@cache
def _systems() -> dict[str, tuple[Variant, ...]]:
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
    )
    return {
        module.__name__.rpartition(".")[2]: module.VARIANTS
        for module in modules
        if hasattr(module, "VARIANTS")
    }


@cache
def _identified() -> dict[str, Variant]:
    found: dict[str, Variant] = {}
    for variant in chain.from_iterable(_systems().values()):
        if variant.identifier in found:
            raise ValueError(f"two variants are called {variant.identifier}")
        found[variant.identifier] = variant
    return found


def __getattr__(name: str) -> Any:
    """The records are made when they are asked for: many commands need none."""
    if name not in ("SYSTEMS", "VARIANTS"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _systems() if name == "SYSTEMS" else _identified()


__all__ = ["SYSTEMS", "VARIANTS", "Variant"]
