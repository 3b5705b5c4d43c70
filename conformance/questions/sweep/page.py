"""Sweeps in words: lines for a terminal, and a table for the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer_conformance.questions.sweep.record import QuantitySweep, Sweep, Witness
from optimizer_conformance.questions.sweep.slices import KINDS
from optimizer_conformance.questions.sweep.worst import WorstFound


def extent(found: Sweep) -> str:
    """What the largest numbers are the largest of."""
    settings = found.settings
    if found.proved:
        return f"Proved over the whole slice: all {settings.whole:,} elements"
    if found.complete:
        return f"Largest seen: {found.done:,} of the slice's {settings.whole:,} elements"
    left = f"; {found.unjudged:,} results that no bound holds were left open"
    return f"Largest seen: {found.done:,} elements of {settings.whole:,}" + (
        left if found.unjudged else ""
    )


def verdict(found: Sweep) -> str:
    """One sentence."""
    settings = found.settings
    name = f"{settings.implementation} in {settings.dtype}"
    if found.unjudged and not found.deviating:
        return f"{name} stays inside what {settings.against} allows, as far as it was judged"
    if not found.deviating:
        return f"{name} stays inside what {settings.against} allows"
    return f"{name} deviates from {settings.against} in {found.deviating:,} results"


def lines(found: Sweep) -> list[str]:
    """All of it, for people."""
    settings = found.settings
    hyperparameters = ", ".join(f"{k}={v}" for k, v in settings.hyperparameters.items())
    text = [
        verdict(found),
        f"{KINDS[settings.slice]}; {hyperparameters}{stays(found)}",
        f"{extent(found)} ({found.seconds:,.1f} s{where(found)})",
        f"held in: {found.way}",
    ]
    for name, item in found.quantities.items():
        text.append(f"{name}: {counted(item)}")
        for label, unit, witness in (
            ("largest error", "ulp", item.ulp), ("largest part of the bound", "", item.score),
        ):  # fmt: skip
            if witness is not None:
                text.append(f"    {label} {witness.value:.4g} {unit}".rstrip() + at(witness))
        if item.held:
            text.append(f"    {item.held:.4g} of the bound with hyperparameters held in its way")
        if item.deviation is not None:
            text.append("    first deviation" + at(item.deviation))
    text.append("the parameter, from the smallest pattern to the largest:")
    text += [f"    from {spoken(turn.inputs)}: {turn.kind}" for turn in found.turns]
    if found.more_turns:
        text.append(f"    and {found.more_turns:,} further changes")
    for other in found.beside:
        for name, count in other.differing.items():
            text.append(f"{name} of {other.implementation}: other bits in {count:,} elements")
            first = other.first[name]
            if first is not None:
                text.append(f"    first for {spoken(first.inputs)}: {first.observed}, "
                            f"there {first.expected}")  # fmt: skip
    return text


def worst_lines(found: WorstFound) -> list[str]:
    """What a search came to, for people."""
    first = found.trajectories[0]
    return [
        f"{found.implementation} in {found.dtype} against {found.against}",
        f"Largest seen in {found.tried:,} trajectories: {first.score:#.4g} of the bound, "
        f"{first.ulp:.4g} ulp ({first.verdict}), {first.quantity} after step {first.step}",
        f"    parameter {first.parameter}",
        *(f"    gradient {gradient}" for gradient in first.gradients),
    ]


def stays(found: Sweep) -> str:
    """The numbers that are the same for all elements."""
    settings = found.settings
    parts = [f"parameter {settings.parameter:g}"]
    parts += [f"gradient before {number:g}" for number in settings.gradients]
    parts += [f"{k} {v:g}" for k, v in settings.state.items() if k not in settings.varying]
    if settings.taken:
        parts.append(f"after {settings.taken} steps")
    return "; " + ", ".join(parts)


def where(found: Sweep) -> str:
    """The device, where it is not the host."""
    if found.settings.device == "cpu":
        return ""
    judged = "judged there" if found.judged == "device" else "judged on the host"
    return f"; {found.hardware or found.settings.device}, {judged}"


def counted(item: QuantitySweep) -> str:
    """How many results had which verdict."""
    return ", ".join(f"{count:,} {name}" for name, count in item.counts.items() if count)


def at(witness: Witness) -> str:
    """Where that was, and what came."""
    return f" at {spoken(witness.inputs)}: {witness.observed}, exactly {witness.expected}"


def spoken(inputs: dict[str, str]) -> str:
    """The inputs of an element."""
    return ", ".join(f"{name} {text}" for name, text in inputs.items())


def table(every: Sequence[Sweep]) -> str:
    """A Markdown table: what was proved, an implementation and slice a row."""
    rows = [
        "| implementation | against | slice | dtype | elements | parameter: largest ulp | of the "
        "bound | state: largest ulp | deviates |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for found in every:
        settings = found.settings
        versions = next(iter(settings.versions.items()), ("", ""))
        state = [item for name, item in found.quantities.items() if name != "parameter"]
        word = "proved, " if found.proved else "seen, "
        version = f"{versions[0]} {versions[1]}{on(found)}"
        rows.append(
            f"| `{settings.implementation}` ({version}) | `{settings.against}` | {settings.slice} "
            f"| {settings.dtype} | {word}{found.done:,} "
            f"| {largest([found.quantities['parameter']], 'ulp')} "
            f"| {largest([found.quantities['parameter']], 'score')} "
            f"| {largest(state, 'ulp')} | {found.deviating:,} |"
        )
    return "\n".join(rows) + "\n"


def on(found: Sweep) -> str:
    """The device in a table, where it is not the host."""
    return "" if found.settings.device == "cpu" else f", {found.hardware}"


def largest(items: Sequence[QuantitySweep], what: str) -> str:
    """Of several quantities; a dash where nothing was inside a bound."""
    found = [witness.value for item in items if (witness := getattr(item, what)) is not None]
    return f"{max(found):.4g}" if found else "–"
