"""Checks of real implementations through their workers: ``follows``, ``probe``, ``readings``."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import msgspec

from optimizer_conformance.adapters import protocol
from optimizer_conformance.cases.case import MAIN_DTYPE, MODES, Case, draw_cases, parse
from optimizer_conformance.cases.plan import Unit, suitable
from optimizer_conformance.judging.execution import carry_out, judge_answer, question_for
from optimizer_conformance.judging.verdict import Divergence, Verdict
from optimizer_conformance.questions.verify.context import Context, Missing
from optimizer_conformance.questions.verify.registry import Decision, Reading, check, decided
from optimizer_conformance.reference.numbers.symbolic import definitions, starts
from optimizer_conformance.reference.variants import VARIANTS, Variant

# Modes in which the formula is judged; the first that an implementation can take part in is used.
FORMULA_MODES = ("trajectory", "rate-change", "origin", "injected")


class Follows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``implementation`` computes ``variant`` (identifier, its options included).

    ``dtype`` and ``mode`` choose the cases, or ``case`` names one.
    """

    implementation: str
    variant: str
    dtype: str = MAIN_DTYPE
    mode: str = ""
    case: str = ""

    def __post_init__(self) -> None:
        known_variant(self.variant)
        known_mode(self.mode)
        if self.case:
            parse(self.case)


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The constructor of ``implementation`` has the default ``value`` for ``hyperparameter``."""

    implementation: str
    hyperparameter: str
    value: float | bool | str


class Readings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The document allows every one of ``readings``: words to the variant that states it.

    ``implementations`` are asked which they follow.
    """

    readings: dict[str, str]
    implementations: list[str] = []
    dtype: str = MAIN_DTYPE
    mode: str = ""

    def __post_init__(self) -> None:
        if len(self.readings) < 2:
            raise ValueError("an open point has two readings or more")
        for name in self.readings.values():
            known_variant(name)
        known_mode(self.mode)


def known_variant(name: str) -> Variant:
    """The variant; raises ValueError, which a loader reports."""
    if name not in VARIANTS:
        raise ValueError(f"unknown variant {name!r}; `conformance list variants` lists them")
    return VARIANTS[name]


def known_mode(name: str) -> None:
    """Raises ValueError for a mode that does not exist."""
    if name and name not in MODES:
        raise ValueError(f"unknown mode {name!r}; known are {', '.join(MODES)}")


@dataclass(frozen=True)
class Followed:
    """Whether an implementation follows a variant, with the evidence."""

    holds: bool
    words: str
    case: str
    version: str
    device: str
    seen: dict[str, object]


def followed(
    name: str, variant: Variant, dtype: str, mode: str, case: str, context: Context
) -> Followed:
    """Run one case on one implementation and judge it against one variant."""
    worker, description, implementation = context.implementation(name)
    features = tuple(sorted(variant.features))
    if list(features) not in [sorted(item) for item in implementation.features]:
        raise ValueError(f"{name} has no configuration with options {list(features)}")
    chosen = parse(case) if case else drawn(implementation, variant, features, dtype, mode)
    device = implementation.devices[0]
    unit = Unit(implementation, device, chosen, (variant,))
    defaults: dict[str, object] = {}
    if chosen.mode == "defaults":
        probed = worker.ask(protocol.Probe(name), protocol.Probed).defaults
        defaults = {k: v for k, v in probed.items() if v is not None}
    answer = carry_out(worker, unit, defaults)
    question = question_for(variant, unit, answer.defaults)
    judgement = judge_answer(context.oracle, question, unit, answer)
    version = next(iter(description.versions.items()))
    words = str(judgement.worst)
    if (at := judgement.divergence) is not None:
        words += (
            f" in step {at.step}, {at.quantity} of {at.parameter}[{at.element}]: {at.observed!r}, "
            f"exact {at.expected!r}, {at.score:.3g} times the bound"
        )
    holds = judgement.worst is not Verdict.deviates
    seen: dict[str, object] = {"holds": holds}
    if not holds:
        seen |= {"verdict": str(judgement.worst)} | place(judgement.divergence)
    return Followed(holds, words, chosen.identifier, " ".join(version), device, seen)


