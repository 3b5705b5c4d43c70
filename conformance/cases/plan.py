"""Which implementation gets which cases, and which variants judge it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from optimizer_conformance.adapters.protocol import Implementation
from optimizer_conformance.cases import situations
from optimizer_conformance.cases.case import (
    COMPILED_MODES,
    MAIN_DTYPE,
    MODES,
    ZERO_EPSILON,
    Case,
    draw_cases,
)
from optimizer_conformance.cases.patterns import reaches, wanted
from optimizer_conformance.reference.numbers.precision import COMPONENTS
from optimizer_conformance.reference.rules import FAMILIES, extent, taken, typical
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix

# Against variants that it does not claim an implementation is judged by its parameters alone, in
# one dtype: that is where interchangeable or not is decided.
OTHERS_MODES = ("origin", "trajectory", "rate-change")


@dataclass(frozen=True)
class Selection:
    """What the user asked for; empty means everything."""

    adapters: tuple[str, ...] = ()
    implementations: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    profile: str = "default"
    seed: int = 0

    @property
    def whole(self) -> bool:
        """Whether every cell of an adapter is run: nothing filtered, no quick profile."""
        filters = (self.implementations, self.variants, self.dtypes, self.devices, self.modes)
        return not any(filters) and not self.cases and self.profile != "quick"

    def reaches(self, adapter: str) -> bool:
        """Whether an implementation of this adapter can fit the patterns ``adapter:name``."""
        patterns = self.implementations
        return not patterns or any(reaches(adapter, pattern) for pattern in patterns)


@dataclass(frozen=True)
class Unit:
    """One run of one implementation: a case on a device, and the variants that judge it."""

    implementation: Implementation
    device: str
    case: Case
    claimed: tuple[Variant, ...]
    others: tuple[Variant, ...] = ()

    @property
    def decimals(self) -> dict[str, str]:
        """The hyperparameters that are sent.

        Not those that the family has and neither the implementation nor its documents (the ones
        beside them, where it claims none): Adagrad's epsilon, say.
        """
        judging = self.claimed or self.others
        known = {name for variant in judging for name in variant.rule.hyperparameters}
        known.update(self.implementation.hyperparameters)
        return {name: value for name, value in self.case.decimals.items() if name in known}


@dataclass(frozen=True)
class Group:
    """What is run and explained together: one implementation on one device with one set of options.

    Its cells depend on nothing outside it, so it is finished, resumed and reused as a whole.
    """

    implementation: Implementation
    device: str
    features: tuple[str, ...]
    units: tuple[Unit, ...]


def groups(planned: Iterable[Unit]) -> list[Group]:
    """The groups in the order in which they are run, which is that of the run's rows.

    Implementations that are asked the same stand together: the oracle answers once.
    """
    ordered = sorted(planned, key=lambda unit: (unit.implementation.family, unit.case.features))

    def place(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
        return unit.implementation.name, unit.device, unit.case.features

    found = (tuple(members) for _, members in groupby(ordered, key=place))
    return [
        Group(units[0].implementation, units[0].device, units[0].case.features, units)
        for units in found
    ]


def required_state(implementation: Implementation, features: tuple[str, ...]) -> tuple[str, ...]:
    """The state that this configuration has, whatever the implementation shows of it."""
    return tuple(typical(implementation.family, features).state)


def claimed_variants(implementation: Implementation, features: tuple[str, ...]) -> list[Variant]:
    """What the implementation's own documentation states for these options: each reading."""
    names = (claim + suffix(features) for claim in implementation.claims)
    return [VARIANTS[name] for name in names if name in VARIANTS]


def comparable_variants(
    implementation: Implementation, features: tuple[str, ...]
) -> Iterator[Variant]:
    """Every variant of the same family with the same options."""
    for variant in VARIANTS.values():
        if variant.family == implementation.family and variant.features == set(features):
            yield variant


def suitable(  # noqa: PLR0911 - one a mode
    implementation: Implementation, mode: str, features: tuple[str, ...]
) -> bool:
    """Whether an implementation can take part in a mode at all."""
    if implementation.compiled and mode not in COMPILED_MODES:
        return False
    if mode in situations.SITUATED:
        return situations.takes_part(implementation, mode, features)
    alone = extent(implementation.family, features) == "parameter"
    if mode in ("injected", "restored"):
        needed = set(required_state(implementation, features))
        return implementation.settable and needed <= set(implementation.state)
    if mode == "rate-change":
        return implementation.schedules
    if mode == "groups":
        return "learning_rate" in implementation.groups and (
            "weight_decay" not in features or "weight_decay" in implementation.groups
        )
    if mode == "names":
        return "weight_decay" in features
    if mode == "separation":
        return alone  # elsewhere elements are no experiments of their own
    if mode == "relations":
        return alone and features == simplest(implementation)
    if mode in ("layout", "layout-filled"):
        refuses = bool({"empty", "scalar"} & set(implementation.gaps))
        simple = alone and features == simplest(implementation)
        return simple and refuses == (mode == "layout-filled")
    return True


