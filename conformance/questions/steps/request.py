"""What is asked of a step: the rule, its hyperparameters, and the arrays before and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer_conformance.questions.steps.arrays import HeldArrays, StepError, held
from optimizer_conformance.questions.steps.names import (
    GRADIENT,
    MASTER,
    PARAMETER,
    canonical,
    sorted_out,
)
from optimizer_conformance.reference import nearest
from optimizer_conformance.reference.decimals import by_meaning, decimal
from optimizer_conformance.reference.hyperparameters import HYPERPARAMETERS
from optimizer_conformance.reference.numbers.budget import PROFILES
from optimizer_conformance.reference.numbers.precision import PRECISIONS
from optimizer_conformance.reference.numbers.stored import narrower
from optimizer_conformance.reference.rules import FACTORS, Rule
from optimizer_conformance.reference.variants import VARIANTS, Variant
from optimizer_conformance.reference.variants.record import suffix

ARITHMETIC = "arithmetic"  # in ``formats``: what the step is computed in


@dataclass(frozen=True, eq=False)
class StepRequest:
    """One step that was taken, and what it should have been.

    variant     the rule, with the document's defaults where there is one
    decimals    every hyperparameter of the rule
    taken       steps before this one
    arithmetic  the format in which the step is computed
    device      profile of roots and divisions (:data:`reference.numbers.budget.PROFILES`)
    before      canonical name to array; ``after`` the same
    assumed     what nobody said
    """

    variant: Variant
    decimals: dict[str, str]
    taken: int
    arithmetic: str
    device: str
    before: dict[str, HeldArrays]
    after: dict[str, HeldArrays]
    assumed: tuple[str, ...] = ()

    @property
    def master(self) -> bool:
        """Whether the parameter is a narrow copy of one that the step moves."""
        return MASTER in self.before

    @property
    def stored(self) -> tuple[tuple[str, str], ...]:
        """What is kept in a format that does not hold all of the arithmetic's numbers."""
        kept = {name: item.format for name, item in self.before.items() if name != GRADIENT}
        if self.master:
            kept[PARAMETER] = kept.pop(MASTER)
        working = PRECISIONS[self.arithmetic]
        return tuple((n, f) for n, f in kept.items() if narrower(PRECISIONS[f], working))

    @property
    def moved(self) -> str:
        """The quantity that is the rule's parameter."""
        return MASTER if self.master else PARAMETER

    @property
    def size(self) -> int:
        """Elements."""
        return int(self.before[PARAMETER].bits.size)


def request(
    rule: str | Rule | Variant,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    hyperparameters: Mapping[str, Any],
    count: int,
    formats: Mapping[str, str],
    device: str,
) -> StepRequest:
    """Raises StepError for arrays that make no step, HyperparameterError for a wrong value."""
    if isinstance(count, bool) or int(count) != count or count < 1:
        raise StepError(f"count={count!r}: the first step has count=1")
    if device not in PROFILES:
        raise StepError(f"no arithmetic {device!r}; known are {', '.join(PROFILES)}")
    given = values(hyperparameters, rule)
    variant = documented(rule, given)
    decimals, assumed = complete(variant, given)
    said = {name if name == ARITHMETIC else known(name): kind for name, kind in formats.items()}
    old, new = arrays(before, "before", said), arrays(after, "after", said)
    missing(variant, old, new, int(count))
    apart(old, new)
    working = said.get(ARITHMETIC) or widest([item.format for item in old.values()])
    if working not in PRECISIONS:
        raise StepError(f"no arithmetic in {working!r}; known are {', '.join(PRECISIONS)}")
    if ARITHMETIC not in said and len({item.format for item in old.values()}) > 1:
        assumed.append(f"the step is computed in {working} (formats={{'arithmetic': ...}} says it)")
    return StepRequest(variant, decimals, int(count) - 1, working, device, old, new, tuple(assumed))


def known(name: str) -> str:
    """The quantity that a format is said of.  Raises StepError."""
    if not canonical(name):
        raise StepError(f"formats has {name!r}, which is no quantity of a step")
    return canonical(name)


def values(hyperparameters: Mapping[str, Any], rule: Any) -> dict[str, str]:
    """Canonical names to decimals; ``lr``, ``eps`` and ``betas=(…, …)`` are understood."""
    family = rule.family if isinstance(rule, Rule | Variant) else str(rule).rpartition("-")[2]
    single = dict(hyperparameters)
    betas = single.pop("betas", None)
    pair = {} if betas is None else dict(zip(("beta1", "decay"), betas, strict=True))
    if both := pair.keys() & single.keys():
        raise StepError(f"{min(both)} is one of betas, which is given as well: give one")
    meant = by_meaning(pair | single, family=family)
    return {name: decimal(name, value) for name, value in meant.items()}


