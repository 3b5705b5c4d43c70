"""From canonical names to a target's own arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from optimizer_conformance.adapters.kit import Unsupported
from optimizer_conformance.adapters.protocol import Open
from optimizer_conformance.adapters.targets.names import Names, read
from optimizer_conformance.adapters.targets.order import BadTarget, Order, first_line, guarded
from optimizer_conformance.reference.hyperparameters import (
    HYPERPARAMETERS,
    called,
    options,
)


class Maker:
    """A target's object with what its arguments mean.

    ``skipped`` is how many of its first arguments are not hyperparameters (the parameters);
    ``stated`` has the signature, where a decorator hides it.
    """

    def __init__(
        self, found: Callable[..., Any], order: Order, skipped: int, stated: Any = None
    ) -> None:
        self.found, self.order = found, order
        self.style: Any = None  # how it is called, where a trial has shown it
        stated = found if stated is None else stated
        try:
            signature = inspect.signature(stated).parameters
        except (TypeError, ValueError) as error:
            raise BadTarget(f"it has no signature that can be read: {first_line(error)}") from None
        ordinary = [
            name
            for name, p in signature.items()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        if len(ordinary) < skipped and not any(
            p.kind is p.VAR_POSITIONAL for p in signature.values()
        ):
            raise BadTarget(
                f"it takes {inspect.signature(stated)}, which leaves no place for "
                f"{'its parameters' if skipped == 1 else 'parameter, gradient and state'}"
            )
        rest = {name: p for name, p in signature.items() if name not in ordinary[:skipped]}
        self.names: Names = read(rest, order.mapping, set(order.options), order.family)
        anything = any(p.kind is p.VAR_KEYWORD for p in signature.values())
        self.settled: dict[str, float] = {}
        self.extra: dict[str, Any] = {}
        self.built_in: dict[str, float] = {}
        for name, value in order.options.items():
            alias = "" if name in signature or anything else called(name)
            canonical = self.names.canonical(name) or self.names.canonical(alias)
            if canonical:
                self.settled[canonical] = value
            elif (alias or name) in HYPERPARAMETERS:
                self.built_in[alias or name] = value
            else:
                self.extra[name] = value

    @property
    def features(self) -> list[list[str]]:
        """The sets of options that can be asked for: none, one or two, beside those always on."""
        numbers = {HYPERPARAMETERS[name].option for name in self.names.own}
        own = [*self.names.switches, *(name for name in options() if name in numbers)]
        free = [name for name in own if name not in self.order.features]
        sets = [set(some) for count in (0, 1, 2) for some in combinations(free, count)]
        sets = [some | set(self.order.features) for some in sets]
        kept = [sorted(some) for some in sets if "nesterov" not in some or "momentum" in some]
        return kept or [sorted(self.order.features)]

    @property
    def defaults(self) -> dict[str, Any]:
        """What is in force where nothing is given."""
        return {**self.names.defaults, **self.built_in, **self.settled}

    @property
    def family(self) -> str:
        """By what it was said to be, or the family of what it takes."""
        if self.order.family:
            return self.order.family
        has = {*self.names.own, *self.built_in}
        if "momentum_decay" in has:
            return "nadam"
        if "beta1" in has:
            return "lion" if "decay" in has and "epsilon" not in has else "adam"
        if "decay" in has:
            return "rmsprop"
        return "adagrad" if "epsilon" in has else "sgd"

    def arguments(self, request: Open, **changed: Any) -> dict[str, Any]:
        """What the target is called with; ``changed`` replaces hyperparameters.

        Raises Unsupported for a hyperparameter that it does not take.
        """
        values: dict[str, Any] = {**self.settled, **request.hyperparameters, **changed}
        for name in [name for name in values if name not in self.names.own]:
            value = values.pop(name)
            if self.built_in.get(name) != value:
                raise Unsupported(f"{self.order.name} takes no {name}")
        if request.hyperparameters:
            for name, record in HYPERPARAMETERS.items():
                if self.on(name) and record.idle and record.option not in ("", *request.features):
                    values.setdefault(name, float(record.idle))
        own = self.spelled(values)
        for name, argument in self.names.switches.items():
            if name in request.features:
                own[argument] = True
            elif request.hyperparameters and self.on(name):
                own[argument] = False
        return {**self.extra, **own}

    def on(self, name: str) -> bool:
        """Whether a feature is on unless it is switched off."""
        return bool(self.names.defaults.get(name))

    def spelled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Hyperparameters under the target's names."""
        fixed = [name for name in values if name not in self.names.own]
        if fixed:
            raise Unsupported(f"{' and '.join(fixed)} is built in, for all groups")
        own = {self.names.own[name]: value for name, value in values.items()}
        shares = self.names.shares
        if shares and any(name in values for name in shares):
            every = {**self.names.defaults, **values}
            own[self.names.own[shares[0]]] = tuple(every[name] for name in shares)
        return own

    def made(self, *first: Any, **arguments: Any) -> Any:
        """What a call gives."""
        with guarded("constructing it"):
            return self.found(*first, **arguments)
