"""A rule: stages in their slots, one step through them, and the rules beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from itertools import product
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS, Hyperparameter
from optimizer_conformance.reference.numbers.system import COUNTED, MARKS, Number, NumberSystem
from optimizer_conformance.reference.rules import (
    buffer,
    decay,
    direction,
    ema,
    gradient,
    iterates,
    lookahead,
    proximal,
    scale,
)
from optimizer_conformance.reference.rules.averaged import Averaged
from optimizer_conformance.reference.rules.beforehand import Beforehand
from optimizer_conformance.reference.rules.buffer import Buffer
from optimizer_conformance.reference.rules.decay import Added, Joined, Lasso, Shrunk
from optimizer_conformance.reference.rules.direction import (
    Ahead,
    AheadByItself,
    AheadSteadily,
    Apart,
    Average,
    Gradient,
)
from optimizer_conformance.reference.rules.ema import ParameterAverage
from optimizer_conformance.reference.rules.factors import Factor, Flags, Parts, Value
from optimizer_conformance.reference.rules.gathered import RowSquares, SquaredNorm
from optimizer_conformance.reference.rules.gradient import Ascending, Centralized, Clipped, Unscaled
from optimizer_conformance.reference.rules.iterates import Interpolated
from optimizer_conformance.reference.rules.leader import DualAverages, Leader
from optimizer_conformance.reference.rules.lookahead import Lookahead
from optimizer_conformance.reference.rules.mixture import Differences, FastAndSlow
from optimizer_conformance.reference.rules.norm import LargestSize
from optimizer_conformance.reference.rules.proximal import Proximal
from optimizer_conformance.reference.rules.scale import MeanSquare, OwnSize, SumOfSquares, UnitScale
from optimizer_conformance.reference.rules.spread import Rectified, SignedSquares, Surprise
from optimizer_conformance.reference.rules.stage import Kept, Shape, Stage, Walk, choices
from optimizer_conformance.reference.rules.steps import OwnSteps
from optimizer_conformance.reference.rules.trials import Trials

State = Mapping[str, Number]

CORRECTION = Flags(
    "correction",
    "bias correction",
    {
        "none": "absent",
        "first": "of the first moment only",
        "second": "of the second moment only",
        "both": "of both moments",
    },
    flags={
        "none": (),
        "first": ("direction",),
        "second": ("scale",),
        "both": ("direction", "scale"),
    },
    field="corrected",
)
# In the order in which a step meets them.
FACTORS: dict[str, Factor] = {
    factor.name: factor
    for factor in (
        *gradient.FACTORS,
        *decay.FACTORS,
        *direction.FACTORS,
        CORRECTION,
        *scale.FACTORS,
        *buffer.FACTORS,
        *proximal.FACTORS,
        *iterates.FACTORS,
        *lookahead.FACTORS,
        *ema.FACTORS,
    )
}


# Many factors are read from one slot: those that are, by their slots.
READ_FROM: dict[tuple[str, ...], tuple[str, ...]] = {
    slots: tuple(name for name, factor in FACTORS.items() if factor.slots == slots)
    for slots in dict.fromkeys(factor.slots for factor in FACTORS.values())
}
IN_ORDER: dict[str, Value] = dict.fromkeys(FACTORS, False)  # every factor, to be filled in


@lru_cache(maxsize=65536)
def read(slots: tuple[str, ...], *stages: Stage | None) -> dict[str, Value]:
    """The values of the factors that are read from ``slots``, where these stages stand there."""
    return {name: FACTORS[name].read(*stages) for name in READ_FROM[slots]}


WIDER: tuple[Shape, ...] = ("parameter", "row", "tensor")
GRADIENT, MEAN_SQUARE = Gradient(), MeanSquare()  # where nothing is said


class Impossible(ValueError):  # noqa: N818 - named for the situation
    """No rule has these factors together."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One update rule: its slots, in the order in which a step passes them.

    ``rule["epsilon"]`` is the value of a factor, ``rule.having(epsilon="hat")`` the rule with
    another one.  Raises Impossible where two stages would take one hyperparameter, or where one
    needs a coefficient that no other forms.
    """

    unscaled: Unscaled | None = None
    centralized: Centralized | None = None
    ascending: Ascending | None = None
    clipped: Clipped | None = None
    added: Added | None = None
    lasso: Lasso | None = None
    direction: (
        Gradient
        | Average
        | Apart
        | Ahead
        | AheadByItself
        | AheadSteadily
        | FastAndSlow
        | Differences
    ) = GRADIENT
    scale: (
        MeanSquare
        | SumOfSquares
        | UnitScale
        | OwnSize
        | OwnSteps
        | LargestSize
        | SignedSquares
        | Surprise
        | Rectified
        | Trials
        | Leader
        | Beforehand
        | Averaged
        | SquaredNorm
        | RowSquares
        | DualAverages
    ) = MEAN_SQUARE
    joined: Joined | None = None
    shrunk: Shrunk | None = None
    buffer: Buffer | None = None
    iterates: Interpolated | None = None
    proximal: Proximal | None = None
    slowed: Lookahead | None = None
    averaged: ParameterAverage | None = None

    def __post_init__(self) -> None:
        taken = [name for stage in self.stages for name in stage.hyperparameters()]
        if len(set(taken)) < len(taken):
            raise Impossible("two stages take one hyperparameter")
        missing = {name for stage in self.stages for name in stage.needs()} - {*self.coefficients}
        if missing:
            raise Impossible(f"no stage forms {', '.join(sorted(missing))}")
        picky = (one for one in self.stages if type(one).refuses is not Stage.refuses)
        if any(one.refuses(other) for one in picky for other in self.stages):
            raise Impossible("two stages do not go together")

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(getattr(self, slot) for slot in SLOTS))

    # What it is -------------------------------------------------------------------------------

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """Those that are there, in their order."""
        found = (getattr(self, slot) for slot in SLOTS)
        return tuple(stage for stage in found if stage is not None)

    @cached_property
    def hyperparameters(self) -> tuple[str, ...]:
        """Canonical names of what enters its formula, apart from the step count."""
        every = (name for stage in self.stages for name in stage.hyperparameters())
        return ("learning_rate", *every)

    @cached_property
    def coefficients(self) -> tuple[str, ...]:
        """What its stages multiply with or add, besides the learning rate."""
        return tuple(name for stage in self.stages for name in stage.coefficients())

    @cached_property
    def state(self) -> dict[str, Kept]:
        """What it keeps between steps, in the order in which a step computes it."""
        return {name: kept for stage in self.stages for name, kept in stage.state().items()}

    @cached_property
    def counted(self) -> bool:
        """Whether a step depends on how many there were."""
        return bool(COUNTED.intersection(self.coefficients))

    @cached_property
    def corrected(self) -> bool:
        """Whether a coefficient is formed from the step count, as a bias correction is."""
        return bool(COUNTED.difference(MARKS).intersection(self.coefficients))

    @cached_property
    def shaped(self) -> bool:
        """Whether a stage looks at more than one element at a time."""
        return self.over != "parameter"

    @cached_property
    def over(self) -> Shape:
        """How much of a parameter is looked at at once: each element by itself, a row, or all."""
        return max((stage.over for stage in self.stages), key=WIDER.index)

    @cached_property
    def ordered(self) -> bool:
        """Whether a stage compares numbers, so that it says nothing of complex ones."""
        return any(stage.ordered for stage in self.stages)

    @cached_property
    def real(self) -> bool:
        """Whether it says nothing of complex numbers."""
        return self.ordered or any(stage.summed for stage in self.stages)

    @cached_property
    def reciprocal(self) -> bool:
        """Whether a stage divides by the learning rate."""
        return any(stage.reciprocal for stage in self.stages)

    @cached_property
    def rate_once(self) -> bool:
        """Whether how far it goes depends on the first step's learning rate alone."""
        return any(stage.rate_once for stage in self.stages)

    def starts_like(self, other: Rule) -> bool:
        """Whether what both keep is the same before the first step."""
        return all(
            kept.start == other.state[name].start
            for name, kept in self.state.items()
            if name in other.state
        )

    @cached_property
    def kinds(self) -> tuple[type[Stage], ...]:
        """The classes of the stages that every rule has: where it goes, and how far."""
        return tuple(type(getattr(self, slot)) for slot in ("direction", "scale"))

    @cached_property
    def family(self) -> str:
        """What people call rules with this direction and scale; both in words where nobody does."""
        for name, plain in FAMILIES.items():
            if plain.kinds == self.kinds:
                return name
        return " ".join(kind.__name__.lower() for kind in self.kinds)

    # Steps ------------------------------------------------------------------------------------

    def initial_state(self, like: Number, *, num: NumberSystem) -> State:
        """The state before the first step, shaped like ``like``."""
        return {name: num.full(like, kept.start) for name, kept in self.state.items()}

    def step(
        self, hyper: Any, state: State, parameter: Number, gradient: Number, *, num: NumberSystem
    ) -> tuple[Number, State]:
        """One step: the new parameter and the new state.

        ``hyper`` holds the coefficients of this step as numbers of the same system (see
        :class:`reference.numbers.Hyper`).
        """
        walk = Walk(num, hyper, state, parameter, gradient)
        for stage in self.stages:
            stage.step(walk)
        return walk.arrive(), walk.kept

    # Rules beside it --------------------------------------------------------------------------

    @cached_property
    def factors(self) -> dict[str, Value]:
        """Every respect in which rules differ, with the value that this one has."""
        found = IN_ORDER.copy()
        for slots in READ_FROM:
            found.update(read(slots, *(getattr(self, slot) for slot in slots)))
        return found

    @cached_property
    def choices(self) -> dict[str, Value]:
        """The factors that do not follow from the options that are asked for."""
        return {name: value for name, value in self.factors.items() if not FACTORS[name].given}

    def __getitem__(self, name: str) -> Value:
        return self.factors[name]

    def having(self, **factors: Value) -> Rule:
        """The rule with other values of these factors, and the same of all others.

        Raises Impossible where there is none, and KeyError for what is no factor.
        """
        parts: Parts = {
            slot: None if stage is None else (type(stage), own_fields(stage))
            for slot in SLOTS
            for stage in (getattr(self, slot),)
        }
        for name, value in factors.items():
            FACTORS[name].write(parts, value)
        for name, value in factors.items():  # fields of stages that only now have their place
            FACTORS[name].write(parts, value)
        try:
            built = {slot: part and part[0](**part[1]) for slot, part in parts.items()}
            rule = Rule(**built)  # type: ignore[arg-type]  # a factor writes stages into their slots
        except ValueError as error:
            raise Impossible(str(error)) from error
        if rule.factors != {**self.factors, **factors}:
            raise Impossible("another stage would have to change as well")
        return rule

    @classmethod
    def of(cls, factors: Mapping[str, Value]) -> Rule:
        """The rule with these factors; what is not said has its plain value."""
        return cls().having(**factors)

    def differences(self, other: Rule) -> list[str]:
        """The factors in which two rules differ, other than those that options give."""
        return [name for name, value in self.choices.items() if value != other.choices[name]]

    def neighbours(self, name: str) -> Iterator[Rule]:
        """The rules that differ in one factor and in nothing else."""
        for value in FACTORS[name].values:
            if value != self[name]:
                try:
                    yield self.having(**{name: value})
                except Impossible:
                    continue


