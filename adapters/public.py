"""What a release offers publicly as an optimizer, and no row of its adapter drives."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def undriven(places: Mapping[str, str], driven: Iterable[Any]) -> list[str]:
    """Public optimizers by full name, without the objects that are ``driven``.

    ``places`` maps a module to the name of the base class of its optimizers; with a dot it is the
    module where its functions are defined.  A module that a release has not is passed over.
    """
    known = {id(found) for found in driven}
    names: dict[int, str] = {}
    for module, what in places.items():
        for name, found in public(module, what):
            names.setdefault(id(found), f"{module}.{name}")
    return sorted(name for key, name in names.items() if key not in known)


def public(module: str, what: str) -> Iterator[tuple[str, Any]]:
    """The optimizers of one module, with their names in it."""
    try:
        members = vars(importlib.import_module(module))
    except ImportError:
        return
    for name, found in members.items():
        if not name.startswith("_") and name != what and optimizer(found, what):
            yield name, found


def optimizer(found: Any, what: str) -> bool:
    """Whether it is below the base class, or a function of the module, that ``what`` names."""
    if "." in what:  # functions without a rate are parts of optimizers
        defined = inspect.isfunction(found) and found.__module__.startswith(what)
        return defined and bool({"learning_rate", "lr"} & {*inspect.signature(found).parameters})
    return inspect.isclass(found) and any(c.__name__ == what for c in found.__mro__[1:])
