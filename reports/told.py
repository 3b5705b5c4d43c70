"""A rule in a terminal: its formula, who follows it, and a sentence for who does not."""

from __future__ import annotations

from pathlib import PurePath

from optimizer_conformance.reports.bearings import Bearing, Lapse
from optimizer_conformance.reports.blocks import Block, Chapter, Folded
from optimizer_conformance.reports.extents import Extent
from optimizer_conformance.reports.paragraphs import Words
from optimizer_conformance.reports.text import typeset
from optimizer_conformance.reports.verdicts import Conduct, Tone


def chapters(stated: list[Chapter], words: Words, extent: Extent, *, long: bool) -> None:
    """Every rule, family by family."""
    seen: set[str] = set()
    many = True
    short = [item for item in stated if not extent.plain and whole(item)]
    for chapter in stated:
        if chapter in short:
            continue
        if (many or len(chapter.blocks) > 1) and extent.airy:
            words.blank()
        many = len(chapter.blocks) > 1
        heading(chapter, words)
        for block in chapter.blocks:
            if extent.plain or not quiet(block):
                show_block(block, chapter, words, seen, extent, long=long)
        if not extent.plain:
            together([block for block in chapter.blocks if quiet(block)], words, extent, start=" ")
    together([block for item in short for block in item.blocks], words, extent, start="")


def quiet(block: Block) -> bool:
    """Whether everybody follows a rule who documents it."""
    return all(line.first.conduct is Conduct.follows for line in block.lines)


def whole(chapter: Chapter) -> bool:
    """Whether everybody follows the one rule of a family."""
    return len(chapter.blocks) == 1 and quiet(chapter.blocks[0])


def together(blocks: list[Block], words: Words, extent: Extent, *, start: str) -> None:
    """Rules that everybody follows who documents them, in one paragraph without formulas."""
    if not blocks:
        return
    said = [
        (block.rule.words if start else block.rule.title, ", ".join(extent.named(block.lines)))
        for block in blocks
    ]
    mark = Conduct.follows.mark
    words.say(
        "; ".join(f"{title} ({names})" for title, names in said),
        start=f"{start}{mark} ",
        style=Conduct.follows.tone.terminal,
        styled=len(start) + 1,
        indent=4,
    )


def heading(chapter: Chapter, words: Words) -> None:
    """A family with the equations that its rules share; one rule needs no heading above its own."""
    if len(chapter.blocks) > 1:
        words.say(
            f"{chapter.family}: {typeset('; '.join(chapter.common))}".rstrip(": "), style="bold"
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
    if quiet(block) and not extent.airy:
        return in_passing(block, equations[-1:], words, extent, alone=len(chapter.blocks) == 1)
    if not extent.equations:
        return densely(block, words, seen, extent, alone=len(chapter.blocks) == 1)
    alone = len(chapter.blocks) == 1
    title, start = (block.rule.title, "") if alone else (block.rule.words, " ")
    colon = ":" * bool(title and equations)
    words.parts(f"{start}{title}{colon}", equations, style=Tone.note.terminal, indent=4)
    if long:
        words.say(f"stated by {', '.join(block.documents)}", style="dim", start="  ", indent=4)
    if names := extent.named(block.of(Conduct.follows)):
        listed(names, f"{Conduct.follows.said(len(names))}:", Conduct.follows, words)
    for conduct in (Conduct.excepted, Conduct.another, Conduct.undecided):
        for lines in block.together(conduct):
            departing(lines, words, seen, extent)
    return None


def densely(block: Block, words: Words, seen: set[str], extent: Extent, *, alone: bool) -> None:
    """A rule that not everybody follows, in one paragraph: a mark before each who does or not."""
    said = []
    if names := extent.named(block.of(Conduct.follows)):
        said.append(f"{Conduct.follows.mark} {', '.join(names)}")
    new = False
    for conduct in (Conduct.excepted, Conduct.another, Conduct.undecided):
        for lines in block.together(conduct):
            new = new or lines[0].first.new
            said.append(f"{conduct.mark} {departed(lines, seen, extent)}")
    title, start = (block.rule.title, "") if alone else (block.rule.words, " ")
    words.say(
        f"{title}: {'; '.join(said)}",
        start=start,
        style=(Tone.bad if new else Tone.note).terminal,
        styled=len(start) + len(title),
        indent=4,
    )


def in_passing(
    block: Block, equations: list[str], words: Words, extent: Extent, *, alone: bool
) -> None:
    """A rule that everybody follows who documents it, in one paragraph."""
    title = block.rule.title if alone else block.rule.words
    told = ": ".join(filter(None, [title, *equations]))
    mark = Conduct.follows.mark
    words.say(
        f"{told}: {', '.join(extent.named(block.lines))}",
        start=f"{'' if alone else ' '}{mark} ",
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