SLOTS = tuple(slot.name for slot in fields(Rule))
RMSPROP = Rule()
SGD = Rule(scale=UnitScale())
LION = Rule(direction=Apart(), scale=OwnSize())
ADAGRAD = Rule(scale=SumOfSquares())
ADAM = Rule(direction=Average(corrected=True), scale=MeanSquare(corrected=True))
NADAM = Rule(direction=Ahead(), scale=MeanSquare(corrected=True))
ADAMAX = Rule(direction=Average(corrected=True), scale=LargestSize())
YOGI = Rule(direction=Average(corrected=True), scale=SignedSquares(corrected=True))
ADABELIEF = Rule(direction=Average(corrected=True), scale=Surprise(corrected=True))
RADAM = Rule(direction=Average(corrected=True), scale=Rectified())
SIGNSGD = Rule(scale=OwnSize())
SIGNUM = Rule(direction=Average(), scale=OwnSize())
NADAM_FIXED = Rule(direction=AheadByItself(), scale=MeanSquare(corrected=True))
NADAM_STEADY = Rule(direction=AheadSteadily(), scale=MeanSquare(corrected=True))
ADEMAMIX = Rule(direction=FastAndSlow(), scale=MeanSquare(corrected=True))
ADAN = Rule(direction=Differences(), scale=MeanSquare(corrected=True))
FTRL = Rule(scale=Leader())
RPROP = Rule(scale=Trials())
ADADELTA = Rule(scale=OwnSteps())
ADOPT = Rule(scale=Beforehand())
ASGD = Rule(scale=Averaged())
NOVOGRAD = Rule(scale=SquaredNorm())
ROWWISE_ADAGRAD = Rule(scale=RowSquares())
ADAGRAD_DA = Rule(scale=DualAverages())
# Family to its plain rule.
FAMILIES = {
    "rmsprop": RMSPROP,
    "adam": ADAM,
    "sgd": SGD,
    "adagrad": ADAGRAD,
    "lion": LION,
    "nadam": NADAM,
    "nadam_fixed": NADAM_FIXED,
    "nadam_steady": NADAM_STEADY,
    "adadelta": ADADELTA,
    "adamax": ADAMAX,
    "yogi": YOGI,
    "adabelief": ADABELIEF,
    "radam": RADAM,
    "signsgd": SIGNSGD,
    "signum": SIGNUM,
    "ademamix": ADEMAMIX,
    "adan": ADAN,
    "rprop": RPROP,
    "ftrl": FTRL,
    "adopt": ADOPT,
    "asgd": ASGD,
    "novograd": NOVOGRAD,
    "rowwise_adagrad": ROWWISE_ADAGRAD,
    "adagrad_da": ADAGRAD_DA,
}


