"""Cases: everything needed to run one comparison again, and nothing else.

Hypothesis draws the hyperparameters with a fixed seed; a counter-based generator (NumPy's Philox)
expands the arrays from the case's own seed.  A case's identifier spells all of it out, so it can be
replayed from the line that a report prints.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import hypothesis
from hypothesis import strategies

from optimizer_conformance.cases import situations
from optimizer_conformance.cases.drawing import undisturbed, unkept
from optimizer_conformance.reference.decimals import HyperparameterError, decimal, pairs
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reference.numbers.precision import (
    COMPONENTS,
    DTYPES,
    PRECISIONS,
    component,
)
from optimizer_conformance.reference.rules import FAMILIES, taken
from optimizer_conformance.reference.variants.record import FEATURES

# mode -> what it shows
MODES = {
    "injected": "one step from a state that was put in",
    "origin": "one step from parameters at zero: nothing hides behind the parameter's size",
    "trajectory": "steps from the implementation's own initial state",
    "rate-change": "the learning rate changes midway, through the framework's own schedule",
    "restored": "the state is read midway and put into a fresh optimizer",
    "layout": "many shapes and memory layouts: an element may not depend on where it stands",
    "layout-filled": "the same without empty and 0-d parameters, which some refuse",
    "groups": "two parameter groups with hyperparameters of their own",
    "names": "parameters called beta and gamma beside others",
    "defaults": "no hyperparameter given: the implementation's own defaults",
    "separation": "gradients sought to separate the rules in question, in units of the bound",
    "edges": "hyperparameters at the ends of their ranges, gradients that are zero throughout",
    "relations": "the same experiments negated, permuted and split over several parameters",
}
DRAWN = tuple(MODES)  # whose hyperparameters are drawn
MODES |= situations.SITUATED

# One more case of the mode ``origin`` has powers of two and their complements, which every format
# holds.  1 - beta is a power of four, and so is 1 - beta^t at the first step, of which the root is
# exact too: less is rounded there than anywhere else, so a smaller fault can be seen.
# The same from an injected state, for rules with weight decay.  Where rate x decay is almost one,
# little more is left of the parameter than what the decay does; where nothing is decayed or
# unscaled, neither hides what epsilon does.
ROUND_DECAYS = ({"weight_decay": "3.75"}, {"weight_decay": "0", "loss_scale": "1"})
NARROW = ("float16", "bfloat16")  # to which that epsilon is nothing
ZERO_EPSILON = "epsilon=0"  # the gap of an implementation that refuses it


@dataclass(frozen=True)
class Case:
    """One experiment; every element of its arrays is an independent scalar optimizer.

    family, features  what is asked of an implementation
    dtype             of parameters, gradients and state
    mode              one of MODES
    hyperparameters   canonical name to decimal, sorted by name
    steps, size       how many steps; how many elements a regime
    seed              of the arrays
    """

    family: str
    features: tuple[str, ...]
    dtype: str
    mode: str
    hyperparameters: tuple[tuple[str, str], ...]
    steps: int
    size: int
    seed: int
    # Quantities that are stored in another format than ``dtype``, with it; of arrays that somebody
    # gave (cases.given) alone.
    stored: ClassVar[tuple[tuple[str, str], ...]] = ()

    @property
    def identifier(self) -> str:
        """All of the case in one word: ``conformance run --case`` takes it."""
        asked = "+".join((self.family, *self.features))
        values = ",".join(f"{name}={value}" for name, value in self.hyperparameters)
        size = f"{self.steps}x{self.size}"
        return f"{asked}/{self.dtype}/{self.mode}/{values or '-'}/{size}/{self.seed:x}"

    @property
    def width(self) -> int:
        """How many real numbers an element is."""
        return 2 if self.dtype in COMPONENTS else 1

    @property
    def decimals(self) -> dict[str, str]:
        """The hyperparameters as a mapping."""
        return dict(self.hyperparameters)


@dataclass(frozen=True, eq=False)
class Written(Case):
    """A case whose arrays are written out: one parameter, and what stands in it and is sent.

    Values are float64 that the dtype holds exactly.  Cases are compared as they are written: the
    sign of zero counts, and nan is nan.

    name       of the parameter: the regime that the values belong to
    value      the parameter, one number an element
    gradients  the same for each step
    state      canonical name to what is put in, after ``taken`` steps; empty: the initial state
    rates      the learning rate of each step, where a schedule gives it
    layout     of the parameter's memory
    copies     how many such parameters there are, each the same
    """

    name: str = "w"
    value: tuple[float, ...] = ()
    gradients: tuple[tuple[float, ...], ...] = ()
    state: tuple[tuple[str, tuple[float, ...]], ...] = ()
    taken: int = 0
    rates: tuple[str, ...] = ()
    layout: str = "contiguous"
    copies: int = 1

    @cached_property
    def written(self) -> str:
        """All of it as text."""
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self.written == other.written

    def __hash__(self) -> int:
        return hash(self.written)


LARGEST = 1_000_000  # numbers of one regime: ten times what the largest profile asks for
IDENTIFIER = re.compile(
    r"(?P<asked>[a-z_+]+)/(?P<dtype>\w+)/(?P<mode>[a-z-]+)/(?P<values>[^/]+)/"
    r"(?P<steps>[1-9]\d{0,3})x(?P<size>[1-9]\d{0,5})/(?P<seed>[0-9a-f]{1,16})"
)


def parse(identifier: str) -> Case:
    """The case that an identifier names.

    Raises ValueError, saying which part is wrong.
    """
    match = IDENTIFIER.fullmatch(identifier.strip())
    if not match:
        raise ValueError(
            f"{identifier!r} is no case: copy one from a report, such as "
            "rmsprop/float32/origin/decay=0.9,epsilon=1e-8,learning_rate=0.01/1x64/1f"
        )
    family, *features = match["asked"].split("+")
    for known, found, what in (
        (tuple(FAMILIES), [family], "family"),
        (FEATURES, features, "feature"),
        (DTYPES, [match["dtype"]], "dtype"),
        (tuple(MODES), [match["mode"]], "mode"),
    ):
        for name in found:
            if name not in known:
                raise ValueError(f"unknown {what} {name!r} in the case{suggestion(name, known)}")
    steps, size = int(match["steps"]), int(match["size"])
    if steps * size > LARGEST:
        raise ValueError(f"{steps}x{size} in the case: a regime has at most {LARGEST} numbers")
    written = [] if match["values"] == "-" else match["values"].split(",")
    return Case(
        family,
        tuple(features),
        match["dtype"],
        match["mode"],
        decimals(pairs(written), family, features, match["dtype"]),
        steps,
        size,
        int(match["seed"], 16),
    )


def mode_of(identifier: str) -> str:
    """The mode of the case that an identifier names, complete or not."""
    match = IDENTIFIER.fullmatch(identifier)
    return match["mode"] if match else ""


def decimals(
    given: dict[str, str], family: str, features: list[str], dtype: str
) -> tuple[tuple[str, str], ...]:
    """The hyperparameters of an identifier: all that such rules have, and no others."""
    known = [record.name for record in taken(family, features)]
    asked = "+".join((family, *features))
    if others := [name for name in given if name not in known]:
        raise HyperparameterError(
            f"{asked} has no {', '.join(others)} in the case; it has {', '.join(known)}"
        )
    if missing := [name for name in known if name not in given]:
        raise HyperparameterError(f"{', '.join(missing)} of {asked} is missing in the case")
    found = {name: decimal(name, value) for name, value in given.items()}
    if beyond := overflow(found, dtype):
        raise HyperparameterError(beyond)
    return tuple(sorted(found.items()))


def overflow(decimals: Mapping[str, str], dtype: str) -> str:
    """Which hyperparameter is more than a dtype holds, in words; empty where it holds them all."""
    largest = PRECISIONS[component(dtype)].largest
    beyond = (f"{name}={text}" for name, text in decimals.items() if float(text) > largest)
    return next((f"{said} is more than {dtype} holds: {largest:.5g}" for said in beyond), "")


@dataclass(frozen=True)
class Profile:
    """How much is run.

    draws   draws of hyperparameters a mode, in the main dtype; modes left out get one
    others  the same in every other dtype; modes left out get none
    size    elements a regime, no multiple of a vector's length, so that every loop has a tail
    large   elements of the largest array of the layout mode
    steps   of a trajectory
    shapes  elements of the largest array of the mode shapes
    """

    name: str
    draws: dict[str, int]
    others: dict[str, int]
    size: int
    large: int
    steps: int
    shapes: int = 65_539


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "quick",
            {"restored": 0, "groups": 0, "edges": 0, "relations": 0}
            | dict.fromkeys(situations.SITUATED, 0),
            {"injected": 1, "defaults": 1},
            size=35,
            large=1000,
            steps=4,
        ),
        # What `conformance audit` runs: no state is put in there, so that other dtypes need more.
        Profile(
            "audit",
            {},
            {"origin": 1, "trajectory": 1, "rate-change": 1, "defaults": 1}
            | dict.fromkeys(situations.ELSEWHERE, 1),
            size=35,
            large=1009,
            steps=4,
        ),
        # A thousand steps, or a hundred shapes, cost an eager or compiling framework more than all
        # the rest; what a loop in which everything meets tells is mostly told by its parts.
        Profile(
            "default",
            {"injected": 2, "edges": 2, "separation": 2, "mixed-loop": 0}
            | dict.fromkeys(situations.COSTLY, 0),
            {"injected": 1, "rate-change": 1, "defaults": 1},
            size=67,
            large=100_003,
            steps=8,
        ),
        Profile(
            "full",
            dict.fromkeys(DRAWN, 12) | {"defaults": 1, "trajectory": 4},
            dict.fromkeys(DRAWN, 6)
            | {"defaults": 1, "trajectory": 1}
            | dict.fromkeys(situations.ELSEWHERE, 1),
            size=131,
            large=100_003,
            steps=1000,
        ),
    )
}
MAIN_DTYPE = "float32"
SINGLE_STEP = ("injected", "origin", "layout", "layout-filled")
# A compiled implementation pays for every new configuration, so it gets the modes that tell most.
COMPILED_MODES = ("injected", "rate-change", "defaults")
# What a complex number adds is in the formula; where elements stand, and how they are grouped,
# named and restored, was asked in the real formats.  One case of each, in every profile.
COMPLEX_MODES = ("injected", "origin", "trajectory", "rate-change")


def steps_of(mode: str, profile: Profile) -> int:
    """How many steps a mode takes."""
    return 1 if mode in SINGLE_STEP else profile.steps if mode == "trajectory" else 4


@strategies.composite
def hyperparameters(
    draw: Callable[[Any], Any], family: str, features: tuple[str, ...], dtype: str
) -> dict[str, str]:
    """Decimals for everything that a family with these features has: so each is known exactly."""
    return {
        record.name: draw(strategies.sampled_from(record.draws(dtype)))
        for record in taken(family, features)
    }


@strategies.composite
def edges(
    draw: Callable[[Any], Any], family: str, features: tuple[str, ...], dtype: str
) -> dict[str, str]:
    """The same with everything that has an edge drawn from there."""
    values = draw(hyperparameters(family, features, dtype))
    return {
        name: draw(strategies.sampled_from(ends))
        if (ends := HYPERPARAMETERS[name].edges)
        else value
        for name, value in values.items()
    }


@lru_cache(maxsize=16384)  # a run asks some thousands, again for each implementation
def draw_cases(
    family: str,
    features: tuple[str, ...],
    dtype: str,
    mode: str,
    profile: str,
    seed: int,
    main: str = MAIN_DTYPE,
    least: int = 0,
) -> tuple[Case, ...]:
    """The cases of one mode, the same for every implementation that is asked the same.

    ``main`` is the dtype that gets most of them, and ``least`` at least, whatever the profile says.
    """
    plan = PROFILES[profile]
    count = max(plan.draws.get(mode, 1), least) if dtype == main else plan.others.get(mode, 0)
    if dtype in COMPONENTS:
        count = int(mode in COMPLEX_MODES)
    # A running maximum that is kept in float32 looks like coefficients in float32, but for these.
    exact = dtype == "float64" and mode == "origin" and "amsgrad" in features
    if exact:
        count = max(count, 1)
    found: list[Case] = []
    if count == 0:
        return ()
    # One stream a mode: adding a mode changes nothing in the others.
    stream = seed * 1009 + 31 * list(MODES).index(mode)
    if mode in situations.SITUATED:
        return situated(family, features, dtype, mode, plan, stream)

    @hypothesis.seed(stream)
    @hypothesis.settings(
        max_examples=count + 1,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(
        (edges if mode == "edges" else hyperparameters)(family, features, dtype),
        strategies.integers(0, 2**32 - 1),
    )
    def collect(values: dict[str, str], key: int) -> None:
        size = plan.large if mode in SINGLE_STEP[2:] else plan.size
        found.append(
            Case(
                family,
                features,
                dtype,
                mode,
                tuple(sorted(values.items())),
                steps_of(mode, plan),
                size,
                key,
            )
        )

    unkept(collect)
    with warnings.catch_warnings(), undisturbed():
        warnings.simplefilter("ignore", hypothesis.errors.HypothesisWarning)
        collect()
    found = found[1:]  # the first is Hypothesis' simplest, the same everywhere
    if exact or (dtype in (main, *COMPONENTS) and dtype not in NARROW):
        if mode == "origin":
            found.append(round_case(found[0]))
        elif mode == "injected" and "weight_decay" in features:
            found += [round_case(found[0], **others) for others in ROUND_DECAYS]
    return tuple(dict.fromkeys(found))


def situated(
    family: str, features: tuple[str, ...], dtype: str, mode: str, plan: Profile, stream: int
) -> tuple[Case, ...]:
    """The cases of a mode whose hyperparameters are not drawn."""
    size = plan.shapes if mode.startswith("shapes") else situations.SIZES.get(mode, situations.SIZE)
    return tuple(
        Case(
            family,
            features,
            dtype,
            mode,
            tuple(sorted(values.items())),
            situations.STEPS[mode],
            size,
            stream + index,
        )
        for index, values in enumerate(situations.settings(family, features, dtype, mode))
    )


def round_case(other: Case, **others: str) -> Case:
    """A drawn case with the hyperparameters that every format holds, ``others`` among them."""
    values = {name: HYPERPARAMETERS[name].round for name in other.decimals} | others
    kept = tuple((name, values[name]) for name in other.decimals)
    return replace(other, hyperparameters=kept, seed=other.seed + 1)
