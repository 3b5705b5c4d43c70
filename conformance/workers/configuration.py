"""One configuration of an implementation, and what a check of its adapter sends to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from optimizer_conformance.adapters import protocol
from optimizer_conformance.adapters.kit import to_array, to_tensor
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers import FLOAT64
from optimizer_conformance.reference.numbers.precision import Array, from_bits, to_bits
from optimizer_conformance.reference.trajectory import trajectory
from optimizer_conformance.reference.variants import VARIANTS
from optimizer_conformance.reference.variants.record import suffix

SEED = 20  # of the arrays; any will do
LONG = 24  # steps of what few do not show
TRAJECTORIES = ((1.0, 8), (2.0**-10, 1))  # scale of the gradients, and how often signs turn
SIZE = 37  # no multiple of a vector's length
TABLE = (5, 7)  # in place of a vector, where none is taken
# Values that every dtype holds and that change what comes out, also in float16.
VALUES = {
    name: tuple(float(text) for text in record.pair) for name, record in HYPERPARAMETERS.items()
}


@dataclass(frozen=True)
class Setting:
    """One configuration of one implementation, and what is sent to it.

    Arrays are float64 values that the dtype holds, two parameters each.
    """

    implementation: protocol.Implementation
    device: str
    features: tuple[str, ...]
    dtype: str
    values: tuple[Array, ...]
    gradients: tuple[tuple[Array, ...], ...]
    hyperparameters: dict[str, float]
    rates: tuple[float, ...] = ()
    groups: tuple[dict[str, float], ...] = ()

    def tensor(self, values: Array) -> protocol.Tensor:
        """Values as they travel."""
        return to_tensor(to_bits(values, self.dtype))

    def request(self, values: list[protocol.Tensor] | None = None) -> protocol.Open:
        """The request that opens a session; ``values`` take the place of the parameters."""
        sent = values or [self.tensor(value) for value in self.values]
        return protocol.Open(
            implementation=self.implementation.name,
            device=self.device,
            parameters=[
                protocol.Parameter(f"w{index}", value, group=index if self.groups else 0)
                for index, value in enumerate(sent)
            ],
            hyperparameters=self.hyperparameters,
            features=list(self.features),
            learning_rates=list(self.rates),
            groups=list(self.groups),
        )

    def row(self, step: int) -> list[protocol.Tensor]:
        """The gradients of one step, as they travel."""
        return [self.tensor(gradient) for gradient in self.gradients[step]]


def offered(item: protocol.Implementation, features: Collection[str]) -> list[str]:
    """The hyperparameters that an implementation takes with these options, in the table's order."""
    return [
        name
        for name, record in HYPERPARAMETERS.items()
        if name in item.hyperparameters and (not record.option or record.option in features)
    ]


def vectors(item: protocol.Implementation) -> bool:
    """Whether it takes parameters with one axis; what keeps one number a row may take none."""
    return "vector" not in item.gaps


def arrays(
    dtype: str, count: int, generator: np.random.Generator, scale: float, *, flat: bool = True
) -> tuple[Array, ...]:
    """Ordinary numbers with full significands, never zero; the first a vector, if ``flat``."""
    shapes = [(SIZE,) if flat else TABLE, (3, 5)][:count]
    drawn = (generator.uniform(0.5, 2, s) * generator.choice([-1.0, 1.0], s) for s in shapes)
    return tuple(from_bits(to_bits(scale * values, dtype), dtype) for values in drawn)


def lengthened(setting: Setting, scale: float, turn: int) -> Setting:
    """The same with gradients enough for a rectification to set in and a step to reach its ends.

    At every ``turn``-th step each element draws its own sign, at others it keeps it.  Small ones
    show what is added to them or bounds them.
    """
    generator = np.random.Generator(np.random.Philox(SEED + 1))
    flat = setting.values[0].ndim == 1
    drawn = [arrays(setting.dtype, 2, generator, scale, flat=flat) for _ in range(LONG)]
    kept = [
        row if index % turn == turn - 1 else tuple(map(np.copysign, row, drawn[0]))
        for index, row in enumerate(drawn)
    ]
    return replace(setting, gradients=tuple(kept))


def rests(setting: Setting) -> bool:
    """Whether the rules that an implementation claims leave a parameter alone without gradient.

    To the bit: a mean of a number with itself may be rounded.
    """
    for claim in setting.implementation.claims:
        variant = VARIANTS.get(claim + suffix(setting.features))
        if variant is None:
            continue
        given = {name: repr(value) for name, value in setting.hyperparameters.items()}
        start, still = setting.values[0], np.zeros_like(setting.values[0])
        with np.errstate(all="ignore"):
            ((after, _),) = trajectory(
                variant.rule, {**variant.defaults, **given}, start, [still], num=FLOAT64
            )
        if not np.array_equal(after, start):
            return False
    return True


def bits(observation: protocol.Observation) -> object:
    """What two observations have in common when they are the same."""
    return observation.parameters, observation.state


def distance(one: list[protocol.Tensor], other: list[protocol.Tensor]) -> float:
    """The largest difference of two lists of tensors; infinite where numbers meet nan."""
    largest = 0.0
    for a, b in zip(one, other, strict=True):
        x, y = (from_bits(to_array(item), item.dtype) for item in (a, b))
        apart = np.abs(x - y)
        apart[np.isnan(x) & np.isnan(y)] = 0.0
        largest = max(largest, float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0)))
    return largest


def nearer(what: protocol.Tensor, one: protocol.Tensor, other: protocol.Tensor) -> bool:
    """Whether a tensor is nearer to the first of two than to the second."""
    return distance([what], [one]) < distance([what], [other])
