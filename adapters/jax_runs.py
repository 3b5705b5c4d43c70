"""One run of an optimizer of each JAX library: optax and jax.example_libraries.

Both show the same members, so that :mod:`adapters.jax` need not know which it drives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax.example_libraries import optimizers

from optimizer_conformance.adapters import kit, protocol
from optimizer_conformance.adapters.offer import Offer
from optimizer_conformance.adapters.packing import msgspec

COUNTS = ("count", "count_m2", "t")  # what states call the number of steps
OPTAX = "https://optax.readthedocs.io/en/latest/api/optimizers.html#optax."
EXAMPLES = "https://docs.jax.dev/en/latest/jax.example_libraries.optimizers.html"


@dataclass(frozen=True)
class JaxOffer(Offer):
    """One constructor with the arguments that make it a row of its own.

    An argument called like a feature is passed only where that is off.  ``opposite``: its buffer
    holds what is added to the parameters, not what is taken from them.
    """

    jit: bool = False
    opposite: bool = False

    @property
    def optax(self) -> bool:
        return not getattr(self.own, "__module__", "optax").startswith("jax")

    def lacking(self) -> str:
        return kit.lacks(self.own, [*self.names.values(), *self.arguments])

    def described(
        self, name: str, devices: Sequence[str], **fields: Any
    ) -> protocol.Implementation:
        own = name.partition("optax.")[2].partition("[")[0]
        page = OPTAX + own if self.optax else EXAMPLES
        groups = list(self.names) if self.optax else []
        return super().described(
            name, devices, compiled=self.jit, groups=groups, documentation=page, **fields
        )


def arguments(
    request: protocol.Open, offer: JaxOffer, group: dict[str, float], schedule: Any
) -> dict[str, Any]:
    """What the constructor takes; ``schedule`` replaces the rate unless it is None."""
    values = {**request.hyperparameters, **group}
    own: dict[str, Any] = kit.keywords(
        msgspec.structs.replace(request, hyperparameters=values), offer.names
    )
    if schedule is not None:
        own[offer.names["learning_rate"]] = schedule
    switches = {name: True for name in offer.switches if name in request.features}
    # An argument called like a feature stands for its absence.
    fixed = {name: v for name, v in offer.arguments.items() if name not in request.features}
    return {**fixed, **own, **switches}


def held(state: Any, key: str) -> Any:
    """What a named tuple somewhere in an optax state calls ``key``; None where none does."""
    if key in getattr(state, "_fields", ()):
        return getattr(state, key)
    inner = (held(part, key) for part in state if isinstance(part, tuple))
    return next((value for value in inner if value is not None), None)


def replaced(state: Any, values: Mapping[str, Any]) -> Any:
    """The state with ``values`` in it.

    A schedule's counter stays: rates are those of the coming steps of this session.
    """
    if not isinstance(state, tuple) or type(state).__name__ == "ScaleByScheduleState":
        return state
    if not hasattr(state, "_fields"):
        return tuple(replaced(part, values) for part in state)
    names = zip(state._fields, state, strict=True)
    return type(state)(*(values.get(name, replaced(part, values)) for name, part in names))


def fitting(value: Any, old: Any) -> Any:
    """A state tensor in the shape in which optax keeps it: all of it, or one number of a tensor."""
    return value if value.shape == old.shape else value.ravel()[0]


# Its name since 0.2.4, and the one before.
partition = optax.partition if hasattr(optax, "partition") else optax.multi_transform


class OptaxRun:
    """An optax transformation over a list of parameters; ``optax.partition`` makes the groups."""

    def __init__(self, request: protocol.Open, offer: JaxOffer, values: list[Any]) -> None:
        schedule = None
        if request.learning_rates:
            rates = jnp.asarray(request.learning_rates)
            schedule = lambda count: rates[count]  # noqa: E731 - what optax calls a schedule
        self.labels = [str(p.group) if request.groups else None for p in request.parameters]
        if request.groups:
            groups = [
                offer.own(**arguments(request, offer, group, schedule)) for group in request.groups
            ]
            self.optimizer = partition(
                {str(i): group for i, group in enumerate(groups)}, self.labels
            )
        else:
            self.optimizer = offer.own(**arguments(request, offer, {}, schedule))
        self.update = jax.jit(self.updated) if offer.jit else self.updated
        self.values, self.memory = values, self.optimizer.init(values)

    def updated(self, values: list[Any], memory: Any, gradients: list[Any]) -> tuple[Any, Any]:
        """A step as optax's documentation writes it."""
        updates, memory = self.optimizer.update(gradients, memory, values)
        return optax.apply_updates(values, updates), memory

    def step(self, gradients: list[Any]) -> None:
        self.values, self.memory = self.update(self.values, self.memory, gradients)

    def part(self, label: str | None) -> Any:
        """The state of one group, or of all where there are none."""
        return self.memory if label is None else self.memory.inner_states[label].inner_state

    def read(self, key: str) -> list[Any]:
        """One number a tensor stands in the place of each of its elements."""
        found = [held(self.part(label), key)[i] for i, label in enumerate(self.labels)]
        return [jnp.broadcast_to(x, v.shape) for x, v in zip(found, self.values, strict=True)]

    def write(self, state: dict[str, list[Any]], step: int) -> None:
        parts = {label: self.written(label, state, step) for label in dict.fromkeys(self.labels)}
        if None in parts:
            self.memory = parts[None]
        else:
            masked = {label: optax.MaskedState(part) for label, part in parts.items()}
            self.memory = self.memory._replace(inner_states={**self.memory.inner_states, **masked})

    def written(self, label: str | None, state: dict[str, list[Any]], step: int) -> Any:
        """The state of one group with ``state`` in it."""
        lists = {}
        for key, values in state.items():
            known = held(self.part(label), key)
            lists[key] = [
                fitting(value, old) if own == label else optax.MaskedNode()
                for own, value, old in zip(self.labels, values, known, strict=True)
            ]
        counts = dict.fromkeys(COUNTS, jnp.asarray(step, jnp.int32))
        return replaced(self.part(label), {**lists, **counts})