def main_dtype(implementation: Implementation) -> str:
    """The dtype in which it is asked most: float32 where it has that."""
    return MAIN_DTYPE if MAIN_DTYPE in implementation.dtypes else implementation.dtypes[0]


def simplest(implementation: Implementation) -> tuple[str, ...]:
    """The smallest set of options that it has."""
    return min((tuple(sorted(features)) for features in implementation.features), key=len)


def units(
    implementation: Implementation, selection: Selection, defaults: dict[str, object]
) -> Iterator[Unit]:
    """Everything that is to be run of one implementation.

    ``defaults`` are the constructor's own, by canonical name: they decide whether the defaults mode
    makes sense, and for which options.
    """
    by_default = default_features(implementation.family, defaults)
    for device in implementation.devices:
        if not wanted(device, selection.devices):
            continue
        for listed in implementation.features:
            features = tuple(sorted(listed))
            for dtype in implementation.dtypes:
                if not wanted(dtype, selection.dtypes):
                    continue
                if not meant(implementation.family, features, dtype):
                    continue
                for case in cases(implementation, features, dtype, selection, by_default):
                    unit = judged(implementation, device, case, selection)
                    if unit.claimed or unit.others:
                        yield unit


def meant(family: str, features: tuple[str, ...], dtype: str) -> bool:
    """Whether a family's rule with these options says anything of a format's numbers.

    Complex numbers have no order: rules that compare say nothing of them, for one.
    """
    return dtype not in COMPONENTS or not typical(family, features).real


def default_features(family: str, defaults: dict[str, object]) -> tuple[str, ...] | None:
    """The options that are on when nothing is given; None when a constant has no default."""
    constants = set(FAMILIES[family].hyperparameters) & {"decay", "epsilon"}
    if not constants <= set(defaults):
        return None
    switches = ("momentum", "weight_decay", "centered", "amsgrad", "nesterov")
    return tuple(sorted(name for name in switches if defaults.get(name)))


def cases(
    implementation: Implementation,
    features: tuple[str, ...],
    dtype: str,
    selection: Selection,
    by_default: tuple[str, ...] | None,
) -> Iterator[Case]:
    """The cases of one configuration in one dtype."""
    if selection.cases:
        asked = (implementation.family, features, dtype)
        for case in selection.cases:
            if (case.family, case.features, case.dtype) == asked and suitable(
                implementation, case.mode, features
            ):
                yield case
        return
    smallest = simplest(implementation)
    for mode in MODES:
        if not wanted(mode, selection.modes):
            continue
        if mode == "defaults" and by_default != features:
            continue
        if suitable(implementation, mode, features):
            for case in draw_cases(
                implementation.family,
                features,
                dtype,
                mode,
                selection.profile,
                selection.seed,
                main_dtype(implementation),
                least=int(bool(selection.modes)),  # a mode that is named is asked in any profile
            ):
                if refused(implementation, case) or (
                    selection.profile == "default" and asked_elsewhere(case, smallest)
                ):
                    continue
                yield case


def asked_elsewhere(case: Case, smallest: tuple[str, ...]) -> bool:
    """Whether only a hyperparameter is at an end that the smallest set of options has too."""
    if case.mode != "boundaries" or case.features == smallest:
        return False
    mine = {record.name for record in taken(case.family, case.features)}
    mine -= {record.name for record in taken(case.family, smallest)}
    ends = situations.at_an_end(case.family, case.features, case.dtype, case.decimals)
    return not mine & set(ends)


def refused(implementation: Implementation, case: Case) -> bool:
    """Whether the implementation says that it does not take a hyperparameter of this case."""
    values = case.decimals
    lacking = (name for name in values if f"{name}={values[name]}" in implementation.gaps)
    zero = ZERO_EPSILON in implementation.gaps and float(values.get("epsilon", "1")) == 0
    zeroed = case.mode in ("rates", *situations.TOGETHER)  # a rate of zero is among theirs
    paused = zeroed and "learning_rate=0" in implementation.gaps
    return zero or paused or any(lacking)


def judged(implementation: Implementation, device: str, case: Case, selection: Selection) -> Unit:
    """The variants that judge one case."""
    claimed = claimed_variants(implementation, case.features)
    others: list[Variant] = []
    if case.mode in OTHERS_MODES and case.dtype == main_dtype(implementation):
        others = [
            variant
            for variant in comparable_variants(implementation, case.features)
            if variant not in claimed
        ]
    return Unit(
        implementation,
        device,
        case,
        tuple(v for v in claimed if wanted(v.identifier, selection.variants)),
        tuple(v for v in others if wanted(v.identifier, selection.variants)),
    )
