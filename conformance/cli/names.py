"""Names that were typed, each of which must exist."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer_conformance.cli.console import UsageError, suggestion
from optimizer_conformance.workers.environments import ADAPTERS


def known_adapters(names: Iterable[str]) -> tuple[str, ...]:
    """Adapter names, each of which must exist."""
    found = tuple(dict.fromkeys(names))
    for name in found:
        if name not in ADAPTERS:
            raise UsageError(f"unknown adapter {name!r}{suggestion(name, ADAPTERS)}")
    return found