def typical(family: str, features: Iterable[str]) -> Rule:
    """The plain rule of a family with options switched on, each in the first way that there is.

    Raises KeyError for no family or option, and Impossible where they do not go together.
    """
    names = tuple(filter(None, features))
    try:
        return FAMILIES[family].having(**{name: FACTORS[name].values[1] for name in names})
    except Impossible:
        options = ", ".join(names)
        raise Impossible(f"no rule of the family {family} has the options {options}") from None


def taken(family: str, features: Iterable[str]) -> tuple[Hyperparameter, ...]:
    """What rules of a family take with these options, what the plainest rule takes first."""
    names = typical(family, features).hyperparameters
    found = [record for name, record in HYPERPARAMETERS.items() if name in names]
    return tuple(sorted(found, key=lambda record: record.name not in RMSPROP.hyperparameters))


@lru_cache(maxsize=256)
def extent(family: str, features: tuple[str, ...]) -> Shape:
    """How much of a parameter rules of a family with these options look at at once.

    A mixture that somebody met has no name: it counts as one that looks at elements.  Options that
    do not go together (an implementation takes and ignores them) look at no more.
    """
    if family not in FAMILIES:
        return "parameter"
    try:
        return typical(family, features).over
    except Impossible:
        return FAMILIES[family].over


