"""The equivalence map in every format: which implementations follow one rule, and what tells
others from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import markupsafe
from rich.console import Console
from rich.padding import Padding

from optimizer_conformance.reports import picture
from optimizer_conformance.reports.classes import Class, ClassWitness, Map, Panel
from optimizer_conformance.reports.markdown import cell, table
from optimizer_conformance.reports.model import options
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.reasons import Reason
from optimizer_conformance.reports.sheets import Sheet
from optimizer_conformance.reports.terminal import number
from optimizer_conformance.reports.text import escape

TITLE = "Equivalence map"
ABOUT = (
    "Implementations that can take each other's place: with the same hyperparameters under the "
    "same names, the answers of one class are inside the bound of the same rule. Where a member "
    "departs from it all the same, in another dtype, layout or regime, “but” says so. Two "
    "classes are separated by a witness: an element of a case that ran, where the answer of one "
    "class is inside its own rule's bound and outside the other's. A witness's size is the "
    "distance of both rules there, in units of the sum of both bounds: above 1 no rounding "
    "explains it."
)

NOT_TOLD = (
    "What no rule of the family explains stands alone: a run compares nothing with it but the "
    "rules of others."
)
UNFOLDED = 30  # witnesses that a page shows at once


def markdown(found: Map, pictures: str) -> str:
    """The page of the documentation; ``pictures`` is the folder of the SVG files."""
    parts = [
        f"# {TITLE}",
        "",
        f"{ABOUT} {NOT_TOLD} From a run of {cell(found.run)}.",
        "",
        "`conformance equivalence RUN` prints this of any run; `conformance run --case …` runs a "
        "witness again.",
    ]
    parts += sheet_lines(overview(found))
    for panel in found.panels:
        classes, *rest = tables(panel)
        picture = f"![{panel.title}]({pictures}/{panel.slug}.svg)"
        parts += sheet_lines(classes, *([picture] if len(panel.classes) > 1 else []))
        for witnesses in rest:
            parts += ["", *folded(witnesses)]
    return "\n".join(parts) + "\n"


def folded(witnesses: Sheet) -> list[str]:
    """A table of witnesses, which opens by a click where it is long."""
    shown = table(witnesses.header, witnesses.rows)
    if len(witnesses.rows) <= UNFOLDED:
        return [shown]
    summary = f"<summary>{len(witnesses.rows)} witnesses</summary>"
    return ['<details markdown="1">', summary, "", shown, "", "</details>"]


def sheet_lines(sheet: Sheet, *between: str) -> list[str]:
    """A heading, what stands between, and a table."""
    lines = ["", f"## {cell(sheet.title)}"]
    for part in between:
        lines += ["", part]
    return [*lines, "", table(sheet.header, sheet.rows)]


def html(found: Map) -> str:
    """A page that needs no network and no script, pictures included."""
    panels = [(panel, picture.svg(panel), list(tables(panel))) for panel in found.panels]
    return template("equivalence.html").render(
        title=TITLE,
        words=f"{ABOUT} {NOT_TOLD} From a run of {found.run}.",
        overview=overview(found),
        panels=[(panel, markupsafe.Markup(svg), sheets) for panel, svg, sheets in panels],
    )


def show(found: Map, console: Console) -> None:
    """Print it to a terminal."""
    for panel in found.panels:
        console.print(f"\n[bold]{escape(panel.title)}[/]")
        for item in panel.classes:
            console.print(f"  [bold green]{item.name}[/] {escape('; '.join(item.rule))}")
            names = ", ".join(member.name for member in item.members)
            console.print(Padding(escape(names), (0, 0, 0, 4)))
            for line in exceptions(item):
                console.print(Padding(f"[yellow]but[/] {escape(line)}", (0, 0, 0, 4)))
        for witness in panel.witnesses:
            pair = " – ".join(witness.classes)
            words = f"{number(witness.size)} bounds apart: {said(witness)}"
            console.print(f"  [bold]{pair}[/]  {escape(words)}")
            if hand := by_hand(witness):
                console.print(Padding(f"[dim]{escape(hand)}[/]", (0, 0, 0, 4)))
            case = f"--case '{witness.case}' step {witness.step}, {witness.element}"
            console.print(f"    [dim]{escape(case)}[/]", soft_wrap=True)
    count = sum(len(panel.classes) for panel in found.panels)
    console.print(f"\nsets of options: {len(found.panels)}; classes: {count}")


def sheets(found: Map) -> list[Sheet]:
    """An overview, then the classes and the witnesses of every panel."""
    return [overview(found), *(sheet for panel in found.panels for sheet in tables(panel))]


def overview(found: Map) -> Sheet:
    """A line a set of options."""
    return Sheet(
        "Overview",
        "How many classes there are for each set of options.",
        ("family", "options", "implementations", "classes", "sizes", "smallest witness"),
        [
            [
                panel.family,
                options(panel.options),
                str(sum(len(item.members) for item in panel.classes)),
                str(len(panel.classes)),
                ", ".join(f"{item.name} {len(item.members)}" for item in panel.classes),
                number(min((w.size for w in panel.witnesses), default=float("nan"))),
            ]
            for panel in found.panels
        ],
    )


def tables(panel: Panel) -> Iterator[Sheet]:
    """The classes of one set of options, and what separates each two."""
    yield Sheet(
        panel.title,
        "",
        ("class", "rule", "implementations", "stated by", "but"),
        [
            [
                item.name,
                "; ".join(item.rule),
                ", ".join(member.name for member in item.members),
                ", ".join(item.documents) or "no document",
                "; ".join(exceptions(item)),
            ]
            for item in panel.classes
        ],
    )
    if panel.witnesses:
        yield Sheet(
            f"{panel.title}: witnesses",
            "",
            ("classes", "apart in", "size", "by hand", "witness"),
            [witness_row(item) for item in panel.witnesses],
        )


def exceptions(item: Class) -> Iterator[str]:
    """Where members depart all the same, each reason once."""
    found: dict[Reason, list[str]] = {}
    for member in item.members:
        for why in member.but:
            found.setdefault(why, []).append(member.name)
        if member.also:
            known = Reason(f"no case of its own tells it from {', '.join(member.also)}")
            found.setdefault(known, []).append(member.name)
    for words, names in together(found):
        yield f"{', '.join(names)}: {words}"


def together(found: Mapping[Reason, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Reasons that differ in the kind of gradients alone are one, for the same names."""
    kept: dict[tuple[str, ...], list[str]] = {}
    for why, names in found.items():
        kept.setdefault((why.words, why.dtype, *names), []).append(why.kind)
    for (words, dtype, *names), kinds in kept.items():
        yield str(Reason(words, dtype, ", ".join(kinds))), names