def documented(rule: str | Rule | Variant, given: Mapping[str, str]) -> Variant:
    """The document's rule, with the options that the hyperparameters ask for."""
    if isinstance(rule, Rule):
        options = frozenset(
            name for name, factor in FACTORS.items() if factor.option and rule[name] not in NOT
        )
        return Variant(
            identifier=f"a rule of {rule.family}",
            rule=rule,
            defaults={},
            source="",
            features=options,
        )
    if isinstance(rule, str) and rule not in VARIANTS:
        raise StepError(f"no rule {rule!r}{nearest.variants(rule, VARIANTS)}")
    variant = VARIANTS[rule] if isinstance(rule, str) else rule
    return with_options(variant, given)


NOT = (False, "none")


def with_options(variant: Variant, given: Mapping[str, str]) -> Variant:
    """The same document with the options of the hyperparameters that the plain rule lacks."""
    more = [name for name in given if name not in variant.rule.hyperparameters]
    options = set()
    for name in more:
        record = HYPERPARAMETERS[name]
        if record.idle and float(given[name]) == float(record.idle):
            continue
        if not record.option:
            raise StepError(f"{variant.identifier} takes no {name}")
        options.add(record.option)
    if not options:
        return variant
    wanted = variant.base + suffix(variant.features | options)
    if wanted not in VARIANTS:
        same = [one for one in VARIANTS.values() if one.base == variant.base]
        has = ", ".join(one.identifier for one in same)
        raise StepError(f"{variant.base} documents no {'+'.join(sorted(options))}; it has {has}")
    return VARIANTS[wanted]


def complete(variant: Variant, given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Every hyperparameter of the rule; what was not given is the document's default."""
    found, defaults = {}, {}
    for name in variant.rule.hyperparameters:
        if name in given:
            found[name] = given[name]
        elif name in variant.defaults:
            found[name] = defaults[name] = variant.defaults[name]
        else:
            raise StepError(f"{variant.identifier} needs {name}: hyperparameters={{'{name}': ...}}")
    text = ", ".join(f"{name}={value}" for name, value in defaults.items())
    return found, [f"{text}, as documented"] if defaults else []


def arrays(given: Mapping[str, Any], when: str, said: Mapping[str, str]) -> dict[str, HeldArrays]:
    """Every quantity as it was held."""
    found = sorted_out(given, when)
    return {
        name: held(f"{when}[{own!r}]", v, said.get(name, "")) for name, (own, v) in found.items()
    }


def missing(
    variant: Variant, old: dict[str, HeldArrays], new: dict[str, HeldArrays], count: int
) -> None:
    """Raise StepError where something is not there, too much, or of another shape."""
    kept = variant.rule.state
    if odd := [name for name, tensor in kept.items() if tensor.shape != "parameter"]:
        raise StepError(
            f"{variant.identifier} keeps {', '.join(odd)}, which has another shape than the "
            "parameter: arrays of such a rule cannot be judged"
        )
    for name in (PARAMETER, GRADIENT):
        if name not in old:
            raise StepError(f"before has no {name}: give before={{'{name}': ..., ...}}")
    if PARAMETER not in new:
        raise StepError("after has no parameter: give after={'parameter': ..., ...}")
    for name in [name for name in {**old, **new} if name not in (PARAMETER, GRADIENT, MASTER)]:
        if name not in kept:
            has = ", ".join(kept) or "nothing"
            raise StepError(f"{variant.identifier} keeps no {name}; it keeps {has}")
    lacking = [name for name in kept if name not in old]
    if lacking and (count > 1 or len(lacking) < len(kept)):
        raise StepError(
            f"before has no {', '.join(lacking)}, which {variant.identifier} keeps"
            + (f": step {count} needs what the steps before it left" if count > 1 else "")
        )
    for item in (*old.values(), *new.values()):
        if item.shape != old[PARAMETER].shape:
            raise StepError(
                f"{item.own} has shape {item.shape}, the parameter {old[PARAMETER].shape}"
            )
    if MASTER in new and MASTER not in old:
        raise StepError("after has a master parameter, and before has none")


def apart(old: dict[str, HeldArrays], new: dict[str, HeldArrays]) -> None:
    """Raise StepError where before and after are the same memory."""
    for name, item in new.items():
        if name in old and item.bits.size and np.may_share_memory(item.bits, old[name].bits):
            if name == GRADIENT:
                continue
            raise StepError(
                f"{name} before and after the step are the same memory: copy it before the step"
            )


def widest(formats: list[str]) -> str:
    """The format that holds what all of these hold."""
    known_ = sorted((PRECISIONS[name] for name in set(formats)), key=lambda p: p.bits)
    if len(known_) > 1 and known_[-1].largest < known_[0].largest:
        return "float32"  # of float16 and bfloat16 neither holds the other
    return known_[-1].name
