"""Every documented variant, one module a system.

Adding a module here (or a record to one of its ``VARIANTS``) is all that a new variant needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from itertools import chain

from optimizer_conformance.reference.variants.record import Variant


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


def _identified() -> dict[str, Variant]:
    found: dict[str, Variant] = {}
    for variant in chain.from_iterable(SYSTEMS.values()):
        if variant.identifier in found:
            raise ValueError(f"two variants are called {variant.identifier}")
        found[variant.identifier] = variant
    return found


SYSTEMS = _systems()
VARIANTS = _identified()

__all__ = ["SYSTEMS", "VARIANTS", "Variant"]