def said(item: ClassWitness) -> str:
    """In which choices the rules differ, in words."""
    return "; ".join(one.words() for one in item.apart)


def witness_row(item: ClassWitness) -> list[str]:
    """One witness in words."""
    pair = " – ".join(item.classes)
    return [pair, said(item), number(item.size), by_hand(item), place(item)]


def place(item: ClassWitness) -> str:
    """The element, what both rules say there, and what was seen."""
    first, second = item.classes
    words = (
        f"{item.case}, step {item.step}, {item.quantity.replace('_', ' ')} of {item.element}: "
        f"{first} {item.values[0]:.9g} ± {item.bounds[0]:.1e}, "
        f"{second} {item.values[1]:.9g} ± {item.bounds[1]:.1e}"
    )
    if not item.seen:
        return words
    return f"{words}; {item.seen} gave {item.observed:.9g}, {number(item.score)} bounds off"


def by_hand(item: ClassWitness) -> str:
    """The simple example as a sentence."""
    if (example := item.example) is None:
        return ""
    given = ", ".join(f"{name}={value}" for name, value in example.hyperparameters.items())
    gradients = ", ".join(f"{value:g}" for value in example.gradients)
    rates = f" with rates {', '.join(example.rates)}" if example.rates else ""
    first, second = item.classes
    return (
        f"{given}; w = {example.parameter:g}, gradients {gradients}{rates}: "
        f"{first} {example.values[0]:.6g}, {second} {example.values[1]:.6g}"
    )