def own_fields(stage: Stage) -> dict[str, Any]:
    """A stage's choices."""
    return {item.name: getattr(stage, item.name) for item in fields(stage)}  # type: ignore[arg-type]


def standing(slot: str) -> tuple[type[Stage] | None, ...]:
    """What may stand in a slot: classes of stages, or None for nothing."""
    hint = get_type_hints(Rule)[slot]
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return tuple(None if kind is type(None) else kind for kind in kinds)


def stages_of(kind: type[Stage] | None) -> Iterator[Stage | None]:
    """Every stage of a class: each combination of its choices that makes sense."""
    if kind is None:
        yield None
        return
    names, options = choices(kind), choices(kind).values()
    for values in product(*options):
        try:
            yield kind(**dict(zip(names, values, strict=True)))
        except ValueError:
            continue


STATE = tuple(
    dict.fromkeys(
        name
        for slot in SLOTS
        for kind in standing(slot)
        for stage in stages_of(kind)
        if stage is not None
        for name in stage.state()
    )
)
SYMBOLS = {
    name: kept.symbol
    for slot in SLOTS
    for kind in standing(slot)
    for stage in stages_of(kind)
    if stage is not None
    for name, kept in stage.state().items()
}


def possible(coefficients: Iterable[str]) -> Iterator[Rule]:
    """Every rule that takes no hyperparameter but these, each once.

    A stage that follows from what is asked for (a scaled loss) is there where its hyperparameter
    is.  Rules come in the order of their factors' values.
    """
    return iter(_possible(frozenset(coefficients)))


def together(options: Sequence[Sequence[Stage | None]]) -> Iterator[tuple[Stage | None, ...]]:
    """One stage a slot, of each slot's ``options``, where every two of them go together."""
    every = [stage for stages in options for stage in stages]
    rivals = [
        sum(1 << place for place, other in enumerate(every) if clash(one, other)) for one in every
    ]
    first = [sum(len(stages) for stages in options[:slot]) for slot in range(len(options))]

    def below(slot: int, barred: int, chosen: tuple[Stage | None, ...]) -> Iterator[Any]:
        if slot == len(options):
            yield chosen
            return
        for place, stage in enumerate(options[slot], first[slot]):
            if not barred >> place & 1:
                yield from below(slot + 1, barred | rivals[place], (*chosen, stage))

    return below(0, 0, ())


def clash(one: Stage | None, other: Stage | None) -> bool:
    """Whether two stages take the same hyperparameter, or one refuses the other."""
    if one is None or other is None or one is other:
        return False
    same = not set(one.hyperparameters()).isdisjoint(other.hyperparameters())
    return same or one.refuses(other) or other.refuses(one)


@lru_cache(maxsize=16)
def _possible(coefficients: frozenset[str]) -> tuple[Rule, ...]:
    given = {slot for factor in FACTORS.values() if factor.given for slot in factor.slots}
    options = []
    for slot in SLOTS:
        stages = [stage for kind in standing(slot) for stage in stages_of(kind)]
        able = [s for s in stages if s is None or coefficients.issuperset(s.hyperparameters())]
        options.append([s for s in able if s is not None] or able if slot in given else able)
    found = []
    for row in together(options):
        try:
            found.append(Rule(**dict(zip(SLOTS, row, strict=True))))  # type: ignore[arg-type]
        except Impossible:  # a coefficient that none of them forms
            continue
    places = {name: {v: i for i, v in enumerate(f.values)} for name, f in FACTORS.items()}
    found.sort(key=lambda rule: [places[name][value] for name, value in rule.factors.items()])
    return tuple(found)
