"""What is sent: hyperparameters, and many scalar runs of gradients side by side in one array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.precision import PRECISIONS, Array

# A mean over all axes but the first needs a second one; rows that fill no vector leave a tail.
ROWS, COLUMNS = 47, 4
SIZE = ROWS * COLUMNS
STILL = 6  # rows of which all gradients begin with zero: their mean does too
# How a run of gradients goes on; each of them tells other stages apart.
PATTERNS = (
    "steady",
    "wandering",
    "alternating",
    "spike first",
    "spike later",
    "fading",
    "zero first",  # keeps a corrected variance out of the worst of its cancellation
)
FAINT = 2.0**-20  # beside one it is nothing to an average


@dataclass(frozen=True, eq=False)
class Experiment:
    """Everything that is needed to ask, and to predict the answer.

    decimals   canonical hyperparameters to decimals
    parameter  where the runs start: float64 values that ``dtype`` holds, rows x columns
    gradients  one such array a step
    rates      the learning rate of each step; empty: the one of ``decimals``
    built_in   coefficients that are not sent, because the subject takes no argument for them
    """

    name: str
    decimals: Mapping[str, str]
    dtype: str
    parameter: Array
    gradients: tuple[Array, ...]
    rates: tuple[str, ...] = ()
    built_in: Mapping[str, str] = field(default_factory=dict)

    @property
    def coefficients(self) -> dict[str, str]:
        """What a prediction computes with; a rule without an epsilon needs none."""
        return {"epsilon": "0", **self.decimals, **self.built_in}

    @property
    def steps(self) -> int:
        """How many steps it takes."""
        return len(self.gradients)

    @property
    def moving(self) -> Array:
        """The elements (columns) whose gradient is never exactly zero."""
        found: Array = np.all([gradient.ravel() != 0 for gradient in self.gradients], axis=0)
        return found

    def __str__(self) -> str:
        parts = [self.name, f"{self.steps} step{'s' * (self.steps != 1)}"]
        parts += [f"{name} {value}" for name, value in sorted(self.decimals.items())]
        parts += [f"learning rate then {self.rates[-1]}"] if self.rates else []
        return ", ".join(parts)


@dataclass(frozen=True)
class HyperparameterSetting:
    """Hyperparameters for an experiment, by canonical name.

    origin   all parameters start at zero
    falling  the learning rate falls midway
    faint    no gradient is large, so that epsilon shows beside what is gathered of all of them
    """

    name: str
    steps: int
    values: Mapping[str, str] = field(default_factory=dict)
    origin: bool = False
    falling: bool = False
    faint: bool = False


def at(name: str) -> dict[str, str]:
    """The decimals that the table has for a setting."""
    return {record.name: record.at(name) for record in HYPERPARAMETERS.values()}


# Epsilons from coarse to fine, decays from short memory to long; ordered by what they cost.
USUAL, SHORT, LONG = at("usual"), at("short"), at("long")
SETTINGS = (
    HyperparameterSetting("from the origin", 1, USUAL, origin=True),
    HyperparameterSetting("a few steps", 3, USUAL),
    HyperparameterSetting("short memory", 3, SHORT),
    HyperparameterSetting("long memory", 4, LONG),
    HyperparameterSetting("falling rate", 4, SHORT, falling=True),
    HyperparameterSetting("more steps", 8, USUAL),
    HyperparameterSetting("faint gradients", 1, USUAL, origin=True, faint=True),
)


def experiments(
    offered: frozenset[str],
    given: Mapping[str, str],
    dtype: str,
    seed: int,
    *,
    schedules: bool,
    built_in: Mapping[str, str] | None = None,
) -> Iterator[Experiment]:
    """What may be asked: every setting, with the values that the user gave in their place."""
    for index, setting in enumerate(SETTINGS):
        if setting.falling and not schedules:
            continue
        values = {name: value for name, value in setting.values.items() if name in offered}
        values |= given
        decimals = narrowed(values, given, dtype)
        yield posed(setting, decimals, dtype, seed + index, built_in=built_in or {})


def searching(
    offered: frozenset[str], given: Mapping[str, str], dtype: str, seed: int
) -> Experiment:
    """Gradients of every size, from the origin: for constants of which nothing is known."""
    setting = HyperparameterSetting("constants that are built in", 4, USUAL, origin=True)
    values = {name: value for name, value in setting.values.items() if name in offered}
    decimals = narrowed({**values, **given}, given, dtype)
    finest = {"epsilon": "1e-9"} if "epsilon" not in decimals else {}
    found = posed(setting, decimals, dtype, seed + len(SETTINGS), built_in=finest)
    return replace(found, built_in={})


def narrowed(values: dict[str, str], given: Mapping[str, str], dtype: str) -> dict[str, str]:
    """The values as far as a narrow format can hold them: float16 ends at 6e-5."""
    coarse = {n: HYPERPARAMETERS[n].narrow.get(dtype, v) for n, v in values.items()}
    return {**coarse, **{n: v for n, v in given.items() if n in values}}


def posed(
    setting: HyperparameterSetting,
    decimals: Mapping[str, str],
    dtype: str,
    seed: int,
    *,
    built_in: Mapping[str, str],
) -> Experiment:
    """One setting with its arrays, drawn by a counter-based generator."""
    random = np.random.Generator(np.random.Philox(key=seed))
    shape = (ROWS, COLUMNS)
    low, high = sizes({**decimals, **built_in}, dtype, faint=setting.faint)
    size = np.exp(random.uniform(np.log(low), np.log(high), shape))
    pattern = random.integers(0, len(PATTERNS), shape)
    pattern[:STILL] = PATTERNS.index("zero first")
    sign = random.choice([-1.0, 1.0], shape)
    gradients = []
    for step in range(setting.steps):
        wander = np.exp(random.uniform(-1, 1, shape))
        loud = (1.0, FAINT)
        courses = np.broadcast_arrays(
            1.0,
            wander,
            wander * (-1.0) ** step,
            loud[step > 0] * wander,
            loud[step != setting.steps // 2] * wander,
            wander / 4.0**step,
            wander * (step > 0),
        )
        course = np.choose(pattern, courses) if setting.steps > 1 else wander
        gradients.append(within(sign * size * course, low, dtype))
    start = np.exp(random.uniform(np.log(1e-2), np.log(10), shape))
    start *= random.choice([-1.0, 0.0, 1.0], shape) * (not setting.origin)
    rate = decimals.get("learning_rate", "0.01")
    later = repr(float(rate) / 4)
    rates = tuple(rate if 2 * i < setting.steps else later for i in range(setting.steps))
    return Experiment(
        setting.name,
        dict(decimals),
        dtype,
        PRECISIONS[dtype].round(start),
        tuple(gradients),
        rates if setting.falling else (),
        built_in,
    )


def within(values: Array, low: float, dtype: str) -> Array:
    """The values in ``dtype``; what a faint gradient would lose below the range is left at it."""
    least = low * (FAINT if dtype != "float16" else 2.0**-3)
    faint = (np.abs(values) < least) & (values != 0)
    rounded: Array = PRECISIONS[dtype].round(np.where(faint, np.copysign(least, values), values))
    return rounded


def sizes(decimals: Mapping[str, str], dtype: str, *, faint: bool = False) -> tuple[float, float]:
    """Gradients between where epsilon is everything and where it is nothing.

    The lowest are those of which the weighted square is still a normal number.  ``faint`` ones end
    where even a sum of all their squares is less than epsilon.
    """
    if dtype == "float16":
        return 0.3, 60.0
    scale = float(decimals.get("loss_scale", "1"))
    epsilon, decay = float(decimals.get("epsilon", "1e-6")), float(decimals.get("decay", "0.9"))
    normal = max(PRECISIONS[dtype].smallest_normal, PRECISIONS["float32"].smallest_normal)
    floor = 8 / FAINT * np.sqrt(normal / ((1 - decay) or 1))
    # Beyond this a sum of squares overflows, whatever epsilon and the loss scale are.
    most = FAINT * np.sqrt(min(PRECISIONS[dtype].largest, PRECISIONS["float32"].largest))
    low = min(scale * max(epsilon / 30, floor), most / 100)
    if faint:
        return low, max(scale * np.sqrt(epsilon / SIZE), low)
    return low, min(max(scale * max(30 * np.sqrt(epsilon), 100.0), low), most)
