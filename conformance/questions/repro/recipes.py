"""How each framework's users would write it: the data that stand beside the templates."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec

from optimizer_conformance.cases.patterns import matches

TEMPLATES = Path(__file__).parent / "templates"


class OptimizerTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One optimizer, or several that are written alike.

    match     glob over names without what stands in brackets; the first that fits counts
    call      the constructor, operator or function as it is written
    names     canonical hyperparameter to the argument's name
    pairs     arguments that take several hyperparameters, such as betas
    switches  option to the argument that switches it on, as written
    off       for an option that is not asked for, the argument that switches it off, as written
    options   what may stand in brackets, to further arguments as written; ``""`` for nothing,
              ``!name`` for what does not stand there
    settings  the same to lines before the optimizer is made
    state     canonical state to the framework's name
    order     hyperparameters, state and the rest in the order of the arguments, for calls by place
    rated     the argument that gives the rate of each step, as written, for schedules
    opposite  state that it adds to the parameter, where ours is subtracted
    counted   whether it counts its steps in its state
    kind      which part of its template it takes, where that has several
    """

    match: str
    call: str
    names: dict[str, str] = {}
    pairs: dict[str, list[str]] = {}
    switches: dict[str, str] = {}
    off: dict[str, str] = {}
    options: dict[str, list[str]] = {}
    settings: dict[str, str] = {}
    state: dict[str, str] = {}
    order: list[str] = []
    rated: str = ""
    opposite: list[str] = []
    counted: bool = False
    kind: str = ""


class AdapterTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One adapter's part.

    template  the file that is filled in
    package   what has to be installed beside NumPy
    imports   lines that import it
    versions  expression that gives the versions as text
    names     names of hyperparameters that all its recipes share
    opposite  state that the framework adds to the parameter, where ours is subtracted
    """

    template: str
    package: str
    recipes: list[OptimizerTemplate]
    imports: str = ""
    versions: str = ""
    names: dict[str, str] = {}
    opposite: list[str] = []


class NoRecipeError(Exception):
    """No script can be written for an implementation yet; the message says what is missing."""


@lru_cache(maxsize=32)
def framework(adapter: str) -> AdapterTemplate:
    """The data of one adapter.  Raises NoRecipeError where there are none."""
    path = TEMPLATES / f"{adapter}.toml"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in TEMPLATES.glob("*.toml")))
        raise NoRecipeError(f"no script can be written for {adapter} yet, but for {known}")
    return msgspec.toml.decode(path.read_bytes(), type=AdapterTemplate)


def options(implementation: str) -> list[str]:
    """What stands in brackets, part by part; one empty part where nothing does."""
    return implementation.partition("[")[2].removesuffix("]").split(",")


def recipe(implementation: str) -> tuple[AdapterTemplate, OptimizerTemplate]:
    """How an implementation is written.  Raises NoRecipeError where nothing says so."""
    found = framework(implementation.partition(":")[0])
    base, asked = implementation.partition("[")[0], options(implementation)
    for item in found.recipes:
        if matches(base, item.match) and set(asked) & {*item.options, *item.settings, ""}:
            return found, item
    raise NoRecipeError(f"no recipe fits {implementation}")