def place(divergence: Divergence | None) -> dict[str, object]:
    """Where a deviation starts, and its size to a power of ten: what is kept of it."""
    if divergence is None:
        return {}
    score = divergence.score
    size = math.floor(math.log10(score)) if 0 < score < math.inf else str(score)
    return {"step": divergence.step, "quantity": divergence.quantity, "power of ten": size}


def drawn(
    implementation: protocol.Implementation,
    variant: Variant,
    features: tuple[str, ...],
    dtype: str,
    mode: str,
) -> Case:
    """A case of the quick profile in the first mode that suits."""
    for name in (mode,) if mode else FORMULA_MODES:
        if suitable(implementation, name, features):
            found = draw_cases(variant.family, features, MAIN_DTYPE, name, "quick", 0)
            if found:
                return found[0] if dtype == MAIN_DTYPE else replace(found[0], dtype=dtype)
    raise ValueError(f"{implementation.name} cannot take part in {mode or 'any mode'}")


def again(name: str, variant: str, case: str) -> str:
    """The command that runs one case again."""
    return f"conformance run --implementation '{name}' --variant '{variant}' --case '{case}'"


@check("follows", Follows)
def follows(parameters: Follows, context: Context) -> Decision:
    """Element by element, against the running bound."""
    variant, name = VARIANTS[parameters.variant], parameters.implementation
    found = followed(name, variant, parameters.dtype, parameters.mode, parameters.case, context)
    return decided(
        found.holds,
        f"{name} against {variant.identifier}: {found.words}",
        seen=found.seen,
        evidence=found.case,
        script=again(name, variant.identifier, found.case),
        version=found.version,
        device=found.device,
    )


@check("probe", Probe)
def probe(parameters: Probe, context: Context) -> Decision:
    """What the constructor really has."""
    worker, description, _ = context.implementation(parameters.implementation)
    request = protocol.Probe(parameters.implementation)
    defaults = worker.ask(request, protocol.Probed).defaults
    seen = defaults.get(parameters.hyperparameter, "no default")
    return decided(
        seen == parameters.value,
        f"{parameters.hyperparameter} defaults to {seen}",
        seen={"default": seen},
        evidence=f"constructor of {parameters.implementation}",
        version=" ".join(next(iter(description.versions.items()))),
    )


@check("readings", Readings)
def readings(parameters: Readings, context: Context) -> Decision:
    """Open only if the readings are different rules; then: who follows which."""
    variants = {words: VARIANTS[name] for words, name in parameters.readings.items()}
    rules = {rule(variant) for variant in variants.values()}
    if len(rules) < len(variants):
        return Decision(
            verdict="contradicted",
            observed="not open: at least two of the readings are the same rule",
            evidence=", ".join(parameters.readings.values()),
        )
    chose: dict[str, list[str]] = {words: [] for words in variants}
    unasked, versions = [], set()
    for name in parameters.implementations:
        for words, variant in variants.items():
            try:
                found = followed(name, variant, parameters.dtype, parameters.mode, "", context)
            except Missing as missing:
                unasked.append(f"{name} was not asked ({missing})")
                break
            versions.add(found.version)
            if found.holds:
                chose[words].append(f"{name} ({found.version})")
    nobody = "" if any(chose.values()) else "; no implementation that was asked follows any"
    return Decision(
        verdict="underdetermined",
        observed="; ".join(
            [f"{len(rules)} different rules satisfy the text{nobody}", *dict.fromkeys(unasked)]
        ),
        evidence=", ".join(parameters.readings.values()),
        seen={
            words: [name.rpartition(" (")[0] for name in names] for words, names in chose.items()
        },
        readings=[Reading(words, names) for words, names in chose.items()],
        version=", ".join(sorted(versions)),
    )


def rule(variant: Variant) -> tuple[object, ...]:
    """What makes a rule: its equations and where the averages start."""
    derived = definitions(variant.rule)
    lines = tuple((str(symbol), str(expression)) for symbol, expression in derived)
    return (*lines, *starts(variant.rule))
