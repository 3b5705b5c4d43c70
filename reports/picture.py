"""The picture of one set of options: classes as cards, each below its nearest one."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from optimizer_conformance.reports.classes import Class, Panel
from optimizer_conformance.reports.page import template
from optimizer_conformance.reports.terminal import number

WIDTH, MARGIN, INDENT = 960, 20, 44
LINE, PAD, GAP, LABEL = 18, 14, 18, 24
# Advance widths of the fonts of the template at their sizes, a little on the wide side.
MONO, PROSE = 7.3, 7.9
LARGEST = 9.0  # decades of a witness's size that still get a deeper colour


@dataclass
class Card:
    """One class: where it stands, and its lines as (style, text)."""

    item: Class
    x: int
    y: int
    height: int
    lines: list[tuple[str, str]]
    edge: str = ""
    parent: Card | None = None
    pills: list[tuple[int, str, float]] = field(default_factory=list)

    @property
    def width(self) -> int:
        """To the right margin."""
        return WIDTH - MARGIN - self.x


def svg(panel: Panel) -> str:
    """The picture as SVG that needs no font and no script, and follows the reader's scheme."""
    cards = list(placed(panel))
    bottom = cards[-1].y + cards[-1].height + MARGIN
    return template("equivalence.svg").render(
        title=panel.title, cards=cards, width=WIDTH, height=bottom, line=LINE, pad=PAD, laid=laid
    )


def placed(panel: Panel) -> Iterator[Card]:
    """Every card, one below the other, indented below its parent."""
    y = MARGIN + 34
    known: dict[str, Card] = {}
    for item, parent, depth in walked(panel):
        above = known.get(parent)
        card = Card(item, MARGIN + depth * INDENT, y, 0, [], parent=above)
        if above is not None:
            card.edge = edge(panel, parent, item.name)
            card.y += LABEL
        card.lines = list(lines(item, panel, card.width - 2 * PAD - 40))
        card.pills = list(pills(item, panel))
        rows = 1 + max((row for row, _, _, _ in laid(card.pills, card.width)), default=-1)
        card.height = 2 * PAD + LINE * len(card.lines) + 26 * rows
        y = card.y + card.height + GAP
        known[item.name] = card
        yield card


def walked(panel: Panel) -> Iterator[tuple[Class, str, int]]:
    """Classes from the largest along the tree, with parent and depth; then those without a rule."""
    by_name = {item.name: item for item in panel.classes}
    children: dict[str, list[str]] = {}
    for parent, child in panel.tree:
        children.setdefault(parent, []).append(child)
    below = {child for _, child in panel.tree}

    def down(name: str, parent: str, depth: int) -> Iterator[tuple[Class, str, int]]:
        yield by_name[name], parent, depth
        for child in sorted(children.get(name, ())):
            yield from down(child, name, depth + 1)

    for item in panel.classes:
        if item.name not in below:
            yield from down(item.name, "", 0)


def edge(panel: Panel, parent: str, child: str) -> str:
    """What changes from a class to the next, and how large that is where it shows most."""
    found = panel.between(parent, child)
    if found is None:
        return "not told apart in this run"
    turned = found.classes[0] != parent
    words = [(one.turned if turned else one).words(" → ") for one in found.apart]
    return textwrap.shorten("; ".join(words), 118, placeholder=" …")


def lines(item: Class, panel: Panel, width: int) -> Iterator[tuple[str, str]]:
    """The rule, its equations, and who follows it."""
    for text in textwrap.wrap("; ".join(item.rule), int(width / PROSE)):
        yield "rule", text
    for equation, _ in item.equations:
        for text in textwrap.wrap(equation, int(width / MONO), subsequent_indent="    "):
            yield "formula", text
    for adapter, names in brief(item, panel):
        words = f"{adapter}: {', '.join(names)}"
        for text in textwrap.wrap(words, int(width / MONO), subsequent_indent="  "):
            yield "member", text


def brief(item: Class, panel: Panel) -> Iterator[tuple[str, list[str]]]:
    """Members by adapter; ways to run one optimizer are counted where all are of one class."""
    spread = Counter(
        bare for one in panel.classes for bare in {plain(member.name) for member in one.members}
    )
    found: dict[str, Counter[str]] = {}
    for member in item.members:
        bare = plain(member.name)
        name = bare if spread[bare] == 1 else member.name
        adapter, _, rest = name.partition(":")
        found.setdefault(adapter, Counter())[rest] += 1
    for adapter, names in found.items():
        yield adapter, [name if n == 1 else f"{name} (×{n})" for name, n in names.items()]


def plain(name: str) -> str:
    """The name without the way in which it is run."""
    return name.partition("[")[0]


def pills(item: Class, panel: Panel) -> Iterator[tuple[int, str, float]]:
    """The size of the witness against every other class: width, text, and depth of the colour."""
    for other in panel.classes:
        found = panel.between(item.name, other.name)
        if found is not None:
            text = f"{other.name} {number(found.size)}"
            depth = 1.0 if math.isinf(found.size) else math.log10(max(found.size, 1)) / LARGEST
            yield int(MONO * len(text) + 18), text, round(min(max(depth, 0.06), 1.0), 2)


def laid(pills_: list[tuple[int, str, float]], width: int) -> Iterator[tuple[int, int, str, float]]:
    """Pills in rows: row, offset, text, depth."""
    row, offset = 0, 0
    for size, text, depth in pills_:
        if offset and offset + size > width - 2 * PAD - 40:
            row, offset = row + 1, 0
        yield row, offset, text, depth
        offset += size + 8
