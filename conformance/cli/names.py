"""Names that were typed, each of which must exist."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from optimizer_conformance.cli.console import UsageError
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.workers.environments import ADAPTERS, enrol


def known_adapters(names: Iterable[str]) -> tuple[str, ...]:
    """Adapters by name, each of which must exist; a module FILE.py is enrolled under its own."""
    return tuple(dict.fromkeys(map(known_adapter, names)))


def known_adapter(name: str) -> str:
    """One of them."""
    if name.endswith(".py"):
        try:
            return enrol(Path(name))
        except OSError as error:
            raise UsageError(
                f"{name}: {error.strerror}; --adapter takes a name or FILE.py"
            ) from error
        except ValueError as error:
            raise UsageError(str(error)) from error
    if name not in ADAPTERS:
        raise UsageError(f"unknown adapter {name!r}{suggestion(name, ADAPTERS)}")
    return name