class ExampleRun:
    """An optimizer triple of ``jax.example_libraries``, which is told the index of the step."""

    def __init__(self, request: protocol.Open, offer: JaxOffer, values: list[Any]) -> None:
        self.request, self.offer = request, offer
        # The index of the coming step, and that of the step to which the first rate belongs.
        self.coming = self.first = 0
        self.rates = request.learning_rates
        self.keys = list(offer.state.values())
        self.construct()
        self.memory = self.optimizer.init_fn(values)

    def construct(self) -> None:
        schedule = None
        if self.rates:
            boundaries = [self.first + i for i in range(len(self.rates) - 1)]
            schedule = optimizers.piecewise_constant(boundaries, self.rates)
        self.optimizer = self.offer.own(**arguments(self.request, self.offer, {}, schedule))
        update = self.optimizer.update_fn
        self.update = jax.jit(update) if self.offer.jit else update

    @property
    def values(self) -> list[Any]:
        return list(self.optimizer.params_fn(self.memory))

    def step(self, gradients: list[Any]) -> None:
        self.memory = self.update(self.coming, gradients, self.memory)
        self.coming += 1

    def read(self, key: str) -> list[Any]:
        slot = 1 + self.keys.index(key)
        return [point.subtree[slot] for point in optimizers.unpack_optimizer_state(self.memory)]

    def write(self, state: dict[str, list[Any]], step: int) -> None:
        """Rates are those of the coming steps of this session: the schedule moves along."""
        parts = zip(self.values, *(state[key] for key in self.keys), strict=True)
        self.memory = optimizers.pack_optimizer_state(
            [optimizers.JoinPoint(part) for part in parts]
        )
        self.rates = self.rates[self.coming - self.first :] or self.rates[-1:]
        self.coming = self.first = step
        self.construct()
