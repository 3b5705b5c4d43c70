"""``conformance list``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from optimizer_conformance.cases import situations
from optimizer_conformance.cases.patterns import wanted
from optimizer_conformance.cli.console import UsageError, console, print_json
from optimizer_conformance.reference import numbers
from optimizer_conformance.reference import variants as documented
from optimizer_conformance.reference.nearest import suggestion
from optimizer_conformance.reports import written
from optimizer_conformance.reports.paragraphs import Words, things

WHAT = ("variants", "adapters", "implementations", "situations", "findings")


def list_(
    what: Annotated[str, typer.Argument(help=", ".join(WHAT))] = "variants",
    pattern: Annotated[str, typer.Argument(help="glob over the names")] = "*",
    formula: Annotated[
        bool, typer.Option("--formula", help="print each variant's equations")
    ] = False,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="public optimizers of the frameworks that no row drives"),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """What is known: documented variants, adapters, the implementations that can run here, the
    situations into which an optimizer is put, or the findings and where they can be read.

    [bold]Examples[/]

      conformance list variants 'matlab*' --formula

      conformance list implementations 'torch:*'

      conformance list implementations 'torch:*' --missing

      conformance list situations --json

      conformance list findings 'torch-*'
    """
    if what not in WHAT:
        raise UsageError(f"{what!r} is none of {', '.join(WHAT)}")
    rows = {"variants": variants, "adapters": adapters, "implementations": implementations}
    rows |= {"situations": table_of_situations, "findings": findings}
    if missing:
        if what != "implementations":
            raise UsageError("--missing goes with implementations")
        rows["implementations"] = undriven
    found = list(rows[what](pattern))
    if formula and what == "variants":
        found = [
            {**row, "equations": formulas(documented.VARIANTS[row["variant"]])} for row in found
        ]
    if not found and pattern != "*":
        names = known(what, pattern)
        listed = f"`conformance list {what}`"
        offered = suggestion(pattern, names, listed=listed) if names else f"; see {listed}"
        raise UsageError(f"no {what} fit {pattern!r}{offered}")
    if as_json:
        print_json(found)
        return
    if not found:
        console.print(f"no {what} here")
        return
    if formula and what == "variants":
        words = Words(console)
        for row in found:
            console.print()
            name = row["variant"]
            words.say(f"{name}  {row['source']}", style="bold", styled=len(name), indent=4)
            for line in row["equations"]:
                words.say(line, start="    ", indent=8)
        return
    things(console, list(found[0]), [[text(value) for value in row.values()] for row in found])


def known(what: str, pattern: str) -> list[str]:
    """The names of a kind; of implementations those of the adapter that a pattern names."""
    if what == "adapters":
        return [row["adapter"] for row in adapters("*")]
    if what == "implementations":
        from optimizer_conformance.workers.environments import (  # noqa: PLC0415 - as below
            ADAPTERS,
        )

        adapter, behind, own = pattern.partition(":")
        if adapter in ADAPTERS:
            return [row["implementation"] for row in implementations(f"{adapter}:*")]
        return [f"{name}:{own}" for name in ADAPTERS] if behind else []
    return {
        "variants": list(documented.VARIANTS),
        "situations": [item.name for item in situations.SITUATIONS],
        "findings": [row["finding"] for row in findings("*")],
    }.get(what, [])


def text(value: Any) -> str:
    """A value of a row as a person reads it."""
    if isinstance(value, dict):
        if any(" " in str(item) for item in value.values()):  # sentences
            return "; ".join(f"{name}: {item}" for name, item in value.items())
        return ", ".join(f"{name} {item}" for name, item in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def variants(pattern: str) -> Iterator[dict[str, Any]]:
    """A row a documented variant."""
    for name, variant in sorted(documented.VARIANTS.items()):
        if wanted(name, (pattern,)):
            yield {
                "variant": name,
                "family": variant.family,
                "defaults": variant.defaults,
                "source": variant.source,
                "leaves open": sorted(variant.readings),
            }


def formulas(variant: documented.Variant) -> list[str]:
    """The rule as lines of text."""
    return [line for line, _ in numbers.equations(variant.rule)]


def table_of_situations(pattern: str) -> Iterator[dict[str, Any]]:
    """A row a situation."""
    for item in situations.SITUATIONS:
        if wanted(item.name, (pattern,)):
            yield {
                "situation": item.name,
                "kind": item.kind,
                "what": item.words,
                "cases": item.mode,
                "needs": [situations.NEEDS[need][0] for need in item.needs],
                "not for": dict(item.unreachable),
            }


def findings(pattern: str) -> Iterator[dict[str, Any]]:
    """A row a finding, which expectations link to as ``docs/findings/NAME.md``."""
    for page in written.pages():
        if wanted(page.stem, (pattern,)):
            text_, script = page.read_text(encoding="utf-8"), page.with_suffix(".py")
            yield {
                "finding": page.stem,
                "what": written.title(text_),
                "seen in": written.field(text_, "Framework"),
                "upstream": written.field(text_, "Upstream"),
                "page": str(page),
                "script": str(script) if script.is_file() else "",
            }


def adapters(pattern: str) -> Iterator[dict[str, Any]]:
    """A row an adapter."""
    from optimizer_conformance.cli import doctoring  # noqa: PLC0415 - variants need no worker

    return doctoring.adapters(pattern)


def undriven(pattern: str) -> Iterator[dict[str, Any]]:
    """A row a public optimizer that no adapter's row drives."""
    from optimizer_conformance.cli import doctoring  # noqa: PLC0415 - variants need no worker

    return doctoring.missing(pattern)


def implementations(pattern: str) -> Iterator[dict[str, Any]]:
    """A row an implementation of every adapter that starts here."""
    from optimizer_conformance.cli import doctoring  # noqa: PLC0415 - variants need no worker

    return doctoring.implementations(pattern)
