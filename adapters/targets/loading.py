"""A target's object, imported from a module or a file."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import reduce
from pathlib import Path
from types import ModuleType
from typing import Any

from optimizer_conformance.adapters.targets.order import (
    BadTarget,
    Misbehaviour,
    Order,
    first_line,
    guarded,
    line_in,
)


def load(order: Order) -> Any:
    """The object that an order names.

    Raises BadTarget where the module cannot be imported or has no such object.
    """
    sys.path[:0] = [path for path in order.paths if path not in sys.path]
    try:
        with guarded(f"importing {order.place}"):
            module = imported(order.place)
    except Misbehaviour as end:
        raise BadTarget(str(end)) from None
    except Exception as error:
        raise BadTarget(
            f"{order.place} cannot be imported: {first_line(error)}{line_in(error, order.place)}"
        ) from error
    try:
        return reduce(getattr, order.object.split("."), module)
    except AttributeError:
        known = sorted(
            name
            for name, value in vars(module).items()
            if callable(value)
            and not name.startswith("_")
            and getattr(value, "__module__", "") == module.__name__
        )
        has = f"; it has {', '.join(known[:12])}" if known else ""
        raise BadTarget(f"{order.place} has no {order.object!r}{has}") from None


def imported(place: str) -> ModuleType:
    """The module of that name, or the one in a file."""
    if not place.endswith(".py"):
        return importlib.import_module(place)
    name = Path(place).stem
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None:
        raise ImportError(f"{place} is no Python module")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses and pickles look their module up by name; no other module may lose its place.
    sys.modules.setdefault(name, module)
    spec.loader.exec_module(module)
    return module
