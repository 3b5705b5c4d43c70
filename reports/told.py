"""A rule in a terminal: its formula, who follows it, and a sentence for who does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from optimizer_conformance.reports.bearings import Bearing, Lapse
from optimizer_conformance.reports.blocks import Block, Chapter, Folded
from optimizer_conformance.reports.extents import Extent
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import typeset
from optimizer_conformance.reports.verdicts import Conduct, Tone

FINDING = "docs/findings/NAME.md"


def chapters(stated: list[Chapter], words: Words, extent: Extent, *, long: bool) -> None:
    """Every rule, family by family."""
    seen: set[str] = set()
    many = True
    short = [item for item in stated if not extent.plain and all(map(quiet, item.blocks))]
    for chapter in stated:
        if chapter in short:
            continue
        if (many or len(chapter.blocks) > 1) and extent.airy:
            words.blank()
        many = len(chapter.blocks) > 1
        if chapter.headed:
            words.say(f"{chapter.family}: {typeset('; '.join(chapter.common))}", style="bold")
        for block in chapter.blocks:
            if extent.plain or not quiet(block):
                show_block(block, chapter, words, seen, extent, long=long)
        if not extent.plain:
            together([(chapter, item) for item in chapter.blocks if quiet(item)], words, extent)
    together([(item, block) for item in short for block in item.blocks], words, extent, full=True)
    if not extent.inside:
        departures(stated, words, extent)


def quiet(block: Block) -> bool:
    """Whether everybody follows a rule who documents it."""
    return all(line.first.conduct is Conduct.follows for line in block.lines)


def together(
    blocks: list[tuple[Chapter, Block]], words: Words, extent: Extent, *, full: bool = False
) -> None:
    """Rules that everybody follows who documents them, in one paragraph without formulas.

    ``full`` are their titles where no heading stands above them.
    """
    said = [
        (
            block.rule.title if full else chapter.title(block),
            ", ".join(extent.named(block.lines)),
        )
        for chapter, block in blocks
    ]
    if said:
        start = "" if full or not blocks[0][0].headed else " "
        words.say(
            "; ".join(f"{title} ({names})" for title, names in said),
            start=f"{start}{Conduct.follows.mark} ",
            style=Conduct.follows.tone.terminal,
            styled=len(start) + 1,
            indent=4,
        )


def show_block(
    block: Block,
    chapter: Chapter,
    words: Words,
    seen: set[str],
    extent: Extent,
    *,
    long: bool,
) -> None:
    """One rule: its formula, who follows it, and a sentence for who does not.

    ``seen`` are the sentences that were said before: of those the link is enough.
    """
    equations = [typeset(line) for line in chapter.own(block)]
    title, start = chapter.title(block), " " * chapter.headed
    if quiet(block) and not extent.airy:
        return in_passing(block, f"{title}: {' '.join(equations[-1:])}", words, extent, start)
    if not extent.whole:
        shown = equations[-1:] if extent.equations else []
        return densely(block, ": ".join([title, *shown]), words, seen, extent, start)
    colon = ":" * bool(title and equations)
    words.parts(f"{start}{title}{colon}", equations, style=Tone.note.terminal, indent=4)
    if long:
        words.say(f"stated by {', '.join(block.documents)}", style="dim", start="  ", indent=4)
    if not extent.inside:
        marks = "; ".join(marked(block, extent))
        words.say(marks, start="  ", style=tone(block).terminal, styled=3, indent=4)
    elif names := extent.named(block.of(Conduct.follows)):
        listed(names, f"{Conduct.follows.said(len(names))}:", Conduct.follows, words)
    for lines in leaving(block, extent):
        departing(lines, words, seen, extent)
    return None


def tone(block: Block) -> Tone:
    """Of the first mark of a block."""
    return Conduct.follows.tone if block.of(Conduct.follows) else Tone.warn


def leaving(block: Block, extent: Extent) -> list[list[Folded]]:
    """Who does not follow, or not everywhere, of whom something is said at the rule."""
    return [
        lines
        for conduct in (Conduct.excepted, Conduct.another, Conduct.undecided)
        for lines in block.together(conduct)
        if extent.inside or not settled(lines[0].first)
    ]


def settled(item: Bearing) -> bool:
    """Whether all that is to be said of an implementation stands in findings."""
    return bool(item.lapses) and all(lapse.known for lapse in item.lapses)


def marked(block: Block, extent: Extent) -> Iterator[str]:
    """Who follows and who does not, with marks alone."""
    for conduct in (Conduct.follows, Conduct.excepted, Conduct.another):
        lines = [item for item in block.of(conduct) if not item.first.lapses or settled(item.first)]
        groups: dict[str, list[Folded]] = {}
        for item in lines:
            groups.setdefault("" if extent.places else known(item.first), []).append(item)
        for reasons, group in groups.items():
            behind = f" ({reasons})" if reasons else ""
            yield f"{conduct.mark} {', '.join(extent.named(group))}{behind}"


def known(item: Bearing) -> str:
    """The findings that tell of an implementation, by name; a sentence where there is none."""
    reasons = (PurePath(lapse.link).stem if lapse.link else lapse.sentence for lapse in item.lapses)
    return ", ".join(dict.fromkeys(reasons))


def departures(stated: list[Chapter], words: Words, extent: Extent) -> None:
    """Known departures, a line a finding: what it is, and who shows it where."""
    found: dict[tuple[str, str], dict[str, list[Folded]]] = {}
    for line in (line for item in stated for block in item.blocks for line in block.lines):
        for lapse in line.first.lapses if settled(line.first) else ():
            key = (lapse.sentence if extent.sentences or not lapse.link else "", lapse.link)
            found.setdefault(key, {}).setdefault(lapse.where, []).append(line)
    if not found:
        return
    if not extent.places:
        words.say(f"Known, in parentheses: {FINDING}", style="bold")
        return
    words.say("Known" if extent.sentences else f"Known: {FINDING}", style="bold")
    for (sentence, link), places in found.items():
        words.say(said(sentence, link, places, extent), start=" ", indent=4)


def said(sentence: str, link: str, places: dict[str, list[Folded]], extent: Extent) -> str:
    """One finding, and who shows it where."""
    who = "; ".join(
        f"{', '.join(extent.named(members))} {where}".strip() for where, members in places.items()
    )
    if not sentence:
        return f"{PurePath(link).stem}: {who}"
    return f"{sentence} ({link}): {who}" if link else f"{sentence}: {who}"


def densely(
    block: Block, title: str, words: Words, seen: set[str], extent: Extent, start: str
) -> None:
    """A rule that not everybody follows, in one paragraph: a mark before each who does or not."""
    left = leaving(block, extent)
    said = list(marked(block, extent))
    said += [f"{lines[0].first.conduct.mark} {departed(lines, seen, extent)}" for lines in left]
    new = any(lines[0].first.new for lines in left)
    words.say(
        f"{title}: {'; '.join(said)}",
        start=start,
        style=(Tone.bad if new else Tone.note).terminal,
        styled=len(start) + len(title),
        indent=4,
    )


def in_passing(block: Block, title: str, words: Words, extent: Extent, start: str) -> None:
    """A rule that everybody follows who documents it, in one paragraph."""
    words.say(
        f"{title.removesuffix(': ')}: {', '.join(extent.named(block.lines))}",
        start=f"{start}{Conduct.follows.mark} ",
        style=Conduct.follows.tone.terminal,
        styled=2,
        indent=4,
    )


def listed(names: list[str], told: str, conduct: Conduct, words: Words, style: str = "") -> None:
    """A mark, words, and who it is said of."""
    words.say(
        f"{told} {', '.join(names)}",
        start=f"  {conduct.mark} ",
        style=style or conduct.tone.terminal,
        styled=len(told) + 4,
        indent=4,
    )


def departing(lines: list[Folded], words: Words, seen: set[str], extent: Extent) -> None:
    """Who does not follow, or not everywhere, and in a sentence what is done instead."""
    item = lines[0].first
    tone = item.conduct.tone if item.new or not item.lapses else Tone.warn
    words.say(
        departed(lines, seen, extent),
        start=f"  {item.conduct.mark} ",
        style=tone.terminal,
        styled=4,
        indent=4,
    )


def departed(lines: list[Folded], seen: set[str], extent: Extent) -> str:
    """Names, and what is said of them."""
    item = lines[0].first
    if not extent.sentences:
        seen.update(lapse.sentence for lapse in item.lapses if lapse.link)
    names = extent.named(lines)
    return f"{', '.join(names)} {told(item, len(names), seen)}"


def told(item: Bearing, count: int, seen: set[str]) -> str:
    """What is said of an implementation that does not follow, or not everywhere."""
    word = item.conduct.said(count)
    if item.conduct is Conduct.undecided:
        follows = "; this is the rule that it computes" if not item.claimed and item.also else ""
        return f"{word}: {item.why}{follows}"
    parts = [lapsed(lapse, item.claimed, seen) for lapse in item.lapses]
    between = " " if item.lapses[0].where or parts[0].startswith("(") else ": "
    return f"{word}{between}{'; '.join(parts)}"


def lapsed(lapse: Lapse, claimed: bool, seen: set[str]) -> str:
    """Where and how an implementation leaves a document."""
    new = " (new)" * (claimed and not lapse.known)
    if lapse.link and lapse.sentence in seen:
        return f"{lapse.where} (see {PurePath(lapse.link).stem})".strip()
    seen.add(lapse.sentence)
    parts = [lapse.where, lapse.sentence + f" ({lapse.link})" * bool(lapse.link) + new]
    return ": ".join(filter(None, parts))
